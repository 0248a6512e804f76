"""Answers of catalogues as values: whatever they send, what is no value is left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deephypebot.errors import InputError
from deephypebot.services.embedded import genre_root
from deephypebot.songs import MAX_LABEL, MAX_LABELS, build_song, parse_genres
from deephypebot.types import TEMPO_RANGE_BPM, UNIT_FEATURES, Song

NO_GENRES = frozenset(
    "seen live,favorites,favourites,favorite,favourite,albums i own,love,loved,awesome,beautiful,spotify,best,good,cool,all,music,other,unknown,"
    "female vocalists,male vocalists,female vocalist,male vocalist,under 2000 listeners,check out,my music,00s,10s,20s,60s,70s,80s,90s".split(
        ","
    )
)
MORE_FEATURES = ("instrumentalness", "liveness", "speechiness")


def as_dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def as_dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_song(artist: object, title: object) -> Song | None:
    """A song with allowed names, else None."""
    try:
        return build_song(as_text(artist)[:300], as_text(title)[:300])
    except InputError:
        return None


def as_genres(labels: Iterable[object], only_known: bool = False) -> tuple[str, ...]:
    """Labels in small letters, without those that are no genre. only_known: those of the tree of genres alone."""
    kept = []
    for label in labels:
        text = " ".join(as_text(label).replace(",", " ").casefold().split())
        if (
            0 < len(text) <= MAX_LABEL
            and text.isprintable()
            and text not in NO_GENRES
            and (not only_known or genre_root(text))
        ):
            kept.append(text)
    try:
        return parse_genres(
            ", ".join(dict.fromkeys(kept[: 2 * MAX_LABELS]))
            if len(kept) <= MAX_LABELS
            else ", ".join(list(dict.fromkeys(kept))[:MAX_LABELS])
        )
    except InputError:
        return ()


def as_features(row: Mapping[str, Any]) -> dict[str, float]:
    """Those that are numbers within their ranges. loudness is in dB, key 0 to 11, mode 0 or 1."""
    ranges = dict.fromkeys((*UNIT_FEATURES, *MORE_FEATURES), (0.0, 1.0)) | {
        "tempo": TEMPO_RANGE_BPM,
        "loudness": (-60.0, 5.0),
        "key": (0.0, 11.0),
        "mode": (0.0, 1.0),
    }
    return {name: float(row[name]) for name, (low, high) in ranges.items() if _is_within(row.get(name), low, high)}


def _is_within(value: object, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
