"""How well the weights of corpus/commentary.py tell commentary from the rest, by sentences that were read and marked.

    .venv/bin/python dev/score_commentary.py ../shared/data/blog_posts.jsonl

The marks (dev/labels/sentences.jsonl) know their sentences by hash, for the sentences are other people's text. Nothing is fitted to them here:
the weights are set by hand.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from deephypebot.corpus.clean import clean
from deephypebot.corpus.commentary import REASONS, THRESHOLD, measure, probability
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.corpus.shard import knows

LABELS = Path(__file__).parent / "labels" / "sentences.jsonl"
JUDGED = {"", "no commentary on music", *REASONS.values()}  # verdicts of these weights; other rules speak first


def main() -> None:
    marks = {row["sha256"]: row["good"] for row in map(json.loads, LABELS.read_text().splitlines())}
    odds, good = [], []
    for post in read_posts(Path(sys.argv[1])):
        for line in () if isinstance(post, Unreadable) else clean(post, knows).lines:
            mark = marks.pop(hashlib.sha256(line.original.encode()).hexdigest(), None)
            if mark is not None and line.reason in JUDGED:
                odds.append(probability(measure(line.text)))
                good.append(mark)
    scores, marked = np.array(odds), np.array(good)
    print(f"{len(good)} sentences, {marked.mean():.1%} of them good")
    for threshold in sorted({*np.arange(0.5, 0.96, 0.05).round(2), THRESHOLD}):
        kept = scores >= threshold
        print(
            f"threshold {threshold:.2f}: keeps {kept.sum()}, {marked[kept].mean():.1%} of them good, {kept[marked].mean():.1%} of the good"
        )


if __name__ == "__main__":
    main()
