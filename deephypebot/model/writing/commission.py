"""A commission: what a commentator is to write about one song, and how far it has come."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from deephypebot.errors import InputError, shown
from deephypebot.model.writing.choose import Chosen, is_like
from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.drafts import PLAIN, Piece
from deephypebot.songs import build_song, fill_slots
from deephypebot.types import SEED_EXACT, SEED_LIMIT, Attributes, Candidate, Song, Wish

MAX_TEXTS = 100


@dataclass(frozen=True)
class Commission:
    """n texts about a song, none like another or like a recent one. seed: by default one is drawn; temperature and top_p: by default the
    checkpoint's.

    Raises InputError for a name that is not allowed, and n, seed, temperature or top_p out of range.
    """

    song: Song
    attributes: Attributes | None = None
    n: int = 5
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    wish: Wish | None = None
    recent: Sequence[str] = ()

    def __post_init__(self) -> None:
        build_song(self.song.artist, self.song.title)
        if not _is_whole(self.n) or not 1 <= self.n <= MAX_TEXTS:
            raise InputError(f"n is {shown(self.n)}; allowed is 1 to {MAX_TEXTS}")
        if self.temperature is not None and not (_is_number(self.temperature) and 0.1 <= self.temperature <= 2.0):
            raise InputError(f"temperature is {shown(self.temperature)}; allowed is 0.1 to 2")
        if self.top_p is not None and not (_is_number(self.top_p) and 0.0 < self.top_p <= 1.0):
            raise InputError(f"top_p is {shown(self.top_p)}; allowed is more than 0, at most 1")
        if self.seed is not None and not (_is_whole(self.seed) and 0 <= self.seed < SEED_LIMIT):
            raise InputError(f"seed is {shown(self.seed)}; allowed is 0 to {SEED_LIMIT - 1}")

    def wished(self) -> Wish:
        """The wish, by default for descriptions, and for nothing where another kind is asked for."""
        kind = self.attributes.kind if self.attributes else None
        return self.wish or (PLAIN if kind in (None, "description") else Wish(styles=()))

    def sampling(self, default: Sampling) -> Sampling:
        """How to draw, where `default` is the checkpoint's way."""
        return replace(
            default,
            temperature=default.temperature if self.temperature is None else self.temperature,
            top_p=default.top_p if self.top_p is None else self.top_p,
        )


@dataclass
class Desk:
    """The work on a commission: texts that are found so far, and all that none may be like. first: the piece of the first seed."""

    first: Piece
    n: int
    seen: list[str]
    found: list[Candidate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seeds = seeds(self.first.seed)

    def missing(self) -> list[Piece]:
        """A piece for each text that is still to be written, of seeds that were not tried."""
        return [replace(self.first, seed=seed) for seed in islice(self.seeds, self.n - len(self.found))]

    def take(self, piece: Piece, chosen: Chosen | None, checkpoint: str) -> None:
        """Keep what was written for a piece, unless it came to nothing or is like another text."""
        if chosen is not None and not is_like(chosen.text, self.seen):
            self.seen.append(chosen.text)
            text = fill_slots(chosen.text, piece.song)
            self.found.append(Candidate(text, chosen.draft.nll, piece.seed, checkpoint, chosen.rewards))


def open_desk(commission: Commission, default: Sampling) -> Desk:
    """Where the work on a commission begins; `default` is the checkpoint's way to draw."""
    song, known = build_song(commission.song.artist, commission.song.title), commission.attributes or Attributes()
    seed = secrets.randbelow(SEED_EXACT) if commission.seed is None else commission.seed
    described = replace(known, kind=known.kind or "description")
    piece = Piece(song, described, seed, commission.sampling(default), commission.wished())
    return Desk(piece, commission.n, [*commission.recent])


def seeds(seed: int) -> Iterator[int]:
    """The seeds of candidates: the given one first, then ones derived from it."""
    yield seed
    i = 1
    while True:
        digest = hashlib.blake2b(f"{seed}:{i}".encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "big") % SEED_EXACT
        i += 1


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
