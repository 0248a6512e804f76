"""Drafts: several texts for each seed, and of those the one that is most of what was asked and flows best.

A batch of drafts costs little more than one text. What a draft has of what was asked is read from its words by Bayes' rule, as
log p(words | a) - log p(words) of the unigram model (word_bias.py), in nats; how it flows is what the writer itself paid for it,
in nats a token. Neither of them is what judges the texts in the end (judges.py, a person).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from deephypebot.model.decode import Array, Decoded, Decoder, Sampling, sample
from deephypebot.model.guidance import draw_latent, word_bias
from deephypebot.model.wording import Wording
from deephypebot.songs import fill_slots, find_fault
from deephypebot.types import Attributes, Song

T = TypeVar("T")
BATCH = 40  # rows that are written together, about
FLOW = 2.5  # nats of what was asked that one nat a token of flow is worth


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


class Drafts:
    """Writes drafts of texts about songs, slots unfilled, with an engine and the words that it may use."""

    def __init__(self, engine: Engine, wording: Wording) -> None:
        self.engine, self.wording = engine, wording

    def best(
        self, song: Song, asked: Sequence[Attributes], seeds: Sequence[int], sampling: Sampling
    ) -> list[Decoded | None]:
        """For each of the attributes and its seed the best of sampling.drafts, None where none is a finished post.

        What a seed gives does not hang on the others.
        """
        scores = {attributes: self._score(attributes) for attributes in set(asked)}
        return [
            max((draft for draft in drafts if self._is_sound(draft, song)), key=scores[attributes], default=None)
            for attributes, drafts in zip(asked, self.draw(song, asked, seeds, sampling), strict=True)
        ]

    def draw(
        self, song: Song, asked: Sequence[Attributes], seeds: Sequence[int], sampling: Sampling
    ) -> list[list[Decoded]]:
        """For each of the attributes and its seed sampling.drafts drafts as they come."""
        each, found = sampling.drafts, list[list[Decoded]]()
        some = max(1, BATCH // each)
        for at in range(0, len(asked), some):
            streams = [_stream(seed, draft) for seed in seeds[at : at + some] for draft in range(each)]
            rows = self._draw(song, [a for a in asked[at : at + some] for _ in range(each)], streams, sampling)
            found += [rows[i : i + each] for i in range(0, len(rows), each)]
        return found

    def _draw(
        self, song: Song, asked: Sequence[Attributes], streams: Sequence[np.random.Generator], sampling: Sampling
    ) -> list[Decoded]:
        """A draft for each of the attributes from its stream."""
        engine, allowed = self.engine, self.wording.about(song)
        begun: dict[int, tuple[Array, Array, Array]] = {}
        for attributes, rows in _alike(asked).items():
            eps = np.stack([streams[i].standard_normal(engine.latent_dim) for i in rows])
            z, bias = draw_latent(engine, attributes, eps, sampling), word_bias(engine, attributes, sampling)
            prefix = engine.prefix(attributes, z)
            begun |= {i: (prefix[at], z[at], bias) for at, i in enumerate(rows)}
        drafts: dict[int, Decoded] = {}
        for rows in _alike([len(begun[i][0]) for i in range(len(asked))]).values():  # prompts differ in length
            prefix, z, bias = (np.stack(part) for part in zip(*(begun[i] for i in rows), strict=True))
            own = [streams[i] for i in rows]
            drawn = sample(engine, prefix, z, engine.ids, engine.eos, own, sampling, allowed, bias)
            drafts |= zip(rows, drawn, strict=True)
        return [drafts[i] for i in range(len(asked))]

    def _is_sound(self, draft: Decoded, song: Song) -> bool:
        return draft.finished and find_fault(fill_slots(self.text(draft), song), song) is None

    def text(self, draft: Decoded) -> str:
        """The text of a draft, slots unfilled."""
        return self.engine.decode(draft.ids).strip()

    def _score(self, attributes: Attributes) -> Callable[[Decoded], float]:
        """How good a draft is for attributes, in nats."""
        asked = dict(zip(self.engine.ids.tolist(), self.engine.word_bias(attributes).tolist(), strict=True))
        return lambda draft: sum(asked.get(token, 0.0) for token in set(draft.ids)) - FLOW * draft.nll


def _alike(values: Sequence[T]) -> dict[T, list[int]]:
    """Where each value stands."""
    places: dict[T, list[int]] = {}
    for i, value in enumerate(values):
        places.setdefault(value, []).append(i)
    return places


def _stream(seed: int, draft: int) -> np.random.Generator:
    """The chance of a draft of a seed; streams of one seed lie 2^128 numbers apart."""
    return np.random.Generator(np.random.Philox(seed).jumped(draft))
