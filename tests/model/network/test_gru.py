"""The GRU backbone at toy size, on real text."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.network.gru import GruConfig, GruCVAE, build_tokenizer
from deephypebot.model.network.recurrence import GruLayer
from deephypebot.model.network.softmax_nll import softmax_nll
from deephypebot.types import Attributes, Sentence

TEXTS = (
    "{title} opens on a bass note so low that it leans on the furniture.",
    "{artist} sings every line half a breath behind the snare.",
    "Two guitars argue, and the tambourine takes {artist}'s side.",
    "A drum machine no louder than a wristwatch.",
)
DREAM = Attributes(genres=("dream pop",), energy=0.2, tempo=90.0, kind="description")
METAL = Attributes(genres=("thrash metal", "metal"), energy=0.9, kind="live")
SENTENCES = [Sentence(text, f"post-{i}", (DREAM, METAL, Attributes(), DREAM)[i]) for i, text in enumerate(TEXTS)]
TOY = GruConfig(
    vocabulary_size=320, embedding_dim=16, hidden_dim=24, latent_dim=4, attribute_dim=6, label_buckets=64, label_dim=8,
    kind_dim=4, dropout=0.0, precision="fp32",
)  # fmt: skip


@pytest.fixture
def model() -> GruCVAE:
    return GruCVAE.build(TOY, SENTENCES, seed=0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_layer_is_torchs_gru_with_its_gradients(dtype: torch.dtype, tolerance: float):
    torch.manual_seed(0)
    ours, theirs = GruLayer(5, 7), torch.nn.GRU(5, 7)
    theirs.load_state_dict(
        dict(
            zip(
                ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0"),
                (p.detach() for p in ours.parameters()),
                strict=True,
            )
        )
    )
    x, first, weights = (
        torch.randn(6, 3, 5, requires_grad=True),
        torch.randn(3, 7, requires_grad=True),
        torch.randn(6, 3, 7),
    )
    mine, reference = ours(x, first, dtype=dtype), theirs(x, first.unsqueeze(0))[0]
    torch.testing.assert_close(mine, reference, atol=tolerance, rtol=tolerance)
    grads = torch.autograd.grad((mine * weights).sum(), [x, first, *ours.parameters()])
    named = dict(theirs.named_parameters())
    order = [named[name] for name in ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")]
    for ours_grad, reference_grad in zip(
        grads, torch.autograd.grad((reference * weights).sum(), [x, first, *order]), strict=True
    ):
        torch.testing.assert_close(ours_grad, reference_grad, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_softmax_nll_is_torchs_cross_entropy_with_its_gradients(dtype: torch.dtype, tolerance: float):
    hidden, rows = torch.randn(150, 6, generator=seeded()), torch.randn(11, 6, generator=seeded(1))
    bias, weights = torch.randn(11, generator=seeded(2)), torch.randn(150, generator=seeded(3))
    inputs, targets = [x.requires_grad_() for x in (hidden, rows, bias)], torch.arange(150) % 11
    mine = softmax_nll(hidden.to(dtype), rows.to(dtype), bias, targets)
    reference = torch.nn.functional.cross_entropy(hidden @ rows.T + bias, targets, reduction="none")
    torch.testing.assert_close(mine, reference, atol=tolerance, rtol=tolerance)
    for grad, expected in zip(
        torch.autograd.grad(mine @ weights, inputs), torch.autograd.grad(reference @ weights, inputs), strict=True
    ):
        torch.testing.assert_close(grad, expected, atol=tolerance * float(expected.abs().max()), rtol=tolerance)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_tokenizer_is_lossless(text: str):
    tokenizer = build_tokenizer(TEXTS, 320)
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_slots_are_whole_tokens(model: GruCVAE):
    tokens = model.tokenizer.encode("{title} by {artist}'s band").tokens
    assert tokens[0] == "{title}"
    assert " {artist}" in tokens
    assert model.lengths(SENTENCES) == [len(model.tokenizer.encode(text).ids) + 1 for text in TEXTS]


def test_the_same_seed_builds_the_same_model(model: GruCVAE):
    same, other = GruCVAE.build(TOY, SENTENCES, seed=0), GruCVAE.build(TOY, SENTENCES, seed=1)
    assert same.tokenizer.to_str() == model.tokenizer.to_str()
    assert torch.equal(same.embedding.weight, model.embedding.weight)
    assert not torch.equal(other.embedding.weight, model.embedding.weight)


def test_padding_changes_nothing(model: GruCVAE):
    model.eval()
    together = model.collate(SENTENCES)
    mu, logvar = model.encode(together)
    z = torch.randn(len(SENTENCES), TOY.latent_dim, generator=seeded())
    recon = model.recon_nll(together, z)
    assert together.num_tokens == sum(model.lengths(SENTENCES))
    for i, sentence in enumerate(SENTENCES):
        alone = model.collate([sentence])
        torch.testing.assert_close(model.encode(alone)[0][0], mu[i])
        torch.testing.assert_close(model.encode(alone)[1][0], logvar[i])
        torch.testing.assert_close(model.recon_nll(alone, z[i : i + 1])[0], recon[i])


def test_both_directions_of_the_encoder_read_the_whole_text(model: GruCVAE):
    """The fault of 2018: half of the summary had seen the end token alone."""
    model.eval()
    states = {}
    for name, reader in (("forward", model.reader_forward), ("backward", model.reader_backward)):
        hooked = reader.register_forward_hook(lambda _m, _i, out, name=name: states.setdefault(name, []).append(out))
        for text in ("A drum machine", "B drum machine", "A drum machine!"):
            model.encode(model.collate([Sentence(text, "p")]))
        hooked.remove()
    for runs in states.values():
        last = [run[-1, 0] for run in runs]
        assert not torch.allclose(last[0], last[1])
        assert not torch.allclose(last[0], last[2])


def test_recon_is_the_sum_of_what_the_writer_pays_step_by_step(model: GruCVAE):
    model.eval()
    z = torch.randn(1, TOY.latent_dim, generator=seeded())
    batch = model.collate(SENTENCES[:1])
    state, gates = model.decoder_code(batch.attributes, z)
    total = 0.0
    for word, target in zip(batch.inputs[0], batch.targets[0], strict=True):
        state = model.states(word.view(1, 1), state, gates)[:, -1]
        total -= float(model.logits(state).log_softmax(-1)[0, target].detach())
    assert float(model.recon_nll(batch, z).detach()) == pytest.approx(total, rel=1e-4)


def test_training_drops_words_and_attributes_and_evaluation_does_not(model: GruCVAE):
    plain, again = model.collate(SENTENCES), model.collate(SENTENCES)
    assert torch.equal(plain.inputs, again.inputs)
    assert not (plain.inputs == model.dropped).any()
    many = SENTENCES * 50
    trained = model.collate(many, np.random.default_rng(0))
    words = model.collate(many).targets != -100
    share = float(((trained.inputs == model.dropped) & words).sum() / (words.sum() - len(many)))
    assert share == pytest.approx(TOY.word_dropout, abs=0.03)
    assert (trained.inputs[:, 0] == model.start).all()
    assert trained.attributes.labelled.sum() < model.collate(many).attributes.labelled.sum()


@pytest.mark.parametrize(
    "changed",
    [
        {"genres": ("doom sea shanty",)}, {"genres": ()}, {"energy": 0.9}, {"energy": None}, {"tempo": 180.0},
        {"kind": "live"}, {"kind": None},
    ],
)  # fmt: skip
def test_every_attribute_reaches_the_text(model: GruCVAE, changed: dict):
    model.eval()
    z = torch.zeros(2, TOY.latent_dim)
    pair = [Sentence(TEXTS[0], "p", DREAM), Sentence(TEXTS[0], "p", replace(DREAM, **changed))]
    one, other = model.recon_nll(model.collate(pair), z)
    assert abs(float((one - other).detach())) > 1e-5


def test_labels_of_any_script_and_of_no_letters(model: GruCVAE):
    told = [Attributes(genres=genres) for genres in (("アニソン",), ("!!!",), ("",), ("x" * 10_000, "pop"))]
    batch = model.condition(told)
    assert batch.labelled.squeeze(1).tolist() == [1, 0, 0, 1]
    assert torch.isfinite(model.attributes(batch)).all()
    shared = model.condition([Attributes(genres=("dream pop",)), Attributes(genres=("Dream-Pop",))])
    assert torch.equal(*shared.grams.chunk(2))


def test_learns_four_sentences_and_z_tells_them_apart():
    model = GruCVAE.build(replace(TOY, word_dropout=0.3), [*SENTENCES], seed=0)
    plain = [Sentence(text, "p") for text in TEXTS]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(200):
        recon, kl = model(model.collate(plain, np.random.default_rng(step)), torch.randn(4, 4, generator=seeded(step)))
        (recon.mean() + 0.1 * kl.sum(1).mean()).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    batch = model.collate(plain)
    mu, _ = model.encode(batch)
    own, swapped = model.recon_nll(batch, mu), model.recon_nll(batch, mu.roll(1, 0))
    assert (swapped - own).min() > 1.0
    texts = [text for text, _ in model.sample([Attributes()] * 4, mu.detach(), 0.1, 0.5, seeded())]
    assert sum(text == truth for text, truth in zip(texts, TEXTS, strict=True)) >= 2


def test_samples_are_repeatable_and_their_nll_is_that_of_the_model(model: GruCVAE):
    z = torch.randn(3, TOY.latent_dim, generator=seeded())
    attributes = [DREAM, METAL, Attributes()]
    first, again = (model.sample(attributes, z, 1.0, 1.0, seeded(5), max_new_tokens=12) for _ in range(2))
    assert first == again
    assert model.training
    assert all(nll == pytest.approx(math.log(model.end + 1), rel=0.2) for _, nll in first)  # untrained: near uniform
    greedy = [model.sample(attributes, z, 1.0, 1e-9, seeded(seed), max_new_tokens=12) for seed in (1, 2)]
    assert greedy[0] == greedy[1]


@pytest.mark.parametrize(("temperature", "top_p"), [(0.0, 0.9), (float("nan"), 0.9), (1.0, 0.0), (1.0, 1.5)])
def test_sample_refuses_what_makes_no_distribution(model: GruCVAE, temperature: float, top_p: float):
    with pytest.raises(InputError, match="temperature"):
        model.sample([DREAM], torch.zeros(1, TOY.latent_dim), temperature, top_p)


def test_saved_and_loaded_it_is_the_same_model(model: GruCVAE, tmp_path: Path):
    model.save(tmp_path / "checkpoint")
    loaded = GruCVAE.load(tmp_path / "checkpoint")
    batch, z = model.collate(SENTENCES), torch.zeros(4, TOY.latent_dim)
    torch.testing.assert_close(loaded.recon_nll(batch, z), model.eval().recon_nll(batch, z), rtol=1e-2, atol=1e-2)
    assert sorted(path.name for path in (tmp_path / "checkpoint").iterdir()) == [
        "README.md", "config.json", "metrics.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert json.loads((tmp_path / "checkpoint" / "config.json").read_text())["format"] == "deephypebot-gru-1"


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text("[1, 2")


def break_format(folder: Path) -> None:
    (folder / "config.json").write_text('{"format": "other"}')


def break_size(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text()) | {"hidden_dim": 10**12}
    (folder / "config.json").write_text(json.dumps(settings))


def break_shape(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text()) | {"hidden_dim": 25}
    (folder / "config.json").write_text(json.dumps(settings))


def break_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def break_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


@pytest.mark.parametrize("spoil", [break_config, break_format, break_size, break_shape, break_weights, break_tokenizer])
def test_a_spoilt_checkpoint_is_refused_in_one_line(model: GruCVAE, tmp_path: Path, spoil):
    model.save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        GruCVAE.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_checkpoint_and_an_unwritable_folder(model: GruCVAE, tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"config\.json"):
        GruCVAE.load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="cannot be written"):
        model.save(tmp_path / "file")


@pytest.mark.parametrize(
    "wrong",
    [{"hidden_dim": 0}, {"hidden_dim": 2.5}, {"word_dropout": 1.0}, {"precision": "int1"}, {"latent_dim": True}],
)
def test_config_is_checked_at_birth(wrong: dict):
    with pytest.raises(InputError, match=next(iter(wrong))):
        GruConfig(**wrong)
