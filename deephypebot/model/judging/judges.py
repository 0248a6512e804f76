"""Judges of what a text sounds like: linear classifiers fitted on the built-in corpus's train split, never on text of a model.

One judge for each audio feature (the lower against the upper third of the train split, the middle third left out) and one for
each of the 12 commonest genre families (a text belongs to the family of its post's first label; texts with the family among
their later labels alone are left out). TF-IDF of hashed n-grams and logistic regression, classes balanced, the penalty chosen
by three-fold cross-validation by post, the threshold where the two error rates met there. Judging needs only numpy.

fit_judges.py fits them again (scikit-learn) and writes model/data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging.text_features import bucket_counts
from deephypebot.types import FEATURES, Attributes, Sentence

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
GenreRoot = Callable[[str], str | None]

DATA = files("deephypebot.model") / "data"


@dataclass(frozen=True)
class Judges:
    """weight: (BUCKETS, J), idf: (BUCKETS,), bias: (J,) for J names; score = tfidf @ weight + bias, above 0 is "yes".

    thresholds: feature -> (low at most, high at least). heldout: name -> balanced accuracy on the valid and test splits with
    its 95% interval (bootstrap by post), n of both classes, and the cross-validated accuracy on the train split.
    """

    names: tuple[str, ...]
    weight: Floats
    bias: Floats
    idf: Floats
    thresholds: dict[str, tuple[float, float]]
    heldout: dict[str, dict[str, float]]

    @property
    def families(self) -> list[str]:
        """The 12 roots, the commonest first."""
        return [name for name in self.names if name not in FEATURES]

    def low_high(self, feature: str, texts: Sequence[str]) -> Bools:
        """(N,) True where a text sounds high in the feature. Raises InputError for an unknown one."""
        return self._scores(feature, FEATURES, texts) > 0

    def family(self, root: str, texts: Sequence[str]) -> Bools:
        """(N,) True where a text sounds like the family. Raises InputError for an unknown one."""
        return self._scores(root, self.families, texts) > 0

    def _scores(self, name: str, allowed: Sequence[str], texts: Sequence[str]) -> Floats:
        if name not in allowed:
            raise InputError(f"judge is {name!r}; allowed are {', '.join(allowed)}")
        column = self.weight[:, self.names.index(name)]
        rows = [bucket_counts(text) for text in texts]
        scores = [unit(counts * self.idf[buckets]) @ column[buckets] for buckets, counts in rows]
        result: Floats = np.array(scores, np.float32) + self.bias[self.names.index(name)]
        return result


def load_judges() -> Judges:
    """The judges that ship with the package. Raises CheckpointError where their files are missing or broken."""
    try:
        tensors = load((DATA / "judges.safetensors").read_bytes())
        about: dict[str, Any] = json.loads((DATA / "judges.json").read_text(encoding="utf-8"))
        thresholds = {name: (low, high) for name, (low, high) in about["thresholds"].items()}
        weight, bias, idf = (tensors[name].astype(np.float32) for name in ("weight", "bias", "idf"))
    except Exception as error:  # safetensors raises its own
        raise CheckpointError(
            f"judges: the package's model/data cannot be read ({error}); install the package again"
        ) from error
    return Judges(tuple(about["names"]), weight, bias, idf, thresholds, about["heldout"])


@cache
def load_families() -> dict[str, list[str]]:
    """Root of the genre tree -> all labels of the built-in corpus that belong to it, sorted.

    Labels of the catalogue's tree go to its root; the other 795 to that of the tree's label inside them
    ("deep house"), or by hand to what the music is.
    """
    families: dict[str, list[str]] = json.loads((DATA / "families.json").read_text(encoding="utf-8"))
    return families


def corpus_root(label: str) -> str | None:
    """The root of a label of the built-in corpus; None for any other label."""
    return _root_of_label().get(label)


def with_families(attributes: Attributes) -> Attributes:
    """The same with the roots of its labels after them, where these are labels of the built-in corpus: "amapiano" is african."""
    roots = [root for root in map(corpus_root, attributes.genres) if root]
    return replace(attributes, genres=tuple(dict.fromkeys([*attributes.genres, *roots])))


@cache
def _root_of_label() -> dict[str, str]:
    return {label: root for root, labels in load_families().items() for label in labels}


def targets(
    sentences: Sequence[Sentence], name: str, thresholds: dict[str, tuple[float, float]], root: GenreRoot
) -> NDArray[np.int8]:
    """(N,) 1 for high or "of the family", 0 for low or "of another", -1 for a text that is left out."""
    if name in thresholds:
        return np.array([_feature_target(getattr(s.attributes, name), *thresholds[name]) for s in sentences], np.int8)
    return np.array([_family_target([root(label) for label in s.attributes.genres], name) for s in sentences], np.int8)


def _feature_target(value: float | None, low: float, high: float) -> int:
    return -1 if value is None or low < value < high else int(value >= high)


def _family_target(roots: Sequence[str | None], name: str) -> int:
    return -1 if not roots or (name in roots[1:] and roots[0] != name) else int(roots[0] == name)


def unit(row: Floats) -> Floats:
    return row / max(float(np.linalg.norm(row)), 1e-9)
