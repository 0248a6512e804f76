"""What a reader would think of a text: the mark, 0 to 3, that readers of drafts would give it.

A small writer builds sentences that hold together and mean nothing ("the guitar is the voice of the guitar"). Neither its own
likelihood nor the odds that a text is the corpus's (realism.py) tell sense from nonsense; people do. So drafts of the model were read
and marked (data/marks.jsonl), and a ridge regression foretells the mark from what the frozen lower layers hear of a text, their mean
state, and from a few counts of its words. It is a reward model (Stiennon et al. 2020, arXiv 2009.01325) as small as its data, used to
choose among drafts. As the layers are frozen, the marks serve every writer over the same backbone.

Shapes: N texts, S size of a state, C counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from deephypebot.model.beside import read_beside
from deephypebot.model.measures import words

Array = np.ndarray[Any, Any]
FILE = "reader.safetensors"
MOST = 3.0  # marks: 0 nonsense or broken, 1 nearly, 2 could be posted as it stands, 3 one would quote it
LONG = 4  # letters of a word of content
COUNTS = 6


def counts(text: str) -> Array:
    """Words and their square, the share of different words, how often the commonest long word stands, the share of different long
    words, commas: (C,)"""
    said = words(text)
    known = Counter(word for word in said if len(word) >= LONG)
    number, long = max(1, len(said)), max(1, known.total())
    most = max(known.values(), default=0)
    told = [number, number**2 / 20, len({*said}) / number, most, len(known) / long, text.count(",")]
    return np.array(told, np.float32)


@dataclass(frozen=True)
class Reader:
    """heard (S,), counts (C,), bias (1,): weights of what is heard and counted, as they are."""

    heard: Array
    counts: Array
    bias: Array

    def __call__(self, text: str, heard: Array) -> float:
        """A text, slots unfilled, and what is heard of it (S,) -> the mark foretold, 0 to MOST; 0 where nothing is heard."""
        if not len(heard):
            return 0.0
        return float(np.clip(self.heard @ heard + self.counts @ counts(text) + self.bias[0], 0, MOST))

    def to_bytes(self) -> bytes:
        """The safetensors file."""
        parts = {"heard": self.heard, "counts": self.counts, "bias": self.bias}
        return save({name: part.astype(np.float32) for name, part in parts.items()})


def load_reader(checkpoint: Path, size: int) -> Reader | None:
    """That of a checkpoint folder whose states have `size` numbers, None where it has none. Raises CheckpointError for a file that
    cannot be used."""
    return read_beside(checkpoint, FILE, lambda path: _read(path, size))


def _read(path: Path, size: int) -> Reader:
    tensors = load_file(path)
    reader = Reader(tensors["heard"], tensors["counts"], tensors["bias"])
    for name, part, length in (
        ("heard", reader.heard, size),
        ("counts", reader.counts, COUNTS),
        ("bias", reader.bias, 1),
    ):
        if part.shape != (length,) or not np.isfinite(part).all():
            raise ValueError(f"{name} is no row of {length} numbers")
    return reader
