"""`train self-play` on a toy backbone: what it prefers afterwards, what it refuses, and that a run that was cut off goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deephypebot.cli import main
from deephypebot.corpus.source import Source
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.network.checkpoint import load_checkpoint
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.training import preferences
from deephypebot.model.training.preferences import Pair, PreferenceConfig, log_probs, margins, train_preferences
from deephypebot.model.training.self_play import PlayConfig, corpus_pairs, marked_pairs, self_play
from deephypebot.model.training.train_run import train_cvae
from tests.toy_backbone import make_backbone
from tests.toy_corpus import toy_sentences

SPLIT = split_sentences(toy_sentences())
QUICK = PlayConfig(sentences=30, marked=0)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("self-play")
    folder, text = make_backbone(place / "backbone"), place / "toy.txt"
    text.write_text("\n".join(s.text for s in toy_sentences()), encoding="utf-8")
    settings = {"split": "2", "latent_dim": "8", "lora_rank": "4", "epochs": "25", "lr": "3e-3", "batch_size": "16"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPHYPEBOT_CACHE", str(place / "cache"))
        train_cvae(str(folder), Source("text", text), place / "model", settings)
    return place / "model"


@pytest.fixture
def model(checkpoint: Path) -> TextCVAE:
    return load_checkpoint(checkpoint)


def pairs_of(model: TextCVAE) -> list[Pair]:
    z, _ = model.encode_sentences(SPLIT.train[:16])
    worse = [f"The the {s.text[4:20]}" for s in SPLIT.train[:16]]
    rows = zip(SPLIT.train[:16], z.detach(), worse, strict=True)
    return [Pair(s.attributes, own, float(i % 2), s.text, bad) for i, (s, own, bad) in enumerate(rows)]


def test_what_is_better_becomes_likelier_than_what_is_worse(model: TextCVAE) -> None:
    pairs, words = pairs_of(model), model.plan.words.detach().clone()
    before = margins(model, pairs)
    train_preferences(model, pairs * 4, PreferenceConfig(lr=1e-3, batch_size=8))
    assert float((margins(model, pairs) - before).mean()) > 1.0
    assert torch.equal(model.plan.words, words)


def test_both_texts_of_a_pair_are_read_with_its_attributes_and_its_plan(model: TextCVAE) -> None:
    pairs = pairs_of(model)[:2]
    with torch.no_grad():
        better, worse, tokens = log_probs(model, pairs)
        batch = model.collate(SPLIT.train[:2])
        batch.planned = torch.tensor([0.0, 1.0])
        alone = -model.recon_nll(batch, torch.stack([p.z for p in pairs]))
    assert torch.allclose(better, alone, atol=1e-3)
    assert not torch.allclose(better, worse)
    assert tokens == int((batch.targets >= 0).sum())


def test_a_pass_that_was_cut_off_ends_as_one_that_was_not(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = PreferenceConfig(batch_size=4)
    whole, cut = load_checkpoint(checkpoint), load_checkpoint(checkpoint)
    pairs = pairs_of(whole)
    train_preferences(whole, pairs, config)
    monkeypatch.setattr(preferences, "SAVE_EVERY", 0.0)
    calls = []

    def two_steps(model: TextCVAE, some: list[Pair]) -> tuple[torch.Tensor, torch.Tensor, int]:
        calls.append(len(some))
        if len(calls) > 3:  # the first call is that of the margins
            raise KeyboardInterrupt
        return log_probs(model, some)

    with monkeypatch.context() as patch:
        patch.setattr(preferences, "log_probs", two_steps)
        with pytest.raises(KeyboardInterrupt):
            train_preferences(cut, pairs, config, tmp_path)
    again = load_checkpoint(checkpoint)
    train_preferences(again, pairs, config, tmp_path)
    for (name, a), (_, b) in zip(whole.named_parameters(), again.named_parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6), name
    with pytest.raises(CheckpointError, match="beta"):
        train_preferences(load_checkpoint(checkpoint), pairs, replace(config, beta=0.3), tmp_path)


def test_drafts_stand_against_the_sentences_that_they_were_written_for(model: TextCVAE) -> None:
    pairs = corpus_pairs(model, SPLIT.train[:20], QUICK)
    assert len(pairs) > 5
    texts = {s.text for s in SPLIT.train}
    assert all(p.better in texts and p.worse and p.worse != p.better for p in pairs)
    assert {p.planned for p in pairs} == {0.0, 1.0}
    again = corpus_pairs(model, SPLIT.train[:20], QUICK)
    assert [(p.better, p.worse) for p in again] == [(p.better, p.worse) for p in pairs]


def test_marked_drafts_are_paired_best_against_worst(model: TextCVAE) -> None:
    asked = [s.attributes for s in SPLIT.train[:10]]

    def reader(text: str, heard: object) -> float:
        return min(3.0, text.count("i"))

    pairs = marked_pairs(model, asked, reader, replace(QUICK, warmest=1.0))  # type: ignore[arg-type]
    assert pairs
    assert all(reader(p.better, None) > reader(p.worse, None) for p in pairs)


def test_a_round_leaves_a_checkpoint_and_the_old_one(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = (checkpoint / "model.safetensors").read_bytes()
    monkeypatch.setenv("DEEPHYPEBOT_CACHE", str(tmp_path / "cache"))
    corpus = tmp_path / "toy.txt"
    corpus.write_text("\n".join(s.text for s in toy_sentences()), encoding="utf-8")
    command = [
        "train",
        "self-play",
        "--checkpoint",
        str(checkpoint),
        "--text",
        str(corpus),
        "--out",
        str(tmp_path / "new"),
    ]
    assert main([*command, "--sentences", "20"]) == 2
    assert "no reader" in capsys.readouterr().err
    assert main([*command, "--sentences", "20", "--marked", "0", "--device", "cpu"]) == 0
    assert "held_out_gained" in capsys.readouterr().out
    assert (checkpoint / "model.safetensors").read_bytes() == weights
    assert (tmp_path / "new" / "model.safetensors").read_bytes() != weights
    assert not (tmp_path / "new.training").exists()
    load_checkpoint(tmp_path / "new")


def test_what_makes_no_sense_is_refused_before_any_work(checkpoint: Path, tmp_path: Path) -> None:
    for sentences, split in ((0, SPLIT), (5, Split([], [], []))):
        with pytest.raises(InputError, match="allowed"):
            self_play(checkpoint, split, tmp_path / "new", replace(QUICK, sentences=sentences), "cpu", print)
    with pytest.raises(InputError, match="another folder"):
        self_play(checkpoint, SPLIT, checkpoint, QUICK, "cpu", print)
    with pytest.raises(InputError, match="tpu"):
        self_play(checkpoint, SPLIT, tmp_path / "new", QUICK, "tpu", print)
    for name in ("beta", "lr", "batch_size"):
        with pytest.raises(InputError, match=name):
            PreferenceConfig(**{name: 0})
    assert not (tmp_path / "new").exists()
