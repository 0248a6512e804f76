"""Drafts: several texts for each seed, of which choose.py takes the best. A batch of drafts costs little more than one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from deephypebot.errors import InputError
from deephypebot.model.writing.choose import Choice, Chosen
from deephypebot.model.writing.constraints import Constraints, condition
from deephypebot.model.writing.decode import Array, Decoded, Decoder, Sampling, sample
from deephypebot.model.writing.guidance import draw_latent, latent_place, word_bias
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Song, Wish

T = TypeVar("T")
BATCH = 40  # rows that are written together, about
PLAIN = Wish()
DEFAULT = "guided"  # of the ways that constraints move z, the one that fares better (dev/LOG.md)
CHOSEN = {"descriptive"}  # styles that choosing among drafts gives, and better texts without a move of z (dev/LOG.md)


class Engine(Decoder, Protocol):
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


class Drafts:
    """Writes drafts of texts about songs, slots unfilled, with an engine and the words that it may use."""

    def __init__(
        self, engine: Engine, wording: Wording, choice: Choice, constraints: Constraints | None = None
    ) -> None:
        self.engine, self.wording, self.choice, self.constraints = engine, wording, choice, constraints

    def best(
        self, song: Song, asked: Sequence[Attributes], seeds: Sequence[int], sampling: Sampling, wish: Wish = PLAIN
    ) -> list[Chosen | None]:
        """For each of the attributes and its seed the best of its drafts, None where none may be posted.

        What a seed gives does not hang on the others. Raises InputError for a constraint that the checkpoint lacks.
        """
        drawn = self.draw(song, asked, seeds, sampling, wish)
        return [self.choice.best(drafts, song, a, wish) for a, drafts in zip(asked, drawn, strict=True)]

    def draw(
        self, song: Song, asked: Sequence[Attributes], seeds: Sequence[int], sampling: Sampling, wish: Wish = PLAIN
    ) -> list[list[Decoded]]:
        """For each of the attributes and its seed wish.best_of drafts as they come, by default sampling.drafts."""
        sampling = replace(sampling, drafts=wish.best_of or sampling.drafts)
        each, found = sampling.drafts, list[list[Decoded]]()
        some = max(1, BATCH // each)
        for at in range(0, len(asked), some):
            streams = [_stream(seed, draft) for seed in seeds[at : at + some] for draft in range(each)]
            rows = [a for a in asked[at : at + some] for _ in range(each)]
            drafts = self.write(song, rows, self.latents(rows, streams, sampling, wish), streams, sampling, wish)
            found += [drafts[i : i + each] for i in range(0, len(drafts), each)]
        return found

    def latents(
        self,
        asked: Sequence[Attributes],
        streams: Sequence[np.random.Generator],
        sampling: Sampling,
        wish: Wish = PLAIN,
    ) -> Array:
        """z for each of the attributes from its stream: (N, Z)"""
        z = np.zeros((len(asked), self.engine.latent_dim), np.float32)
        for attributes, rows in _alike(asked).items():
            eps = np.stack([streams[i].standard_normal(self.engine.latent_dim) for i in rows])
            z[rows] = self._constrained(attributes, eps, [streams[i] for i in rows], sampling, wish)
        return z

    def _constrained(
        self,
        attributes: Attributes,
        eps: Array,
        streams: Sequence[np.random.Generator],
        sampling: Sampling,
        wish: Wish,
    ) -> Array:
        """eps (B, Z) -> z (B, Z), moved as the wish asks."""
        engine, constraints = self.engine, self.constraints
        way = wish.constraint or (DEFAULT if constraints and {*wish.styles} - CHOSEN else "none")
        if way == "none" or (constraints and not wish.strength):
            return draw_latent(engine, attributes, eps, sampling)
        if constraints is None:
            raise InputError(f"constraint is {way!r}, and this checkpoint has none; `train constraints` makes them")
        cond = condition(engine, attributes)
        if way == "lcgan":
            return np.stack([constraints.moved(z, cond, wish) for z in draw_latent(engine, attributes, eps, sampling)])
        start, spread = latent_place(engine, attributes, sampling)
        pairs = zip(eps, streams, strict=True)
        return np.stack([constraints.guided(start, spread, row, cond, wish, stream) for row, stream in pairs])

    def write(
        self,
        song: Song,
        asked: Sequence[Attributes],
        z: Array,
        streams: Sequence[np.random.Generator],
        sampling: Sampling,
        wish: Wish = PLAIN,
    ) -> list[Decoded]:
        """A draft for each of the attributes and its z (N, Z), from its stream."""
        engine, allowed = self.engine, self.wording.about(song, wish.pronouns)
        begun: dict[int, tuple[Array, Array]] = {}
        for attributes, rows in _alike(asked).items():
            bias = word_bias(engine, attributes, sampling)
            begun |= {i: (prefix, bias) for i, prefix in zip(rows, engine.prefix(attributes, z[rows]), strict=True)}
        drafts: dict[int, Decoded] = {}
        for rows in _alike([len(begun[i][0]) for i in range(len(asked))]).values():  # prompts differ in length
            prefix, bias = (np.stack(part) for part in zip(*(begun[i] for i in rows), strict=True))
            own = [streams[i] for i in rows]
            drawn = sample(engine, prefix, z[rows], engine.ids, engine.eos, own, sampling, allowed, bias)
            drafts |= zip(rows, drawn, strict=True)
        return [drafts[i] for i in range(len(asked))]


def _alike(values: Sequence[T]) -> dict[T, list[int]]:
    """Where each value stands."""
    places: dict[T, list[int]] = {}
    for i, value in enumerate(values):
        places.setdefault(value, []).append(i)
    return places


def _stream(seed: int, draft: int) -> np.random.Generator:
    """The chance of a draft of a seed; streams of one seed lie 2^128 numbers apart."""
    return np.random.Generator(np.random.Philox(seed).jumped(draft))
