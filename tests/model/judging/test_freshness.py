"""Worn phrases: counted, kept on disk, and a reason to be chosen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deephypebot.errors import CheckpointError
from deephypebot.model.judging.freshness import FILE, Freshness, fit_freshness, load_freshness, phrases
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.decode import Decoded
from deephypebot.types import Attributes, Song, Wish
from tests.phrase_engine import PhraseEngine

FOG = "The guitars pour in as slowly as fog over a harbour wall."
ROPE = "The drums hit like wet rope on the deck of a slow ship."


def test_phrases_are_words_and_pairs() -> None:
    assert phrases("“Oh,” {artist} hums.") == {"oh", "{artist}", "hums", "^ oh", "oh {artist}", "{artist} hums"}
    assert phrases("") == set()


def test_what_drafts_say_more_often_than_the_corpus_is_worn() -> None:
    freshness = fit_freshness([ROPE] * 20 + [FOG] * 20, [ROPE] + [FOG] * 39)
    assert {"drums", "^ the"} - {*freshness.worn} == {"^ the"}
    assert not {"guitars", "fog over"} & {*freshness.worn}
    assert freshness.worn["drums"] == pytest.approx(np.log(22 / 42) - np.log(3 / 42))
    assert freshness(FOG) > 0.9
    assert freshness(ROPE) < 0.1
    assert freshness("") == freshness("Cellos") == 1


def test_what_drafts_hardly_ever_say_is_not_judged() -> None:
    assert fit_freshness([ROPE, *[FOG] * 4000], [FOG] * 4000).worn == {}


def test_next_to_nothing_is_not_kept() -> None:
    assert fit_freshness([ROPE] * 1000, [ROPE] * 999 + [FOG]).worn == {}


def test_it_goes_to_disk_and_back(tmp_path: Path) -> None:
    assert load_freshness(tmp_path) is None
    freshness = fit_freshness([ROPE] * 20, [FOG] * 20)
    (tmp_path / FILE).write_bytes(freshness.to_bytes())
    found = load_freshness(tmp_path)
    assert found is not None
    assert found.worn.keys() == freshness.worn.keys()
    assert found(ROPE) == pytest.approx(freshness(ROPE), abs=1e-3)


@pytest.mark.parametrize("content", ["", "[]", '{"drums": "much"}', '{"drums": -1}', '{"drums": true}', '{"drums": NaN}', '{"drums": Infinity}', "\x00"])  # fmt: skip
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used"):
        load_freshness(tmp_path)


def test_how_fresh_a_text_is_is_told_with_it() -> None:
    engine = PhraseEngine((FOG,))
    drafts = [Decoded([i + 10 for i in known[:-1]], True, 2.0) for known in engine.known]
    fresh = []
    for worn in ({"drums": 3.0}, {"fog": 3.0}):
        chosen = Choice(engine, [], freshness=Freshness(worn), rewards={}).best(
            drafts, Song("Slowdive", "Alison"), Attributes(), Wish()
        )
        assert chosen is not None
        fresh.append(chosen.rewards["fresh"])
    assert fresh[0] == 1 > fresh[1]
