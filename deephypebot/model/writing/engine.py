"""Writing with a checkpoint over a pretrained backbone: ONNX Runtime and numpy, no torch.

The same model as cvae.py: layers below the split read [BOS] [START] [tokens], layers above it read
[BOS state] [prefix] [START state] [token states], what is left of the plan z added to all but the first two, and once more
before the words are chosen. Both halves are graphs (engine_graph.py) with a cache of their own, built at the first use of a checkpoint and kept on disk (engine_cache.py). In the baseline whose condition is
"prompt" the prefix is text instead, which both halves read between BOS and START. What a row gives does not hang on the rows
beside it, bit for bit, so all that is computed here goes row by row.

Shapes: B rows, P vectors of a prefix, Z latent dimensions, D hidden size, V output vocabulary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

from deephypebot.config import cache_dir
from deephypebot.errors import BackboneError, CheckpointError, DeepHypeBotError
from deephypebot.model.condition import MAX_LABELS, feature_inputs, kind_index, known_inputs, prompt
from deephypebot.model.judging.judges import with_families
from deephypebot.model.settings import read_settings
from deephypebot.model.tokens import BOS, EOS, START, Vocabulary
from deephypebot.model.writing.engine_cache import open_halves
from deephypebot.model.writing.engine_graph import GRAPH_VERSION, build_lower, build_upper
from deephypebot.model.writing.word_bias import FILE as WORD_BIAS
from deephypebot.model.writing.word_bias import load_word_bias
from deephypebot.types import Attributes

Array = np.ndarray[Any, Any]
PARTS = {
    **{part: f"self_attn.{part}_proj" for part in "qkvo"},
    **{part: f"mlp.{part}_proj" for part in ("gate", "up", "down")},
    "attention_norm": "input_layernorm",
    "mlp_norm": "post_attention_layernorm",
}
LABEL_TOKENS = 16
LABELS_KEPT = 4096  # whose states are not read again


class Engine:
    """Implements drafts.Engine. Raises CheckpointError or BackboneError for files that cannot be used.

    threads: how many twins may write at once; cache: the folder of built graphs, by default in the user's cache.
    """

    def __init__(self, checkpoint: Path, backbone: Path, threads: int = 2, cache: Path | None = None) -> None:
        self.settings, self.config = read_settings(checkpoint), _read_config(backbone)
        self.checkpoint = _Tensors(checkpoint / "model.safetensors", CheckpointError, f"checkpoint {checkpoint}")
        self.backbone = _Tensors(backbone / "model.safetensors", BackboneError, f"backbone {backbone}")
        self.vocabulary = Vocabulary.load(checkpoint / "tokenizer.json")
        self.full_tokenizer = _read_tokenizer(backbone)
        self.threads, self.ids, self.eos = max(1, threads), np.asarray(self.vocabulary.ids), EOS
        self._label_state = lru_cache(LABELS_KEPT)(self._read_label)
        folder = (cache or cache_dir() / "engines") / _key(checkpoint, backbone)
        try:
            self.latent_dim, self.split = int(self.settings["latent_dim"]), int(self.settings["split"])
            self.prompted = self.settings["condition"] == "prompt"
            small = [name for name in self.checkpoint.names() if not name.startswith("lora.")]
            self.weights = {name: self.checkpoint.get(name) for name in small}
            for name, weight in self.weights.items():
                if not np.isfinite(weight).all():
                    raise CheckpointError(f"checkpoint {checkpoint}: {name} holds numbers that are not finite")
            self.bias = load_word_bias(checkpoint)
            self.lower, self.upper = open_halves(folder, self._graphs, self.config)
            self._try_out()
        except DeepHypeBotError:
            raise
        except Exception as error:  # of shapes: numpy's and ONNX Runtime's own
            raise CheckpointError(
                f"checkpoint {checkpoint}: it does not fit the backbone {backbone} ({error!r})"
            ) from error

    # ---- the model's ends

    def encode(self, text: str) -> list[int]:
        """The token ids of a text."""
        return self.vocabulary.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids."""
        return self.vocabulary.decode(ids)

    def prior(self, attributes: Attributes, eps: Array) -> Array:
        """eps (B, Z), standard normal -> z (B, Z) of p(z | a)"""
        if not self.latent_dim:
            return eps.astype(np.float32)
        middle = self.weight("prior.mean") + self.weight("prior.map") @ self._inputs(attributes)
        return np.stack([middle + self.weight("prior.chol") @ row for row in eps.astype(np.float32)])

    def word_bias(self, attributes: Attributes) -> Array:
        """How much likelier attributes make each output: (V,), in nats; labels also ask for what their families do"""
        if self.bias is None:
            return np.zeros(len(self.ids), np.float32)
        told = self._inputs(with_families(attributes)) - self._inputs(Attributes(kind=attributes.kind))
        bias: Array = self.bias(told)
        return bias

    def _inputs(self, attributes: Attributes) -> Array:
        """What p(z | a) and the bias of words read: the mean state of the labels, whether there are any, the rest: (A,)"""
        labels = [self._label_state(label) for label in attributes.genres[:MAX_LABELS]]
        state = np.mean(labels, axis=0) if labels else np.zeros(self.config["hidden_size"], np.float32)
        return np.concatenate([state, [float(bool(labels))], known_inputs(attributes)]).astype(np.float32)

    def prefix(self, attributes: Attributes, z: Array) -> Array:
        """z (B, Z) -> (B, P, D): labels, one vector of features and kind, the latent vectors; or the tokens of the prompt."""
        if self.prompted:
            known = self._embed(self.vocabulary.encode(prompt(attributes)))
        else:
            known = np.concatenate([self._labels(attributes), self._features(attributes)[None]])
        if self.prompted or not self.latent_dim:
            return np.repeat(known[None], len(z), axis=0)
        latent = [self._linear("latent_tokens", row).reshape(-1, known.shape[1]) for row in z.astype(np.float32)]
        return np.stack([np.concatenate([known, vectors]) for vectors in latent])

    def weight(self, name: str) -> Array:
        """A tensor of the checkpoint in fp32; CheckpointError where it lacks one."""
        return self.weights[name] if name in self.weights else self.checkpoint.get(name)

    def _linear(self, name: str, x: Array) -> Array:
        result: Array = self.weight(f"{name}.weight") @ x + self.weight(f"{name}.bias")
        return result

    def _labels(self, attributes: Attributes) -> Array:
        """(MAX_LABELS, D)"""
        told = [self._label_state(label) for label in attributes.genres[:MAX_LABELS]]
        vectors = [state + self._linear("label", state) for state in told]
        return np.stack([*vectors, *[self.weight("label_empty")] * (MAX_LABELS - len(vectors))])

    def _read_label(self, label: str) -> Array:
        """The mean of the lower states of a label's words: (D,)"""
        ids = self.full_tokenizer.encode(f" {label}").ids[:LABEL_TOKENS] or [START]
        self.lower.begin(1)
        mean: Array = self.lower.run(self._embed([BOS, *ids])[None])[0, 1:].mean(axis=0)
        return mean

    def _features(self, attributes: Attributes) -> Array:
        """(D,)"""
        features = self._linear("features.2", _silu(self._linear("features.0", feature_inputs(attributes))))
        kind: Array = self.weight("kind.weight")[kind_index(attributes)]
        return features + kind

    def _embed(self, ids: Sequence[int]) -> Array:
        """(T,) -> (T, D), slots among them"""
        size, table = self.config["vocab_size"], "model.embed_tokens.weight"
        return np.stack(
            [self.weight("slot_input")[i - size] if i >= size else self.backbone.row(table, i) for i in ids]
        )

    # ---- writing

    def twin(self) -> Engine:
        """One that writes another batch meanwhile, with the same weights."""
        other = copy(self)
        other.lower, other.upper = self.lower.twin(), self.upper.twin()
        return other

    def start(self, prefix: Array, z: Array, strength: float = 1.0) -> Array:
        """Logits (B, V) of the first token, from prefix (B, P, D) and z (B, Z), of which the last step makes `strength`."""
        self.rest, self.strength = z.astype(np.float32), np.float32(strength)
        bos, start = (np.repeat(self._embed([i])[None], len(prefix), axis=0) for i in (BOS, START))
        below, above = (prefix, prefix[:, :0]) if self.prompted else (prefix[:, :0], prefix)
        first, like = _different(np.concatenate([bos, below, start], axis=1))
        self.lower.begin(len(first))  # mostly one: below the split nothing is told of the song
        states = self.lower.run(first)[like]
        self.lower.keep(like)
        self.heard = states[:, -1]
        shifted = states[:, 1:] + self._told("latent_shift")
        self.upper.begin(len(prefix))
        return self._choose(np.concatenate([states[:, :1], above, shifted], axis=1))

    def step(self, tokens: Array) -> Array:
        """Logits (B, V) after one more token id a row, tokens (B,)."""
        if self.latent_dim:
            self.rest = self.rest - self.weight("plan.words")[np.searchsorted(self.ids, tokens)]
        states = self.lower.run(self._embed(tokens.tolist())[:, None])
        self.heard = states[:, 0]
        return self._choose(states + self._told("latent_shift"))

    def listen(self, text: str) -> Array:
        """What the lower layers make of a text, the mean over its tokens: (D,); the same as sampling hears of it."""
        self.lower.begin(1)
        states: Array = self.lower.run(self._embed([BOS, START, *self.vocabulary.encode(text)])[None])[0, 2:]
        return states.mean(axis=0) if len(states) else np.zeros(self.config["hidden_size"], np.float32)

    def keep(self, rows: Array) -> None:
        """Go on with these rows alone, by number and in this order."""
        self.lower.keep(rows)
        self.upper.keep(rows)
        self.rest = self.rest[rows]

    def _choose(self, states: Array) -> Array:
        """States (B, T, D) of the upper half -> logits (B, V) after the last of them."""
        return self.upper.run(states, choice=self.strength * self._told("latent_choice"))[:, 0]

    def _told(self, name: str) -> Array:
        """What a map makes of the rest of the plan: (B, 1, D)"""
        if not self.latent_dim:
            return np.zeros((len(self.rest), 1, self.config["hidden_size"]), np.float32)
        return np.stack([self.weight(f"{name}.weight") @ row for row in self.rest])[:, None]

    def _try_out(self) -> None:
        """The start of a text: what is missing or of another size is found before a user waits for it."""
        attributes = Attributes(genres=("pop",))
        z = self.prior(attributes, np.zeros((1, self.latent_dim)))
        logits = self.start(self.prefix(attributes, z), z)
        self.step(self.ids[-1:])
        for what, size in (("logits", logits.shape[1]), (WORD_BIAS, len(self.word_bias(attributes)))):
            if size != len(self.ids):
                raise ValueError(f"the vocabulary has {len(self.ids)} outputs, {what} {size}")

    # ---- graphs

    def _graphs(self) -> Iterator[bytes]:
        """The lower and the upper half as ONNX."""
        yield build_lower(self.config, self.split, self._merged).SerializeToString()
        embedding, size = self.backbone.get("model.embed_tokens.weight"), self.config["vocab_size"]
        rows = np.concatenate([embedding[[i for i in self.ids if i < size]], self.weight("slot_output")])
        upper = build_upper(self.config, self.split, self._merged, self.weight("norm.weight"), rows)
        yield upper.SerializeToString()

    def _merged(self, layer: int, part: str) -> Array:
        """A matrix of the backbone, (out, in), with its LoRA."""
        weight = self.backbone.get(f"model.layers.{layer}.{PARTS[part]}.weight")
        if layer < self.split or "norm" in part:
            return weight
        a, b = (self.checkpoint.get(f"lora.{layer}.{part}.{factor}") for factor in "ab")
        merged: Array = weight + self.settings["lora_alpha"] / self.settings["lora_rank"] * (b @ a)
        return merged


