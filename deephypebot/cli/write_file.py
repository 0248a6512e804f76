"""Writing about a file of songs: a line in, a line out."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING

from deephypebot.cli.draw import Draw, as_line
from deephypebot.cli.output import complain, emit, forgiving_stderr
from deephypebot.cli.request import ATTRIBUTES, look_up, parse_row
from deephypebot.cli.songs_file import count_lines, parse_line, read_lines
from deephypebot.errors import InputError
from deephypebot.types import Attributes

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator
    from deephypebot.services import Catalogue

KEYS = {"artist", "title", *ATTRIBUTES}


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
            for number, line in read_lines(file):
                songs += 1
                written += self._write(number, line)
                bar.update(number - position)
                position = number
        if not songs:
            complain(f"{self.place}: holds no song; a line is an object with artist and title")
        if written < songs:
            complain(f"{self.place}: {songs - written} of {songs} songs were not written")
        return 0 if written == songs else 1

    def _write(self, number: int, line: bytes) -> bool:
        """One line; False where it came to nothing."""
        from tqdm import tqdm

        say = partial(self._say, number)
        try:
            row = parse_line(line)
            request = look_up(*parse_row(row, self.default), self.catalogue)
            self._tell_ignored(number, row.keys() - KEYS)
            if request.genres_from == "none":
                say(request.remark())
            candidates = self.draw.for_song(request.song).candidates(self.writer, request, say)
        except InputError as error:
            say(str(error))
            return False
        with tqdm.external_write_mode(file=sys.stdout) if _is_terminal() else nullcontext():
            emit(as_line(request, candidates))
        return bool(candidates)

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
