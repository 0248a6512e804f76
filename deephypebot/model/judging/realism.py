"""Whether a text reads like those it was to be like: log p(text is the corpus's) - log p(it is the writer's), by what frozen layers hear.

A small writer drifts into sentences that no person would write, and cannot tell: its own likelihood is highest for the dullest of
them. But the frozen lower layers of its backbone, which it never trained, can be asked. A logistic regression on their mean state over
the words tells corpus text from drafts; drafts are chosen by its odds, so that what is chosen is nearer to the corpus (rejection
sampling by a discriminator, Azadi et al. 2019, arXiv 1810.06758; the realism constraint of Engel et al. 2018, on text).

Shapes: N texts, S size of a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from deephypebot.model.beside import read_beside

Array = np.ndarray[Any, Any]
FILE = "realism.safetensors"


@dataclass(frozen=True)
class Realism:
    """weight (S,), bias (1,): of the states as they are."""

    weight: Array
    bias: Array

    def __call__(self, heard: Array) -> float:
        """What is heard of a text (S,) -> the log of the odds that it is the corpus's; 0 where nothing is heard."""
        return float(self.weight @ heard + self.bias[0]) if len(heard) else 0.0

    def to_bytes(self) -> bytes:
        """The safetensors file."""
        return save({"weight": self.weight.astype(np.float32), "bias": self.bias.astype(np.float32)})


def load_realism(checkpoint: Path, size: int) -> Realism | None:
    """That of a checkpoint folder whose states have `size` numbers, None where it has none. Raises CheckpointError for a file that
    cannot be used."""
    return read_beside(checkpoint, FILE, lambda path: _read(path, size))


def _read(path: Path, size: int) -> Realism:
    tensors = load_file(path)
    weight, bias = tensors["weight"], tensors["bias"]
    if weight.shape != (size,) or bias.shape != (1,) or not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError(f"weight and bias are no row of {size} numbers and a number")
    return Realism(weight, bias)
