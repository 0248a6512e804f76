"""The page as JSON, for scripts: the same decisions, with the page's token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi import Path as PathParameter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request

from deephypebot.errors import InputError
from deephypebot.songs import build_song, parse_genres
from deephypebot.store.lease import Found
from deephypebot.store.tables import OUTBOX_STATES
from deephypebot.types import STYLES
from deephypebot.web.faults import told
from deephypebot.web.place import place_of
from deephypebot.web.session import Session, bearer

router = APIRouter(prefix="/api", tags=["queue"], responses=told(400, 401, 404, 409, 413, 415, 422, 429, 503))
Id = Annotated[int, PathParameter(ge=1, le=2**62)]
User = Annotated[Session, Depends(bearer)]
Short = Annotated[str, Field(max_length=300)]


class Decision(BaseModel):
    """What is decided. version: of the item as it was seen; without it the present one."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=2**31)] | None = None


class Approval(Decision):
    """text: by default the candidate's own; when: "slot", "now" or a time with its zone."""

    candidate: Annotated[int, Field(ge=1, le=2**62)] | None = None
    text: Annotated[str, Field(max_length=10_000)] | None = None
    when: Literal["slot", "now"] | AwareDatetime = "slot"
    networks: Annotated[list[Short], Field(max_length=10)] | None = None


class Rejection(Decision):
    """Why."""

    reason: Short = "no reason"


class More(Decision):
    """What other candidates are to be like."""

    genres: Annotated[list[Short], Field(max_length=16)] = []
    style: str | None = None
    temperature: Annotated[float, Field(ge=0.1, le=2)] | None = None


class Fix(Decision):
    """Which song it is."""

    artist: Annotated[str, Field(max_length=300)]
    title: Annotated[str, Field(max_length=300)]
    genres: Annotated[list[Short], Field(max_length=16)] = []


class Move(BaseModel):
    """When it is due."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime


class Confirmation(BaseModel):
    """Where the post is."""

    model_config = ConfigDict(extra="forbid")

    uri: Annotated[str, Field(min_length=1, max_length=700)]


class Pause(BaseModel):
    """Whether nothing is posted."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


def as_json(row: Found | None) -> dict[str, Any] | None:
    """A row by the names of its columns."""
    if row is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row._mapping.items()}


@router.get("/queue")
def queue(request: Request, user: User) -> list[dict[str, Any] | None]:
    """What waits, who asked first."""
    return [as_json(row) for row in place_of(request).store.items.queue()]


@router.get("/items/{item_id}")
def item(request: Request, user: User, item_id: Id) -> dict[str, Any]:
    """Everything about an item."""
    shown = place_of(request).store.items.get(item_id)
    one = {"item": as_json(shown.item), "entry": as_json(shown.entry), "song": as_json(shown.song)}
    many = {
        name: [as_json(row) for row in getattr(shown, name)]
        for name in ("facts", "candidates", "verdicts", "outbox", "posts")
    }
    return one | many


@router.post("/items/{item_id}/approve")
def approve(request: Request, user: User, item_id: Id, body: Approval) -> dict[str, Any]:
    """Schedule a text."""
    place = place_of(request)
    shown = place.store.items.get(item_id)
    own = next((candidate.text for candidate in shown.candidates if candidate.id == body.candidate), None)
    text = body.text if body.text is not None else own
    if text is None:
        raise InputError(f"candidate is {body.candidate}; give text, or one of {[c.id for c in shown.candidates]}")
    who = place.curation.who(shown, user.curator, body.version)
    return {"outbox": place.curation.approve(who, shown, text, body.candidate, body.when, body.networks)}


@router.post("/items/{item_id}/reject")
def reject(request: Request, user: User, item_id: Id, body: Rejection) -> dict[str, Any]:
    """Nothing of it is posted."""
    place = place_of(request)
    place.store.decisions.reject(
        place.curation.who(place.store.items.get(item_id), user.curator, body.version), body.reason
    )
    return {"state": "rejected"}


