"""The corpus that ships with the package: original music commentary about invented songs, CC0 (see README.md beside the data)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from deephypebot.corpus.sentences import parse_post
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.types import Sentence


@cache
def _sentences() -> tuple[Sentence, ...]:
    names = sorted(entry.name for entry in files(__name__).iterdir() if entry.name.endswith(".jsonl"))
    lines = [line for name in names for line in files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()]
    return tuple(sentence for line in lines for sentence in parse_post(line))


def load_builtin() -> list[Sentence]:
    """All 10,725 sentences, in the order of the files."""
    return list(_sentences())


def split_builtin() -> Split:
    """The frozen split: 90/5/5 by post."""
    return split_sentences(_sentences())
