"""The catalogue that ships with the package: well-known artists and their genres, and the tree of genres; works offline."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from deephypebot.services import Finding, Match
from deephypebot.songs import normalise_name
from deephypebot.types import Song

DATA = files("deephypebot.services") / "data"
GUEST = re.compile(r"\s[(\[]?(?:feat\.?|ft\.?|featuring|with)\s|,\s|\s[&x×]\s", re.IGNORECASE)


class EmbeddedCatalogue:
    """Implements services.Catalogue and, as far as artists go, services.SongCatalogue."""

    name = "embedded"

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """What is known of its artist; whether there is such a song it cannot tell."""
        match = self.find(song.artist)
        if match is None:
            return None
        return Finding(self.name, "CC0-1.0", True, genres=match.genres, country=match.country)

    def find(self, artist: str) -> Match | None:
        """By name or alias; of "X feat. Y", "X & Y" or "X, Y" it is X where the whole is unknown.

        The longest X that is known: of "Tyler, the Creator ft. Y" not Tyler.
        """
        known = _by_name()
        ends = [len(artist), *(guest.start() for guest in reversed(list(GUEST.finditer(artist))))]
        return next((known[name] for end in ends if (name := normalise_name(artist[:end])) in known), None)

    def matches(self) -> list[Match]:
        """All artists, in the order of their names."""
        return [match for match, _ in _artists()]


@cache
def _artists() -> tuple[tuple[Match, tuple[str, ...]], ...]:
    """Artists with their aliases."""
    rows = [json.loads(line) for line in (DATA / "artists.jsonl").read_text(encoding="utf-8").splitlines()]
    return tuple((Match(r["name"], tuple(r["genres"]), r["country"], "embedded"), tuple(r["aliases"])) for r in rows)


@cache
def _by_name() -> dict[str, Match]:
    """By normalised name; an alias never takes the place of a name."""
    known: dict[str, Match] = {}
    for match, _ in _artists():
        known.setdefault(normalise_name(match.name), match)
    for match, aliases in _artists():
        for alias in aliases:
            known.setdefault(normalise_name(alias), match)
    return known


@cache
def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((DATA / "genres.json").read_text(encoding="utf-8"))
    return tree


def genre_root(label: str) -> str | None:
    """The root that a label of the tree hangs on ("shoegaze": "rock"); None for a label that is not in it."""
    name = " ".join(label.casefold().split())
    while name in _tree():
        parent = _tree()[name]["parent"]
        if parent is None:
            return name
        name = parent
    return None
