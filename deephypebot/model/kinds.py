"""What kind of thing a text says: linear classifiers of `kind`, fitted on corpus text alone, never on text of a model.

There are two, each fitted on half of the posts of the train split. "reward" is what texts are chosen and constraints are trained
by; "judge" only measures, so that no text is ever measured by what chose it. TF-IDF of hashed n-grams (text_features.py) and
logistic regression, classes balanced. Reading them needs only numpy.

`python -m deephypebot.model.kinds` fits them again (scikit-learn) and writes model/data/kinds.safetensors and kinds.json.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save_file

from deephypebot.errors import CheckpointError
from deephypebot.model.judges import fit_idf, sparse_features, unit
from deephypebot.model.text_features import BUCKETS, bucket_counts
from deephypebot.types import KINDS, Sentence

Floats = NDArray[np.float32]
NAMES = ("reward", "judge")
PENALTY = 30.0  # C of scikit-learn; of 3 and 30 the better on the valid split
MIN_COUNT = 2  # n-grams that fewer texts have are not looked at
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


def half_of(post: str) -> str:
    """Which of the two learns from a post, for ever the same."""
    return NAMES[zlib.crc32(post.encode()) % len(NAMES)]


def fit_kinds(train: Sequence[Sentence], held_out: Sequence[Sentence]) -> KindJudge:
    """A classifier of the kinds of `train`, scored on `held_out`."""
    from sklearn.linear_model import LogisticRegression

    known = [sentence for sentence in train if sentence.attributes.kind]
    rows = [bucket_counts(sentence.text) for sentence in known]
    idf = fit_idf(rows)
    idf[np.bincount(np.concatenate([buckets for buckets, _ in rows]), minlength=BUCKETS) < MIN_COUNT] = 0
    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=500, random_state=0)
    model.fit(sparse_features(rows, idf), [KINDS.index(str(s.attributes.kind)) for s in known])
    weight, bias = np.zeros((BUCKETS, len(KINDS)), np.float32), np.full(len(KINDS), -30.0, np.float32)
    weight[:, model.classes_] = model.coef_.T.astype(np.float16)
    bias[model.classes_] = model.intercept_
    judge = KindJudge(weight, idf, bias, {})
    judge.heldout.update(score(judge, held_out))
    return judge


def score(judge: KindJudge, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """See KindJudge.heldout."""
    known = [sentence for sentence in sentences if sentence.attributes.kind]
    told = np.array(judge.kinds([sentence.text for sentence in known]))
    truth = np.array([sentence.attributes.kind for sentence in known])
    kinds = {
        kind: {
            "found": float((told[truth == kind] == kind).mean()),
            "told": float((told == kind).mean()),
            "n": int((truth == kind).sum()),
        }
        for kind in KINDS
        if (truth == kind).any()
    }
    return {"accuracy": float((told == truth).mean()), "n": len(known), "kinds": kinds}


def _main() -> None:
    from deephypebot.corpus.builtin import split_builtin

    split, folder = split_builtin(), Path(str(DATA))
    held_out, tensors, about = [*split.valid, *split.test], dict[str, NDArray[Any]](), {}
    for name in NAMES:
        judge = fit_kinds([sentence for sentence in split.train if half_of(sentence.post) == name], held_out)
        tensors |= {f"{name}.weight": judge.weight.astype(np.float16), f"{name}.idf": judge.idf.astype(np.float16)}
        tensors[f"{name}.bias"], about[name] = judge.bias, judge.heldout
        print(name, json.dumps(judge.heldout))
    save_file(tensors, folder / "kinds.safetensors")
    (folder / "kinds.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
