"""Outside services: one file each. Here are the roles that they play, as Protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Match:
    """An artist that a catalogue knows. genres: the most fitting first; country: ISO 3166, "" if unknown; source: the catalogue."""

    name: str
    genres: tuple[str, ...]
    country: str
    source: str


class Catalogue(Protocol):
    """Knows artists."""

    def find(self, artist: str) -> Match | None:
        """The artist of this name, None if unknown."""
        ...
