"""The writer over a toy backbone gives what the torch model gives, row by row, and survives damaged files."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from deephypebot.errors import BackboneError, CheckpointError, DeepHypeBotError
from deephypebot.model.condition import KNOWN_INPUTS
from deephypebot.model.network.checkpoint import load_checkpoint, save_checkpoint
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.tokens import Vocabulary
from deephypebot.model.writing import engine, engine_cache
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.decode import Decoded, Sampling, sample
from deephypebot.model.writing.drafts import Drafts, Piece
from deephypebot.model.writing.engine import Engine
from deephypebot.model.writing.engine_graph import MAX_POSITIONS, GraphBuilder, quantise
from deephypebot.model.writing.word_bias import FILE, WordBias
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Sentence, Song
from tests.toy_backbone import TEXTS, make_backbone

TEXT = TEXTS[1]
KNOWN = Attributes(genres=("doom sea shanty", "ドゥーム"), energy=0.2, tempo=90.0, kind="description")
TOY = CvaeConfig(split=2, latent_dim=4, lora_rank=4, lora_alpha=8.0, precision="fp32")
VARIANTS = {
    "z": TOY,
    "vectors": replace(TOY, latent_dim=0),
    "prompt": replace(TOY, latent_dim=0, condition="prompt"),
    "prompt and z": replace(TOY, condition="prompt"),
}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory, backbone: Path) -> Path:
    """A folder of checkpoints, one a variant, whose LoRA, latent parts and prior are far from where training starts."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, config in VARIANTS.items():
        torch.manual_seed(0)
        model = TextCVAE(replace(config, backbone=str(backbone)), backbone, Vocabulary.build(backbone, TEXTS))
        for tensor_name, tensor in model.named_parameters():
            if tensor_name.endswith(".b") or tensor_name == "plan.words" or "latent" in tensor_name:
                torch.nn.init.normal_(tensor, std=0.1)
        if config.latent_dim:
            model.prior.mean.copy_(torch.arange(4.0))
            model.prior.chol.copy_(2 * torch.eye(4))
            torch.nn.init.normal_(model.prior.map, std=0.1)
        save_checkpoint(model, folder / name, {}, {})
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def own(tmp_path: Path, checkpoints: Path) -> Path:
    """A checkpoint that a test may break."""
    return Path(shutil.copytree(checkpoints / "z", tmp_path / "own"))


@pytest.fixture(scope="module")
def toy(checkpoints: Path, backbone: Path, cache: Path) -> Engine:
    return Engine(checkpoints / "z", backbone, 1, cache)


def noise(rows: int, latent_dim: int = 4) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, latent_dim)).astype(np.float32)


def write(toy: Engine, attributes: Attributes, z: np.ndarray, ids: list[int]) -> np.ndarray:
    """Logits (B, T, V) of a text written token by token."""
    logits = [toy.start(toy.prefix(attributes, z), z)]
    logits += [toy.step(np.full(len(z), i)) for i in ids]
    return np.stack(logits, axis=1)


def draw(toy: Engine, seeds: list[int]) -> list[Decoded]:
    streams = [np.random.Generator(np.random.Philox(seed)) for seed in seeds]
    z = toy.prior(KNOWN, np.stack([stream.standard_normal(4) for stream in streams]))
    sampling = Sampling(max_new_tokens=12)
    return sample(toy, toy.prefix(KNOWN, z), z, toy.ids, toy.eos, streams, sampling)


# ---- the model


def exact_product(graph: GraphBuilder, x: str, weight: np.ndarray, name: str) -> str:
    """GraphBuilder.product without its 8 bits."""
    return graph.node("MatMul", [x, graph.constant(f"{name}.w", weight.T.astype(np.float32))], [name])


def compare(folder: Path, backbone: Path, cache: Path, attributes: Attributes) -> tuple[np.ndarray, np.ndarray]:
    """Logits (B, T, V) of the engine and of the torch model, from START on."""
    toy, model = Engine(folder, backbone, 1, cache), load_checkpoint(folder)
    z, ids = noise(3, toy.latent_dim), model.vocabulary.encode(TEXT)
    batch = model.collate([Sentence(TEXT, "post", attributes)] * 3)
    with torch.no_grad():
        expected = model.logits(model.hidden_states(batch, torch.from_numpy(z))).numpy()
    found = write(toy, attributes, z, ids)
    assert found.shape == (3, len(ids) + 1, len(toy.ids))
    return found, expected[:, -len(ids) - 1 :]


