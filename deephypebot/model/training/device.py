"""Where a model over a pretrained backbone trains (torch)."""

from __future__ import annotations

import torch

from deephypebot.errors import InputError


def pick_device(name: str) -> torch.device:
    """cpu, cuda, or auto for the faster one that is there. Raises InputError for one that is not."""
    there = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("auto", "cpu", there):
        raise InputError(f"device is {name!r}; allowed are {', '.join(sorted({'auto', 'cpu', there}))}")
    return torch.device(there if name == "auto" else name)
