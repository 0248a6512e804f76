"""A file of songs, one JSON object a line, read as a stream; a broken line costs only itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from deephypebot.errors import InputError

MAX_BYTES = 65_536  # of a line


def open_songs(name: str) -> AbstractContextManager[IO[bytes]]:
    """The file, or stdin for "-". Raises InputError where it cannot be read."""
    if name == "-":
        if sys.stdin is None:
            raise InputError("--file -: stdin is closed; allowed is an open one, or a file")
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"--file {name}: {reason}; allowed is a readable file of JSON lines, or - for stdin"
        ) from error


def count_lines(name: str) -> int | None:
    """For the progress bar; None where reading ahead would take the lines away."""
    if not Path(name).is_file():
        return None
    count, last = 0, b"\n"
    with Path(name).open("rb") as file:
        while block := file.read(1 << 20):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def read_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank; of one that is too long, the first MAX_BYTES + 1 bytes."""
    number = 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n") and len(line) > MAX_BYTES:
            rest = file.readline(MAX_BYTES + 1)
        if line.strip() or len(line) > MAX_BYTES:
            yield number, line


def parse_line(line: bytes) -> dict[str, Any]:
    """The JSON object of a line. Raises InputError."""
    if len(line) > MAX_BYTES:
        raise InputError(f"more than {MAX_BYTES} bytes; allowed is one song a line")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text ({error.reason} at byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(f"a JSON {type(row).__name__}; allowed is an object with artist and title")
    return row