@pytest.mark.parametrize("attributes", [KNOWN, Attributes(), Attributes(genres=("", "a", "b", "c"))])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_is_that_of_torch(
    checkpoints: Path,
    backbone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variant: str,
    attributes: Attributes,
) -> None:
    monkeypatch.setattr(GraphBuilder, "product", exact_product)
    found, expected = compare(checkpoints / variant, backbone, tmp_path, attributes)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_eight_bits_are_close_to_exact(checkpoints: Path, backbone: Path, cache: Path, variant: str) -> None:
    found, expected = compare(checkpoints / variant, backbone, cache, KNOWN)
    assert np.abs(found - expected).mean() < 0.04 * expected.std()


def test_the_slots_are_read_and_written(toy: Engine) -> None:
    assert toy.decode(toy.vocabulary.encode(TEXT)) == TEXT
    assert toy.ids[-4:].tolist() == [toy.config["vocab_size"] + i for i in range(4)]


@pytest.mark.parametrize("attributes", [KNOWN, Attributes(), Attributes(genres=("a", "b", "c", "d"), kind="live")])
def test_the_prior_is_that_of_torch(
    checkpoints: Path,
    backbone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    attributes: Attributes,
) -> None:
    monkeypatch.setattr(GraphBuilder, "product", exact_product)
    engine, model = Engine(checkpoints / "z", backbone, 1, tmp_path), load_checkpoint(checkpoints / "z")
    middle = model.prior.middle(model.prior_inputs([attributes])).numpy()
    np.testing.assert_allclose(engine.prior(attributes, np.zeros((1, 4))), middle, atol=2e-3)
    np.testing.assert_allclose(engine.prior(attributes, np.ones((1, 4))), middle + 2, atol=2e-3)


def test_words_are_biased_as_the_unigram_model_of_torch_says(own: Path, backbone: Path, cache: Path) -> None:
    toy = Engine(own, backbone, 1, cache)
    assert not toy.word_bias(KNOWN).any()
    model, rng = load_checkpoint(own), np.random.default_rng(0)
    bias = WordBias(
        *(rng.normal(size=size).astype(np.float16) for size in ((3, 64 + 1 + KNOWN_INPUTS), (len(toy.ids), 3)))
    )
    (own / FILE).write_bytes(bias.to_bytes())
    toy, nothing = Engine(own, backbone, 1, cache), Attributes(kind=KNOWN.kind)
    told, untold = model.prior_inputs([KNOWN, nothing]).numpy()
    expected = bias(told - untold)
    found = toy.word_bias(KNOWN)
    assert np.abs(found - expected).mean() < 0.02 * expected.std()  # labels are read in 8 bits
    assert not toy.word_bias(nothing).any()


def test_a_weaker_plan_presses_less_for_its_words(
    checkpoints: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GraphBuilder, "product", exact_product)
    toy, z = Engine(checkpoints / "z", backbone, 1, tmp_path), noise(1)
    none, half, full = (toy.start(toy.prefix(KNOWN, z), z, strength) for strength in (0.0, 0.5, 1.0))
    assert np.abs(full - none).max() > 0.1
    np.testing.assert_allclose(half, (none + full) / 2, atol=1e-3)


@pytest.mark.parametrize(("read", "words"), [((3, 9), 334), ((3, 83), 9)])
def test_a_word_bias_for_another_model_is_named(
    own: Path, backbone: Path, cache: Path, read: tuple[int, int], words: int
) -> None:
    (own / FILE).write_bytes(WordBias(np.zeros(read, np.float32), np.zeros((words, 3), np.float32)).to_bytes())
    with pytest.raises(CheckpointError, match="does not fit the backbone"):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_row_does_not_hang_on_the_rows_beside_it(toy: Engine, rows: int) -> None:
    z, ids = toy.prior(KNOWN, noise(21)), toy.vocabulary.encode(TEXT)
    together = write(toy, KNOWN, z, ids)
    for at in range(0, 21, rows):
        np.testing.assert_array_equal(write(toy, KNOWN, z[at : at + rows], ids), together[at : at + rows])


def test_rows_that_are_kept_go_on_as_if_nothing_had_happened(toy: Engine) -> None:
    z, ids = toy.prior(KNOWN, noise(5)), toy.vocabulary.encode(TEXT)
    together = write(toy, KNOWN, z, ids)
    toy.start(toy.prefix(KNOWN, z), z)
    for position, token in enumerate(ids, 1):
        if position == 3:
            toy.keep(np.array([4, 1]))
        found = toy.step(np.full(len(toy.rest), token))
    np.testing.assert_array_equal(found, together[[4, 1], -1])


