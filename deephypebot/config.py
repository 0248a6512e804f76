"""Where deephypebot keeps things: never in the checkout, never beside the installed package."""

from __future__ import annotations

import os
from pathlib import Path

from deephypebot.errors import CheckpointError, InputError

NAME = "deephypebot"
SHIPPED = "smollm2-cvae"


def cache_dir() -> Path:
    """What can be made again: backbones, states, inference graphs. DEEPHYPEBOT_CACHE moves it."""
    return _place("DEEPHYPEBOT_CACHE", "user_cache_dir")


def state_dir() -> Path:
    """What cannot: runs under way. DEEPHYPEBOT_STATE moves it."""
    return _place("DEEPHYPEBOT_STATE", "user_state_dir")


def deepmoji_dir() -> Path | None:
    """The folder that DEEPHYPEBOT_DEEPMOJI names, with DeepMoji's weights (model/judging/deepmoji.py); None where it is not set."""
    folder = os.environ.get("DEEPHYPEBOT_DEEPMOJI")
    return Path(folder) if folder else None


def shipped_checkpoint() -> Path:
    """The checkpoint folder that ships with the package. Raises CheckpointError where it is missing."""
    folder = Path(__file__).parent / "checkpoints" / SHIPPED
    if not folder.is_dir():
        raise CheckpointError(f"checkpoint {folder} is missing; install the package again, or give another folder")
    return folder


def _place(variable: str, function: str) -> Path:
    if moved := os.environ.get(variable):
        try:
            return Path(moved).expanduser()
        except RuntimeError as error:
            raise InputError(f"{variable} is {moved!r}; allowed is a folder ({error})") from error
    import platformdirs

    return Path(getattr(platformdirs, function)(NAME))
