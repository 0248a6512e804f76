"""The Llama transformer (Touvron et al. 2023, arXiv 2302.13971) as plain torch: frozen weights, LoRA where it trains.

Shapes: B sentences, T positions, D hidden size. Frozen matrices are kept in the compute dtype; the residual stream, the norms
and everything that trains stay in fp32.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from deephypebot.errors import BackboneError

PARTS = ("q", "k", "v", "o", "gate", "up", "down")


@dataclass(frozen=True)
class LlamaConfig:
    """The sizes of a backbone, read from the config.json of its Hugging Face folder."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    rope_theta: float
    vocab_size: int

    @classmethod
    def load(cls, folder: Path) -> LlamaConfig:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        raw.setdefault("head_dim", raw["hidden_size"] // raw["num_attention_heads"])
        raw.setdefault("rope_theta", raw.get("rope_parameters", {}).get("rope_theta", 10000.0))
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__})

    def shapes(self) -> dict[str, tuple[int, int]]:
        """(out, in) of the seven matrices of a layer."""
        d, heads = self.hidden_size, self.num_attention_heads * self.head_dim
        kv, ffn = self.num_key_value_heads * self.head_dim, self.intermediate_size
        shapes = [(heads, d), (kv, d), (kv, d), (d, heads), (ffn, d), (ffn, d), (d, ffn)]
        return dict(zip(PARTS, shapes, strict=True))


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Root mean square norm over the last dimension, in fp32."""
    return F.rms_norm(x, (x.shape[-1],), weight, eps)


def rotary_tables(config: LlamaConfig, length: int) -> tuple[Tensor, Tensor]:
    """cos and sin, each (length, head_dim), of the rotary positions (Su et al. 2021, arXiv 2104.09864)."""
    half = config.head_dim // 2
    frequency = config.rope_theta ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.outer(torch.arange(length, dtype=torch.float64), frequency).repeat(1, 2)
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn queries or keys (B, H, T, head_dim) to their positions."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def attend_causally(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """(B, H, T, head_dim) -> the same; keys and values may begin with earlier positions. Written out, for short rows on a CPU far
    faster backwards than the fused kernel."""
    length, past = q.shape[-2], k.shape[-2] - q.shape[-2]
    future = torch.ones(length, length + past, dtype=torch.bool, device=q.device).triu(1 + past)
    scores = (q @ k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1])
    return scores.masked_fill(future, -torch.inf).softmax(-1).to(v.dtype) @ v


class Lora(nn.Module):
    """A low-rank correction scale * b @ a of one frozen matrix (Hu et al. 2021, arXiv 2106.09685)."""

    def __init__(self, shape: tuple[int, int], rank: int, alpha: float, dropout: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, shape[1]) / math.sqrt(shape[1]))
        self.b = nn.Parameter(torch.zeros(shape[0], rank))
        self.scale, self.dropout = alpha / rank, dropout

    def forward(self, x: Tensor) -> Tensor:
        u = F.dropout(F.linear(x, self.a.to(x.dtype)), self.dropout, self.training)  # on the r inner units: cheap
        return F.linear(u, (self.scale * self.b).to(x.dtype))


class Past:
    """Keys and values (B, H, T, head_dim) of the positions that one layer has read."""

    def __init__(self) -> None:
        self.seen: tuple[Tensor, Tensor] | None = None

    def extended(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """With those of new positions after them, which are kept."""
        if self.seen is not None:
            k, v = torch.cat([self.seen[0], k], dim=-2), torch.cat([self.seen[1], v], dim=-2)
        self.seen = (k, v)
        return self.seen

    @property
    def length(self) -> int:
        return 0 if self.seen is None else self.seen[0].shape[-2]

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows alone."""
        if self.seen is not None:
            self.seen = (self.seen[0][rows], self.seen[1][rows])


class Block(nn.Module):
    """One layer. Frozen unless given a LoRA rank. (B, T, D) -> (B, T, D), causal."""

    def __init__(self, config: LlamaConfig, rank: int = 0, alpha: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.frozen: dict[str, Tensor] = {}
        loras = {part: Lora(shape, rank, alpha, dropout) for part, shape in config.shapes().items()} if rank else {}
        self.lora = nn.ModuleDict(loras)

    def linear(self, part: str, x: Tensor) -> Tensor:
        y = F.linear(x, self.frozen[part])
        return y + self.lora[part](x) if part in self.lora else y

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, past: Past | None = None) -> Tensor:
        x = x + self.attend(self.normed(x, "attention_norm"), cos, sin, past)
        h = self.normed(x, "mlp_norm")
        return x + self.linear("down", F.silu(self.linear("gate", h)) * self.linear("up", h))

    def normed(self, x: Tensor, name: str) -> Tensor:
        return rms_norm(x, self.frozen[name], self.config.rms_norm_eps).to(self.frozen["q"].dtype)

    def attend(self, h: Tensor, cos: Tensor, sin: Tensor, past: Past | None = None) -> Tensor:
        c, (batch, length, _) = self.config, h.shape
        cos, sin = cos.to(h.dtype), sin.to(h.dtype)
        q = self.linear("q", h).view(batch, length, c.num_attention_heads, c.head_dim).transpose(1, 2)
        k = self.linear("k", h).view(batch, length, c.num_key_value_heads, c.head_dim).transpose(1, 2)
        v = self.linear("v", h).view(batch, length, c.num_key_value_heads, c.head_dim).transpose(1, 2)
        groups = c.num_attention_heads // c.num_key_value_heads
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if past is not None:
            k, v = past.extended(k, v)
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        y = attend_causally(q, k, v)
        return self.linear("o", y.transpose(1, 2).reshape(batch, length, -1))


