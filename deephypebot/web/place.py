"""What the routes share: the bot's parts, and how templates show things."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from deephypebot.bot.curate import Curation
from deephypebot.bot.writer import SharedWriter
from deephypebot.settings import Settings
from deephypebot.songs import is_unprintable
from deephypebot.store import Store

FOLDER = Path(__file__).parent
LONGEST_SHOWN = 2000  # characters of a source post
REASONS = (
    "not about the song",
    "wrong song",
    "dull",
    "clumsy",
    "claims something",
    "like another one",
    "in bad taste",
    "no reason",
)


@dataclass
class Place:
    """The bot's parts. token: what curators sign in with; writer: None where nothing is to be written."""

    settings: Settings
    store: Store
    curation: Curation
    token: str
    writer: SharedWriter | None = None
    templates: Jinja2Templates = field(default_factory=lambda: _templates())

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page from its template."""
        session = getattr(request.state, "session", None)
        shared = {"session": session, "csrf": session.csrf if session else "", "paused": self.store.switches.paused()}
        return self.templates.TemplateResponse(request, name, shared | values, status_code=status)


def place_of(request: Request) -> Place:
    """The place of the application that a request came to."""
    place: Place = request.app.state.place
    return place


def _templates() -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible,
        "safe_url": safe_url,
        "moment": moment,
        "sureness": sureness,
        "percent": percent,
    }
    return Jinja2Templates(env=environment)


def visible(text: object, longest: int = LONGEST_SHOWN) -> str:
    """A foreign text with its control characters and turns of direction made visible, cut where it is long."""
    text = str(text)
    shown = "".join(f"⟨U+{ord(c):04X}⟩" if _is_hidden(c) else c for c in text[:longest])
    return shown if len(text) <= longest else f"{shown} … ({len(text):,} characters)"


def _is_hidden(character: str) -> bool:
    return character not in "\n\t" and (
        is_unprintable(character) or (unicodedata.category(character) == "Cf" and character not in "\u200d\ufe0f")
    )


def safe_url(url: str) -> str:
    """The address if a browser may go there, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def moment(at: datetime | None) -> str:
    """As people read it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def sureness(score: float) -> str:
    """How sure it is which song is meant, in words."""
    return "sure" if score >= 0.85 else "fairly sure" if score >= 0.7 else "not very sure"


def percent(value: float) -> int:
    """For meters."""
    return round(100 * value)
