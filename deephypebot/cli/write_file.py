"""Writing about a file of songs: a line in, a line out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from deephypebot.cli.draw import Draw, as_line
from deephypebot.cli.output import complain, emit, forgiving_stderr
from deephypebot.cli.request import ATTRIBUTES, Request, look_up, parse_row
from deephypebot.cli.songs_file import count_lines, parse_line, read_lines
from deephypebot.errors import InputError
from deephypebot.types import Attributes, Commission

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator
    from deephypebot.services import Catalogue

KEYS = {"artist", "title", *ATTRIBUTES}
TOGETHER = 16  # songs that are written together
Line = tuple[int, bytes]  # its number, and what it holds


@dataclass(frozen=True)
class Asked:
    """What a line asks for."""

    number: int
    request: Request
    commission: Commission


@dataclass
class FileWriter:
    """Writes about each song of a file. default: the attributes that hold where a line leaves them open."""

    name: str
    writer: Commentator
    default: Attributes
    catalogue: Catalogue
    draw: Draw
    ignored: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        """The file, as messages name it."""
        return "stdin" if self.name == "-" else self.name

    def run(self, file: IO[bytes]) -> int:
        """Each song's JSON as soon as it is written, broken lines told by number. 1 where a song came to nothing, else 0."""
        from tqdm import tqdm

        songs = written = position = 0
        look = {"mininterval": 0.1 if _is_terminal() else 10.0, "disable": sys.stderr is None}
        with forgiving_stderr(), tqdm(total=count_lines(self.name), unit="song", file=sys.stderr, **look) as bar:
            for lines in self._batches(read_lines(file)):
                asked = [self._read(number, line) for number, line in lines]
                songs, written = songs + len(lines), written + self._write([one for one in asked if one])
                bar.update(lines[-1][0] - position)
                position = lines[-1][0]
        if not songs:
            complain(f"{self.place}: holds no song; a line is an object with artist and title")
        if written < songs:
            complain(f"{self.place}: {songs - written} of {songs} songs were not written")
        return 0 if written == songs else 1

    def _batches(self, lines: Iterator[Line]) -> Iterator[list[Line]]:
        """Lines whose songs are written together; from a pipe one at a time, as the next may wait for what comes of it."""
        size = TOGETHER if Path(self.name).is_file() else 1
        while some := [*islice(lines, size)]:
            yield some

    def _read(self, number: int, line: bytes) -> Asked | None:
        """What a line asks for; None where it is broken."""
        try:
            row = parse_line(line)
            request = look_up(*parse_row(row, self.default), self.catalogue)
            self._tell_ignored(number, row.keys() - KEYS)
            if request.genres_from == "none":
                self._say(number, request.remark())
            commission = self.draw.for_song(request.song).commission(request)
            self.writer.check(commission)
        except InputError as error:
            self._say(number, str(error))
            return None
        return Asked(number, request, commission)

    def _write(self, asked: list[Asked]) -> int:
        """The lines of several songs; how many came to something."""
        from tqdm import tqdm

        found = self.writer.write_many([one.commission for one in asked])
        for one, candidates in zip(asked, found, strict=True):
            self.draw.tell_fewer(candidates, partial(self._say, one.number))
            with tqdm.external_write_mode(file=sys.stdout) if _is_terminal() else nullcontext():
                emit(as_line(one.request, candidates))
        return sum(map(bool, found))

    def _tell_ignored(self, number: int, keys: set[str]) -> None:
        if new := sorted(keys - self.ignored):
            self.ignored.update(new)
            self._say(
                number,
                f"{', '.join(new)}: no attribute of a song, ignored here and below; known are {', '.join(sorted(KEYS))}",
            )

    def _say(self, number: int, text: str) -> None:
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            complain(f"{self.place}, line {number}: {text}")


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
