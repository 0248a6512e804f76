"""Drafts: several texts for each seed, of which choose.py takes the best. A batch of drafts costs little more than one text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Protocol, TypeVar

import numpy as np

from deephypebot.errors import InputError
from deephypebot.model.writing.choose import Choice, Chosen
from deephypebot.model.writing.constraints import Constraints, condition
from deephypebot.model.writing.decode import Allowed, Array, Decoded, Decoder, Sampling, sample
from deephypebot.model.writing.guidance import draw_latent, latent_place, word_bias
from deephypebot.model.writing.hands import Hands, Twinned
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Song, Wish

T = TypeVar("T")
BATCH = 160  # rows that all hands write together at most: more save little time, and cost memory
FEW = 4  # rows that are not worth another hand
PLAIN = Wish()
DEFAULT = "guided"  # of the ways that constraints move z, the one that fares better (dev/LOG.md)
CHOSEN = {"descriptive"}  # styles that choosing among drafts gives, and better texts without a move of z (dev/LOG.md)


class Engine(Decoder, Twinned, Protocol):
    """What writing asks of a model: engine.py over a pretrained backbone, engine_gru.py over the GRU.

    ids: (V,) the token id of each output; eos: the token id that ends a text; B rows, Z latent dimensions.
    """

    latent_dim: int
    ids: Array
    eos: int

    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: Sequence[int]) -> str: ...
    def prior(self, attributes: Attributes, eps: Array) -> Array: ...
    def prefix(self, attributes: Attributes, z: Array) -> Array: ...
    def word_bias(self, attributes: Attributes) -> Array: ...
    def listen(self, text: str) -> Array: ...


@dataclass(frozen=True)
class Piece:
    """A text that is to be written. All that it comes of: what stands beside it in a batch adds nothing."""

    song: Song
    attributes: Attributes
    seed: int
    sampling: Sampling
    wish: Wish = PLAIN

    @property
    def drafts(self) -> int:
        """How many are written for it."""
        return self.wish.best_of or self.sampling.drafts


def pieces(
    song: Song, asked: Sequence[Attributes], seeds: Sequence[int], sampling: Sampling, wish: Wish = PLAIN
) -> list[Piece]:
    """One for each of the attributes and its seed."""
    return [Piece(song, attributes, seed, sampling, wish) for attributes, seed in zip(asked, seeds, strict=True)]


class Drafts:
    """Writes drafts of texts about songs, slots unfilled, with an engine and the words that it may use."""

    def __init__(
        self, engine: Engine, wording: Wording, choice: Choice, constraints: Constraints | None = None
    ) -> None:
        self.engine, self.wording, self.choice, self.constraints = engine, wording, choice, constraints
        self.hands, self.preparing = Hands(engine), Lock()  # the engine itself reads labels, for one hand at a time

    def best(self, asked: Sequence[Piece]) -> list[Chosen | None]:
        """The best of the drafts of each piece, None where none may be posted.

        What a seed gives does not hang on the others. Raises InputError for a constraint that the checkpoint lacks.
        """
        with closing(self._drawn(asked)) as drawn:  # while others are written
            return [self._best(piece, drafts) for piece, drafts in zip(asked, drawn, strict=True)]

    def draw(self, asked: Sequence[Piece]) -> list[list[Decoded]]:
        """The drafts of each piece as they come."""
        with closing(self._drawn(asked)) as drawn:
            return [*drawn]

    def _best(self, piece: Piece, drafts: Sequence[Decoded]) -> Chosen | None:
        with self.preparing:
            return self.choice.best(drafts, piece.song, piece.attributes, piece.wish)

    def _drawn(self, asked: Sequence[Piece]) -> Generator[list[Decoded]]:
        """The drafts of each piece as soon as they are there, in order, written in batches of rows that are drawn alike."""
        rows = [(piece, draft) for piece in asked for draft in range(piece.drafts)]
        alike = _alike([piece.sampling for piece, _ in rows]).values()
        batches = [batch for places in alike for batch in self._batches(places)]
        found, first = dict[int, Decoded](), 0
        with closing(self.hands.do([partial(self._draw, [rows[i] for i in batch]) for batch in batches])) as done:
            for piece in asked:
                own, first = range(first, first + piece.drafts), first + piece.drafts
                while not found.keys() >= {*own}:
                    found |= zip(batches.pop(0), next(done), strict=True)
                yield [found.pop(i) for i in own]

    def _batches(self, rows: Sequence[int]) -> list[list[int]]:
        """Rows shared out evenly among the hands."""
        hands = min(self.hands.number, max(1, len(rows) // FEW))
        size = -(-len(rows) // (hands * -(-len(rows) // BATCH)))
        return [[*rows[at : at + size]] for at in range(0, len(rows), size)]

    def _draw(self, rows: Sequence[tuple[Piece, int]], hand: Decoder, stopped: Callable[[], bool]) -> list[Decoded]:
        """A draft for each of the pieces, by its number."""
        asked, streams = [piece for piece, _ in rows], [_stream(piece.seed, draft) for piece, draft in rows]
        with self.preparing:
            z = self.latents(asked, streams)
        return self._write(asked, z, streams, hand, stopped)

    def latents(self, asked: Sequence[Piece], streams: Sequence[np.random.Generator]) -> Array:
        """z for each of the pieces from its stream: (N, Z)"""
        z = np.zeros((len(asked), self.engine.latent_dim), np.float32)
        for (attributes, sampling, wish), rows in _alike([(p.attributes, p.sampling, p.wish) for p in asked]).items():
            eps = np.stack([streams[i].standard_normal(self.engine.latent_dim) for i in rows])
            z[rows] = self._constrained(attributes, eps, [streams[i] for i in rows], sampling, wish)
        return z

    def way(self, wish: Wish) -> str:
        """The constraint that moves z as the wish asks. Raises InputError where the checkpoint has none."""
        default = DEFAULT if self.constraints and {*wish.styles} - CHOSEN else "none"
        way = wish.constraint or default
        if way != "none" and self.constraints is None:
            raise InputError(f"constraint is {way!r}, and this checkpoint has none; `train constraints` makes them")
        return way

    def _constrained(
        self,
        attributes: Attributes,
        eps: Array,
        streams: Sequence[np.random.Generator],
        sampling: Sampling,
        wish: Wish,
    ) -> Array:
        """eps (B, Z) -> z (B, Z), moved as the wish asks."""
        engine, constraints, way = self.engine, self.constraints, self.way(wish)
        if constraints is None or way == "none" or not wish.strength:
            return draw_latent(engine, attributes, eps, sampling)
        cond = condition(engine, attributes)
        if way == "lcgan":
            return np.stack([constraints.moved(z, cond, wish) for z in draw_latent(engine, attributes, eps, sampling)])
        start, spread = latent_place(engine, attributes, sampling)
        pairs = zip(eps, streams, strict=True)
        return np.stack([constraints.guided(start, spread, row, cond, wish, stream) for row, stream in pairs])

    def write(self, asked: Sequence[Piece], z: Array, streams: Sequence[np.random.Generator]) -> list[Decoded]:
        """A draft for each of the pieces and its z (N, Z), from its stream, in one batch; they are drawn alike."""
        return next(self.hands.do([partial(self._write, asked, z, streams)]))

    def _write(
        self,
        asked: Sequence[Piece],
        z: Array,
        streams: Sequence[np.random.Generator],
        hand: Decoder,
        stopped: Callable[[], bool],
    ) -> list[Decoded]:
        ids, eos, allowed = self.engine.ids, self.engine.eos, self._allowed(asked)
        begun = self._begun(asked, z)
        drafts = dict[int, Decoded]()
        for rows in _alike([len(prefix) for prefix, _ in begun]).values():  # prompts differ in length
            prefix, bias = (np.stack(part) for part in zip(*(begun[i] for i in rows), strict=True))
            own, may = [streams[i] for i in rows], [allowed[i] for i in rows]
            drawn = sample(hand, prefix, z[rows], ids, eos, own, asked[0].sampling, may, bias, stopped)
            drafts |= zip(rows, drawn, strict=True)
        return [drafts[i] for i in range(len(asked))]

    def _begun(self, asked: Sequence[Piece], z: Array) -> list[tuple[Array, Array]]:
        """The prefix (P, D) and the bias (V,) of each piece with its z (N, Z)."""
        begun = dict[int, tuple[Array, Array]]()
        with self.preparing:
            for (attributes, sampling), rows in _alike([(piece.attributes, piece.sampling) for piece in asked]).items():
                bias = word_bias(self.engine, attributes, sampling)
                begun |= {
                    i: (prefix, bias) for i, prefix in zip(rows, self.engine.prefix(attributes, z[rows]), strict=True)
                }
        return [begun[i] for i in range(len(asked))]

    def _allowed(self, asked: Sequence[Piece]) -> list[Allowed]:
        """What may follow in each of the pieces."""
        known = {key: self.wording.about(*key) for key in {(piece.song, piece.wish.pronouns) for piece in asked}}
        return [known[piece.song, piece.wish.pronouns] for piece in asked]


def _alike(values: Sequence[T]) -> dict[T, list[int]]:
    """Where each value stands."""
    places: dict[T, list[int]] = {}
    for i, value in enumerate(values):
        places.setdefault(value, []).append(i)
    return places


def _stream(seed: int, draft: int) -> np.random.Generator:
    """The chance of a draft of a seed; streams of one seed lie 2^128 numbers apart."""
    return np.random.Generator(np.random.Philox(seed).jumped(draft))
