"""Which words attributes ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deephypebot.errors import CheckpointError
from deephypebot.model.training.fit_word_bias import fit_word_bias
from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.guidance import word_bias
from deephypebot.model.writing.word_bias import FILE, WordBias, load_word_bias
from deephypebot.types import Attributes

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(12, 8)).astype(np.float32)
LOUD, CALM, ALWAYS = 3, 4, 5  # outputs


def corpus(sentences: int = 20_000) -> tuple[np.ndarray, list[list[int]]]:
    """One input says whether a sentence has LOUD or CALM; one is noise, one never varies."""
    told = RNG.integers(0, 2, sentences)
    inputs = np.stack([40.0 * told, RNG.normal(size=sentences), np.ones(sentences)], axis=1).astype(np.float32)
    return inputs, [[LOUD if loud else CALM, ALWAYS, int(RNG.integers(6, 12)), ALWAYS] for loud in told]


@pytest.fixture(scope="module")
def fitted() -> WordBias:
    return fit_word_bias(*corpus(), ROWS)


def test_it_finds_the_words_that_an_input_asks_for(fitted: WordBias) -> None:
    bias = fitted(np.array([40.0, 0.0, 0.0], np.float32))
    assert bias[LOUD] - bias[CALM] > 0.5
    assert not fitted(np.zeros(3, np.float32)).any()


def test_noise_asks_for_less_and_what_never_varies_for_nothing(fitted: WordBias) -> None:
    signal, noise, constant = (np.ptp(fitted(row)) for row in np.diag([40.0, 1.0, 1.0]).astype(np.float32))
    assert noise < 0.3 * signal
    assert constant == 0


def test_a_fit_is_the_same_for_the_same_seed() -> None:
    inputs, outputs = corpus(40)
    first, again, other = (fit_word_bias(inputs, outputs, ROWS, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.words, again.words)
    assert not np.array_equal(first.words, other.words)


def test_it_comes_back_from_disk(fitted: WordBias, tmp_path: Path) -> None:
    assert load_word_bias(tmp_path) is None
    (tmp_path / FILE).write_bytes(fitted.to_bytes())
    loaded = load_word_bias(tmp_path)
    assert loaded is not None
    np.testing.assert_allclose(loaded.words, fitted.words, atol=2e-3)
    np.testing.assert_allclose(loaded.read, fitted.read, atol=2e-3)


@pytest.mark.parametrize("damage", ["cut", "empty", "other names", "other sizes", "not finite", "not a matrix"])
def test_a_damaged_file_is_named(fitted: WordBias, tmp_path: Path, damage: str) -> None:
    from safetensors.numpy import save

    whole = fitted.to_bytes()
    others = {"read": np.zeros((4, 3), np.float16), "words": np.zeros((12, 5), np.float16)}
    endless = {"read": np.full((3, 3), np.inf, np.float16), "words": np.zeros((12, 3), np.float16)}
    deep = {"read": np.zeros((3, 3), np.float16), "words": np.zeros((2, 12, 3), np.float16)}
    broken = {"cut": whole[:-9], "empty": b"", "other names": save({"a": np.ones(1)}), "other sizes": save(others)}
    broken |= {"not finite": save(endless), "not a matrix": save(deep)}
    (tmp_path / FILE).write_bytes(broken[damage])
    with pytest.raises(CheckpointError, match=f"{tmp_path}.*{FILE} cannot be used"):
        load_word_bias(tmp_path)


def test_a_link_to_nowhere_is_no_missing_file(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "gone")
    with pytest.raises(CheckpointError, match="cannot be used"):
        load_word_bias(tmp_path)


class Reggae:
    """An engine that asks for one word for each label."""

    def word_bias(self, attributes: Attributes) -> np.ndarray:
        return len(attributes.genres) * np.eye(4, dtype=np.float32)[2]


def test_guidance_scales_it() -> None:
    told = Attributes(genres=("dub", "ska"))
    np.testing.assert_array_equal(word_bias(Reggae(), told, Sampling(word_guidance=1.5)), [0, 0, 3, 0])
    assert not word_bias(Reggae(), told, Sampling()).any()