def test_a_text_does_not_hang_on_the_texts_before_it(toy: Engine) -> None:
    z, ids = toy.prior(KNOWN, noise(2)), toy.vocabulary.encode(TEXT)
    first = write(toy, KNOWN, z, ids)
    write(toy, Attributes(), z, ids[::-1])
    np.testing.assert_array_equal(write(toy, KNOWN, z, ids), first)


def test_a_seed_gives_the_same_text_alone_and_among_others(toy: Engine) -> None:
    together = draw(toy, [1, 2, 3, 4, 5])
    assert together == draw(toy, [1, 2, 3, 4, 5])
    assert together == [draw(toy, [seed])[0] for seed in (1, 2, 3, 4, 5)]


def test_songs_together_give_what_each_gives_alone_bit_for_bit(checkpoints: Path, backbone: Path, cache: Path) -> None:
    toy = Engine(checkpoints / "z", backbone, 2, cache)
    texts = [toy.decode([token]) for token in toy.ids.tolist()]
    drafts = Drafts(toy, Wording(texts, [], toy.encode), Choice(toy, [], rewards={}))
    sampling = Sampling(max_new_tokens=12, drafts=9, guidance=4.0)
    known = [KNOWN, Attributes(), Attributes(genres=("doom",), valence=0.9), Attributes(kind="live")]
    asked = [Piece(Song(f"Band {i}", "Song"), known[i % 4], i, sampling) for i in range(25)]
    together = drafts.draw(asked)
    for piece, found in zip(asked, together, strict=True):
        alone = drafts.draw([piece])[0]
        assert found == alone
        np.testing.assert_array_equal([draft.heard for draft in found], [draft.heard for draft in alone])


def test_a_twin_writes_beside_its_engine(toy: Engine) -> None:
    z, ids = toy.prior(KNOWN, noise(3)), toy.vocabulary.encode(TEXT)
    expected, twin = write(toy, KNOWN, z, ids), toy.twin()
    found, other = [toy.start(toy.prefix(KNOWN, z), z)], [twin.start(toy.prefix(KNOWN, z[:1]), z[:1])]
    for token in ids:
        found.append(toy.step(np.full(3, token)))
        other.append(twin.step(np.full(1, token)))
    np.testing.assert_array_equal(np.stack(found, axis=1), expected)
    np.testing.assert_array_equal(np.stack(other, axis=1), expected[:1])


def test_labels_that_were_read_are_not_kept_for_ever(
    checkpoints: Path, backbone: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LABELS_KEPT", 2)
    toy = Engine(checkpoints / "z", backbone, 1, cache)
    first = toy.prior(Attributes(genres=("a",)), noise(1))
    for label in "bcde":
        toy.prior(Attributes(genres=(label,)), noise(1))
    assert toy._label_state.cache_info().currsize == 2
    np.testing.assert_array_equal(toy.prior(Attributes(genres=("a",)), noise(1)), first)


def test_no_text_is_longer_than_the_cache(toy: Engine) -> None:
    with pytest.raises(ValueError, match=f"allowed are {MAX_POSITIONS}"):
        write(toy, KNOWN, toy.prior(KNOWN, noise(1)), [5] * MAX_POSITIONS)


def test_quantised_weights_are_within_half_a_step() -> None:
    weight = np.random.default_rng(0).standard_t(3, size=(7, 96))
    weight[0, :32] = 0
    whole, scale = quantise(weight)
    assert whole.shape == (7, 3, 32)
    restored = (whole.astype(np.float64) - 128) * scale[..., None]
    assert (np.abs(restored - weight.reshape(7, 3, 32)) <= 0.501 * scale[..., None]).all()


# ---- files of the checkpoint and the backbone


@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_broken_checkpoint_is_named(own: Path, backbone: Path, cache: Path, broken: str, how: str) -> None:
    data = (own / broken).read_bytes()
    (own / broken).unlink()
    if how == "cut":
        (own / broken).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match=str(own)):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("name", ["lora.3.down.b", "prior.chol", "norm.weight", "label.bias", "slot_output"])
def test_a_missing_tensor_is_named(own: Path, backbone: Path, cache: Path, name: str) -> None:
    tensors = load_file(own / "model.safetensors")
    del tensors[name]
    save_file(tensors, own / "model.safetensors")
    with pytest.raises(CheckpointError, match=rf"{own}: {name} cannot be read"):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("name", ["lora.3.down.b", "latent_shift.weight", "plan.words", "slot_output", "kind.weight"])
