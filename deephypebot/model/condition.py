"""Attributes as tensors: genres as vectors of their labels' text, audio features with masks, the kind of sentence.

Every attribute can be missing. In training whole attributes are dropped at random (classifier-free guidance, Ho and Salimans
2022, arXiv 2207.12598), so the model also learns what to write when it knows little.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deephypebot.types import FEATURES, KINDS, Attributes

MAX_LABELS = 3
JITTER = 0.04  # standard deviation of the noise on features in training, so that no song is known by its exact values
UNKNOWN_KIND = len(KINDS)
KNOWN_INPUTS = 2 * len(FEATURES) + len(KINDS) + 1


def feature_inputs(attributes: Attributes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(10,): for each of FEATURES (value - 0.5) * 2 or 0 if missing, then the five masks. Tempo 40..220 BPM maps to 0..1."""
    values, masks = np.zeros(len(FEATURES), np.float32), np.zeros(len(FEATURES), np.float32)
    for i, name in enumerate(FEATURES):
        value = getattr(attributes, name)
        if value is None:
            continue
        unit = min(max((value - 40.0) / 180.0, 0.0), 1.0) if name == "tempo" else value
        values[i], masks[i] = (unit - 0.5) * 2.0, 1.0
    return np.concatenate([values, masks])


def kind_index(attributes: Attributes) -> int:
    """The row of the kind embedding."""
    return UNKNOWN_KIND if attributes.kind is None else KINDS.index(attributes.kind)


def known_inputs(attributes: Attributes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(18,): feature_inputs, then 1 at the row of the kind; what p(z | a) knows beside the labels."""
    return np.concatenate(
        [feature_inputs(attributes), np.eye(UNKNOWN_KIND + 1, dtype=np.float32)[kind_index(attributes)]]
    )


def drop_attributes(attributes: Attributes, rng: np.random.Generator, rate: float, all_rate: float) -> Attributes:
    """Each genre, feature and the kind gone with probability `rate`, everything but the kind with `all_rate`; the rest blurred."""
    gone = rng.random(len(FEATURES) + 2) < rate
    kept = tuple(label for label in attributes.genres if rng.random() >= rate)
    if rng.random() < all_rate:
        kept, gone[:-1] = (), True
    blur = 1 + JITTER * rng.standard_normal(len(FEATURES))
    known = [(name, getattr(attributes, name)) for name in FEATURES]
    features = {
        name: None if drop or value is None else _blurred(name, value, float(factor))
        for (name, value), drop, factor in zip(known, gone, blur, strict=False)
    }
    kind = None if gone[-1] else attributes.kind
    return replace(attributes, genres=kept, kind=kind, **features)


def _blurred(name: str, value: float, factor: float) -> float:
    return value * factor if name == "tempo" else min(max(value + factor - 1, 0.0), 1.0)


def prompt(attributes: Attributes) -> str:
    """The attributes as a line of text, for the baseline without z."""
    features = [(name, getattr(attributes, name)) for name in FEATURES]
    told = ", ".join(f"{name} {value:g}" for name, value in features if value is not None)
    return " | ".join([attributes.kind or "text", ", ".join(attributes.genres[:MAX_LABELS]) or "unknown", told])
