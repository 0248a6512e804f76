"""How near a text is to a genre label, also to one that no corpus has: the judge of open-vocabulary labels.

Plain cosine between a sentence and "a <label> song" in the space of all-MiniLM-L6-v2 tells a held-out corpus text's own label
from a random one in only 64 of 100 cases. So a ridge regression, fitted on the built-in corpus's train split and never on
text of a model, carries the text into the space of the labels; there the cosine is taken. numpy only; `embed` is given.

`python -m deephypebot.model.evaluation.label_nearness` fits it again and writes model/data/labels.safetensors and labels.json.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save_file

from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.types import Sentence

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]

RIDGE = 3.0
FOLDS = 4
UNSEEN_LABELS = (  # in no label and no sentence of the built-in corpus (a test checks)
    "doom sea shanty", "pirate metal", "swamp blues", "jug band", "gabber",
    "gypsy punk", "chutney soca", "sovietwave", "blackened doom", "boogie-woogie piano",
    "steelpan", "horror punk", "cowboy ballad", "opera aria", "arctic ambient",
    "hard trance", "salsa dura", "surf jazz", "dub poetry", "lo-fi country",
)  # fmt: skip
DATA = files("deephypebot.model") / "data"


@dataclass(frozen=True)
class LabelSpace:
    """text (D, D) carries centred text vectors to label vectors; text_mean, label_mean (D,).

    heldout: how often a held-out text is nearer to its first label than to another: with all labels of the corpus known, and
    among labels hidden from the fit together with every text that bears one (each label is hidden in one of FOLDS fits).
    """

    text: Floats
    text_mean: Floats
    label_mean: Floats
    heldout: dict[str, float] = field(default_factory=dict)

    def similarities(self, texts: Floats, labels: Floats) -> Floats:
        """(N, D) text vectors and (K, D) label vectors -> (N, K) cosines."""
        return _unit((texts - self.text_mean) @ self.text) @ _unit(labels - self.label_mean).T


def label_nearness(
    texts: Sequence[str], label: str, other_labels: Sequence[str], embed: Embed, space: LabelSpace | None = None
) -> Floats:
    """(N,) the share of other_labels, 0..1, that each text is farther from than from its own label: the chance that it is
    nearer to the right label than to a random one; 0.5 is guessing. embed: texts -> (N, D) unit vectors, see sentence_encoder.

    Raises InputError where other_labels is empty or has the label itself.
    """
    if not other_labels or label in other_labels:
        raise InputError(f"other_labels is {list(other_labels)!r}; allowed are one or more labels other than {label!r}")
    scores = (space or load_label_space()).similarities(
        embed(texts), embed([phrase(name) for name in (label, *other_labels)])
    )
    nearer: Floats = (scores[:, :1] > scores[:, 1:]).mean(axis=1, dtype=np.float32)
    return nearer


def phrase(label: str) -> str:
    """The words that stand for a label in the sentence encoder's space."""
    return f"a {label} song"


def load_label_space() -> LabelSpace:
    """The fitted space that ships with the package. Raises CheckpointError where its files are missing or broken."""
    try:
        tensors = load((DATA / "labels.safetensors").read_bytes())
        heldout: dict[str, float] = json.loads((DATA / "labels.json").read_text(encoding="utf-8"))
        text, text_mean, label_mean = (tensors[name].astype(np.float32) for name in ("text", "text_mean", "label_mean"))
        return LabelSpace(text, text_mean, label_mean, heldout)
    except Exception as error:  # safetensors raises its own
        raise CheckpointError(
            f"label space: the package's model/data cannot be read ({error}); install the package again"
        ) from error


