"""The HTTP service: POST /generate and POST /demo as in 2018, POST /v1/write with all that `deephypebot write` can do."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse

from deephypebot.errors import InputError
from deephypebot.services.embedded import EmbeddedCatalogue
from deephypebot.songs import build_song, parse_genres, parse_song
from deephypebot.types import PLACEHOLDER, Attributes, Candidate, Commission, Song, Wish
from deephypebot.web.faults import told
from deephypebot.web.limits import Pace
from deephypebot.web.place import place_of

router = APIRouter(tags=["write"], responses=told(400, 401, 413, 415, 422, 429, 503))
PACE = Pace(600, 60.0)
AS_IN_2018, OWN_NAMES = ("/generate", "/demo"), ("localhost", "testclient", "testserver")
Name = Annotated[str, Field(max_length=300)]
Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None
Labels = (
    Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=16)]
    | Annotated[str, Field(max_length=1000)]
)


class Body(BaseModel):
    """A request. A key that it does not have is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Generate(Body):
    """As in 2018."""

    genres: Labels = []
    num_sample: Annotated[int, Field(ge=1, le=20)] = 5


class Demo(Body):
    """q: a song, "ARTIST – TITLE", or an artist alone."""

    q: Annotated[str, Field(min_length=1, max_length=600)]


class Write(Body):
    """A song by `song`, "ARTIST – TITLE", or by artist and title; all else may be left out."""

    song: Annotated[str, Field(max_length=700)] | None = None
    artist: Name | None = None
    title: Name | None = None
    genres: Labels | None = None
    energy: Unit = None
    valence: Unit = None
    danceability: Unit = None
    acousticness: Unit = None
    tempo: Annotated[float, Field(ge=20, le=300, allow_inf_nan=False)] | None = None
    kind: Annotated[str, Field(max_length=20)] | None = None
    n: Annotated[int, Field(ge=1, le=20)] = 5
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    temperature: Annotated[float, Field(ge=0.1, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    styles: Annotated[list[Literal["descriptive", "warm", "wild", "plain"]], Field(max_length=4)] | None = None
    constraint: Literal["none", "lcgan", "guided"] | None = None
    strength: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    pronouns: Literal["they", "she", "he"] | None = None
    best_of: Annotated[int, Field(ge=1, le=32)] | None = None
    topics: (
        Annotated[
            dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Annotated[float, Field(ge=-1, le=1)]],
            Field(max_length=50),
        ]
        | None
    ) = None
    recent: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=200)] = []


@router.post("/generate")
async def generate(request: Request, body: Generate) -> dict[str, Any]:
    """Texts for genres alone, about Marlow, who is nobody."""
    refuse_stranger(request)
    genres = _labels(body.genres)
    texts = await write(request, Commission(PLACEHOLDER, Attributes(genres=genres), body.num_sample))
    return {"gens": [text.text for text in texts]}


@router.post("/demo")
async def demo(request: Request, body: Demo) -> dict[str, Any]:
    """Texts for a song or an artist, with the genres of the embedded catalogue."""
    refuse_stranger(request)
    song = _asked(body.q)
    match = EmbeddedCatalogue().find(song.artist)
    genres = match.genres if match else ()
    texts = await write(request, Commission(song, Attributes(genres=genres)))
    return {"samples": [text.text for text in texts], "genres": list(genres), "query": body.q}


@router.post("/v1/write")
async def write_one(request: Request, body: Write) -> dict[str, Any]:
    """Candidates for a song, with what they were chosen by; a candidate's seed with n = 1 gives it again."""
    refuse_stranger(request)
    song = _song(body)
    given = _labels(body.genres) if body.genres is not None else ()
    match = None if given else EmbeddedCatalogue().find(song.artist)
    genres = given or (match.genres if match else ())
    attributes = Attributes(
        genres, body.energy, body.valence, body.danceability, body.acousticness, body.tempo, body.kind
    )
    asked = Commission(
        song, attributes, body.n, body.seed, body.temperature, body.top_p, _wish(body), tuple(body.recent)
    )
    texts = await write(request, asked)
    source = "given" if given else "catalogue" if genres else "none"
    return {
        "song": asdict(song),
        "attributes": {**asdict(attributes), "genres_from": source},
        "candidates": [asdict(text) for text in texts],
    }


@router.get("/docs", include_in_schema=False)
def show_docs(request: Request) -> HTMLResponse:
    """The API, described; /openapi.json is for programs."""
    return place_of(request).page(request, "docs.html", api=request.app.openapi())


async def write(request: Request, commission: Commission) -> list[Candidate]:
    """The texts, in a batch with those of others who ask just now. Raises InputError and Limited."""
    place = place_of(request)
    if place.writer is None:
        raise HTTPException(503, "nothing is written here; `deephypebot serve` writes")
    future = place.writer.submit(commission)
    try:
        with request.app.state.meters.writing.time():
            return await asyncio.wrap_future(future)
    finally:
        future.cancel()


def refuse_stranger(request: Request) -> None:
    """With keys in the settings one of them is needed; without, only this machine may ask. Raises 401 and 429."""
    keys = [key.get_secret_value() for key in place_of(request).settings.web.api_keys]
    given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
    known = any(hmac.compare_digest(given.encode("utf-8", "replace"), key.encode()) for key in keys)
    is_open = is_loopback(request) and (not keys or request.url.path in AS_IN_2018)
    if not known and not is_open:
        allowed = "give a key of [web] api_keys as X-API-Key or Authorization: Bearer"
        raise HTTPException(401, allowed, {"WWW-Authenticate": "Bearer"})
    PACE.take(f"key {given}" if known else f"host {request.client.host if request.client else ''}")


def is_loopback(request: Request) -> bool:
    """Whether the request comes from this machine and asks for it by a name of its own: a page elsewhere that has its name point here does not."""
    return all(
        name in OWN_NAMES or _is_loopback(name)
        for name in (request.client.host if request.client else "", request.url.hostname or "")
    )


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _labels(genres: list[str] | str) -> tuple[str, ...]:
    return parse_genres(genres if isinstance(genres, str) else ", ".join(genres))


def _asked(q: str) -> Song:
    try:
        return parse_song(q)
    except InputError:
        return build_song(q, PLACEHOLDER.title)


def _song(body: Write) -> Song:
    if body.song is not None:
        if body.artist is not None or body.title is not None:
            raise InputError("the song is given twice; allowed is song, or artist and title")
        return parse_song(body.song)
    if body.artist is None or body.title is None:
        raise InputError('the song is missing; give song as "ARTIST – TITLE", or artist and title')
    return build_song(body.artist, body.title)


def _wish(body: Write) -> Wish:
    default = () if body.kind not in (None, "description") else ("descriptive",)
    styles = default if body.styles is None else tuple(body.styles)
    topics = tuple((int(number), weight) for number, weight in (body.topics or {}).items())
    return Wish(styles, body.constraint, body.strength, body.pronouns, body.best_of, topics)
