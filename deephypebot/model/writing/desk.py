"""A desk: where a commission lies while it is written, and how far it has come."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from deephypebot.errors import InputError, shown
from deephypebot.model.writing.choose import Chosen, is_like
from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.drafts import PLAIN, Piece
from deephypebot.songs import build_song, fill_slots
from deephypebot.types import SEED_EXACT, SEED_LIMIT, Candidate, Commission, Wish

MAX_TEXTS = 100


@dataclass
class Desk:
    """The work on a commission. first: the piece of its seed; seen: texts that none may be like; found: those that are done."""

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
    """Where the work on a commission begins; `default` is the checkpoint's way to draw.

    Raises InputError for a name that is not allowed, and n, seed, temperature or top_p out of range.
    """
    _check(commission)
    song, kind = build_song(commission.song.artist, commission.song.title), commission.attributes.kind or "description"
    wish = commission.wish or (PLAIN if kind == "description" else Wish(styles=()))
    sampling = replace(
        default,
        temperature=default.temperature if commission.temperature is None else commission.temperature,
        top_p=default.top_p if commission.top_p is None else commission.top_p,
    )
    seed = secrets.randbelow(SEED_EXACT) if commission.seed is None else commission.seed
    piece = Piece(song, replace(commission.attributes, kind=kind), seed, sampling, wish)
    return Desk(piece, commission.n, [*commission.recent])


def _check(commission: Commission) -> None:
    n, seed, temperature, top_p = commission.n, commission.seed, commission.temperature, commission.top_p
    if not _is_whole(n) or not 1 <= n <= MAX_TEXTS:
        raise InputError(f"n is {shown(n)}; allowed is 1 to {MAX_TEXTS}")
    if temperature is not None and not (_is_number(temperature) and 0.1 <= temperature <= 2.0):
        raise InputError(f"temperature is {shown(temperature)}; allowed is 0.1 to 2")
    if top_p is not None and not (_is_number(top_p) and 0.0 < top_p <= 1.0):
        raise InputError(f"top_p is {shown(top_p)}; allowed is more than 0, at most 1")
    if seed is not None and not (_is_whole(seed) and 0 <= seed < SEED_LIMIT):
        raise InputError(f"seed is {shown(seed)}; allowed is 0 to {SEED_LIMIT - 1}")


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
