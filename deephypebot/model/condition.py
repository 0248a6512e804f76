"""Attributes as tensors: genres as vectors of their labels' text, audio features with masks, the kind of sentence.

Every attribute can be missing. In training whole attributes are dropped at random (classifier-free guidance, Ho and Salimans
2022, arXiv 2207.12598), so the model also learns what to write when it knows little.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deephypebot.types import FEATURES, KINDS, Attributes

MAX_LABELS = 3
UNKNOWN_KIND = len(KINDS)


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


def drop_attributes(attributes: Attributes, rng: np.random.Generator, rate: float, all_rate: float) -> Attributes:
    """Each genre, feature and the kind gone with probability `rate`, everything but the kind with `all_rate`."""
    gone = rng.random(len(FEATURES) + 2) < rate
    kept = tuple(label for label in attributes.genres if rng.random() >= rate)
    if rng.random() < all_rate:
        kept, gone[:-1] = (), True
    features = {name: None for name, drop in zip(FEATURES, gone, strict=False) if drop}
    kind = None if gone[-1] else attributes.kind
    return replace(attributes, genres=kept, kind=kind, **features)


def prompt(attributes: Attributes) -> str:
    """The attributes as a line of text, for the baseline without z."""
    features = [(name, getattr(attributes, name)) for name in FEATURES]
    told = ", ".join(f"{name} {value:g}" for name, value in features if value is not None)
    return " | ".join([attributes.kind or "text", ", ".join(attributes.genres[:MAX_LABELS]) or "unknown", told])
