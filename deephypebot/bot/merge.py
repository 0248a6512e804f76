"""What several catalogues say of a song, as one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deephypebot.errors import InputError
from deephypebot.services import Finding
from deephypebot.songs import parse_genres
from deephypebot.store.lease import Found
from deephypebot.store.songs import Fact
from deephypebot.types import FEATURES, Attributes, Song

MOST_GENRES = 5
UNSURE = 0.6  # what a guess is worth that no catalogue bears out


def facts_of(findings: Sequence[Finding]) -> list[Fact]:
    """Every fact of every catalogue, with where it is from."""
    return [
        Fact(name, value, finding.source, finding.licence, finding.may_train)
        for finding in findings
        for name, value in _values(finding).items()
    ]


def _values(finding: Finding) -> dict[str, Any]:
    values: dict[str, Any] = {"genres": list(finding.genres)} if finding.genres else {}
    values |= dict(finding.features)
    values |= {f"id:{name}": value for name, value in finding.ids.items()}
    return values | {name: value for name in ("country", "url") if (value := getattr(finding, name))}


def attributes_of(facts: Sequence[Found], catalogues: Sequence[str], wish: Mapping[str, Any]) -> Attributes:
    """What the writer is told: the genres of all catalogues, those of the first first, and each feature as the first has it.

    catalogues: in the order that they are trusted; wish: a curator's genres and features, which come before all others.
    """
    trusted = sorted(
        facts, key=lambda fact: catalogues.index(fact.source) if fact.source in catalogues else len(catalogues)
    )
    said = list(wish.get("genres", ())) or [label for fact in trusted if fact.name == "genres" for label in fact.value]
    known = {fact.name: fact.value for fact in reversed(trusted) if fact.name in FEATURES}
    known |= {name: wish[name] for name in FEATURES if name in wish}
    return Attributes(genres=_labels(said), **known)


def _labels(said: Sequence[str]) -> tuple[str, ...]:
    try:
        return parse_genres(", ".join(said[:16]))[:MOST_GENRES]
    except InputError:
        return ()


def found_song(findings: Sequence[Finding]) -> Song | None:
    """The song as the first catalogue that knows it spells it."""
    return next((finding.song for finding in findings if finding.song is not None), None)
