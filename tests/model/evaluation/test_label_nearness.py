from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from deephypebot.corpus.builtin import load_builtin
from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.evaluation import label_nearness as module
from deephypebot.model.evaluation.label_nearness import (
    UNSEEN_LABELS,
    LabelSpace,
    fit_label_space,
    label_nearness,
    load_label_space,
)
from deephypebot.types import Attributes, Sentence

LABELS = ("doom", "tango", "house", "fado", "ska", "dub", "enka", "polka")
DIM = 2 * len(LABELS)


def embed(texts: Sequence[str]) -> np.ndarray:
    """Labels on one half of the axes, sounds (label number in the text) on the other."""
    rows = np.full((len(texts), DIM), 0.01, np.float32)
    for row, text in zip(rows, texts, strict=True):
        at = [i for i, label in enumerate(LABELS) if label in text] or [len(LABELS) + int(text.split("sound ")[1])]
        row[at] = 1.0
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def test_fit_learns_to_carry_sounds_to_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Sentence(f"sound {i % 8}", f"p{i}", Attributes((LABELS[i % 8],))) for i in range(240)]
    space = fit_label_space(Split(rows[:200], rows[200:220], rows[220:]), embed)
    assert space.heldout["all_labels"] == 1.0
    assert space.heldout["all_labels_n"] == 40
    assert 0 < space.heldout["hidden_labels_n"] < 40  # a label that is hidden alone has no other to be compared with
    module.save_label_space(space, tmp_path)
    monkeypatch.setattr(module, "DATA", tmp_path)
    assert label_nearness(["sound 0", "sound 1"], "doom", ["tango"], embed).tolist() == [1.0, 0.0]
    assert label_nearness(["sound 1"], "tango", ["ska", "doom"], embed).tolist() == [1.0]
    (tmp_path / "labels.json").unlink()
    with pytest.raises(CheckpointError, match="install the package again"):
        load_label_space()


@pytest.mark.parametrize("others", [[], ["ska", "doom"]])
def test_other_labels_must_be_others(others: list[str]) -> None:
    space = LabelSpace(np.eye(DIM, dtype=np.float32), np.zeros(DIM, np.float32), np.zeros(DIM, np.float32))
    with pytest.raises(InputError, match="other_labels is"):
        label_nearness(["sound 0"], "doom", others, embed, space)


def test_shipped_space_beats_guessing_on_hidden_labels() -> None:
    space = load_label_space()
    assert space.text.shape == (384, 384)
    assert 0.5 < space.heldout["hidden_labels"] < space.heldout["all_labels"] < 1.0


def test_unseen_labels_are_nowhere_in_the_corpus() -> None:
    corpus = load_builtin()
    labels = {label.casefold() for sentence in corpus for label in sentence.attributes.genres}
    text = "\n".join(sentence.text.casefold() for sentence in corpus)
    assert len(set(UNSEEN_LABELS)) == 20
    assert [label for label in UNSEEN_LABELS if label in labels or label in text] == []
