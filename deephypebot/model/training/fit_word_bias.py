"""Fitting the words that attributes ask for (word_bias.py) to training sentences.

`python -m deephypebot.model.training.fit_word_bias CHECKPOINT` fits it again for a checkpoint over a pretrained backbone.

Shapes: N sentences, A attribute inputs, D size of the states, V outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from deephypebot.model.writing.word_bias import FILE, WordBias

Array = np.ndarray[Any, Any]
RANK, DROPOUT, DECAY, RATE = 64, 0.4, 0.03, 2e-3
PASSES, MOST_STEPS, BATCH = 3, 2000, 256


def fit_word_bias(inputs: Array, outputs: Sequence[Sequence[int]], rows: Array, seed: int = 0) -> WordBias:
    """Fit to what is told of sentences, inputs (N, A), and their outputs (each word counts once), with output rows (V, D)."""
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
    rate = torch.optim.lr_scheduler.LambdaLR(tuned, lambda step: 1 - step / max(1, steps))
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
    from deephypebot.model.network.checkpoint import load_checkpoint
    from deephypebot.model.training.train_run import fit_bias

    folder = Path(sys.argv[1])
    (folder / FILE).write_bytes(fit_bias(load_checkpoint(folder), split_builtin().train).to_bytes())


if __name__ == "__main__":
    _main()
