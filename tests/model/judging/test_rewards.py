"""Rewards: numbers from 0 to 1, and what they are worth to a wish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephypebot.errors import BackboneError
from deephypebot.model.judging import rewards
from deephypebot.model.judging.copying import Runs, fit_runs, load_runs
from deephypebot.model.judging.kinds import NAMES, load_kinds
from deephypebot.model.training.fit_kinds import half_of
from deephypebot.types import STYLES, Attributes

GUITARS = "Guitars smear into one long glow, and the drums under them hit like wet rope on a deck."
TOUR = "{artist} will tour this spring, with tickets on sale on Friday and dates in twelve cities."
LOVELY = "A lovely, tender, joyful chorus that makes the heart happy."
BLEAK = "A cruel, hopeless verse of grief and terrible pain."


def test_each_reward_stays_between_0_and_1() -> None:
    texts = [GUITARS, TOUR, LOVELY, BLEAK, "", "{artist}", "漢字 ☃ 9"]
    for reward in rewards.style_rewards().values():
        found = reward(texts, [Attributes()] * len(texts))
        assert found.shape == (len(texts),)
        assert ((found >= 0) & (found <= 1)).all()


def test_rewards_tell_texts_apart() -> None:
    found = {name: reward([GUITARS, TOUR], [Attributes()] * 2) for name, reward in rewards.style_rewards().items()}
    assert found["descriptive"][0] > 0.8 > found["descriptive"][1]
    assert found["unwanted"][0] < 0.1 < found["unwanted"][1]
    warm = rewards.style_rewards()["warm"]([LOVELY, BLEAK], [Attributes()] * 2)
    assert warm[0] > 0.8
    assert warm[1] < 0.2
    rare = rewards.vivid(["A glockenspiel glints over tremolo mandolins.", "The song is the one that it is."], [])
    assert rare[0] > 0.7
    assert rare[1] < 0.2


def test_deepmoji_reads_where_its_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rewards.style_rewards()["warm"](["A lovely chorus."], [Attributes()])[0] > 0.5
    monkeypatch.setenv("DEEPHYPEBOT_DEEPMOJI", str(tmp_path))
    with pytest.raises(BackboneError, match=r"vocabulary.json|deepmoji.onnx"):
        rewards.style_rewards()


def test_worth_is_bounded_and_signed() -> None:
    assert rewards.worth({"a": 1.0}, {"a": 1.0}) == 0
    assert rewards.worth({"a": 0.0}, {"a": 1.0}) == pytest.approx(np.log(rewards.FLOOR))
    assert rewards.worth({"a": 1.0}, {"a": -0.5}) == pytest.approx(0.5 * np.log(rewards.FLOOR))
    both = rewards.worth({"a": np.array([0.5, 1.0]), "b": np.array([0.5, 0.0])}, {"a": 1.0, "b": -1.0})
    np.testing.assert_allclose(both, [2 * np.log(0.5), 0])


def test_styles_compose_and_opposites_cancel() -> None:
    assert rewards.style_weights(("descriptive", "warm")) == {"descriptive": 1.0, "unwanted": -1.0, "warm": 1.0}
    assert rewards.style_weights(("wild", "plain"))["vivid"] == 0
    assert rewards.style_weights(()) == {}
    assert {*rewards.STYLE_WEIGHTS} == {*STYLES}


def test_eight_words_in_a_row_are_a_quotation_seven_are_not() -> None:
    words = "the bass of {title} walks out of the room before anybody has noticed".split()
    runs = fit_runs([" ".join(words)])
    assert runs.is_copied(" ".join(["So", *words[1:10]]) + "!")
    assert not runs.is_copied(" ".join(words[4:11]))
    assert not runs.is_copied("")
    assert not fit_runs([]).is_copied(" ".join(words))


def test_runs_go_to_disk_and_back(tmp_path: Any) -> None:
    from deephypebot.errors import CheckpointError
    from deephypebot.model.judging.copying import FILE

    assert load_runs(tmp_path) is None
    runs = fit_runs(["one two three four five six seven eight nine"])
    (tmp_path / FILE).write_bytes(runs.to_bytes())
    found = load_runs(tmp_path)
    assert found is not None
    np.testing.assert_array_equal(found.hashes, runs.hashes)
    (tmp_path / FILE).write_bytes(Runs(runs.hashes[::-1].copy()).to_bytes())
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used.*sorted"):
        load_runs(tmp_path)


def test_kinds_are_told_apart_by_two_that_share_no_post() -> None:
    for name in NAMES:
        judge = load_kinds(name)
        assert judge.kinds([GUITARS]) == ["description"]
        assert judge.heldout["accuracy"] > 0.8
        assert judge.heldout["kinds"]["description"]["found"] > 0.9
        np.testing.assert_allclose(np.exp(judge.log_probs([GUITARS, TOUR, ""])).sum(1), 1, rtol=1e-5)
    assert np.abs(load_kinds("reward").weight - load_kinds("judge").weight).max() > 0.1
    assert {half_of(f"post-{i}") for i in range(20)} == {*NAMES}
