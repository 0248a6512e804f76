"""A training run on disk: parameters and optimizer moments in safetensors, counters in JSON, replaced in one move."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from deephypebot.errors import CheckpointError

NAME = "training.safetensors"


def save_state(
    folder: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Write parameters, AdamW moments and `state` into one file, so that a crash leaves the old one or the new one whole."""
    tensors = {f"parameter.{name}": p.detach().contiguous() for name, p in parameters.items()}
    for name, p in parameters.items():
        for key, value in optimizer.state.get(p, {}).items():
            tensors[f"optimizer.{name}.{key}"] = value.detach().contiguous()
    temporary = folder / f".{NAME}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, metadata={"state": json.dumps(state)})
        os.replace(temporary, folder / NAME)
    except OSError as error:
        raise CheckpointError(f"{folder}: the training state cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def load_state(
    folder: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """Put a saved state back into parameters and optimizer; None where there is none. Raises CheckpointError."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            state: dict[str, Any] = json.loads(file.metadata()["state"])
        with torch.no_grad():
            for name, p in parameters.items():
                p.copy_(tensors.pop(f"parameter.{name}"))
                moments = {
                    key.rsplit(".", 1)[1]: t
                    for key, t in tensors.items()
                    if key.rsplit(".", 1)[0] == f"optimizer.{name}"
                }
                if moments:
                    optimizer.state[p] = moments
    except Exception as error:
        raise CheckpointError(f"{path}: not a training state of this model ({error})") from error
    return state
