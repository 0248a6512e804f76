"""Sampling from logits, on a toy model and on plain arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deephypebot.model.writing.decode import Decoded, Sampling, closed_up, draw, likeliest, nll_of, sample
from tests.phrase_engine import PhraseEngine

DEFAULT = Sampling()
PHRASES = ("a b c", "a b d e", "f")


def run(engine: PhraseEngine, seeds: list[int], sampling: Sampling = DEFAULT, **rest: object) -> list[Decoded]:
    streams = [np.random.default_rng(seed) for seed in seeds]
    z = np.zeros((len(seeds), 2), np.float32)
    return sample(engine, engine.prefix(None, z), z, engine.ids, engine.eos, streams, sampling, **rest)  # type: ignore[arg-type]


def test_texts_are_those_that_were_fed_back_and_end_by_themselves() -> None:
    engine = PhraseEngine(PHRASES)
    rows = run(engine, list(range(40)))
    assert {engine.decode(row.ids) for row in rows} == set(PHRASES)
    assert all(row.finished for row in rows)


def test_nll_is_the_mean_over_the_tokens_with_the_end() -> None:
    engine = PhraseEngine(PHRASES)
    costs = {engine.decode(row.ids): row.nll for row in run(engine, list(range(40)))}
    assert costs["f"] == pytest.approx(math.log(2) / 2, abs=1e-6)  # "f" or "a", then the end for sure
    assert costs["a b c"] == pytest.approx(2 * math.log(2) / 4, abs=1e-6)


def test_a_row_does_not_hang_on_the_rows_beside_it() -> None:
    alone = [run(PhraseEngine(PHRASES), [seed])[0] for seed in range(8)]
    assert run(PhraseEngine(PHRASES), list(range(8))) == alone


def test_what_is_heard_is_the_mean_over_the_words_whoever_else_writes() -> None:
    engine = PhraseEngine(PHRASES)
    for row in run(engine, list(range(40))):
        np.testing.assert_allclose(row.heard, engine.listen(engine.decode(row.ids)))


def test_only_what_is_allowed_is_drawn() -> None:
    engine = PhraseEngine(("a b c", "c b a", "f"))
    words = np.array(engine.words)

    def allowed(written: list[int]) -> np.ndarray:
        return (words != "f") & ~((words == " c") & (written[-1:] == [engine.words.index(" b")]))

    texts = {engine.decode(row.ids) for row in run(engine, list(range(20)), allowed=[allowed] * 20)}
    assert {text[:3] for text in texts} == {"a b", "c b"}
    assert not any(text.startswith("a b c") for text in texts)


def test_each_row_has_its_own_rule() -> None:
    engine = PhraseEngine(PHRASES)
    only = [lambda _, word=word: np.array(engine.words) == word for word in ("a", "f")]
    first = [engine.decode(row.ids[:1]) for row in run(engine, list(range(20)), allowed=only * 10)]
    assert first == ["a", "f"] * 10


def test_few_rows_move_where_others_end() -> None:
    assert closed_up(np.array([True, False, True, False, True, True])).tolist() == [0, 4, 2, 5]
    assert closed_up(np.array([True, True, False])).tolist() == [0, 1]
    assert closed_up(np.array([False, False, True])).tolist() == [2]


def test_the_likeliest_come_first_of_many_alike() -> None:
    logits = np.zeros((2, 600), np.float32)
    logits[0, [7, 500]] = 1.0, 2.0
    found = likeliest(logits)
    assert found.shape == (2, 256)
    assert found[0, :3].tolist() == [500, 7, 0]
    assert found[1].tolist() == list(range(256))


def test_a_bias_makes_words_likelier_and_the_nll_does_not_know_it() -> None:
    engine = PhraseEngine(PHRASES)
    bias = np.where(np.array(engine.words) == "f", 9.0, 0.0).astype(np.float32)
    rows = run(engine, list(range(20)), bias=bias)
    assert {engine.decode(row.ids) for row in rows} == {"f"}
    assert rows[0].nll == pytest.approx(math.log(2) / 2, abs=1e-6)


def test_a_bias_brings_in_no_word_that_the_model_would_not_have_written() -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32)).repeat(10_000, axis=0)
    bias = np.log(np.array([1.0, 5.0, 1.0, 1e9], np.float32))
    chosen = draw(logits, np.random.default_rng(0).random(10_000), 1.0, 0.9, bias)
    assert np.bincount(chosen, minlength=4) / 10_000 == pytest.approx(np.array([0.5, 1.5, 0.15, 0.0]) / 2.15, abs=0.02)


def test_where_nothing_is_allowed_all_is() -> None:
    free = run(PhraseEngine(PHRASES), list(range(9)))
    assert run(PhraseEngine(PHRASES), list(range(9)), allowed=[lambda _: np.zeros(7, bool)] * 9) == free


def test_lengths_are_kept() -> None:
    engine = PhraseEngine(PHRASES)
    rows = run(engine, [0, 1, 2], Sampling(max_new_tokens=2))
    assert all(len(row.ids) <= 2 for row in rows)
    assert not all(row.finished for row in rows)
    forced = run(engine, [0, 1, 2], Sampling(max_new_tokens=6, min_new_tokens=6))
    assert [len(row.ids) for row in forced] == [6, 6, 6]


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]], np.float32)
    chosen = draw(logits, np.array([0.999, 0.999]), 0.0, 0.9)
    assert chosen.tolist() == [1, 0]
    assert nll_of(logits, chosen)[0] == pytest.approx(math.log(math.exp(0) + math.exp(2) + math.exp(1)) - 2.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 600), st.floats(0.05, 1.0), st.floats(0.2, 2.0), st.integers(0, 2**32 - 1))
def test_only_the_nucleus_is_drawn(size: int, top_p: float, temperature: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4, size)).astype(np.float32)
    chosen = draw(logits, rng.random(4), temperature, top_p)
    for row, at in zip(logits.astype(np.float64), chosen, strict=True):
        p = np.exp((row - row.max()) / temperature)
        p = np.sort(p / p.sum())[::-1]
        likelier = int((row > row[at]).sum())
        assert p[:likelier].sum() < top_p + 1e-6 or size > 256
    assert (nll_of(logits, chosen) >= 0).all()


def test_the_nucleus_is_drawn_in_proportion() -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.2]], np.float32)).repeat(20_000, axis=0)
    chosen = draw(logits, np.random.default_rng(0).random(20_000), 1.0, 0.7)
    shares = np.bincount(chosen, minlength=3) / 20_000
    assert shares == pytest.approx([0.625, 0.375, 0.0], abs=0.02)
