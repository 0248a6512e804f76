"""Fitting the classifiers of kinds (kinds.py): `python -m deephypebot.model.training.fit_kinds` writes model/data/kinds.safetensors and kinds.json."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from deephypebot.model.judging.kinds import DATA, NAMES, KindJudge
from deephypebot.model.judging.text_features import BUCKETS, bucket_counts
from deephypebot.model.training.fit_judges import fit_idf, sparse_features
from deephypebot.types import KINDS, Sentence

PENALTY = 30.0  # C of scikit-learn; of 3 and 30 the better on held-out posts
MIN_COUNT = 2  # n-grams that fewer texts have are not looked at


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
