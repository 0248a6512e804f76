"""Flags: a parser whose every mistake is one InputError, and the numbers that flags take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from deephypebot.cli.output import emit
from deephypebot.errors import InputError
from deephypebot.types import SEED_LIMIT

if TYPE_CHECKING:
    from deephypebot.corpus.source import Source


class Parser(argparse.ArgumentParser):
    """Raises InputError instead of printing its usage; no abbreviated flags; no flag twice."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.register("action", None, Once)

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message.removeprefix('argument ')}; see {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:
        emit(message.rstrip("\n"))  # help and version; argparse itself would pass over a full disk


class Once(argparse.Action):
    """Stores a value; a second one for the same flag is a mistake."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        given: set[str] = namespace.__dict__.setdefault("given", set())
        if option_string and self.dest in given:
            raise argparse.ArgumentError(self, "given twice; allowed is once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def number(low: float, high: float, above: bool = False) -> Callable[[str], float]:
    """A flag's type: a float from low (or above it) to high; NaN is refused."""
    allowed = f"a number {'above' if above else 'from'} {low:g} to {high:g}"

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high or (above and value == low):
            raise _refusal(text, allowed)
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A flag's type: an integer from low to high."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise _refusal(text, f"a whole number from {low} to {high}")
        return value

    return parse


def whole_range(low: int, high: int) -> Callable[[str], range]:
    """A flag's type: a whole number, or FIRST..LAST, within low to high."""
    whole = whole_number(low, high)

    def parse(text: str) -> range:
        first, dots, last = text.partition("..")
        try:
            start, end = whole(first), whole(last if dots else first)
        except argparse.ArgumentTypeError:
            start, end = 1, 0
        if start > end:
            raise _refusal(text, f"a whole number from {low} to {high}, or two with .. between them, the smaller first")
        return range(start, end + 1)

    return parse


def sentence(text: str) -> str:
    """A flag's type: a text that is not blank and has no control characters."""
    text = text.strip()
    if not text or not text.isprintable():
        raise _refusal(text, "a sentence of printable characters")
    return text


def setting(text: str) -> tuple[str, str]:
    """A flag's type: NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (equals and value and name.isidentifier()):
        raise _refusal(text, "NAME=VALUE")
    return name, value


seed = whole_number(0, SEED_LIMIT - 1)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """--checkpoint, None for the shipped one."""
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR", help="a folder that `train cvae` wrote (default: the shipped one)"
    )


def add_source(parser: argparse.ArgumentParser) -> None:
    """Flags for where the sentences come from."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--corpus",
        metavar="DIR",
        help="a folder that `corpus build` wrote, or builtin: what ships with the package (default)",
    )
    source.add_argument("--text", type=Path, metavar="FILE", help="UTF-8 text, one sentence a line")
    source.add_argument(
        "--jsonl", type=Path, metavar="FILE", help='{"text": ..., "genres": [...], "energy": ..., "kind": ...} a line'
    )


def parse_source(args: argparse.Namespace) -> Source:
    """Where the sentences come from."""
    from deephypebot.corpus.source import Source

    for kind in ("text", "jsonl"):
        if path := getattr(args, kind):
            return Source(kind, path)
    if args.corpus and args.corpus != "builtin":
        return Source("folder", Path(args.corpus))
    return Source("builtin", None)


def _refusal(text: str, allowed: str) -> argparse.ArgumentTypeError:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    return argparse.ArgumentTypeError(f"{shown!r} is given; allowed is {allowed}")
