"""The GRU without torch writes what the GRU in torch would."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from deephypebot.errors import CheckpointError
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.writing.engine_gru import GruEngine
from deephypebot.types import Attributes, Sentence

TEXT = "{title} opens on a bass note so low that it leans on the furniture."
KNOWN = Attributes(genres=("doom sea shanty", "ドゥーム"), energy=0.2, tempo=90.0, kind="description")
TOY = GruConfig(
    vocabulary_size=300, embedding_dim=17, hidden_dim=27, latent_dim=4, attribute_dim=6, label_buckets=64, label_dim=8,
    kind_dim=4, precision="fp32",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gru") / "toy"
    model = GruCVAE.build(TOY, [Sentence(TEXT, "post")], seed=0)
    model.get_buffer("prior.mean").copy_(torch.arange(4.0))
    model.get_buffer("prior.chol").copy_(2 * torch.eye(4))
    torch.nn.init.normal_(model.get_buffer("prior.map"), std=0.1)
    model.save(path)
    return path


def write(engine: GruEngine, attributes: Attributes, z: np.ndarray, ids: list[int]) -> np.ndarray:
    """Logits (B, T, V) of a text written token by token."""
    logits = [engine.start(engine.prefix(attributes, z), z)]
    logits += [engine.step(np.full(len(z), i)) for i in ids]
    return np.stack(logits, axis=1)


@pytest.mark.parametrize("attributes", [KNOWN, Attributes()])
def test_logits_are_those_of_the_torch_model(folder: Path, attributes: Attributes) -> None:
    engine, model = GruEngine(folder), GruCVAE.load(folder)
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    batch = model.collate([Sentence(TEXT, "post", attributes)] * 3)
    with torch.no_grad():
        codes = model.decoder_code(batch.attributes, torch.from_numpy(z))
        expected = model.logits(model.states(batch.inputs, *codes)).numpy()
    ids = batch.targets[0].tolist()
    assert ids[-1] == engine.eos
    np.testing.assert_allclose(write(engine, attributes, z, ids[:-1]), expected, atol=1e-4)
    assert engine.decode(ids) == TEXT


def test_a_row_does_not_hang_on_the_rows_beside_it(folder: Path) -> None:
    engine = GruEngine(folder)
    z = engine.prior(Attributes(), np.random.default_rng(0).normal(size=(5, 4)))
    together = write(engine, KNOWN, z, [1, 2, 3])
    for row in range(5):
        np.testing.assert_array_equal(write(engine, KNOWN, z[row : row + 1], [1, 2, 3])[0], together[row])
    engine.start(engine.prefix(KNOWN, z), z)
    engine.keep(np.array([4, 1]))
    np.testing.assert_array_equal(engine.step(np.full(2, 1)), together[[4, 1], 1])


def test_the_prior_is_that_of_torch(folder: Path) -> None:
    model = GruCVAE.load(folder)
    for attributes in (KNOWN, Attributes()):
        middle = model.prior.middle(model.prior_inputs([attributes])).numpy()
        np.testing.assert_allclose(GruEngine(folder).prior(attributes, np.ones((1, 4))), middle + 2, atol=1e-5)


@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_file_is_named_by_its_folder(folder: Path, tmp_path: Path, broken: str) -> None:
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / broken).write_bytes((tmp_path / broken).read_bytes()[: -len((tmp_path / broken).read_bytes()) // 2])
    with pytest.raises(CheckpointError, match=str(tmp_path)) as caught:
        GruEngine(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("setting", ["latent_dim", "label_buckets"])
@pytest.mark.parametrize("value", [None, 5])
def test_a_config_of_another_shape_is_refused(folder: Path, tmp_path: Path, setting: str, value: int | None) -> None:
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "config.json").write_text(
        json.dumps(json.loads((folder / "config.json").read_text()) | {setting: value})
    )
    with pytest.raises(CheckpointError, match="cannot be used"):
        GruEngine(tmp_path)


def test_a_missing_tensor_is_named(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: w for name, w in weights.items() if name != "attributes.labels.weight"}, tmp_path / "model.safetensors"
    )
    with pytest.raises(CheckpointError, match=r"attributes\.labels\.weight"):
        GruEngine(tmp_path)