@router.post("/items/{item_id}/skip")
def skip(request: Request, user: User, item_id: Id, body: Decision) -> dict[str, Any]:
    """Perhaps another day."""
    place = place_of(request)
    place.store.decisions.skip(place.curation.who(place.store.items.get(item_id), user.curator, body.version))
    return {"state": "skipped"}


@router.post("/items/{item_id}/undo")
def undo(request: Request, user: User, item_id: Id, body: Decision) -> dict[str, Any]:
    """Back into the queue."""
    place = place_of(request)
    place.store.decisions.undo(place.curation.who(place.store.items.get(item_id), user.curator, body.version))
    return {"state": "proposed"}


@router.post("/items/{item_id}/more")
def more(request: Request, user: User, item_id: Id, body: More) -> dict[str, Any]:
    """Have other candidates written."""
    place = place_of(request)
    wish: dict[str, Any] = {"genres": list(parse_genres(", ".join(body.genres)))} if body.genres else {}
    if body.style is not None:
        if body.style not in STYLES:
            raise InputError(f"style is {body.style!r}; allowed are {', '.join(STYLES)}")
        wish["styles"] = [body.style]
    wish |= {} if body.temperature is None else {"temperature": body.temperature}
    place.store.decisions.more(place.curation.who(place.store.items.get(item_id), user.curator, body.version), wish)
    return {"state": "looked_up"}


@router.post("/items/{item_id}/fix")
def fix(request: Request, user: User, item_id: Id, body: Fix) -> dict[str, Any]:
    """It is another song."""
    place = place_of(request)
    who = place.curation.who(place.store.items.get(item_id), user.curator, body.version)
    place.store.decisions.fix(who, build_song(body.artist, body.title), parse_genres(", ".join(body.genres)))
    return {"state": "found"}


@router.get("/outbox")
def outbox(request: Request, user: User, state: Literal[OUTBOX_STATES] = "scheduled") -> list[dict[str, Any] | None]:  # type: ignore[valid-type]
    """Rows in a state."""
    return [as_json(row) for row in place_of(request).store.outbox.rows([state])]


@router.post("/outbox/{key}/cancel")
def cancel(request: Request, user: User, key: Id) -> dict[str, Any]:
    """It is not sent."""
    place_of(request).store.outbox.cancel(key)
    return {"state": "cancelled"}


@router.post("/outbox/{key}/abandon")
def abandon(request: Request, user: User, key: Id) -> dict[str, Any]:
    """Nobody looks for it any more."""
    place_of(request).store.outbox.abandon(key)
    return {"state": "abandoned"}


@router.post("/outbox/{key}/resend")
def resend(request: Request, user: User, key: Id) -> dict[str, Any]:
    """It is not there: send it again."""
    place = place_of(request)
    place.store.outbox.resend(key, place.curation.clock())
    return {"state": "scheduled"}


@router.post("/outbox/{key}/move")
def move(request: Request, user: User, key: Id, body: Move) -> dict[str, Any]:
    """To another time."""
    place = place_of(request)
    if body.at < place.curation.clock():
        raise InputError(f"at is {body.at.isoformat()}; allowed is a time that is to come")
    place.store.outbox.move(key, body.at)
    return {"state": "scheduled"}


@router.post("/outbox/{key}/confirm")
def confirm(request: Request, user: User, key: Id, body: Confirmation) -> dict[str, Any]:
    """It is there."""
    place = place_of(request)
    place.store.outbox.confirm(key, body.uri, body.uri if body.uri.startswith("http") else "", place.curation.clock())
    return {"state": "posted"}


@router.post("/pause")
def pause(request: Request, user: User, body: Pause) -> dict[str, Any]:
    """Nothing is posted, or posting goes on."""
    place = place_of(request)
    place.store.switches.turn("paused", "yes" if body.paused else "", user.curator, place.curation.clock())
    return {"paused": body.paused}
