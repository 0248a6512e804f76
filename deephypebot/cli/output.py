"""What a command says: results on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

MAX_CHARACTERS = 1000  # of a message


def emit(line: str) -> None:
    """One whole line of result on stdout, at once. Raises OSError naming stdout where it cannot be written."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed", "standard output")
    _on_stdout(lambda: _write(line, sys.stdout))


def note(text: str) -> None:
    """One line on stderr for the person in front."""
    with contextlib.suppress(OSError):
        _write(one_line(text), sys.stderr)


def complain(text: str) -> None:
    """One line on stderr about what went wrong; nothing for an empty text."""
    if text:
        note(f"deephypebot: {text}")


def one_line(text: str) -> str:
    """Printable characters on one line: what is quoted of a user's text cannot steer the terminal."""
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 4]} ..."


class Forgiving:
    """A stream that loses what it cannot write: work does not stop because nobody can hear how far it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def forgiving_stderr() -> contextlib.AbstractContextManager[Any]:
    """stderr loses what cannot be written, so long as this is open."""
    return contextlib.nullcontext() if sys.stderr is None else contextlib.redirect_stderr(Forgiving(sys.stderr))


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says; what is no text (a lone surrogate) is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def flush_stdout() -> None:
    """Raises OSError naming stdout where it cannot be written."""
    _on_stdout(lambda: None if sys.stdout is None else sys.stdout.flush())


def abandon_stdout() -> None:
    """After an error: write what is left if that can be done, else lose it without a second error at exit."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(line: str, stream: TextIO | None) -> None:
    if stream is not None:
        stream.write(f"{line}\n")
        stream.flush()


def _on_stdout(act: Callable[[], None]) -> None:
    try:
        act()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error
