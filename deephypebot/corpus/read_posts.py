"""Posts from files: JSONL, CSV or Parquet with named columns, the exports of the 2018 project and MusicCaps's own file among them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deephypebot.errors import InputError, shown
from deephypebot.services.musiccaps import parse_row
from deephypebot.types import Document

LONGEST = 1_000_000  # characters of a text that are kept; nobody writes longer posts
LONGEST_LINE = 20_000_000
COLUMNS: dict[
    str, tuple[str, ...]
] = {  # a field of Document, and the columns that it is read from, the first that is there
    "url": ("url", "link", "address"),
    "title": ("title", "headline"),
    "text": ("text", "content", "body", "caption"),
    "author": ("author", "by"),
    "site": ("site", "domain", "host", "blog"),
    "published": ("published", "date_published", "date"),
    "language": ("language", "lang"),
    "licence": ("licence", "license", "rights"),
    "source": ("source",),
    "artist": ("artist", "artist_name"),
    "song": ("song", "track", "song_title", "track_name"),
    "genres": ("genres", "tags"),
}
OF_MUSICCAPS = {"ytid", "caption", "aspect_list"}
SUFFIXES = {".jsonl": "JSONL", ".ndjson": "JSONL", ".csv": "CSV", ".parquet": "Parquet"}


@dataclass(frozen=True)
class Unreadable:
    """A row that is no post. where: file and line, or address; reason: one of few, so that they can be counted."""

    where: str
    reason: str


def read_posts(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Document | Unreadable]:
    """Every row of a file, in order. columns: where a field of Document stands under another name than COLUMNS has.

    Raises InputError for a file that cannot be read, and for a column that it does not have.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: allowed are files that end in {', '.join(SUFFIXES)}")
    for field in columns or {}:
        if field not in COLUMNS:
            raise InputError(f"column {shown(field)} is no field of a post; allowed are {', '.join(COLUMNS)}")
    rows = {"JSONL": _json_rows, "CSV": _csv_rows, "Parquet": _parquet_rows}[kind](path)
    is_checked = kind == "JSONL"
    try:
        for where, row in rows:
            if isinstance(row, Mapping) and not is_checked:
                _refuse_missing(path, row, columns or {})
                is_checked = True
            yield to_document(where, row, columns or {})
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def to_document(where: str, row: object, columns: Mapping[str, str]) -> Document | Unreadable:
    """A row as a post; what is no text is left out, but the text itself must be one."""
    if isinstance(row, Unreadable):
        return row
    if not isinstance(row, Mapping):
        return Unreadable(where, "no object")
    if row.keys() >= OF_MUSICCAPS and not columns:
        return parse_row({"row": row}) or Unreadable(where, "no text")
    found: dict[str, Any] = {}
    for field, names in COLUMNS.items():
        names = (columns[field],) if field in columns else names
        found[field] = next((row[name] for name in names if row.get(name) not in (None, "")), None)
    text = found.pop("text")
    if not isinstance(text, str) or not text.strip():
        return Unreadable(where, "no text")
    genres = _labels(found.pop("genres"))
    texts: dict[str, Any] = {field: _one_line(value) for field, value in found.items()}
    return Document(text=_clean(text[:LONGEST]), genres=genres, **texts)


def _one_line(value: object) -> str:
    return _clean(" ".join(value.split())[:2000]) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Without lone surrogates, which cannot be written, and NUL, which databases refuse."""
    return re.sub("[\ud800-\udfff\x00]", "\ufffd", text) if re.search("[\ud800-\udfff\x00]", text) else text


def _labels(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = re.split(r"[,;|]", value)
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(" ".join(label.split()) for label in value if isinstance(label, str) and label.strip())[:16]


def _refuse_missing(path: Path, row: Mapping[str, object], columns: Mapping[str, str]) -> None:
    for name in columns.values():
        if name not in row:
            raise InputError(f"{path}: there is no column {shown(name)}; there are {', '.join(map(str, row))[:300]}")
    if "text" not in columns and not any(name in row for name in COLUMNS["text"]):
        raise InputError(
            f"{path}: no column has a text; say which with --column text=NAME ({', '.join(map(str, row))[:300]})"
        )


def _json_rows(path: Path) -> Iterator[tuple[str, object]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            where = f"{path.name}:{number}"
            if not line.strip():
                continue
            try:
                yield where, json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError):
                yield where, Unreadable(where, "no JSON")


def _csv_rows(path: Path) -> Iterator[tuple[str, object]]:
    csv.field_size_limit(LONGEST_LINE)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        while True:
            where = f"{path.name}:{reader.line_num + 1}"
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield where, Unreadable(where, "no line of CSV")
                continue
            yield where, {str(name): value for name, value in row.items() if name is not None}


def _parquet_rows(path: Path) -> Iterator[tuple[str, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: is no Parquet file ({str(error).splitlines()[0]})") from error
    number = 0
    for batch in file.iter_batches(batch_size=500):
        for row in batch.to_pylist():
            number += 1
            yield f"{path.name}:{number}", row
