"""A toy language model for tests of writing: it knows a few phrases by heart and goes on as one of them might."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from deephypebot.model.writing.decode import Array
from deephypebot.types import Attributes


class PhraseEngine:
    """Implements drafts.Engine over the words of `phrases`; a word that no phrase would go on with has no chance."""

    latent_dim, threads = 2, 2

    def __init__(self, phrases: Sequence[str]) -> None:
        self.words = ["<end>", *sorted({word for phrase in phrases for word in self.split(phrase)})]
        self.ids, self.eos = np.arange(len(self.words)) + 10, 10
        self.known = [[self.words.index(word) for word in self.split(phrase)] + [0] for phrase in phrases]
        self.rows: list[list[int]] = []
        self.heard = np.zeros((0, 1), np.float32)  # the number of each row's last word
        self.batches: list[int] = []

    @staticmethod
    def split(phrase: str) -> list[str]:
        """Words with the space before them."""
        first, *rest = phrase.split(" ")
        return [first, *(f" {word}" for word in rest)]

    def encode(self, text: str) -> list[int]:
        return [self.words.index(text) + 10]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.words[i - 10] for i in ids if i != self.eos)

    def prior(self, attributes: Attributes, eps: Array) -> Array:
        return eps

    def prefix(self, attributes: Attributes, z: Array) -> Array:
        return np.zeros((len(z), 1, 1), np.float32)

    def listen(self, text: str) -> Array:
        numbers = [self.words.index(word) for word in self.split(text)]
        return np.array([np.mean(numbers)], np.float32)

    def word_bias(self, attributes: Attributes) -> Array:
        return np.zeros(len(self.words), np.float32)

    def twin(self) -> PhraseEngine:
        return copy(self)  # with the same list of batches

    def start(self, prefix: Array, z: Array, strength: float = 1.0) -> Array:
        self.rows = [[] for _ in prefix]
        self.batches.append(len(prefix))
        self.heard = np.zeros((len(prefix), 1), np.float32)
        return self._logits()

    def step(self, tokens: Array) -> Array:
        for row, token in zip(self.rows, tokens, strict=True):
            row.append(int(token) - 10)
        self.heard = np.array([[row[-1]] for row in self.rows], np.float32)
        return self._logits()

    def keep(self, rows: Array) -> None:
        self.rows, self.heard = [self.rows[row] for row in rows], self.heard[rows]

    def _logits(self) -> Array:
        logits = np.full((len(self.rows), len(self.words)), -30.0, np.float32)
        for logit, row in zip(logits, self.rows, strict=True):
            for phrase in self.known:
                if phrase[: len(row)] == row and len(phrase) > len(row):
                    logit[phrase[len(row)]] = 0.0
        return logits
