"""What kind of thing a text says: linear classifiers of `kind`, fitted on corpus text alone, never on text of a model.

There are two, each fitted on half of the posts of the train split. "reward" is what texts are chosen and constraints are trained
by; "judge" only measures, so that no text is ever measured by what chose it. TF-IDF of hashed n-grams (text_features.py) and
logistic regression, classes balanced. Reading them needs only numpy.

fit_kinds.py fits them again (scikit-learn) and writes model/data/kinds.safetensors and kinds.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from deephypebot.errors import CheckpointError
from deephypebot.model.judging.judges import unit
from deephypebot.model.judging.text_features import bucket_counts
from deephypebot.types import KINDS

Floats = NDArray[np.float32]
NAMES = ("reward", "judge")
DATA = files("deephypebot.model") / "data"


@dataclass(frozen=True)
class KindJudge:
    """weight (BUCKETS, K), idf (BUCKETS,), bias (K,) for the K kinds in the order of KINDS.

    heldout: share of valid and test sentences whose kind is told right, and for each kind what share of it is found, what share of
    all texts it is told of, and its number.
    """

    weight: Floats
    idf: Floats
    bias: Floats
    heldout: dict[str, Any]

    def log_probs(self, texts: Sequence[str]) -> Floats:
        """(N, K) log p(kind | text), in nats"""
        rows = [bucket_counts(text) for text in texts]
        scores = [unit(counts * self.idf[buckets]) @ self.weight[buckets] for buckets, counts in rows]
        logits = np.array(scores, np.float64).reshape(len(rows), len(KINDS)) + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        result: Floats = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
        return result

    def kinds(self, texts: Sequence[str]) -> list[str]:
        """The likeliest kind of each text."""
        return [KINDS[i] for i in self.log_probs(texts).argmax(axis=1)]


@cache
def load_kinds(name: str) -> KindJudge:
    """One of NAMES. Raises CheckpointError where the package's files are missing or broken."""
    try:
        tensors = load((DATA / "kinds.safetensors").read_bytes())
        about: dict[str, Any] = json.loads((DATA / "kinds.json").read_text(encoding="utf-8"))
        weight, idf, bias = (tensors[f"{name}.{part}"].astype(np.float32) for part in ("weight", "idf", "bias"))
        return KindJudge(weight, idf, bias, about[name])
    except Exception as error:  # safetensors raises its own
        raise CheckpointError(
            f"kinds: the package's model/data cannot be read ({error}); install the package again"
        ) from error
