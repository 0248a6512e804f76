"""Signing in: a token opens a session, which is a signed cookie; every form carries a word that only our own pages know (CSRF)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from deephypebot.config import state_dir
from deephypebot.settings import Settings
from deephypebot.web.place import place_of

COOKIE, DAYS = "deephypebot", 14
TRIES, TRIES_IN_S = 10, 300.0  # wrong tokens of all visitors together: there is but one to guess
LONGEST_NAME = 60
router = APIRouter()


@dataclass(frozen=True)
class Session:
    """Who curates, and the word that their forms carry."""

    curator: str
    csrf: str


class SignInNeeded(Exception):
    """Nobody is signed in; caught by the application, which shows the door."""


def load_token(settings: Settings) -> str:
    """The token of the settings; where they have none, one is made and kept in the state folder, for its owner alone."""
    if token := settings.web.token.get_secret_value():
        return token
    path = state_dir() / "web-token"
    if path.is_file() and (kept := path.read_text(encoding="utf-8").strip()):
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(token)
    return token


class Door:
    """Counts wrong tokens, so that they cannot be tried by the thousand."""

    def __init__(self) -> None:
        self.lock, self.wrong = threading.Lock(), list[float]()

    def opens(self, given: str, token: str) -> bool:
        """Whether the token is right. Raises 429 after too many wrong ones."""
        now = time.monotonic()
        with self.lock:
            self.wrong = [at for at in self.wrong if now - at < TRIES_IN_S]
            if len(self.wrong) >= TRIES:
                raise HTTPException(
                    429, "too many wrong tokens; wait five minutes", {"Retry-After": str(int(TRIES_IN_S))}
                )
            if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                return True
            self.wrong.append(now)
        return False


def _signed(token: str, text: str) -> str:
    key = hashlib.blake2b(token.encode(), person=b"dhb-session").digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def build_cookie(token: str, curator: str, now: float) -> str:
    """The session as a text that nobody without the token can make."""
    name = base64.urlsafe_b64encode(curator.encode("utf-8", "replace")).decode()
    body = f"{name}.{int(now) + DAYS * 86400}.{secrets.token_hex(8)}"
    return f"{body}.{_signed(token, body)}"


def read_cookie(token: str, cookie: str, now: float) -> Session | None:
    """The session of a cookie; None for one that is forged, of another token or too old."""
    body, _, signature = cookie.rpartition(".")
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _signed(token, body).encode()):
        return None
    name, until, _ = body.split(".")
    if int(until) < now:
        return None
    return Session(base64.urlsafe_b64decode(name).decode("utf-8", "replace"), _signed(token, f"csrf.{body}"))


def signed_in(request: Request) -> Session:
    """Who is signed in. Raises SignInNeeded."""
    session = read_cookie(place_of(request).token, request.cookies.get(COOKIE, ""), time.time())
    if session is None:
        raise SignInNeeded
    request.state.session = session
    return session


async def checked_form(request: Request) -> Session:
    """Who sends a form of our own page. Raises SignInNeeded, and 403 for a form from elsewhere."""
    session = signed_in(request)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "the form comes from another page")
    form = await request.form()
    given = form.get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
        raise HTTPException(403, "the form has expired, or comes from another page; load the page again")
    return session


def bearer(request: Request) -> Session:
    """Who uses the page's JSON API: the token as `Authorization: Bearer`, or a curator's session for what only reads."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    place = place_of(request)
    if given and request.app.state.door.opens(given, place.token):
        return Session("api", "")
    if not given and request.method == "GET":
        session = read_cookie(place.token, request.cookies.get(COOKIE, ""), time.time())
        if session is not None:
            return session
    raise HTTPException(401, "give the page's token as Authorization: Bearer", {"WWW-Authenticate": "Bearer"})


@router.get("/login", include_in_schema=False)
def show_login(request: Request) -> HTMLResponse:
    """The door."""
    return place_of(request).page(request, "login.html", wrong="")


@router.post("/login", include_in_schema=False)
def log_in(request: Request, token: Annotated[str, Form()] = "", name: Annotated[str, Form()] = "") -> Response:
    """Open a session."""
    place = place_of(request)
    if not request.app.state.door.opens(token, place.token):
        return place.page(request, "login.html", 403, wrong="This is not the token.")
    curator = "".join(c for c in name if c.isprintable()).strip()[:LONGEST_NAME] or "curator"
    response = RedirectResponse("/", 303)
    cookie = build_cookie(place.token, curator, time.time())
    secure = place.settings.web.secure_cookies
    response.set_cookie(COOKIE, cookie, DAYS * 86400, httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/logout", include_in_schema=False)
async def log_out(request: Request) -> Response:
    """Close it."""
    await checked_form(request)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response
