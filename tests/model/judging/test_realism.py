"""What tells drafts from the corpus: fitted, kept on disk, and a reason to be chosen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

from deephypebot.corpus.source import Source
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging.freshness import load_freshness
from deephypebot.model.judging.realism import FILE, Realism, load_realism
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.training.train_realism import finished_drafts, fit_realism, train_realism
from deephypebot.model.training.train_run import train_cvae
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.decode import Decoded, Sampling
from deephypebot.types import Attributes, Song, Wish
from tests.phrase_engine import PhraseEngine
from tests.toy_backbone import make_backbone
from tests.toy_corpus import toy_sentences

SPLIT = split_sentences(toy_sentences())
FOG = "The guitars pour in as slowly as fog over a harbour wall."
ROPE = "The drums hit like wet rope on the deck of a slow ship."


def states(seed: int, shift: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (5 + 3 * rng.standard_normal((300, 6)) + shift * np.arange(6)).astype(np.float32)


def test_the_odds_tell_two_clouds_apart() -> None:
    realism = fit_realism(states(0, 1.0), states(1, 0.0))
    real, written = ([realism(row) for row in states(seed, shift)] for seed, shift in ((2, 1.0), (3, 0.0)))
    assert np.mean(real) > 0.7
    assert np.mean(written) < -0.7
    assert np.mean([r > w for r in real for w in written]) > 0.9
    assert realism(np.zeros(0, np.float32)) == 0


def test_it_goes_to_disk_and_back(tmp_path: Path) -> None:
    assert load_realism(tmp_path, 3) is None
    realism = Realism(np.arange(3, dtype=np.float32), np.array([0.5], np.float32))
    (tmp_path / FILE).write_bytes(realism.to_bytes())
    found = load_realism(tmp_path, 3)
    assert found is not None
    assert found(np.ones(3, np.float32)) == 3.5


@pytest.mark.parametrize(
    "tensors",
    [
        {"weight": np.zeros(3, np.float32)},
        {"weight": np.zeros(4, np.float32), "bias": np.zeros(1, np.float32)},
        {"weight": np.zeros((3, 3), np.float32), "bias": np.zeros(1, np.float32)},
        {"weight": np.full(3, np.nan, np.float32), "bias": np.zeros(1, np.float32)},
        {"weight": np.zeros(3, np.float32), "bias": np.zeros(2, np.float32)},
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    save_file(tensors, tmp_path / FILE)
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used"):
        load_realism(tmp_path, 3)


def test_the_draft_that_reads_like_the_corpus_is_chosen() -> None:
    engine = PhraseEngine((FOG, ROPE))
    heard = [np.array([1.0], np.float32), np.array([-1.0], np.float32)]
    drafts = [Decoded([i + 10 for i in known[:-1]], True, 2.0, h) for known, h in zip(engine.known, heard, strict=True)]
    for sign, text in ((3.0, FOG), (-3.0, ROPE)):
        realism = Realism(np.array([sign], np.float32), np.zeros(1, np.float32))
        choice = Choice(engine, [], realism=realism, rewards={})
        chosen = choice.best(drafts, Song("Slowdive", "Alison"), Attributes(), Wish())
        assert chosen is not None
        assert chosen.text == text
        assert chosen.rewards["realism"] == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_training_writes_what_writing_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_CACHE", str(tmp_path / "cache"))
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(sentence.text for sentence in toy_sentences()), encoding="utf-8")
    settings = {"split": "2", "latent_dim": "4", "lora_rank": "4", "precision": "fp32", "lr": "0.01", "epochs": "6"}
    train_cvae(str(make_backbone(tmp_path / "backbone")), Source("text", text), tmp_path / "out", settings)
    said: list[str] = []
    told = train_realism(tmp_path / "out", SPLIT, 40, 0, said.append)
    assert {*told} == {"told_apart", "held_out", "drafts", "fresh_held_out", "fresh_drafts"}
    assert load_freshness(tmp_path / "out") is not None
    assert 0 <= told["told_apart"] <= 1
    assert any("40 of 40 drafts" in line for line in said)
    realism = load_realism(tmp_path / "out", len(Commentator(tmp_path / "out").engine.listen("The bass hums.")))
    assert realism is not None
    assert np.abs(realism.weight).max() > 0
    with pytest.raises(InputError, match="corpus is empty"):
        train_realism(tmp_path / "out", Split([], [], []), 4, 0, said.append)


def test_a_writer_whose_drafts_never_end_is_refused() -> None:
    engine = PhraseEngine((FOG,))
    endless = SimpleNamespace(draw=lambda *given: [[Decoded([], False, 2.0)] for _ in given[0]])
    writer = SimpleNamespace(engine=engine, drafts_with=lambda constraints: endless, defaults=Sampling())
    with pytest.raises(CheckpointError, match="0 of 30 drafts ended by themselves; needed are 10"):
        finished_drafts(writer, SPLIT.train[:30], 0, lambda _: None)  # type: ignore[arg-type]


def test_a_checkpoint_without_frozen_layers_is_refused(tmp_path: Path) -> None:
    config = GruConfig(vocabulary_size=300, embedding_dim=17, hidden_dim=27, latent_dim=4, precision="fp32")
    GruCVAE.build(config, SPLIT.train, seed=0).save(tmp_path / "gru")
    with pytest.raises(InputError, match="has no backbone"):
        train_realism(tmp_path / "gru", SPLIT, 4, 0, lambda _: None)
