"""A training run on disk: parameters and optimizer moments in safetensors, counters in JSON, replaced in one move."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from deephypebot.errors import CheckpointError

NAME = "training.safetensors"


def save_state(
    folder: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Write parameters, AdamW moments and `state` into one file, so that a crash leaves the old one or the new one whole.

    state["settings"] is what load_state compares. Raises CheckpointError when the disk refuses; nothing half-written stays.
    """
    tensors = {f"parameter.{name}": p.detach().contiguous() for name, p in parameters.items()}
    for name, p in parameters.items():
        for key, value in optimizer.state.get(p, {}).items():
            tensors[f"optimizer.{name}.{key}"] = value.detach().contiguous()
    temporary = folder / f".{NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, metadata={"state": json.dumps(state)})
        os.replace(temporary, folder / NAME)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
            folder.rmdir()  # where it holds no older state
        raise CheckpointError(f"{folder}: the training state cannot be written ({reason})") from error


def load_state(
    folder: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, settings: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Put a saved state back into parameters and optimizer; None where there is none.

    Raises CheckpointError where it cannot be used, or where the run was begun with other settings.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            state: dict[str, Any] = json.loads(file.metadata()["state"])
            _check_settings(folder, state.get("settings") or state["config"], settings)
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        with torch.no_grad():
            for name, p in parameters.items():
                p.copy_(tensors.pop(f"parameter.{name}"))
                stem = f"optimizer.{name}."
                if moments := {key.removeprefix(stem): t for key, t in tensors.items() if key.startswith(stem)}:
                    optimizer.state[p] = {key: t.to(p.device) for key, t in moments.items()}
    except CheckpointError:
        raise
    except Exception as error:  # safetensors and torch raise their own
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{path}: not a training state of this model ({reason})") from error
    return state


def _check_settings(folder: Path, begun: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """CheckpointError for the first setting that differs; one that only one side knows is no difference."""
    for name in now:
        if name in begun and begun[name] != now[name]:
            raise CheckpointError(
                f"{folder}: this run was begun with {name} {begun[name]!r}, not {now[name]!r}; "
                "go on with that, remove the folder, or train into another"
            )
