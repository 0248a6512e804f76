"""Which words attributes ask for: log p(w | a), a unigram model fitted to the training sentences after training.

Given a plan z the writer has next to nothing to learn from attributes, so it hardly listens to them (dev/LOG.md). What they say of
words alone is little, but plain: `skank` for reggae, `tremolo` for black metal. It is a log-bilinear model over the writer's own
output rows, so that rare words share what their neighbours have learned, with a correction for each word. Added to the logits it
steers as the bags of words of PPLM do (Dathathri et al. 2020, arXiv 1912.02164):

    log p(w | a) = base_w + words_w . read a + constant,    words_w = ask rows_w + own_w

Shapes: A attribute inputs, R rank, V outputs. numpy alone; fit_word_bias.py fits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from deephypebot.model.beside import read_beside

Array = np.ndarray[Any, Any]
FILE = "word_bias.safetensors"


@dataclass(frozen=True)
class WordBias:
    """read (R, A) and words (V, R); nothing is asked where nothing is told."""

    read: Array
    words: Array

    def __call__(self, inputs: Array) -> Array:
        """(A,), what is told less what is told when there is nothing -> (V,), to add to logits, in nats."""
        bias: Array = self.words @ (self.read @ inputs)
        return bias

    def to_bytes(self) -> bytes:
        """The safetensors file, fp16."""
        return save({"read": self.read.astype(np.float16), "words": self.words.astype(np.float16)})


def load_word_bias(checkpoint: Path) -> WordBias | None:
    """That of a checkpoint folder, None where it has none. Raises CheckpointError for a file that cannot be used."""
    return read_beside(checkpoint, FILE, _read)


def _read(path: Path) -> WordBias:
    tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
    bias = WordBias(tensors["read"], tensors["words"])
    if len(bias(np.zeros(bias.read.shape[1], np.float32)).shape) != 1:
        raise ValueError("read and words are no matrices")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("it holds numbers that are not finite")
    return bias