class Llama(nn.Module):
    """A run of layers [first, last) of a backbone folder, with rotary positions from 0."""

    def __init__(self, folder: Path, first: int, last: int, dtype: torch.dtype, **lora: float) -> None:
        super().__init__()
        self.config = LlamaConfig.load(folder)
        self.first, self.last, self.dtype = first, last, dtype
        rank = int(lora.get("rank", 0))
        alpha, dropout = lora.get("alpha", 0.0), lora.get("dropout", 0.0)
        self.layers = [Block(self.config, rank, alpha, dropout) for _ in range(first, last)]
        self.blocks = nn.ModuleList(self.layers)
        self.tables = rotary_tables(self.config, 512)
        self._load(folder)

    def _load(self, folder: Path) -> None:
        try:
            with safe_open(folder / "model.safetensors", framework="pt") as file:
                for layer, block in zip(range(self.first, self.last), self.layers, strict=True):
                    for part, name in zip((*PARTS, "attention_norm", "mlp_norm"), _names(layer), strict=True):
                        weight = file.get_tensor(name)
                        block.frozen[part] = weight.float() if "norm" in part else weight.to(self.dtype)
        except Exception as error:
            raise BackboneError(f"backbone {folder}: model.safetensors cannot be read ({error})") from error

    def forward(self, x: Tensor, pasts: Sequence[Past] = ()) -> Tensor:
        """(B, T, D) -> (B, T, D), positions at most 512; with a Past for each layer x goes on after what they have read."""
        begin = pasts[0].length if pasts else 0
        cos, sin = (table[begin : begin + x.shape[1]].to(x.device) for table in self.tables)
        for block, past in zip_longest(self.blocks, pasts):
            x = block(x, cos, sin, past)
        return x

    def nothing_read(self) -> list[Past]:
        """A Past for each layer, to begin with."""
        return [Past() for _ in self.layers]

    def to_device(self, device: torch.device, dtype: torch.dtype) -> Llama:
        """Move all of it; the frozen matrices then have that dtype."""
        self.dtype = dtype
        for block in self.layers:
            kept = {name: weight.dtype if "norm" in name else dtype for name, weight in block.frozen.items()}
            block.frozen = {name: weight.to(device, kept[name]) for name, weight in block.frozen.items()}
        return self.to(device)


def _names(layer: int) -> list[str]:
    stem = f"model.layers.{layer}."
    attention = [f"{stem}self_attn.{part}_proj.weight" for part in "qkvo"]
    mlp = [f"{stem}mlp.{part}_proj.weight" for part in ("gate", "up", "down")]
    return [*attention, *mlp, f"{stem}input_layernorm.weight", f"{stem}post_attention_layernorm.weight"]


def load_embedding(folder: Path) -> Tensor:
    """The (tied) embedding table (vocab_size, D), fp32."""
    return _load_tensor(folder, "model.embed_tokens.weight")


def load_final_norm(folder: Path) -> Tensor:
    """The weight (D,) of the last norm, fp32."""
    return _load_tensor(folder, "model.norm.weight")


def _load_tensor(folder: Path, name: str) -> Tensor:
    try:
        with safe_open(folder / "model.safetensors", framework="pt") as file:
            weight: Tensor = file.get_tensor(name)
    except Exception as error:  # safetensors raises its own
        raise BackboneError(f"backbone {folder}: model.safetensors cannot be read ({error})") from error
    return weight.float()


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bf16 where a short trial shows matrix products in it to be 1.5 times as fast as in fp32, else fp32."""
    import time

    def seconds(dtype: torch.dtype) -> float:
        x, w = torch.randn(512, 576, device=device).to(dtype), torch.randn(1536, 576, device=device).to(dtype)
        times = []
        for _ in range(8):
            start = time.perf_counter()
            F.linear(x, w).sum().item()
            times.append(time.perf_counter() - start)
        return min(times)

    return torch.bfloat16 if 1.5 * seconds(torch.bfloat16) < seconds(torch.float32) else torch.float32
