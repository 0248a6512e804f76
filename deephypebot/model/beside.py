"""Small files that lie beside the weights of a checkpoint: each may be missing, is read whole or refused, and written in one move."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deephypebot.errors import CheckpointError

T = TypeVar("T")


def read_beside(checkpoint: Path, name: str, read: Callable[[Path], T]) -> T | None:
    """What `read` makes of a file, None where there is none. Raises CheckpointError, with what `read` raised, for one that cannot be used."""
    path = checkpoint / name
    if not os.path.lexists(path):
        return None
    try:
        return read(path)
    except Exception as error:  # safetensors raises its own
        reason = error if isinstance(error, ValueError) else repr(error)
        raise CheckpointError(f"checkpoint {checkpoint}: {name} cannot be used ({reason})") from error


def check_beside(checkpoint: Path, name: str) -> None:
    """Raises CheckpointError where a file could not be written: before the work that it is for."""
    path = checkpoint / f".{name}.{os.getpid()}"
    try:
        path.touch()
    except OSError as error:
        raise CheckpointError(f"checkpoint {checkpoint}: {name} cannot be written ({error.strerror})") from error
    finally:
        path.unlink(missing_ok=True)


def write_beside(checkpoint: Path, name: str, data: bytes) -> None:
    """Raises CheckpointError when the disk refuses; what was there then stays."""
    temporary = checkpoint / f".{name}.{os.getpid()}"
    try:
        temporary.write_bytes(data)
        os.replace(temporary, checkpoint / name)
    except OSError as error:
        raise CheckpointError(f"checkpoint {checkpoint}: {name} cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
