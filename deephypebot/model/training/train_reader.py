"""`train reader`: what readers thought of drafts, learned from their marks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from deephypebot.errors import InputError, shown
from deephypebot.model.beside import check_beside, write_beside
from deephypebot.model.judging.reader import FILE, MOST, Reader, counts
from deephypebot.model.writing.commentator import Commentator

Say = Callable[[str], None]
Array = np.ndarray[Any, Any]
PART = 200
FOLDS = 10
LEAST = 50  # marks
STATES = 24.0  # standardised states are divided by it, about the root of their number, and counts by COUNTED
COUNTED = 6.0
PENALTY = 3.0  # alpha of scikit-learn's ridge, of those


@dataclass(frozen=True)
class Marked:
    """A text, slots unfilled, and its mark."""

    text: str
    mark: float


def read_marks(path: Path | None = None) -> list[Marked]:
    """{"text": ..., "mark": 0 to 3} a line; without a path the marks that ship. Raises InputError for a line that is none, by its
    number, and for a file that cannot be read or holds too few."""
    try:
        data = files("deephypebot.model").joinpath("data/marks.jsonl").read_text("utf-8") if path is None else None
        lines = (path.read_text("utf-8") if path is not None else data or "").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"marks {path} cannot be read ({error}); allowed is a UTF-8 file") from error
    marks = [_parse(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if len(marks) < LEAST:
        raise InputError(f"marks are {len(marks)}; allowed are {LEAST} or more")
    if len({one.mark for one in marks}) < 2:
        raise InputError("marks are all the same; allowed are at least two different ones")
    return marks


def _parse(line: str, number: int) -> Marked:
    allowed = f'allowed is {{"text": "...", "mark": 0 to {MOST:g}}}'
    try:
        row = json.loads(line)
        text, mark = row["text"], row["mark"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"marks, line {number} is {shown(line)}; {allowed}") from error
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"marks, line {number}: text is {shown(text)}; {allowed}")
    if isinstance(mark, bool) or not isinstance(mark, int | float) or not 0 <= mark <= MOST:
        raise InputError(f"marks, line {number}: mark is {shown(mark)}; {allowed}")
    return Marked(text, float(mark))


def train_reader(checkpoint: Path, marks: Sequence[Marked], say: Say) -> dict[str, float]:
    """Fit, and write reader.safetensors into the folder in one move. Returns the correlation of marks with what was foretold of
    texts that were not learned from, in ten folds, and their mean.

    Raises CheckpointError, and InputError where the checkpoint has no frozen layers to ask.
    """
    writer = Commentator(checkpoint)
    check_beside(checkpoint, FILE)
    if not len(writer.engine.listen(marks[0].text)):
        raise InputError(f"checkpoint {checkpoint} has no backbone; allowed is one that was trained over frozen layers")
    heard = list[Array]()
    for at in range(0, len(marks), PART):
        heard += [writer.engine.listen(one.text) for one in marks[at : at + PART]]
        say(f"heard: {len(heard)} of {len(marks)} texts")
    seen, told = np.stack(heard), np.array([one.mark for one in marks])
    counted = np.stack([counts(one.text) for one in marks])
    write_beside(checkpoint, FILE, fit_reader(seen, counted, told).to_bytes())
    return {"marks": float(len(marks)), "mean": float(told.mean()), "correlation": foretold(seen, counted, told)}


def foretold(heard: Array, counted: Array, marks: Array) -> float:
    """How well marks (N,) are foretold of texts that were not learned from, (N, S) and (N, C): the correlation."""
    folds = np.random.default_rng(0).permutation(len(marks)) % FOLDS
    guesses = np.zeros(len(marks))
    for fold in range(FOLDS):
        own = folds == fold
        reader = fit_reader(heard[~own], counted[~own], marks[~own])
        guesses[own] = heard[own] @ reader.heard + counted[own] @ reader.counts + reader.bias
    return float(np.corrcoef(guesses, marks)[0, 1])


def fit_reader(heard: Array, counted: Array, marks: Array) -> Reader:
    """Ridge regression of marks (N,) on what is heard (N, S) and counted (N, C)."""
    from sklearn.linear_model import Ridge

    parts = [(heard.astype(np.float64), STATES), (counted.astype(np.float64), COUNTED)]
    scales = [(x.mean(0), np.maximum(x.std(0), 1e-6) * size) for x, size in parts]
    scaled = np.concatenate([(x - m) / s for (x, _), (m, s) in zip(parts, scales, strict=True)], axis=1)
    model = Ridge(alpha=PENALTY).fit(scaled, marks)
    rows = np.split(model.coef_, [heard.shape[1]])
    weights = [row / s for row, (_, s) in zip(rows, scales, strict=True)]
    bias = model.intercept_ - sum(m @ w for w, (m, _) in zip(weights, scales, strict=True))
    return Reader(*(part.astype(np.float32) for part in (*weights, np.array([bias]))))
