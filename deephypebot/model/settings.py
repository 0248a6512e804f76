"""The config.json of a checkpoint folder; no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deephypebot.errors import CheckpointError


def read_settings(folder: Path) -> dict[str, Any]:
    """config.json of a checkpoint. Raises CheckpointError naming what is wrong."""
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(
            f"checkpoint {folder}: config.json is missing; give a folder that `deephypebot train cvae` wrote"
        )
    try:
        settings: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise CheckpointError(f"checkpoint {folder}: config.json cannot be read ({error})") from error
    if not isinstance(settings, dict):
        raise CheckpointError(f"checkpoint {folder}: config.json is {type(settings).__name__}, not a JSON object")
    return settings
