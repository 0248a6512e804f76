"""`train constraints` on a toy checkpoint: it learns, it is written whole, and it is refused where it makes no sense."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from deephypebot.cli import main
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.training import train_lcgan
from deephypebot.model.training.train_lcgan import ConstraintConfig, ConstraintTrainer, train_constraints
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.constraints import FILE, REWARDS, load_constraints
from deephypebot.model.writing.drafts import pieces
from deephypebot.types import PLACEHOLDER, Attributes, Song, Wish
from tests.full_disk import disk_of
from tests.toy_corpus import toy_sentences

TOY = GruConfig(
    vocabulary_size=300, embedding_dim=17, hidden_dim=27, latent_dim=4, attribute_dim=6, label_buckets=64, label_dim=8,
    kind_dim=4, precision="fp32",
)  # fmt: skip
QUICK = ConstraintConfig(written=12, held_out=6, steps=3, critic_steps=2, looks=2, batch_size=16, distinct_floor=0.0)
SPLIT = split_sentences(toy_sentences())


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    GruCVAE.build(TOY, SPLIT.train, seed=0).save(tmp_path / "toy")
    return tmp_path / "toy"


def test_it_leaves_constraints_that_writing_reads(checkpoint: Path) -> None:
    said: list[str] = []
    reached = train_constraints(checkpoint, SPLIT, QUICK, said.append)
    assert 2 <= len(reached["looks"]) <= 3
    assert {"worth", "distinct_2", "norm", "descriptive", "unwanted", "warm", "vivid", "reader", "fresh"} == reached[
        "looks"
    ][0].keys()
    assert any("written out: 12 of 12" in line for line in said)
    assert load_constraints(checkpoint) is not None
    assert not [path for path in checkpoint.iterdir() if path.name.startswith(".")]
    with safe_open(checkpoint / FILE, framework="np") as file:
        assert json.loads(file.metadata()["reached"])["looks"] == reached["looks"]
    writer = Commentator(checkpoint)
    asked, one = [Attributes(kind="live")] * 3, replace(writer.defaults, drafts=1)

    def latents(wish: Wish) -> np.ndarray:
        told = pieces(PLACEHOLDER, asked, range(3), one, wish)
        return writer.drafts.latents(told, train_lcgan.streams_of(range(3)))

    z = {name: latents(Wish(constraint=name)) for name in ("none", "lcgan", "guided")}
    assert abs(z["none"] - z["lcgan"]).max() > 1e-4
    assert abs(z["none"] - z["guided"]).max() > 1e-4
    off = latents(Wish(constraint="guided", strength=0))
    np.testing.assert_array_equal(off, z["none"])
    wild = Wish(styles=("wild",))
    wishes = (Wish(), Wish(styles=()), wild, replace(wild, constraint="guided"))
    plain, none, own, guided = map(latents, wishes)
    np.testing.assert_array_equal(plain, z["none"])
    np.testing.assert_array_equal(none, z["none"])
    np.testing.assert_array_equal(own, guided)
    assert abs(own - plain).max() > 1e-4


def test_new_constraints_take_the_place_of_those_for_other_weights(checkpoint: Path) -> None:
    train_constraints(checkpoint, SPLIT, QUICK, lambda _: None)
    torch.manual_seed(1)
    GruCVAE.build(TOY, SPLIT.train, seed=1).save(checkpoint.with_name("other"))
    (checkpoint.with_name("other") / FILE).write_bytes((checkpoint / FILE).read_bytes())
    with pytest.raises(CheckpointError, match="made for another checkpoint"):
        load_constraints(checkpoint.with_name("other"))
    train_constraints(checkpoint.with_name("other"), SPLIT, QUICK, lambda _: None)
    assert load_constraints(checkpoint.with_name("other")) is not None


def test_the_same_seed_trains_the_same(checkpoint: Path) -> None:
    first = ConstraintTrainer(checkpoint, SPLIT, QUICK, lambda _: None)
    again = ConstraintTrainer(checkpoint, SPLIT, QUICK, lambda _: None)
    assert first.run() == again.run()
    for name, tensor in first.networks().items():
        torch.testing.assert_close(tensor, again.networks()[name], rtol=0, atol=0)


def test_the_critic_learns_what_texts_at_z_are_worth(checkpoint: Path) -> None:
    trainer = ConstraintTrainer(checkpoint, SPLIT, replace(QUICK, batch_size=128), lambda _: None)
    examples = trainer.corpus_examples()
    written = trainer.requests(60)
    examples += train_lcgan.Examples(
        written.z, written.cond, torch.zeros(60), (2 * written.z[:, :1]).sigmoid().repeat(1, len(REWARDS))
    )
    for _ in range(200):
        trainer.critic_step(examples)
    told = trainer.critic(written.z, written.cond)[:, 1].sigmoid()
    assert torch.corrcoef(torch.stack([told, examples.rewards[-60:, 0]]))[0, 1] > 0.8


def test_what_makes_no_sense_is_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="corpus is empty"):
        train_constraints(checkpoint, Split([], [], []), QUICK, lambda _: None)
    with pytest.raises(InputError, match="written is 0"):
        ConstraintConfig(written=0)
    assert main(["train", "constraints", "--checkpoint", str(tmp_path / "none")]) == 1
    assert "none" in capsys.readouterr().err
    assert main(["train", "constraints", "--checkpoint", str(checkpoint), "--looks", "0"]) == 2
    assert "looks" in capsys.readouterr().err
    flat = SimpleNamespace(engine=SimpleNamespace(latent_dim=0))
    monkeypatch.setattr(train_lcgan, "Commentator", lambda _: flat)
    with pytest.raises(InputError, match="has no latent space"):
        train_constraints(checkpoint, SPLIT, QUICK, lambda _: None)


def test_a_full_disk_leaves_what_was_there(checkpoint: Path) -> None:
    before = sorted(path.name for path in checkpoint.iterdir())
    with disk_of(100), pytest.raises(CheckpointError, match="cannot be written"):
        train_constraints(checkpoint, SPLIT, QUICK, lambda _: None)
    assert sorted(path.name for path in checkpoint.iterdir()) == before


def test_a_constraint_that_is_not_there_is_asked_for(checkpoint: Path) -> None:
    with pytest.raises(InputError, match=r"constraint is 'guided'.*`train constraints` makes them"):
        Commentator(checkpoint).write(Song("Slowdive", "Alison"), n=1, wish=Wish(constraint="guided"))
