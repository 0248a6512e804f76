"""Topics of sentences, by latent Dirichlet allocation (Blei, Ng, Jordan 2003): what they are of a text, and their file.

fit_topics.py finds them, with scikit-learn; reading them is numpy alone. Shapes: K topics, V words, N texts, L words of a text.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from deephypebot.errors import InputError, shown

Floats = NDArray[np.floating[Any]]
SHIPPED = Path(__file__).parent / "data" / "topics.safetensors"
FORMAT = "deephypebot-topics-1"
FILES_KEPT = 8  # that are not read again
TOPICS = (2, 50)  # how many there may be
MAX_STEPS, TOLERANCE = 100, 1e-3  # of the E step, as scikit-learn has them
SLOT = re.compile(r"\{(?:artist|title)\}(?:['’]s?)?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Topics:
    """K topics, the largest first. weight (K, V) float32: the Dirichlet parameters of each topic's words; alpha: of a text's topics;
    examples: typical sentences of each; about: how they were fitted and what they are worth (fit_topics.py)."""

    weight: NDArray[np.float32]
    vocabulary: tuple[str, ...]
    alpha: float
    examples: tuple[tuple[str, ...], ...]
    about: dict[str, Any]

    @property
    def number(self) -> int:
        """K"""
        return len(self.weight)

    @property
    def word_probs(self) -> Floats:
        """p(word | topic): (K, V)"""
        result: Floats = self.weight / self.weight.sum(1, keepdims=True)
        return result

    @property
    def shares(self) -> Floats:
        """How much of the training text each topic wrote: (K,)"""
        sums = self.weight.sum(1)
        result: Floats = sums / sums.sum()
        return result

    def probs(self, texts: Sequence[str]) -> Floats:
        """p(topic | text): (N, K), by the E step of Hoffman, Blei and Bach 2010. Without a known word all are as likely."""
        return np.stack([self._probs(text) for text in texts]) if texts else np.zeros((0, self.number))

    def _probs(self, text: str) -> Floats:
        index = _index(self.vocabulary)
        bag = Counter(index[word] for word in words_of(text) if word in index)
        if not bag:
            return np.full(self.number, 1 / self.number)
        counts, told = np.array([*bag.values()], float), self._expected()[:, [*bag]]
        gamma = np.ones(self.number)
        for _ in range(MAX_STEPS):
            last, drawn = gamma, np.exp(digamma(gamma) - digamma(gamma.sum()))
            gamma = self.alpha + drawn * (told @ (counts / (drawn @ told + 1e-100)))
            if np.abs(gamma - last).mean() < TOLERANCE:
                break
        result: Floats = gamma / gamma.sum()
        return result

    def _expected(self) -> Floats:
        """exp E[log p(word | topic)]: (K, V)"""
        return _expected(self)

    def top_words(self, k: int, number: int = 10) -> tuple[str, ...]:
        """The likeliest words of a topic. Raises InputError where there is no such topic."""
        best = np.argsort(-self.weight[self.checked(k)], kind="stable")[:number]
        return tuple(self.vocabulary[i] for i in best)

    def checked(self, k: int) -> int:
        """k. Raises InputError where there is no such topic."""
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k < self.number:
            raise InputError(f"topic is {shown(k)}; allowed is a whole number from 0 to {self.number - 1}")
        return k

    def to_bytes(self) -> bytes:
        """A safetensors file."""
        texts = {"vocabulary": self.vocabulary, "examples": self.examples, "about": self.about, "alpha": self.alpha}
        return save({"weight": self.weight}, {"format": FORMAT, "texts": json.dumps(texts)})


@lru_cache(FILES_KEPT)
def _index(vocabulary: tuple[str, ...]) -> dict[str, int]:
    return {word: i for i, word in enumerate(vocabulary)}


@lru_cache(FILES_KEPT)
def _expected(topics: Topics) -> Floats:
    weight = topics.weight.astype(float)
    result: Floats = np.exp(digamma(weight) - digamma(weight.sum(1, keepdims=True)))
    return result


def digamma(x: Any) -> Any:
    """The slope of log gamma, for x above 0 (Abramowitz and Stegun 6.3.5 and 6.3.18)."""
    x = np.asarray(x, float)
    y = x + 6
    series = np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6)
    return series - sum(1 / (x + i) for i in range(6))


def words_of(text: str) -> list[str]:
    """The words of a text in small letters: no slots, no numbers, no single letters; "band's" is "band", "don't" is none."""
    found = re.findall(r"\w+(?:['’]\w+)*", SLOT.sub(" ", text).lower())
    heads = [re.split("['’]", word)[0] for word in found if not re.search("n['’]t$", word)]
    return [head for head in heads if len(head) > 1 and head.isalpha()]


@lru_cache(FILES_KEPT)
def load_topics(path: Path = SHIPPED) -> Topics:
    """Those of a file, by default the shipped ones, of the built-in corpus. Raises InputError for a file that cannot be used."""
    if not path.is_file():
        raise InputError(f"topics {path}: there is no such file; `deephypebot topics fit` writes it")
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            weight = file.get_tensor("weight")
        if about.get("format") != FORMAT:
            raise ValueError(f"format is {shown(about.get('format'))}")
        texts = json.loads(about["texts"])
        examples = tuple(tuple(map(str, some)) for some in texts["examples"])
        topics = Topics(weight, tuple(texts["vocabulary"]), float(texts["alpha"]), examples, dict(texts["about"]))
        _check(topics)
    except Exception as error:  # safetensors raises its own
        reason = error if isinstance(error, ValueError) else repr(error)
        raise InputError(f"topics {path}: the file cannot be used ({reason})") from error
    return topics


def _check(topics: Topics) -> None:
    """Raises ValueError where the parts do not fit together."""
    low, high = TOPICS
    if topics.weight.dtype != np.float32 or topics.weight.ndim != 2 or not low <= topics.number <= high:
        raise ValueError("its weight is no table of topics")
    if not (np.isfinite(topics.weight).all() and (topics.weight > 0).all() and topics.alpha > 0):
        raise ValueError("its numbers are not above 0")
    if len(topics.vocabulary) != topics.weight.shape[1] or not all(isinstance(w, str) for w in topics.vocabulary):
        raise ValueError("its words do not fit its weight")
    if len(topics.examples) != topics.number:
        raise ValueError("its examples do not fit its weight")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one move. Raises InputError when the disk refuses; what was there then stays."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
