"""A folder that is written whole or not at all."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from deephypebot.errors import DeepHypeBotError


@contextmanager
def whole_folder(folder: Path, error: type[DeepHypeBotError]) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when all went well; if not, nothing of it stays and the old one does.

    Faults of the disk are raised as `error`.
    """
    if folder.exists() and not folder.is_dir():
        raise error(f"{folder} cannot be written (it is no folder)")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as fault:
        raise error(f"{folder} cannot be written ({fault.strerror or fault})") from fault
    try:
        new = aside / "new"
        new.mkdir()
        yield new
        if folder.exists():
            os.replace(folder, aside / "old")
        os.replace(new, folder)
    except (OSError, SafetensorError) as fault:
        raise error(f"{folder} cannot be written ({getattr(fault, 'strerror', None) or fault})") from fault
    finally:
        recover(folder, aside)


def recover(folder: Path, aside: Path | None = None) -> None:
    """Clear away what writers of `folder` that were killed left beside it; an old one that they had moved away comes back."""
    left = [aside] if aside else map(Path, glob.glob(f"{glob.escape(str(folder.parent / f'.{folder.name}.'))}????????"))
    for path in left:
        if (path / "old").is_dir() and not folder.exists():
            os.replace(path / "old", folder)
        shutil.rmtree(path, ignore_errors=True)
