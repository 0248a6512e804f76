"""The corpus that ships with the package: original music commentary about invented songs, CC0 (see README.md beside the data)."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from deephypebot.corpus.split import Split, normalised, split_sentences
from deephypebot.corpus.text_files import parse_post
from deephypebot.types import Sentence

FROZEN = (
    12  # w1 to w12 were split; what was written later is there to learn from, and the held-out parts stay as they are
)


@cache
def _sentences(later: bool) -> tuple[Sentence, ...]:
    """Those of the files that were split, or of the later ones."""
    names = sorted(entry.name for entry in files(__name__).iterdir() if re.fullmatch(r"w\d+\.jsonl", entry.name))
    names = [name for name in names if (int(name[1:-6]) > FROZEN) == later]
    lines = [line for name in names for line in files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()]
    return tuple(sentence for line in lines for sentence in parse_post(line))


def load_builtin() -> list[Sentence]:
    """All sentences, in the order of the files."""
    return [*_sentences(False), *_sentences(True)]


def split_frozen() -> Split:
    """w1 to w12 alone, 90/5/5 by post: what the judges and the first checkpoints were fitted to."""
    return split_sentences(_sentences(False))


def split_builtin() -> Split:
    """The frozen split, and the later files to train on, but for what is held out."""
    split = split_frozen()
    held_out = {normalised(sentence.text) for sentence in [*split.valid, *split.test]}
    later = [sentence for sentence in _sentences(True) if normalised(sentence.text) not in held_out]
    return Split([*split.train, *later], split.valid, split.test)
