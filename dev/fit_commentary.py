"""Fits what tells commentary on music from the rest of a post to marked sentences, and says how far to trust it.

    .venv/bin/python dev/fit_commentary.py ../shared/data/blog_posts.jsonl

The marks (dev/labels/sentences.jsonl) know their sentences by hash, for the sentences are other people's text. Draws kept back for the test
are not fitted to. Prints what each threshold keeps, each fold judged by the others, and the weights for corpus/commentary.py.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from deephypebot.corpus.clean import clean
from deephypebot.corpus.commentary import REASONS, measure
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.corpus.shard import knows

LABELS = Path(__file__).parent / "labels" / "sentences.jsonl"
FITTED_TO = (1, 2)  # draws
JUDGED_HERE = {"", "no commentary on music", "no main verb", *REASONS.values()}  # verdicts of those rules alone
PENALTY, FOLDS = 0.3, 20


def main() -> None:
    marks = {
        row["sha256"]: row["good"]
        for row in map(json.loads, LABELS.read_text().splitlines())
        if row["draw"] in FITTED_TO
    }
    features, good = [], []
    for post in read_posts(Path(sys.argv[1])):
        for line in () if isinstance(post, Unreadable) else clean(post, knows).lines:
            mark = marks.pop(hashlib.sha256(line.original.encode()).hexdigest(), None)
            if mark is not None and line.reason in JUDGED_HERE and line.reason != "no main verb":
                features.append(measure(line.text))
                good.append(mark)
    names = list(features[0])
    rows = np.array([[row[name] for name in names] for row in features], float)
    spread = np.where(rows.std(0) > 0, rows.std(0), 1)
    model = LogisticRegression(C=PENALTY, max_iter=5000, fit_intercept=False)
    odds = cross_val_predict(model, rows / spread, good, cv=FOLDS, method="predict_proba")[:, 1]
    marked = np.array(good)
    print(f"{len(good)} sentences, {marked.mean():.1%} of them good; not found: {len(marks)}")
    for threshold in np.arange(0.5, 0.96, 0.05):
        kept = odds >= threshold
        print(
            f"threshold {threshold:.2f}: keeps {kept.sum()}, {marked[kept].mean():.1%} of them good, {kept[marked].mean():.1%} of the good"
        )
    model.fit(rows / spread, good)
    print(
        "WEIGHTS =",
        {name: round(float(weight), 2) for name, weight in zip(names, model.coef_[0] / spread, strict=True)},
    )


if __name__ == "__main__":
    main()
