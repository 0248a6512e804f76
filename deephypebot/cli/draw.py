"""Drawing candidates for a request, and the line of JSON that they become."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from deephypebot.cli.request import Request
from deephypebot.types import SEED_EXACT, Candidate, Commission, Song, Wish

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator


@dataclass(frozen=True)
class Draw:
    """How many texts to draw, and how; None is the checkpoint's own choice."""

    n: int = 5
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    wish: Wish | None = None
    recent: tuple[str, ...] = ()

    def for_song(self, song: Song) -> Draw:
        """The same with a seed of the song's own, whatever its place in a file."""
        if self.seed is None:
            return self
        digest = hashlib.blake2b(json.dumps([self.seed, song.artist, song.title]).encode(), digest_size=8).digest()
        return replace(self, seed=int.from_bytes(digest, "big") % SEED_EXACT)

    def candidates(self, writer: Commentator, request: Request, say: Callable[[str], None]) -> list[Candidate]:
        """The texts; `say` hears of it where they are fewer than asked for."""
        drawn = (self.n, self.seed, self.temperature, self.top_p, self.wish, self.recent)
        candidates = writer.write(request.song, request.attributes, *drawn)
        self.tell_fewer(candidates, say)
        return candidates

    def commission(self, request: Request) -> Commission:
        """The same, to be written beside other songs."""
        own = (self.n, self.seed, self.temperature, self.top_p, self.wish, self.recent)
        return Commission(request.song, request.attributes, *own)

    def tell_fewer(self, candidates: list[Candidate], say: Callable[[str], None]) -> None:
        """Say so where texts are fewer than asked for."""
        if len(candidates) < self.n:
            say(f"only {len(candidates)} of {self.n} candidates came out as finished texts")


def as_line(request: Request, candidates: list[Candidate]) -> str:
    """The JSON of one song, on one line."""
    result = {**request.as_json(), "candidates": [asdict(candidate) for candidate in candidates]}
    return json.dumps(result, ensure_ascii=False, allow_nan=False)
