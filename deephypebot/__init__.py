"""Writes short music commentary about a song. `from deephypebot import load; load().write(song, n=5)`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deephypebot.errors import DeepHypeBotError
from deephypebot.types import Attributes, Candidate, Song

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator

__all__ = ["Attributes", "Candidate", "DeepHypeBotError", "Song", "__version__", "load"]
__version__ = "0.1.0"


def load(checkpoint: Path | None = None, threads: int = 2) -> Commentator:
    """The writer of a checkpoint folder, by default the one that ships with the package.

    The first call fetches the backbone. Raises CheckpointError or BackboneError.
    """
    from deephypebot.model.writing import commentator

    return commentator.load(checkpoint, threads)
