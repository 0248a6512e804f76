"""Attributes made plainer than they are in the corpus: z is drawn for them, and words are given a bias.

The attributes of a song move the middle of p(z | a) by a fraction of the spread of z, as weakly as they move the words of real
sentences: a person asks for calm to hear it. So the way from the middle of nothing told to the middle of what is told is made
longer, as classifier-free guidance does with scores (Ho and Salimans 2022, arXiv 2207.12598), but never so long that z leaves
the region where the writer was trained. Labels and features each have their own way. Words that attributes ask for (word_bias.py)
are made likelier, beside what z asks for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from deephypebot.model.writing.decode import Sampling
from deephypebot.types import FEATURES, Attributes

Array = np.ndarray[Any, Any]
LONGEST = 3.5  # of a way that was made longer; z has a spread of about 1 in each of its dimensions


class Prior(Protocol):
    """What drawing z asks of an engine."""

    latent_dim: int

    def prior(self, attributes: Attributes, eps: Array) -> Array: ...


class WordBiased(Protocol):
    """What a bias of words asks of an engine."""

    def word_bias(self, attributes: Attributes) -> Array: ...


def draw_latent(engine: Prior, attributes: Attributes, eps: Array, sampling: Sampling) -> Array:
    """eps (B, Z), standard normal -> z (B, Z)"""
    nothing: dict[str, Any] = dict.fromkeys(FEATURES)
    untold = replace(attributes, genres=(), **nothing)
    told = [replace(attributes, **nothing), replace(attributes, genres=())]
    zero = np.zeros_like(eps[:1])
    middle = engine.prior(untold, zero)
    ways = [longer(engine.prior(part, zero) - middle, sampling.guidance) for part in told]
    z: Array = engine.prior(untold, sampling.latent_temperature * eps) + sum(ways)
    return z


def latent_place(engine: Prior, attributes: Attributes, sampling: Sampling) -> tuple[Array, Array]:
    """Where draw_latent puts z: the middle (Z,) and what carries standard normal noise there, (Z, Z)."""
    zero = np.zeros((1, engine.latent_dim), np.float32)
    middle = draw_latent(engine, attributes, zero, sampling)[0]
    axes = draw_latent(engine, attributes, np.eye(engine.latent_dim, dtype=np.float32), sampling)
    return middle, (axes - middle).T


def word_bias(engine: WordBiased, attributes: Attributes, sampling: Sampling) -> Array:
    """How much likelier the words of a song's texts become, where they fit: (V,), in nats"""
    bias: Array = np.float32(sampling.word_guidance) * engine.word_bias(attributes)
    return bias


def longer(way: Array, guidance: float) -> Array:
    """A way (1, Z) times guidance, up to LONGEST; one that is longer already stays."""
    length = float(np.linalg.norm(way))
    factor = min(guidance, max(1.0, LONGEST / max(length, 1e-9)))
    result: Array = way * np.float32(factor)
    return result
