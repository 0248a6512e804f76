"""Sentences from files: plain text, one a line, or JSONL with attributes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deephypebot.errors import InputError, shown
from deephypebot.types import FEATURES, Attributes, Sentence

MAX_CHARACTERS = 2000


def read_text(path: Path) -> list[Sentence]:
    """One sentence a line, blank lines skipped; each line is a post of its own. Raises InputError naming file and line."""
    return [
        Sentence(line.strip(), _digest(line.strip())) for number, line in _lines(path) if _checked(path, number, line)
    ]


def read_jsonl(path: Path) -> list[Sentence]:
    """A post a line, as the built-in corpus has them, or a sentence a line: {"text", "post"?, "kind"?, "genres"?, "energy"? ...}.

    Raises InputError naming file and line.
    """
    sentences: list[Sentence] = []
    for number, line in _lines(path):
        try:
            sentences += parse_post(line)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else error
            raise InputError(f"{path}, line {number}: {reason}") from error
    return sentences


def parse_post(line: str) -> list[Sentence]:
    """The sentences of one JSON line. Raises ValueError, KeyError or TypeError where it is not one."""
    row: dict[str, Any] = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"{str(line)[:40]!r} is not a JSON object")
    known: dict[str, Any] = {name: row.get(name) for name in FEATURES}
    genres = row.get("genres") or []
    if not isinstance(genres, list):
        raise ValueError(f"genres is {shown(genres)}; allowed is a list of labels")
    known["genres"] = tuple(genres)
    texts = row["sentences"] if "sentences" in row else [{"text": row["text"], "kind": row.get("kind")}]
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"sentences is {shown(texts)}; allowed is a list that is not empty")
    for sentence in texts:
        if not isinstance(sentence, dict):
            raise ValueError(f"sentence is {shown(sentence)}; allowed is an object with text")
    post = str(row.get("id") or row.get("post") or _digest(_text(texts[0]["text"])))
    for value in (post, *(label for label in genres if isinstance(label, str))):
        _refuse_surrogates(value)
    return [Sentence(_text(s["text"]), post, Attributes(**known, kind=s.get("kind"))) for s in texts]


def _text(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text is {shown(text)}; allowed is a string that is not empty")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"text has {len(text)} characters; allowed are {MAX_CHARACTERS}")
    _refuse_surrogates(text)
    return " ".join(text.split())


def _refuse_surrogates(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{shown(text)} holds a lone surrogate; allowed is Unicode text")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a UTF-8 file that are not blank."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _checked(path: Path, number: int, line: str) -> bool:
    if len(line) > MAX_CHARACTERS:
        raise InputError(f"{path}, line {number}: {len(line)} characters; allowed are {MAX_CHARACTERS}")
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
