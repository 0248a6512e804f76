"""A corpus that `corpus build` wrote, as sentences to train on. Its split is frozen in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deephypebot.corpus.split import Split, normalised
from deephypebot.errors import InputError, shown
from deephypebot.types import FEATURES, TEMPO_RANGE_BPM, Attributes, Sentence

FORMAT = "deephypebot-corpus-1"
SLOTS = frozenset(("artist", "title"))  # that a writer can fill; sentences with others are left out
MOST_GENRES = 4


def split_folder(folder: Path) -> Split:
    """The sentences of a folder by the parts that are written in it. Raises InputError for a folder that is no corpus."""
    parts: dict[str, list[Sentence]] = {"train": [], "valid": [], "test": []}
    seen: set[str] = set()
    for row in read_rows(folder):
        slots = set(re.findall(r"\{(\w+)\}", row["text"]))
        if slots <= SLOTS and row["split"] in parts and (key := normalised(row["text"])) not in seen:
            seen.add(key)
            parts[row["split"]].append(Sentence(row["text"], str(row["post"]), attributes_of(row)))
    return Split(parts["train"], parts["valid"], parts["test"])


def attributes_of(row: dict[str, Any]) -> Attributes:
    """What is known of a sentence's song; a number that cannot be is not known."""
    numbers: dict[str, Any] = {}
    for name in FEATURES:
        low, high = TEMPO_RANGE_BPM if name == "tempo" else (0.0, 1.0)
        value = row.get(name)
        numbers[name] = float(value) if isinstance(value, (int, float)) and low <= value <= high else None
    return Attributes(genres=tuple(row.get("genres") or ())[:MOST_GENRES], **numbers)


def read_rows(folder: Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of sentences.parquet. Raises InputError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_folder(folder)
    try:
        for batch in pq.ParquetFile(folder / "sentences.parquet").iter_batches(batch_size=5000, columns=columns):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"corpus {folder}: sentences.parquet cannot be read ({str(error).splitlines()[0]})") from error


def check_folder(folder: Path) -> None:
    """Raises InputError where a folder is no corpus."""
    try:
        about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"corpus {folder}: is no corpus; `deephypebot corpus build INPUT --out DIR` writes one"
        ) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else about
        raise InputError(f"corpus {folder}: format is {shown(found)}; allowed is {FORMAT}")
