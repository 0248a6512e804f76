"""How far a set of texts is from another one, both as clouds of sentence vectors: the score of MAUVE (Pillutla et al. 2021, arXiv
2102.01454), 1 where they cannot be told apart.

The vectors of both sets are projected on the directions that hold 90% of their variance and sorted into clusters; the histograms over
these are compared by the area under their divergence curve. The score depends on the number of texts and on the encoder: compare it
only with that of two halves of human text, at equal numbers.

Shapes: N texts of one set, M of the other, D size of a vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
TEXTS_A_CLUSTER = 10
VARIANCE = 0.9
SCALE = 5.0  # as in the paper
POINTS = 25  # of the curve
RESTARTS = 5


def mauve(p: Floats, q: Floats, seed: int = 0) -> float:
    """p (N, D), q (M, D) -> 0..1. Raises ValueError where a set is empty."""
    if not len(p) or not len(q):
        raise ValueError(f"the sets have {len(p)} and {len(q)} texts; allowed are 1 or more")
    clusters = _clusters(np.concatenate([p, q]), max(2, round(min(len(p), len(q)) / TEXTS_A_CLUSTER)), seed)
    return area(histogram(clusters[: len(p)]), histogram(clusters[len(p) :], size=int(clusters.max()) + 1))


def _clusters(vectors: Floats, number: int, seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    kept = PCA(VARIANCE, random_state=seed, svd_solver="full").fit_transform(unit) if len(unit) > 2 else unit
    number = min(number, len(np.unique(kept.round(6), axis=0)))
    found: NDArray[np.int64] = KMeans(number, n_init=RESTARTS, random_state=seed).fit_predict(kept)
    return found


def histogram(clusters: NDArray[np.int64], size: int | None = None) -> Floats:
    """The share of each cluster."""
    counts = np.bincount(clusters, minlength=size or 0)
    shares: Floats = counts / counts.sum()
    return shares


def area(p: Floats, q: Floats) -> float:
    """Under the divergence curve of two histograms: 1 where they are the same, near 0 where they share nothing."""
    size = max(len(p), len(q))
    p, q = (np.pad(row, (0, size - len(row))) for row in (p, q))
    mixed = [(w * p + (1 - w) * q) for w in np.linspace(1e-6, 1 - 1e-6, POINTS)]
    x = np.array([0.0, *(np.exp(-SCALE * _kl(q, r)) for r in mixed[::-1]), 1.0])
    y = np.array([1.0, *(np.exp(-SCALE * _kl(p, r)) for r in mixed[::-1]), 0.0])
    order = np.lexsort((-y, x))
    both = 0.5 * (_trapezoid(x[order], y[order]) + _trapezoid(y[order[::-1]], x[order[::-1]]))
    return float(min(1.0, both))


def _kl(p: Floats, q: Floats) -> float:
    used = p > 0
    return max(0.0, float((p[used] * np.log(p[used] / np.maximum(q[used], 1e-300))).sum()))  # rounding may go below


def _trapezoid(x: Floats, y: Floats) -> float:
    return float((0.5 * (y[1:] + y[:-1]) * np.diff(x)).sum())
