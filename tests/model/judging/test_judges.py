from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephypebot.corpus.builtin import split_frozen
from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging import judges as module
from deephypebot.model.judging.judges import corpus_root, load_families, load_judges, targets, with_families
from deephypebot.model.judging.text_features import bucket_counts, masked
from deephypebot.model.training.fit_judges import (
    balanced_accuracy,
    commonest_families,
    equal_error_threshold,
    fit_judges,
    fit_thresholds,
    save_judges,
    score,
)
from deephypebot.types import FEATURES, Attributes, Sentence


@pytest.fixture(scope="module")
def judges() -> module.Judges:
    return load_judges()


def test_stored_accuracies_equal_a_fresh_computation(judges: module.Judges) -> None:
    split = split_frozen()
    held_out = [*split.valid, *split.test]
    for name in judges.names:
        fresh = score(judges, name, held_out)
        stored = {key: judges.heldout[name][key] for key in fresh}
        assert stored == pytest.approx(fresh, abs=1e-9), name
        assert fresh["low"] > 0.5, f"{name} is no better than guessing"


def test_shipped_judges_stand_on_the_train_split(judges: module.Judges) -> None:
    train = split_frozen().train
    assert judges.thresholds == fit_thresholds(train)
    assert judges.families == commonest_families(train, corpus_root)
    assert len(judges.families) == 12


def test_judges_hear_the_obvious(judges: module.Judges) -> None:
    loud = "Blast beats, screamed vocals and a wall of distortion tear {title} open at a furious speed."
    soft = "A slow acoustic guitar and a hushed voice, barely above a whisper, drift through {title}."
    assert judges.low_high("energy", [loud, soft]).tolist() == [True, False]
    assert judges.low_high("acousticness", [loud, soft]).tolist() == [False, True]
    assert judges.family("folk", [loud, soft]).tolist() == [False, True]
    assert judges.family("punk", [loud, soft]).tolist() == [True, False]
    assert judges.family("folk", []).shape == (0,)


def test_slots_are_masked() -> None:
    assert masked("{artist}’s  Drums on {title}.") == "it drums on it ."
    assert [a.tolist() for a in bucket_counts("{title} hums")] == [a.tolist() for a in bucket_counts("{artist} hums")]


def test_any_text_can_be_judged(judges: module.Judges) -> None:
    assert judges.low_high("energy", ["", " ", "\0", "死んだ", "a" * 10_000]).dtype == bool


@pytest.mark.parametrize("name", ["loudness", "folk", ""])
def test_unknown_feature_names_what_is_allowed(judges: module.Judges, name: str) -> None:
    with pytest.raises(InputError, match="allowed are energy, valence"):
        judges.low_high(name, ["x"])


def test_unknown_family_names_what_is_allowed(judges: module.Judges) -> None:
    with pytest.raises(InputError, match="'energy'; allowed are electronic"):
        judges.family("energy", ["x"])


def test_every_label_of_the_corpus_has_one_family() -> None:
    split = split_frozen()
    sentences = [*split.train, *split.valid, *split.test]
    labels = {label for sentence in sentences for label in sentence.attributes.genres}
    placed = [label for family in load_families().values() for label in family]
    assert len(placed) == len(set(placed))
    assert set(placed) == labels
    assert corpus_root("doom sea shanty") is None


def test_targets_leave_out_the_middle_and_later_labels() -> None:
    rows = [Sentence("x", str(e), Attributes(("house", "jazz"), energy=e)) for e in (0.2, 0.5, 0.9)] + [
        Sentence("x", "y")
    ]
    thresholds = {"energy": (0.3, 0.8)}
    assert targets(rows, "energy", thresholds, corpus_root).tolist() == [0, -1, 1, -1]
    assert targets(rows, "electronic", {}, corpus_root).tolist() == [1, 1, 1, -1]
    assert targets(rows, "jazz", {}, corpus_root).tolist() == [-1, -1, -1, -1]
    assert targets(rows, "folk", {}, corpus_root).tolist() == [0, 0, 0, -1]


def test_equal_error_threshold_and_balanced_accuracy() -> None:
    truth = np.array([False] * 8 + [True] * 2)
    scores = np.arange(10.0)
    told = scores > equal_error_threshold(truth, scores)
    assert balanced_accuracy(truth, told) == 1.0
    assert balanced_accuracy(truth, np.ones(10, bool)) == 0.5
    assert np.isnan(balanced_accuracy(np.ones(3, bool), np.ones(3, bool)))


def test_fit_save_and_load_on_a_small_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sentences = [_toy(i, high=bool(i % 2), rng=rng) for i in range(160)]
    split = Split(sentences[:120], sentences[120:140], sentences[140:])
    fitted = fit_judges(split, lambda label: {"doom": "heavy metal", "tango": "latin"}.get(label))
    assert fitted.families == ["heavy metal", "latin"]
    assert all(fitted.heldout[name]["accuracy"] == 1.0 for name in (*FEATURES, "latin"))
    save_judges(fitted, tmp_path)
    monkeypatch.setattr(module, "DATA", tmp_path)
    again = load_judges()
    assert again.heldout == fitted.heldout
    texts = [s.text for s in split.test]
    np.testing.assert_array_equal(again._scores("energy", FEATURES, texts), fitted._scores("energy", FEATURES, texts))
    (tmp_path / "judges.safetensors").write_bytes(b"not weights")
    with pytest.raises(CheckpointError, match="install the package again"):
        load_judges()


def test_fitting_twice_gives_the_same() -> None:
    whole = split_frozen()
    split = Split(whole.train[::30], whole.valid, [])
    first, second = fit_judges(split), fit_judges(replace(split))
    np.testing.assert_array_equal(first.weight, second.weight)
    np.testing.assert_array_equal(first.bias, second.bias)


def _toy(i: int, high: bool, rng: np.random.Generator) -> Sentence:
    value = float(rng.uniform(0.8, 1.0) if high else rng.uniform(0.0, 0.2))
    words = "screaming amps collapse" if high else "quiet accordions sway"
    features: dict[str, Any] = {name: 40 + 200 * value if name == "tempo" else value for name in FEATURES}
    label = "doom" if high else "tango"
    return Sentence(f"{words} on {{title}}, take {i}", f"p{i // 4}{high}", Attributes((label,), **features))


def test_a_label_brings_its_family_with_it() -> None:
    known = Attributes(genres=("amapiano", "gqom"), energy=0.5)
    assert with_families(known) == Attributes(genres=("amapiano", "gqom", "african"), energy=0.5)
    assert with_families(Attributes(genres=("african",))).genres == ("african",)
    assert with_families(Attributes(genres=("doom sea shanty",))).genres == ("doom sea shanty",)
    assert with_families(Attributes()) == Attributes()
