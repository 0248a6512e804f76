"""The measures of the scoreboard, on sets whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deephypebot.corpus.split import Split
from deephypebot.model.evaluation.bias import place_shares, places_in, pronoun_shares
from deephypebot.model.evaluation.choice import compare
from deephypebot.model.evaluation.divergence import area, mauve
from deephypebot.model.evaluation.ngram import NgramModel
from deephypebot.model.evaluation.raw_texts import raw_texts
from deephypebot.model.evaluation.text_table import Yardstick
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.drafts import Drafts
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Sentence, Song
from tests.phrase_engine import PhraseEngine

WARM = ["the bass hums under the choir", "the bass hums under a slow organ", "a choir hums over the bass"]


def cloud(seed: int, shift: float = 0.0, number: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((number, 8)) + shift * np.arange(8)


def test_mauve_falls_as_clouds_part() -> None:
    scores = [mauve(cloud(0), cloud(1, shift)) for shift in (0.0, 0.15, 0.5)]
    assert scores[0] > 0.8
    assert scores[0] > scores[1] + 0.05
    assert scores[1] > scores[2] + 0.05
    assert scores[2] < 0.3
    assert mauve(cloud(0), cloud(1, 0.15)) == scores[1]


def test_the_area_of_known_histograms() -> None:
    even = np.array([0.5, 0.5])
    assert area(even, even) == pytest.approx(1.0, abs=1e-3)
    thirds = np.array([1 / 3, 2 / 3])
    assert area(thirds, thirds) == pytest.approx(1.0, abs=1e-3)
    assert area(np.array([1.0, 0.0]), np.array([0.0, 1.0])) < 0.02
    skewed = np.array([0.9, 0.1])
    assert area(even, skewed) == pytest.approx(area(skewed, even), abs=1e-3)


def test_mauve_of_few_and_of_equal_texts() -> None:
    same = np.ones((5, 3))
    assert mauve(same, same) == pytest.approx(1.0, abs=1e-3)
    with pytest.raises(ValueError, match="0 and 5 texts"):
        mauve(same[:0], same)


def test_an_ngram_model_is_a_distribution_and_knows_what_it_read() -> None:
    model = NgramModel(WARM)
    known = [run[0] for run in model.counts[0]]
    for before in (["<s>", "<s>"], ["the", "bass"], ["never", "seen"]):
        total = sum(model.probability([*before, word]) for word in known) + model.probability([*before, "unknown"])
        assert total == pytest.approx(1.0)
    assert model.nats_a_word(WARM) < model.nats_a_word(["choir the under slow bass a"])
    assert model.nats_a_word(["zither zither"]) > 2
    with pytest.raises(ValueError, match="no texts"):
        model.nats_a_word([])


def test_pronouns_are_counted_by_text() -> None:
    texts = ["He hums. He hums his part.", "She hums.", "He and she hum.", "They hum.", "Nobody hums."]
    found = pronoun_shares(texts)
    assert (found["he"], found["she"], found["they"], found["n"]) == (2, 2, 1, 5)
    assert found["he_of_both"] == 0.5
    assert found["low"] < 0.5 < found["high"]
    assert "he_of_both" not in pronoun_shares(["Nobody hums."])


def test_places_are_counted_where_they_are_named() -> None:
    assert places_in("A Berlin basement, London’s fog and a paris of small letters.") == ["Berlin", "London"]
    found = place_shares(["Berlin", "Berlin", "Oslo", "Lima", "Lagos", "nowhere", "", "", "", ""])
    assert found["a_thousand"] == 500
    assert found["top"]["Berlin"] == 2
    assert found["share_of_top"] == pytest.approx(0.8)


def split_of(*train: str) -> Split:
    known = Attributes(genres=("drone",), kind="description")
    return Split(*([Sentence(text, f"{i}", known) for i, text in enumerate(part)] for part in (train, WARM, WARM)))


def test_a_table_of_texts() -> None:
    quoted = "The low organ of {title} holds one long chord until windows hum along."
    table = Yardstick.of(split_of(quoted)).measure([quoted, "{artist} hums.", "{artist} hums."])
    assert table["texts"] == 3
    assert table["finished"] == pytest.approx(1 / 3)
    assert (table["with_artist"], table["with_title"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert table["copied_run_max"] == 12
    assert table["copied_8_or_more"] == pytest.approx(1 / 3)
    assert table["copied_4_grams"] == 1
    assert table["commonest_opening"] == pytest.approx(2 / 3)
    assert table["pronouns"]["n"] == 3
    assert "mauve" not in table


def test_likeness_is_measured_where_there_is_an_encoder() -> None:
    vectors = dict(zip(WARM, np.eye(3), strict=True))

    def embed(texts: list[str]) -> np.ndarray:
        return np.stack([vectors.get(text, -np.ones(3)) for text in texts])

    yardstick = Yardstick.of(split_of("Something else hums."), embed)
    assert yardstick.likeness(WARM)["mauve"] > 0.95
    assert yardstick.likeness(["a", "b", "c"])["mauve"] < 0.3


def test_arms_are_compared_and_those_without_constraints_left_out() -> None:
    engine = PhraseEngine(["A hushed organ holds one chord until the windows hum along."])
    wording = Wording(engine.words, [], lambda word: engine.encode(word))
    drafts = Drafts(engine, wording, Choice(engine, [], rewards={}))
    writer = SimpleNamespace(engine=engine, drafts=drafts, defaults=Sampling(temperature=1.0, top_p=1.0))
    said: list[str] = []
    found = compare(writer, split_of().valid, NgramModel(WARM), 12, said.append)  # type: ignore[arg-type]
    assert {*found} == {"none", "kind told", "best of 3", "best of 16"}
    assert found["none"]["descriptions"]["share"] == 1
    assert found["none"]["n"] == 12
    assert sum("left out" in line for line in said) == 5


def test_raw_texts_may_say_he_and_she() -> None:
    engine = PhraseEngine(["he hums all through the second verse.", "she hums all through the second verse."])
    wording = Wording(engine.words, [], lambda word: engine.encode(word))
    drafts = Drafts(engine, wording, Choice(engine, [], rewards={}))
    writer = SimpleNamespace(engine=engine, drafts=drafts, defaults=Sampling(temperature=1.0, top_p=1.0))
    songs = [(Song("Marlow", "Harbour"), Attributes(genres=("techno",)))]
    found = raw_texts(writer, songs, 60, split_of("He hums.").train)  # type: ignore[arg-type]
    assert 15 < found["model"]["pronouns"]["he"] < 45
    assert found["model"]["pronouns"]["he"] + found["model"]["pronouns"]["she"] == 60
    assert sum(row["n"] for row in found["model"]["families"].values()) == 60
    assert found["training_text"]["pronouns"]["he"] == 1
    assert wording.gendered