def test_a_tensor_of_another_size_is_a_checkpoint_error(own: Path, backbone: Path, cache: Path, name: str) -> None:
    tensors = load_file(own / "model.safetensors")
    tensors[name] = tensors[name][:-1, :-1].copy()
    save_file(tensors, own / "model.safetensors")
    with pytest.raises(CheckpointError, match="does not fit the backbone"):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("name", ["plan.words", "slot_input"])
def test_a_table_that_lacks_its_last_row_is_a_checkpoint_error(
    own: Path, backbone: Path, cache: Path, name: str
) -> None:
    tensors = load_file(own / "model.safetensors")
    tensors[name] = tensors[name][:-1].copy()
    save_file(tensors, own / "model.safetensors")
    with pytest.raises(CheckpointError, match="does not fit the backbone"):
        Engine(own, backbone, 1, cache)


def test_numbers_that_are_not_finite_are_named(own: Path, backbone: Path, cache: Path) -> None:
    tensors = load_file(own / "model.safetensors")
    tensors["prior.mean"][0] = np.nan
    save_file(tensors, own / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"prior\.mean holds numbers that are not finite"):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("name", ["latent_dim", "split", "condition", "lora_alpha"])
def test_a_setting_that_is_missing_is_a_checkpoint_error(own: Path, backbone: Path, cache: Path, name: str) -> None:
    settings = json.loads((own / "config.json").read_text())
    del settings[name]
    (own / "config.json").write_text(json.dumps(settings))
    with pytest.raises(CheckpointError, match=name):
        Engine(own, backbone, 1, cache)


@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_backbone_is_named(own: Path, tmp_path: Path, cache: Path, broken: str) -> None:
    folder = make_backbone(tmp_path / "broken")
    data = (folder / broken).read_bytes()
    (folder / broken).write_bytes(data[: len(data) // 2])
    with pytest.raises(BackboneError, match=rf"{folder}: {broken}"):
        Engine(own, folder, 1, cache)


def test_the_backbone_may_be_in_bf16(own: Path, backbone: Path, tmp_path: Path, cache: Path) -> None:
    from safetensors.torch import load_file as load_torch
    from safetensors.torch import save_file as save_torch

    other = make_backbone(tmp_path / "bf16")
    tensors = load_torch(other / "model.safetensors")
    save_torch({name: tensor.bfloat16() for name, tensor in tensors.items()}, other / "model.safetensors")
    z, ids = noise(1), [20, 21]
    expected = write(Engine(own, backbone, 1, cache), KNOWN, z, ids)
    found = write(Engine(own, other, 1, cache), KNOWN, z, ids)
    assert np.abs(found - expected).mean() < 0.1 * expected.std()


# ---- graphs on disk


def test_graphs_are_built_once(own: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    z = noise(2)
    first = write(Engine(own, backbone, 1, tmp_path / "cache"), KNOWN, z, [20])
    monkeypatch.setattr(engine, "build_lower", None)
    np.testing.assert_array_equal(write(Engine(own, backbone, 1, tmp_path / "cache"), KNOWN, z, [20]), first)


@pytest.mark.parametrize("name", ["lower.onnx", "upper.onnx", "lower.crc32"])
@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_a_damaged_graph_is_built_again(own: Path, backbone: Path, tmp_path: Path, name: str, how: str) -> None:
    z = noise(2)
    first = write(Engine(own, backbone, 1, tmp_path / "cache"), KNOWN, z, [20])
    (path,) = (tmp_path / "cache").glob(f"*/{name}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data[: len(data) // 3] if how == "cut" else data)
    if how == "gone":
        path.unlink()
    np.testing.assert_array_equal(write(Engine(own, backbone, 1, tmp_path / "cache"), KNOWN, z, [20]), first)


def test_other_weights_have_other_graphs(own: Path, backbone: Path, tmp_path: Path) -> None:
    Engine(own, backbone, 1, tmp_path / "cache")
    tensors = load_file(own / "model.safetensors")
    tensors["lora.2.q.b"] = -tensors["lora.2.q.b"]
    save_file(tensors, own / "model.safetensors")
    Engine(own, backbone, 1, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_only_some_graphs_are_kept(own: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_cache, "KEPT", 3)
    for i in range(5):
        (tmp_path / "cache" / f"old-{i}").mkdir(parents=True)
    Engine(own, backbone, 1, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 3
    assert len(list((tmp_path / "cache").glob("*/upper.onnx"))) == 1


def test_a_full_disk_leaves_nothing_half_written(
    own: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(DeepHypeBotError, match="No space left on device") as caught:
        Engine(own, backbone, 1, tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_is_no_folder_is_named(own: Path, backbone: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(BackboneError, match=str(tmp_path / "cache")):
        Engine(own, backbone, 1, tmp_path / "cache")