def fit_label_space(split: Split, embed: Embed) -> LabelSpace:
    """Fit on split.train and score on split.valid and split.test."""
    held_out = [*split.valid, *split.test]
    labels = sorted({label for s in [*split.train, *held_out] for label in s.attributes.genres})
    vectors = dict(zip(labels, embed([phrase(label) for label in labels]), strict=True))
    train, held = embed([s.text for s in split.train]), embed([s.text for s in held_out])
    space = _ridge(split.train, train, vectors)
    space.heldout.update(_named("all", score(space, held_out, held, vectors)))
    hidden = [_hidden_score(fold, split, train, held, vectors) for fold in range(FOLDS)]
    total = sum(number for _, number in hidden)
    space.heldout.update(_named("hidden", (sum(share * number for share, number in hidden) / total, total)))
    return space


def _hidden_score(
    fold: int, split: Split, train: Floats, held: Floats, vectors: dict[str, Floats]
) -> tuple[float, int]:
    """score() over a quarter of the labels (by CRC-32) by a fit that saw neither them nor any text that bears one."""
    hidden = {label for label in vectors if zlib.crc32(label.encode()) % FOLDS == fold}
    seen = [i for i, s in enumerate(split.train) if not hidden & set(s.attributes.genres)]
    known = {label: vector for label, vector in vectors.items() if label not in hidden}
    space = _ridge([split.train[i] for i in seen], train[seen], known)
    return score(space, [*split.valid, *split.test], held, {label: vectors[label] for label in hidden})


def score(
    space: LabelSpace, sentences: Sequence[Sentence], texts: Floats, vectors: dict[str, Floats]
) -> tuple[float, int]:
    """(mean share of the other labels that are farther than a text's first label, number of texts whose first label is known)"""
    names = sorted(vectors)
    scores = space.similarities(texts, np.stack([vectors[name] for name in names]))
    shares = []
    for sentence, row in zip(sentences, scores, strict=True):
        own = sentence.attributes.genres
        if own and own[0] in vectors:
            farther = row[names.index(own[0])] > row[[i for i, name in enumerate(names) if name not in own]]
            shares += [float(farther.mean())] if farther.size else []
    return sum(shares) / max(1, len(shares)), len(shares)


def _ridge(sentences: Sequence[Sentence], texts: Floats, vectors: dict[str, Floats]) -> LabelSpace:
    """The linear map from a text's vector to the mean of its labels' vectors (all labels centred, of length 1)."""
    label_mean = np.mean(list(vectors.values()), axis=0)
    units = {name: _unit(vector - label_mean) for name, vector in vectors.items()}
    used = [i for i, s in enumerate(sentences) if s.attributes.genres]
    targets = np.stack([np.mean([units[name] for name in sentences[i].attributes.genres], axis=0) for i in used])
    mean = texts[used].mean(axis=0)
    centred = (texts[used] - mean).astype(np.float64)
    gram = centred.T @ centred + RIDGE * np.eye(centred.shape[1])
    text = np.linalg.solve(gram, centred.T @ (targets - targets.mean(axis=0)))
    return LabelSpace(text.astype(np.float16).astype(np.float32), mean, label_mean)


def _unit(rows: NDArray[Any]) -> Floats:
    unit: Floats = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(np.float32)
    return unit


def _named(prefix: str, scored: tuple[float, int]) -> dict[str, Any]:
    return {f"{prefix}_labels": scored[0], f"{prefix}_labels_n": scored[1]}


def save_label_space(space: LabelSpace, folder: Path) -> None:
    """Write labels.safetensors and labels.json."""
    tensors = {"text": space.text.astype(np.float16), "text_mean": space.text_mean, "label_mean": space.label_mean}
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, folder / "labels.safetensors")
    (folder / "labels.json").write_text(json.dumps(space.heldout, indent=1) + "\n", encoding="utf-8")


def _main() -> None:
    from deephypebot.corpus.builtin import split_frozen
    from deephypebot.model.evaluation.sentence_encoder import SentenceEncoder, fetch_encoder

    space = fit_label_space(split_frozen(), SentenceEncoder(fetch_encoder()))
    save_label_space(space, Path(str(DATA)))
    print(json.dumps(space.heldout))


if __name__ == "__main__":
    _main()
