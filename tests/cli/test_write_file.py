"""`write --file`: a stream of songs, broken lines among them."""

from __future__ import annotations

import errno
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from deephypebot.cli import main
from deephypebot.cli.write_file import TOGETHER

if TYPE_CHECKING:
    from tests.cli.conftest import FakeWriter, Lines


def complaints(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines on stderr that begin with the program's name; nothing there may look like a traceback."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return [part for line in err.splitlines() for part in line.split("\r") if part.startswith("deephypebot: ")]


def test_a_file_of_songs_becomes_lines_of_json(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    path = songs_file(
        [
            {"artist": "Slowdive", "title": "Alison", "energy": 0.3, "tempo": None},
            "",
            {"artist": "Björk", "title": "Jóga", "genres": "art pop, ambient", "kind": "live"},
            {"artist": "Nas", "title": "The Message", "genres": ["boom bap"], "tempo": 90},
        ]
    )
    assert main(["write", "--file", str(path), "-n", "2", "--energy", "0.9"]) == 0
    said = capsys.readouterr()
    results = [json.loads(line) for line in said.out.splitlines()]
    assert [result["song"]["artist"] for result in results] == ["Slowdive", "Björk", "Nas"]
    told = [(r["attributes"]["genres"], r["attributes"]["genres_from"], r["attributes"]["energy"]) for r in results]
    assert told == [
        (["shoegaze", "dream pop"], "catalogue", 0.3),
        (["art pop", "ambient"], "given", 0.9),
        (["boom bap"], "given", 0.9),
    ]
    assert "4/4" in said.err


class Watcher:
    """Lines that note what was written before each was asked for."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys, self.seen = capsys, list[str]()

    def readline(self, _: int) -> bytes:
        self.seen.append(self.capsys.readouterr().out)
        return b'{"artist": "Slowdive", "title": "Alison"}\n' if len(self.seen) < 3 else b""


def test_songs_stream_as_they_are_written(
    writer: FakeWriter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Watcher(capsys)
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
    assert main(["write", "--file", "-"]) == 0
    assert [text.count("\n") for text in stream.seen] == [0, 1, 1]


def test_songs_of_a_file_are_written_together(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"artist": "Slowdive", "title": f"Song {i}"} for i in range(TOGETHER + 3)]
    assert main(["write", "--file", str(songs_file([rows[0], "{", *rows[1:]]))]) == 1
    assert writer.together == [TOGETHER - 1, 4]
    titles = [json.loads(line)["song"]["title"] for line in capsys.readouterr().out.splitlines()]
    assert titles == [row["title"] for row in rows]


def test_broken_lines_are_told_by_number_and_the_rest_written(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"artist": "Slowdive", "title": "Alison"}
    broken: list[Any] = [
        "{", "[]", "null", '"text"', "[" * 50_000, b'{"artist": "Bj\xf6rk", "title": "J"}', b"\x00\x01", "x" * 200_000,
        {"artist": "Slowdive"}, {"title": "Alison"}, {"artist": 5, "title": "x"}, {"artist": "", "title": "x"},
        {"artist": "Slowdive", "title": "x" * 10_000}, {"artist": "Slowdive", "title": "a\u0007"},
        {"artist": "Slowdive", "title": "\ud800"}, {**good, "energy": 7}, {**good, "energy": "0.5"}, {**good, "energy": True},
        '{"artist": "Slowdive", "title": "Alison", "tempo": NaN}', {**good, "genres": 5}, {**good, "genres": ["a", 5]},
        {**good, "genres": ["a\u0000"]}, {**good, "kind": "sermon"}, {**good, "kind": ["live"]},
        '{"artist": "Slowdive", "title": "Alison", "tempo": ' + "9" * 5000 + "}",
    ]  # fmt: skip
    path = songs_file([good, *broken, good])
    assert main(["write", "--file", str(path), "-n", "1"]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert "Traceback" not in said.err
    for number in range(2, len(broken) + 2):
        assert said.err.count(f"deephypebot: {path}, line {number}: ") == 1, number
    assert f"{len(broken)} of {len(broken) + 2} songs were not written" in said.err


def test_other_keys_are_told_once(songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"artist": "Slowdive", "title": "Alison", "enrgy": 0.5}
    assert main(["write", "--file", str(songs_file([row, row])), "-n", "1"]) == 0
    assert [("line 1: enrgy" in line, "energy" in line) for line in complaints(capsys)] == [(True, True)]


def test_a_fault_of_the_world_ends_a_file(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    writer.fault = OSError(errno.ENOSPC, "No space left on device")
    assert main(["write", "--file", str(songs_file([{"artist": "Slowdive", "title": "Alison"}] * 3))]) == 1
    assert complaints(capsys) == ["deephypebot: No space left on device"]
    assert len(writer.calls) == 1


def test_the_seed_of_a_song_does_not_hang_on_its_line(songs_file: Lines, writer: FakeWriter) -> None:
    rows = [{"artist": "Slowdive", "title": title} for title in ("Alison", "Dagger")]
    for lines in (rows, rows[::-1]):
        assert main(["write", "--file", str(songs_file(lines)), "--seed", "7"]) == 0
    assert main(["write", "--file", str(songs_file(rows[:1])), "--seed", "8"]) == 0
    first, second, third, fourth, fifth = (call[3] for call in writer.calls)
    assert (first, second) == (fourth, third)
    assert len({first, second, fifth}) == 3


def test_a_file_without_a_seed_leaves_it_open(songs_file: Lines, writer: FakeWriter) -> None:
    assert main(["write", "--file", str(songs_file([b'\xef\xbb\xbf{"artist": "Slowdive", "title": "Alison"}']))]) == 0
    assert writer.calls[0][3] is None


def test_a_closed_stdin_is_one_line(
    writer: FakeWriter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["write", "--file", "-"]) == 2
    assert complaints(capsys) == ["deephypebot: --file -: stdin is closed; allowed is an open one, or a file"]


def test_a_closed_stderr_stops_nothing(
    songs_file: Lines, writer: FakeWriter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["write", "--file", str(songs_file([{"artist": "Slowdive", "title": "Alison"}, "{"]))]) == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_a_line_of_blanks_that_is_too_long_is_not_lost(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    path = songs_file(
        [" " * 70_000 + '{"artist": "Slowdive", "title": "Alison"}', {"artist": "Nas", "title": "Message"}]
    )
    assert main(["write", "--file", str(path)]) == 1
    assert any("line 1: more than 65536 bytes" in line for line in complaints(capsys))


class FullDisk(io.StringIO):
    """A stream that takes nothing."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_songs_are_written_though_nobody_hears_how_far_it_is(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = songs_file([{"artist": "Nas", "title": "Message"}] * 3)
    monkeypatch.setattr(sys, "stderr", FullDisk())
    assert main(["write", "--file", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_file_without_songs_is_told(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["write", "--file", str(songs_file([]))]) == 0
    assert "holds no song" in capsys.readouterr().err
    assert not writer.calls


def test_a_topic_that_does_not_exist_is_told_once(
    songs_file: Lines, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    songs = songs_file([{"artist": "A", "title": "B"}, {"artist": "C", "title": "D"}])
    assert main(["write", "--file", str(songs), "--topic", "99=1"]) == 2
    assert capsys.readouterr().err.count("topic is 99") == 1
