"""Fitting the judges (judges.py): `python -m deephypebot.model.training.fit_judges` fits them again (scikit-learn) and writes model/data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from deephypebot.corpus.split import Split
from deephypebot.model.judging.judges import DATA, Bools, Floats, GenreRoot, Judges, corpus_root, targets, unit
from deephypebot.model.judging.text_features import BUCKETS, bucket_counts
from deephypebot.types import FEATURES, Sentence

FAMILIES = 12
PENALTIES = (0.3, 1.0, 3.0)  # C of scikit-learn: larger is weaker
FOLDS = 3
RESAMPLES = 1000


def fit_thresholds(sentences: Sequence[Sentence]) -> dict[str, tuple[float, float]]:
    """The terciles of each feature over the sentences that have it."""
    values = {name: [getattr(s.attributes, name) for s in sentences] for name in FEATURES}
    known = {name: np.array([v for v in row if v is not None], np.float64) for name, row in values.items()}
    return {name: (float(np.quantile(row, 1 / 3)), float(np.quantile(row, 2 / 3))) for name, row in known.items()}


def commonest_families(sentences: Sequence[Sentence], root: GenreRoot, number: int = FAMILIES) -> list[str]:
    """Roots of the first labels, the commonest first."""
    counts = Counter(root(s.attributes.genres[0]) for s in sentences if s.attributes.genres)
    return [family for family, _ in sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))) if family][
        :number
    ]


def fit_judges(split: Split, genre_root: GenreRoot = corpus_root) -> Judges:
    """Fit all judges on split.train and score them on split.valid and split.test. genre_root: label -> root of the tree."""
    rows = [bucket_counts(sentence.text) for sentence in split.train]
    idf = fit_idf(rows)
    features, posts = sparse_features(rows, idf), np.array([sentence.post for sentence in split.train])
    thresholds = fit_thresholds(split.train)
    names = (*FEATURES, *commonest_families(split.train, genre_root))
    fitted = [_fit_one(features, targets(split.train, name, thresholds, genre_root), posts) for name in names]
    weight = np.stack([w for w, _, _ in fitted], axis=1).astype(np.float16).astype(np.float32)
    judges = Judges(names, weight, np.array([b for _, b, _ in fitted], np.float32), idf, thresholds, {})
    crossed = {name: accuracy for name, (_, _, accuracy) in zip(names, fitted, strict=True)}
    for name in names:
        judges.heldout[name] = score(judges, name, [*split.valid, *split.test], genre_root) | {
            "cross_validated": crossed[name]
        }
    return judges


def fit_idf(rows: Sequence[tuple[NDArray[np.int64], Floats]]) -> Floats:
    """(BUCKETS,) smoothed inverse document frequency, rounded to half precision as it is stored."""
    counts = np.bincount(np.concatenate([buckets for buckets, _ in rows]), minlength=BUCKETS)
    idf: Floats = (np.log((1 + len(rows)) / (1 + counts)) + 1).astype(np.float16).astype(np.float32)
    return idf


def score(judges: Judges, name: str, sentences: Sequence[Sentence], root: GenreRoot = corpus_root) -> dict[str, float]:
    """Balanced accuracy of a judge on sentences, its 95% interval (bootstrap by post) and the sizes of both classes."""
    truth = targets(sentences, name, judges.thresholds, root)
    kept = [s for s, target in zip(sentences, truth, strict=True) if target >= 0]
    truth = truth[truth >= 0]
    told = (
        judges.low_high(name, [s.text for s in kept])
        if name in FEATURES
        else judges.family(name, [s.text for s in kept])
    )
    low, high = _bootstrap(truth == 1, told, [s.post for s in kept])
    sizes = {"n_yes": int((truth == 1).sum()), "n_no": int((truth == 0).sum())}
    return {"accuracy": balanced_accuracy(truth == 1, told), "low": low, "high": high} | sizes


def balanced_accuracy(truth: Bools, told: Bools) -> float:
    """Mean of the share of "yes" found and the share of "no" refused, 0..1; nan where a class is empty."""
    if truth.all() or not truth.any():
        return float("nan")
    return float(0.5 * (np.mean(told[truth]) + np.mean(~told[~truth])))


def _bootstrap(truth: Bools, told: Bools, posts: Sequence[str]) -> tuple[float, float]:
    """95% interval of the balanced accuracy over posts drawn with replacement."""
    _, group = np.unique(np.array(posts), return_inverse=True)
    cells = np.stack([truth & told, truth, ~truth & ~told, ~truth]).astype(np.float64)
    per_post = np.stack([np.bincount(group, row) for row in cells], axis=1)  # (P, 4)
    draws = np.random.default_rng(0).multinomial(len(per_post), np.full(len(per_post), 1 / len(per_post)), RESAMPLES)
    found, yes, refused, no = (draws @ per_post).T
    accuracies = 0.5 * (found / np.maximum(yes, 1) + refused / np.maximum(no, 1))
    low, high = np.quantile(accuracies[(yes > 0) & (no > 0)], (0.025, 0.975))
    return float(low), float(high)


def sparse_features(rows: Sequence[tuple[NDArray[np.int64], Floats]], idf: Floats) -> Any:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped, unused-ignore]

    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    values = np.concatenate([unit(counts * idf[buckets]) for buckets, counts in rows])
    return csr_matrix((values, np.concatenate([buckets for buckets, _ in rows]), ends), (len(rows), BUCKETS))


def _fit_one(features: Any, target: NDArray[np.int8], posts: NDArray[Any]) -> tuple[Floats, float, float]:
    """(weight (BUCKETS,), bias with the threshold taken off, cross-validated balanced accuracy)"""
    used = target >= 0
    features, truth, posts = features[used], target[used] == 1, posts[used]
    crossed = {penalty: _cross_scores(features, truth, posts, penalty) for penalty in PENALTIES}
    thresholds = {penalty: equal_error_threshold(truth, scores) for penalty, scores in crossed.items()}
    accuracies = {penalty: balanced_accuracy(truth, crossed[penalty] > thresholds[penalty]) for penalty in PENALTIES}
    best = max(PENALTIES, key=lambda penalty: accuracies[penalty])
    model = _regression(best).fit(features, truth)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0]) - thresholds[best], accuracies[best]


def _cross_scores(features: Any, truth: Bools, posts: NDArray[Any], penalty: float) -> NDArray[np.float64]:
    """(N,) score of each text by a model that saw no text of its post."""
    from sklearn.model_selection import GroupKFold

    scores = np.zeros(len(truth))
    for seen, unseen in GroupKFold(FOLDS).split(features, truth, posts):
        scores[unseen] = _regression(penalty).fit(features[seen], truth[seen]).decision_function(features[unseen])
    return scores


def _regression(penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=penalty, class_weight="balanced", solver="liblinear", random_state=0)


def equal_error_threshold(truth: Bools, scores: NDArray[np.float64]) -> float:
    """The score above which as large a share of "yes" lies as of "no" lies below."""
    candidates = np.unique(scores)
    missed = np.searchsorted(np.sort(scores[truth]), candidates, side="right") / truth.sum()
    refused = np.searchsorted(np.sort(scores[~truth]), candidates, side="right") / (~truth).sum()
    return float(candidates[np.argmin(np.abs(refused - (1 - missed)))])


def save_judges(judges: Judges, folder: Path) -> None:
    """Write judges.safetensors and judges.json."""
    half: dict[str, NDArray[Any]] = {
        "weight": judges.weight.astype(np.float16),
        "idf": judges.idf.astype(np.float16),
        "bias": judges.bias,
    }
    save_file(half, folder / "judges.safetensors")
    about = {"names": judges.names, "thresholds": judges.thresholds, "heldout": judges.heldout}
    (folder / "judges.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _main() -> None:
    from deephypebot.corpus.builtin import split_frozen

    judges = fit_judges(split_frozen())
    save_judges(judges, Path(str(DATA)))
    for name, row in judges.heldout.items():
        print(
            f"{name:14} {row['accuracy']:.3f} [{row['low']:.3f}, {row['high']:.3f}] of {row['n_yes']}+{row['n_no']}",
            end="",
        )
        print(f"  cross-validated {row['cross_validated']:.3f}")


if __name__ == "__main__":
    _main()
