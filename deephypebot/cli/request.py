"""What is asked for: a song with its attributes, and where its genres come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from deephypebot.errors import InputError, shown
from deephypebot.types import Attributes, Song

if TYPE_CHECKING:
    from deephypebot.services import Catalogue

ATTRIBUTES = tuple(field.name for field in fields(Attributes))
SOURCES = {"given": "given", "catalogue": "from the catalogue"}


@dataclass(frozen=True)
class Request:
    """A song to write about. genres_from: "given", "catalogue" or "none"."""

    song: Song
    attributes: Attributes
    genres_from: str = "none"

    def remark(self) -> str:
        """Where the genres come from, for a person."""
        if self.genres_from != "none":
            return f"genres: {', '.join(self.attributes.genres)} ({SOURCES[self.genres_from]})"
        return f"{self.song.artist} is not in the catalogue, so this is written without a genre; --genres gives one"

    def as_json(self) -> dict[str, Any]:
        """The "song" and "attributes" of a result; unknown attributes are null."""
        known = asdict(self.attributes)
        known = {"genres": known.pop("genres"), "genres_from": self.genres_from, **known}
        return {"song": asdict(self.song), "attributes": known}


def look_up(song: Song, attributes: Attributes, catalogue: Catalogue) -> Request:
    """The request, with the catalogue's genres where none are given."""
    if attributes.genres:
        return Request(song, attributes, "given")
    match = catalogue.find(song.artist)
    if match is None or not match.genres:
        return Request(song, attributes)
    return Request(song, replace(attributes, genres=tuple(match.genres)), "catalogue")


def parse_row(row: dict[str, Any], default: Attributes) -> tuple[Song, Attributes]:
    """Song and attributes of one line of a songs file; what it leaves open is as in `default`. Raises InputError."""
    from deephypebot.songs import build_song, parse_genres

    names = [_text(row, name) for name in ("artist", "title")]
    known = {name: row[name] for name in ATTRIBUTES if row.get(name) is not None}
    if "genres" in known:
        known["genres"] = parse_genres(_labels(known["genres"])) or default.genres
    return build_song(*names), replace(default, **known)


def _text(row: dict[str, Any], name: str) -> str:
    if name not in row:
        raise InputError(f"{name} is missing; needed are artist and title")
    if not isinstance(row[name], str):
        raise InputError(f"{name} is {shown(row[name])}; allowed is a text")
    return str(row[name])


def _labels(genres: object) -> str:
    """Labels with commas between them, from a list or such a text."""
    if isinstance(genres, list) and all(isinstance(label, str) for label in genres):
        return ", ".join(genres)
    if not isinstance(genres, str):
        raise InputError(f"genres is {shown(genres)}; allowed is a list of labels or a text with commas")
    return genres
