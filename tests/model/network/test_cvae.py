"""The CVAE over a toy backbone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deephypebot.errors import BackboneError, CheckpointError, InputError
from deephypebot.model.network.checkpoint import load_checkpoint, save_checkpoint
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.tokens import Vocabulary
from deephypebot.model.training.train_cvae import evaluate_bound
from deephypebot.model.training.train_run import fit_prior
from deephypebot.types import Attributes, Sentence
from tests.full_disk import disk_of
from tests.toy_backbone import TEXTS, make_backbone
from tests.toy_corpus import toy_sentences

DREAM = Attributes(genres=("dream pop",), energy=0.2, tempo=90.0, kind="description")
METAL = Attributes(genres=("doom metal", "metal", "sludge", "fourth"), energy=0.9, kind="live")
SENTENCES = [Sentence(text, "p", (DREAM, METAL, Attributes())[i % 3]) for i, text in enumerate(TEXTS)]
TOY = CvaeConfig(split=2, latent_dim=4, lora_rank=4, precision="fp32")


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_backbone(tmp_path_factory.mktemp("cvae") / "toy")


def make(backbone: Path, **changed: object) -> TextCVAE:
    """A fresh model that is ready to evaluate, its corrections of the backbone not at zero."""
    config = replace(TOY, backbone=str(backbone), **changed)  # type: ignore[arg-type]
    torch.manual_seed(0)
    model = TextCVAE(config, backbone, Vocabulary.build(backbone, [*TEXTS, "live text description unknown | energy"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".b") or name in ("mask_state", "plan.words"):
                parameter.normal_(std=0.05)
    return model.eval()


@pytest.fixture(scope="module")
def model(backbone: Path) -> TextCVAE:
    return make(backbone)


def noise(rows: int = len(SENTENCES)) -> torch.Tensor:
    return torch.randn(rows, TOY.latent_dim, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("changed", [{}, {"condition": "prompt", "latent_dim": 0}, {"split": 0}, {"split": 3}])
@torch.no_grad()
def test_neither_padding_nor_other_rows_have_a_say(backbone: Path, changed: dict[str, object]) -> None:
    model = make(backbone, **changed)
    z = noise()
    together = model.collate(SENTENCES)
    recon, kl = model(together, z)
    assert len({*model.lengths(SENTENCES)}) > 1
    for i, sentence in enumerate(SENTENCES):
        alone, alone_kl = model(model.collate([sentence]), z[i : i + 1])
        torch.testing.assert_close(alone[0], recon[i])
        torch.testing.assert_close(alone_kl[0], kl[i])


@torch.no_grad()
def test_recon_is_the_cost_of_each_token_and_the_end(model: TextCVAE) -> None:
    batch, z = model.collate(SENTENCES[:1]), noise(1)
    log_probs = model.logits(model.hidden_states(batch, z))[0].log_softmax(-1)
    ids = [*model.vocabulary.encode(TEXTS[0]), 2]
    assert [model.vocabulary.ids[i] for i in batch.targets[0]] == ids
    assert batch.num_tokens == len(ids) == model.lengths(SENTENCES[:1])[0]
    expected = -sum(log_probs[t, model.vocabulary.ids.index(i)] for t, i in enumerate(ids))
    torch.testing.assert_close(model.recon_nll(batch, z)[0], expected)


@torch.no_grad()
def test_a_word_is_told_by_what_stands_before_it_alone(model: TextCVAE) -> None:
    pair = [Sentence(f"Two guitars argue{end}", "p") for end in (", and the snare waits.", " over the bass line.")]
    batch = model.collate(pair)
    one, other = model.logits(model.hidden_states(batch, noise(1).expand(2, -1)))
    shared = len(model.vocabulary.encode("Two guitars argue"))
    torch.testing.assert_close(one[: shared + 1], other[: shared + 1])
    assert not torch.allclose(one[shared + 1], other[shared + 1])


@torch.no_grad()
def test_z_changes_the_text(model: TextCVAE) -> None:
    batch = model.collate([SENTENCES[0]] * 2)
    one, other = model.recon_nll(batch, torch.stack([torch.zeros(4), torch.ones(4)]))
    assert abs(float(one - other)) > 1e-3


@pytest.mark.parametrize(
    "changed",
    [
        {"genres": ("doom sea shanty",)}, {"genres": ()}, {"energy": 0.9}, {"energy": None}, {"tempo": 180.0},
        {"valence": 0.5}, {"kind": "live"}, {"kind": None},
    ],
)  # fmt: skip
@pytest.mark.parametrize("condition", ["vectors", "prompt"])
@torch.no_grad()
def test_every_attribute_changes_the_text(backbone: Path, condition: str, changed: dict[str, object]) -> None:
    model = make(backbone, condition=condition)
    pair = [Sentence(TEXTS[0], "p", DREAM), Sentence(TEXTS[0], "p", replace(DREAM, **changed))]  # type: ignore[arg-type]
    one, other = model.recon_nll(model.collate(pair), torch.zeros(2, 4))
    assert abs(float(one - other)) > 1e-5


@torch.no_grad()
def test_the_prompt_baseline_has_no_z_and_pays_for_no_prompt(backbone: Path) -> None:
    model = make(backbone, latent_dim=0, condition="prompt")
    recon, kl = model(model.collate(SENTENCES), torch.zeros(len(SENTENCES), 0))
    assert kl.shape == (len(SENTENCES), 0)
    assert torch.isfinite(recon).all()
    told = model.collate(SENTENCES).num_tokens
    assert told == sum(len(model.vocabulary.encode(text)) + 1 for text in TEXTS)
    assert evaluate_bound(model, SENTENCES)["kl"] == 0.0


@torch.no_grad()
def test_labels_of_any_script_and_of_none(model: TextCVAE) -> None:
    labels = ("アニソン", "!!!", "", " ", "x" * 10_000, "قوالي")
    states = model.label_states(labels)
    assert states.shape == (len(labels), 64)
    assert torch.isfinite(states).all()
    assert len({tuple(row.tolist()) for row in states[[0, 1, 4, 5]]}) == 4
    recon, _ = model(
        model.collate([Sentence(TEXTS[0], "p", Attributes(genres=(label,))) for label in labels]), noise(6)
    )
    assert torch.isfinite(recon).all()


def test_training_blinds_the_decoder_and_evaluation_does_not(model: TextCVAE) -> None:
    many = SENTENCES * 60
    batch, plain = model.collate(many, np.random.default_rng(0)), model.collate(many)
    words = float((plain.targets >= 0).sum() - len(many))
    assert float(batch.hidden.sum()) / words == pytest.approx(TOY.word_dropout, abs=0.02)
    assert not plain.hidden.any()
    assert not batch.hidden[:, 0].any()
    assert batch.label_mask.sum() < plain.label_mask.sum()
    torch.testing.assert_close(model.collate(many, np.random.default_rng(0)).hidden, batch.hidden)


@torch.no_grad()
def test_training_tells_some_sentences_no_plan(model: TextCVAE) -> None:
    many = SENTENCES * 60
    batch = model.collate(many, np.random.default_rng(0))
    dropped = batch.planned == 0
    assert float(dropped.float().mean()) == pytest.approx(TOY.latent_dropout, abs=0.06)
    assert model.collate(many).planned.min() == 1
    one, other = (model.recon_nll(batch, noise(len(many)) + shift) for shift in (0.0, 1.0))
    torch.testing.assert_close(one[dropped], other[dropped])
    assert (one - other)[~dropped].abs().min() > 0
    assert "latent_empty" not in dict(make(Path(model.folder), latent_dropout=0.0).named_parameters())


def test_states_from_the_disk_are_those_computed_afresh(backbone: Path, tmp_path: Path) -> None:
    model = make(backbone)
    fresh = evaluate_bound(model, SENTENCES)
    model.prepare(SENTENCES, tmp_path)
    assert evaluate_bound(model, SENTENCES) == pytest.approx(fresh, rel=1e-3)
    model.lower_states.limit_bytes = 64 * 2 * 60  # room for some 60 positions
    model.prepare(SENTENCES, tmp_path)
    assert 0 < len(model.lower_states.offsets) < len(SENTENCES)
    assert evaluate_bound(model, SENTENCES) == pytest.approx(fresh, rel=1e-3)
    assert [path.stat().st_size <= 64 * 2 * 60 for path in tmp_path.iterdir()] == [True]
    with disk_of(1000), pytest.raises(BackboneError, match="cannot be written"):
        model.prepare(SENTENCES, tmp_path / "full")
    assert list((tmp_path / "full").iterdir()) == []


def test_saved_and_loaded_it_is_the_same_model(backbone: Path, tmp_path: Path) -> None:
    model = make(backbone)
    fit_prior(model, SENTENCES)
    assert float(model.get_buffer("prior.mean").abs().max()) > 0
    save_checkpoint(model, tmp_path / "checkpoint", {"bound": 1.0}, {"data": ["text"]})
    loaded = load_checkpoint(tmp_path / "checkpoint")
    assert evaluate_bound(loaded, SENTENCES) == pytest.approx(evaluate_bound(model, SENTENCES), rel=2e-3)
    torch.testing.assert_close(loaded.prior.chol, model.prior.chol, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(loaded.lower_states.slot_input, model.lower_states.slot_input, atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("broken", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_broken_checkpoint_is_refused(model: TextCVAE, tmp_path: Path, broken: str) -> None:
    save_checkpoint(model, tmp_path / "checkpoint", {}, {})
    path = tmp_path / "checkpoint" / broken
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=str(tmp_path / "checkpoint")) as caught:
        load_checkpoint(tmp_path / "checkpoint")
    assert "\n" not in str(caught.value)


def test_the_bound_falls(backbone: Path) -> None:
    corpus = toy_sentences(60)
    model = make(backbone)
    before = evaluate_bound(model, corpus)["bound"]
    optimizer, rng = torch.optim.AdamW(model.parameters(), lr=5e-3), np.random.default_rng(0)
    model.train()
    for _ in range(30):
        batch = model.collate([corpus[i] for i in rng.permutation(60)[:20]], rng)
        recon, kl = model(batch, noise(20))
        (recon.mean() + kl.sum(1).mean()).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert evaluate_bound(model, corpus)["bound"] < 0.7 * before
    assert model.training


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"split": 4}, "split is 4; allowed is 0 to 3"),
        ({"split": -1}, "split is -1"),
        ({"condition": "hope"}, "condition is 'hope'; allowed are vectors, prompt"),
        ({"precision": "int1"}, "precision is 'int1'"),
        ({"lora_rank": 0}, "lora_rank is 0; allowed is 1 or more"),
    ],
)
def test_bad_settings_are_named(backbone: Path, changed: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        make(backbone, **changed)