class _Tensors:
    """A safetensors file, memory-mapped, read tensor by tensor as fp32; faults name the file's owner and the tensor."""

    def __init__(self, path: Path, error: type[Exception], owner: str) -> None:
        self.error, self.owner = error, owner
        self.file = self._try("model.safetensors", lambda: safe_open(path, framework="np"))

    def names(self) -> list[str]:
        return list(self.file.keys())

    def get(self, name: str) -> Array:
        tensor: Array = self._try(name, lambda: self.file.get_tensor(name).astype(np.float32))
        return tensor

    def row(self, name: str, index: int) -> Array:
        """One row of a matrix, without reading the others."""
        row: Array = self._try(name, lambda: self.file.get_slice(name)[index : index + 1].astype(np.float32)[0])
        return row

    def _try(self, what: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Exception as error:  # safetensors raises its own
            raise self.error(f"{self.owner}: {what} cannot be read ({error})") from error


def _different(x: Array) -> tuple[Array, Array]:
    """The different ones of the rows x (B, ...), and for each row the place of its like among them: (B,)"""
    kinds: dict[bytes, int] = {}
    like = np.array([kinds.setdefault(row.tobytes(), len(kinds)) for row in x])
    return x[np.unique(like, return_index=True)[1]], like


def _silu(x: Array) -> Array:
    result: Array = x / (1 + np.exp(-x))
    return result


def _read_config(backbone: Path) -> dict[str, Any]:
    """config.json of a backbone folder, with what Hugging Face leaves out."""
    try:
        config: dict[str, Any] = json.loads((backbone / "config.json").read_text(encoding="utf-8"))
        config.setdefault("head_dim", config["hidden_size"] // config["num_attention_heads"])
        config.setdefault("rope_theta", config.get("rope_parameters", {}).get("rope_theta", 10000.0))
    except Exception as error:
        raise BackboneError(f"backbone {backbone}: config.json cannot be used ({error!r})") from error
    return config


def _read_tokenizer(backbone: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(backbone / "tokenizer.json"))
    except Exception as error:  # tokenizers raises bare Exception
        raise BackboneError(f"backbone {backbone}: tokenizer.json cannot be read ({error})") from error


def _key(checkpoint: Path, backbone: Path) -> str:
    """Changes with anything that the graphs are built from."""
    stat = (backbone / "model.safetensors").stat()
    digest = hashlib.sha256(f"{GRAPH_VERSION} {backbone.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode())
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        digest.update((checkpoint / name).read_bytes())
    return digest.hexdigest()[:24]
