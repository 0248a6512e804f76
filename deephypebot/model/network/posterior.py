"""q(z | x) of many sentences (torch)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from deephypebot.types import Sentence


@torch.no_grad()
def posterior(model: Any, sentences: Sequence[Sentence], size: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """mu and logvar of sentences, each (N, Z), in their order, on the CPU."""
    order = np.argsort(model.lengths(sentences), kind="stable")
    rows = [model.encode_sentences([sentences[i] for i in order[at : at + size]]) for at in range(0, len(order), size)]
    inverse = torch.from_numpy(np.argsort(order))
    mu, logvar = (torch.cat([row[i] for row in rows]).cpu()[inverse] for i in (0, 1))
    return mu, logvar
