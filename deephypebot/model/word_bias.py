"""Which words attributes ask for: log p(w | a), a unigram model fitted to the training sentences after training.

Given a plan z the writer has next to nothing to learn from attributes, so it hardly listens to them (dev/LOG.md). What they say of
words alone is little, but plain: `skank` for reggae, `tremolo` for black metal. It is a log-bilinear model over the writer's own
output rows, so that rare words share what their neighbours have learned, with a correction for each word. Added to the logits it
steers as the bags of words of PPLM do (Dathathri et al. 2020, arXiv 1912.02164):

    log p(w | a) = base_w + words_w . read a + constant,    words_w = ask rows_w + own_w

`python -m deephypebot.model.word_bias CHECKPOINT` fits it again for a checkpoint over a pretrained backbone.

Shapes: A attribute inputs, R rank, D size of the states, V outputs, N sentences. Reading is numpy alone, fitting is torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from deephypebot.errors import CheckpointError

Array = np.ndarray[Any, Any]
FILE = "word_bias.safetensors"
RANK, DROPOUT, DECAY, RATE = 64, 0.4, 0.03, 2e-3
PASSES, MOST_STEPS, BATCH = 3, 2000, 256


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
    path = checkpoint / FILE
    if not path.exists():
        return None
    try:
        tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
        bias = WordBias(tensors["read"], tensors["words"])
        bias(np.zeros(bias.read.shape[1], np.float32))
    except Exception as error:  # safetensors raises its own
        raise CheckpointError(f"checkpoint {checkpoint}: {FILE} cannot be used ({error!r})") from error
    return bias


def fit_word_bias(inputs: Array, outputs: Sequence[Sequence[int]], rows: Array, seed: int = 0) -> WordBias:
    """Fit to what is told of sentences, inputs (N, A), and their outputs (each word counts once), with output rows (V, D)."""
    import torch
    from torch.nn import functional as F

    dice = torch.Generator().manual_seed(seed)
    mean, spread = inputs.mean(0), inputs.std(0)
    scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0).astype(np.float32)
    x = torch.from_numpy(((inputs - mean) * scale).astype(np.float32))
    table = torch.from_numpy((rows - rows.mean(0)).astype(np.float32))
    bags = [torch.tensor(sorted({*sentence})) for sentence in outputs]
    base = (torch.bincount(torch.cat(bags), minlength=len(table)) + 0.5).log()
    read = torch.normal(0.0, 0.03, (RANK, x.shape[1]), generator=dice).requires_grad_()
    ask, own = (torch.zeros(size, RANK, requires_grad=True) for size in (table.shape[1], len(table)))
    tuned = torch.optim.AdamW([read, ask, own], lr=RATE, weight_decay=DECAY)
    steps = min(MOST_STEPS, max(1, PASSES * len(x) // BATCH)) if scale.any() else 0
    rate = torch.optim.lr_scheduler.LambdaLR(tuned, lambda step: 1 - step / steps)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(x), generator=dice)])
        batch, order = order[:BATCH], order[BATCH:]
        found = torch.zeros(len(batch), len(table))
        for row, i in zip(found, batch.tolist(), strict=True):
            row[bags[i]] = 1.0
        kept = (torch.rand(len(batch), RANK, generator=dice) >= DROPOUT) / (1 - DROPOUT)
        logits = base + (kept * (x[batch] @ read.T)) @ (table @ ask + own).T
        loss = -(found * F.log_softmax(logits, -1)).sum(-1).mean()
        tuned.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        tuned.step()
        rate.step()
    return WordBias(read.detach().numpy() * scale, (table @ ask + own).detach().numpy())


def _main() -> None:
    import sys

    from deephypebot.corpus.builtin import split_builtin
    from deephypebot.model.checkpoint import load_checkpoint
    from deephypebot.model.train_run import fit_bias

    folder = Path(sys.argv[1])
    (folder / FILE).unlink(missing_ok=True)
    (folder / FILE).write_bytes(fit_bias(load_checkpoint(folder), split_builtin().train).to_bytes())


if __name__ == "__main__":
    _main()
