"""Writing with a GRU checkpoint (gru.py) in numpy alone. Each row is computed by itself: it does not hang on the rows beside it.

Shapes: B rows, Z latent dimensions, H hidden size, V output vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from deephypebot.errors import CheckpointError
from deephypebot.model.condition import MAX_LABELS, feature_inputs, kind_index, known_inputs
from deephypebot.model.settings import read_settings
from deephypebot.model.writing.label_grams import label_bag
from deephypebot.types import Attributes

Array = np.ndarray[Any, Any]


class GruEngine:
    """Implements drafts.Engine. Raises CheckpointError for a folder that cannot be used."""

    threads = 1  # numpy's own

    def __init__(self, checkpoint: Path) -> None:
        settings = read_settings(checkpoint)
        try:
            self.tokenizer = Tokenizer.from_str((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
            self.weights = {
                name: w.astype(np.float32) for name, w in load_file(checkpoint / "model.safetensors").items()
            }
            self.latent_dim, self.buckets = int(settings["latent_dim"]), int(settings["label_buckets"])
            self.eos = self.tokenizer.get_vocab_size()
            self._check_shapes()
        except Exception as error:  # tokenizers and safetensors raise their own
            raise CheckpointError(
                f"checkpoint {checkpoint}: its weights or tokenizer cannot be used ({error!r})"
            ) from error
        self.ids, self.heard = np.arange(self.eos + 1), np.zeros((0, 0), np.float32)  # it has no frozen layers
        self.state = self.gates = np.zeros((0, 0), np.float32)

    def encode(self, text: str) -> list[int]:
        """The token ids of a text."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids."""
        text: str = self.tokenizer.decode([i for i in ids if i < self.eos], skip_special_tokens=False)
        return text

    def prior(self, attributes: Attributes, eps: Array) -> Array:
        """eps (B, Z), standard normal -> z (B, Z) of p(z | a)"""
        middle = self.weights["prior.mean"] + self.weights["prior.map"] @ known_inputs(attributes)
        return np.stack([middle + self.weights["prior.chol"] @ row for row in eps.astype(np.float32)])

    def listen(self, text: str) -> Array:
        """Nothing: it has no frozen layers."""
        return np.zeros(0, np.float32)

    def word_bias(self, attributes: Attributes) -> Array:
        """None of it: the GRU hears attributes at each word."""
        return np.zeros(len(self.ids), np.float32)

    def prefix(self, attributes: Attributes, z: Array) -> Array:
        """The attributes as a vector, beside z for each row: (B, Z + A)"""
        known = self._attributes(attributes)
        return np.stack([np.concatenate([row, known]) for row in z.astype(np.float32)])

    def start(self, prefix: Array, z: Array, strength: float = 1.0) -> Array:
        """Logits (B, V) of the first token, from prefix (B, Z + A), which holds z too; it has no plan to press for."""
        self.state = np.stack([np.tanh(self._linear("first_state", row)) for row in prefix])
        self.gates = np.stack([self.weights["writer_code.weight"] @ row for row in prefix])
        self.heard = np.zeros((len(prefix), 0), np.float32)
        return self.step(np.full(len(prefix), self.eos + 1))

    def twin(self) -> GruEngine:
        """One that writes another batch, with the same weights."""
        return copy(self)

    def step(self, tokens: Array) -> Array:
        """Logits (B, V) after one more token id a row, tokens (B,)."""
        rows = zip(tokens.tolist(), self.state, self.gates, strict=True)
        self.state = np.stack([self._next(token, state, gates) for token, state, gates in rows])
        return np.stack([self._logits(state) for state in self.state])

    def keep(self, rows: Array) -> None:
        """Go on with these rows alone, by number and in this order."""
        self.state, self.gates, self.heard = self.state[rows], self.gates[rows], self.heard[rows]

    def _next(self, token: int, state: Array, gates: Array) -> Array:
        """torch.nn.GRU's step, with the share of <z, a> in the gates; all (H,) or (3H,)."""
        entered = self._linear("writer.enter", self.weights["embedding.weight"][token]) + gates
        recurred = self._linear("writer.recur", state)
        size = len(state)
        reset, update = np.split(_sigmoid(entered[: 2 * size] + recurred[: 2 * size]), 2)
        new = np.tanh(entered[2 * size :] + reset * recurred[2 * size :])
        result: Array = new + update * (state - new)
        return result

    def _logits(self, state: Array) -> Array:
        rows = self.weights["embedding.weight"][: self.eos + 1]
        result: Array = rows @ self._linear("to_embedding", state) + self.weights["bias"]
        return result

    def _attributes(self, attributes: Attributes) -> Array:
        w, bag = self.weights, label_bag(attributes.genres[:MAX_LABELS], self.buckets)
        labels = w["attributes.label_empty"]
        if bag:
            labels = np.sum([weight * w["attributes.labels.weight"][bucket] for bucket, weight in bag], axis=0)
        kind = w["attributes.kind.weight"][kind_index(attributes)]
        hidden = self._linear("attributes.mix.0", np.concatenate([labels, feature_inputs(attributes), kind]))
        return self._linear("attributes.mix.2", hidden * _sigmoid(hidden))

    def _linear(self, name: str, x: Array) -> Array:
        result: Array = self.weights[f"{name}.weight"] @ x + self.weights[f"{name}.bias"]
        return result

    def _check_shapes(self) -> None:
        """A text is begun: what is missing or of another size is found before a user waits for it."""
        z = np.zeros((1, self.latent_dim), np.float32)
        for known in (Attributes(), Attributes(genres=("pop",))):
            logits = self.start(self.prefix(known, self.prior(known, z)), z)
        if logits.shape != (1, self.eos + 1) or len(self.weights["attributes.labels.weight"]) != self.buckets:
            raise ValueError(f"the vocabulary has {self.eos + 1}, label_buckets is {self.buckets}")


def _sigmoid(x: Array) -> Array:
    result: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return result
