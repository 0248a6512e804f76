"""What evaluation makes of texts, over a toy writer that does what it is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deephypebot.model.evaluation.composition import composition
from deephypebot.model.evaluation.texts import draw_texts, family_steering, feature_steering
from deephypebot.model.judging.kinds import load_kinds
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.decode import Array, Sampling
from deephypebot.model.writing.drafts import Drafts
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Sentence
from tests.phrase_engine import PhraseEngine

CALM = "A hushed organ holds one chord until the windows hum along."
DUB = "A skanking guitar holds one chord until the windows hum along."
BROKEN = "A hushed organ."
HELD_OUT = [Sentence(CALM, "1", Attributes(genres=("drone",))), Sentence(DUB, "2", Attributes(genres=("dub", "drone")))]


class Obedient(PhraseEngine):
    """Asks for a guitar where a label is of reggae or energy is high, else for an organ."""

    def word_bias(self, attributes: Attributes) -> Array:
        loud = (attributes.energy or 0) > 0.5 or "dub" in attributes.genres
        sign = 1 if loud else -1
        return np.array([sign * ((word == " skanking") - (word == " hushed")) for word in self.words], np.float32)


def writer_of(drafts: int, *phrases: str) -> Any:
    engine = Obedient(phrases)
    sampling = Sampling(temperature=1.0, top_p=1.0, drafts=drafts)
    wording = Wording(engine.words, [], lambda word: engine.encode(word))
    return SimpleNamespace(
        engine=engine, drafts=Drafts(engine, wording, Choice(engine, [], rewards={})), defaults=sampling
    )


def judges() -> Any:
    def is_loud(_: str, texts: list[str]) -> np.ndarray:
        return np.array(["skanking" in text for text in texts])

    return SimpleNamespace(
        families=["reggae"],
        thresholds={},
        low_high=is_loud,
        family=is_loud,
        heldout={"energy": {"accuracy": 0.8}, "valence": {"accuracy": 0.5}, "reggae": {"accuracy": 0.7}},
    )


def test_a_writer_that_obeys_is_told_apart() -> None:
    writer = writer_of(16, CALM, DUB)
    assert feature_steering(writer, judges(), "energy", 8)["accuracy"] == 1
    found = family_steering(writer, judges(), HELD_OUT, "reggae", 8)
    assert (found["accuracy"], found["sides"], found["n"]) == (1, (1, 1), 16)
    assert found["reference"] == {"accuracy": 0.7}


def test_a_writer_that_does_not_listen_is_told_apart_by_chance() -> None:
    assert feature_steering(writer_of(1, CALM), judges(), "energy", 8)["accuracy"] == pytest.approx(0.5)


def test_all_wishes_hold_at_once_only_where_each_holds() -> None:
    found = composition(writer_of(16, CALM, DUB), judges(), 8)
    assert found["energy"]["share"] == found["energy of all"]["share"] == 1  # loud is what this judge hears as joy, too
    assert found["sad"]["share"] == 1
    assert found["sad of all"]["share"] == found["all"]["share"] == 0
    assert found["all"]["high"] > 0
    assert found["expected"] == pytest.approx(0.4 * load_kinds("judge").heldout["kinds"]["description"]["found"])


def test_texts_keep_their_seeds_and_broken_ones_are_empty() -> None:
    asked = [Attributes()] * 6
    texts = draw_texts(writer_of(1, CALM, DUB, BROKEN), asked, seed=5)
    assert set(texts) == {CALM, DUB, ""}
    assert texts[2:] == draw_texts(writer_of(1, CALM, DUB, BROKEN), asked[2:], seed=7)
