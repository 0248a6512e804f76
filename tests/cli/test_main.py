"""The command line as a whole: help, exit codes, and one line for whatever goes wrong."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import deephypebot
from deephypebot.cli import main, phrase
from deephypebot.cli.output import one_line
from deephypebot.errors import BackboneError, InputError

if TYPE_CHECKING:
    from tests.cli.conftest import FakeWriter

ROOT = Path(__file__).parents[2]
ALISON = "Slowdive – Alison"


def run_command(*args: str | bytes, **settings: Any) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "deephypebot", *args]
    return subprocess.run(command, cwd=ROOT, text=True, check=False, **{"stderr": subprocess.PIPE, **settings})


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    done = run_command("--help", stdout=subprocess.PIPE, env={**os.environ, "PYTHONVERBOSE": "1"})
    assert done.returncode == 0
    for command in ("write", "demo", "train", "evaluate", "interpolate", "reconstruct", "fetch"):
        assert command in done.stdout
    assert "import 'argparse'" in done.stderr
    for module in ("numpy", "onnxruntime", "torch", "tokenizers", "tqdm"):
        assert f"import '{module}'" not in done.stderr


def test_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert capsys.readouterr().out == f"deephypebot {version}\n"
    assert deephypebot.__version__ == version


def test_load_is_the_commentators(writer: FakeWriter) -> None:
    assert deephypebot.load(Path("x"), threads=3) is writer  # type: ignore[comparison-overlap]
    assert writer.loaded == [(Path("x"), 3)]


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ([], "COMMAND"),
        (["sing"], "sing"),
        (["write"], "the song is missing"),
        (["write", ""], ""),
        (["write", "   "], ""),
        (["write", "no dash here"], ""),
        (["write", "Slowdive – "], ""),
        (["write", "--artist", "Slowdive"], "the song is missing"),
        (["write", "--artist", "Slowdive", "--title", ""], "title"),
        (["write", "--artist", "Slowdive", "--title", "x" * 10_000], "title"),
        (["write", f"Slowdive – {'x' * 10_000}"], "title"),
        (["write", "Slowdive – Ali\x07son"], "title"),
        (["write", "Slow\x1b[31mdive – Alison"], "artist"),
        (["write", "Slowdive – Ali\udcffson"], "title"),
        (["write", ALISON, "--artist", "Slowdive"], "given twice"),
        (["write", ALISON, "--file", "songs.jsonl"], "--file"),
        (["write", "--title", "Alison", "--file", "songs.jsonl"], "--title"),
        (["write", ALISON, ALISON], "unrecognized arguments"),
        (["write", ALISON, "--seed", "1", "--seed", "1"], "--seed: given twice"),
        (["write", ALISON, "--energy", "7"], "--energy: '7' is given; allowed is a number from 0 to 1"),
        (["write", ALISON, "--energy", "-0.1"], "--energy"),
        (["write", ALISON, "--energy", "nan"], "--energy"),
        (["write", ALISON, "--valence", "inf"], "--valence"),
        (["write", ALISON, "--danceability", "much"], "--danceability"),
        (["write", ALISON, "--acousticness", ""], "--acousticness"),
        (["write", ALISON, "--tempo", "3"], "from 20 to 300"),
        (["write", ALISON, "--kind", "sermon"], "--kind"),
        (["write", ALISON, "--genres", ""], "--genres"),
        (["write", ALISON, "--genres", "sho\x00egaze"], "genre"),
        (["write", ALISON, "-n", "0"], "from 1 to 100"),
        (["write", ALISON, "-n", "101"], "-n"),
        (["write", ALISON, "-n", "2.5"], "-n"),
        (["write", ALISON, "--seed", "-1"], "--seed"),
        (["write", ALISON, "--seed", str(2**63)], str(2**63 - 1)),
        (["write", ALISON, "--seed", "9" * 5000], "--seed"),
        (["write", ALISON, "--temperature", "0"], "from 0.1 to 2"),
        (["write", ALISON, "--temperature", "nan"], "--temperature"),
        (["write", ALISON, "--top-p", "0"], "above 0 to 1"),
        (["write", ALISON, "--threads", "0"], "--threads"),
        (["write", ALISON, "--ener", "0.5"], "--ener"),
        (["write", ALISON, "--loudness", "0.5"], "--loudness"),
        (["write", ALISON, "--bad\nflag"], "--bad"),
        (["write", "--file", "no/such/songs.jsonl"], "No such file"),
        (["write", "--file", "tests"], "Is a directory"),
        (["demo", "--json"], "--json"),
        (["train"], "MODEL"),
        (["train", "cvae"], "--out"),
        (["train", "cvae", "--out", "out/x", "--text", "a", "--jsonl", "b"], "not allowed with"),
        (["train", "cvae", "--out", "out/x", "--corpus", "bible"], "corpus bible: is no corpus"),
        (["train", "cvae", "--out", "out/x", "--epochs", "nan"], "--epochs"),
        (["train", "cvae", "--out", "out/x", "--batch-size", "0"], "--batch-size"),
        (["train", "cvae", "--out", "out/x", "--set", "warmup"], "NAME=VALUE"),
        (["train", "cvae", "--out", "out/x", "--lr", "1e-3", "--set", "lr=1"], "lr is given twice"),
        (["train", "cvae", "--out", "pyproject.toml"], "pyproject.toml is a file"),
        (["interpolate", "one"], "SENTENCE"),
        (["interpolate", "one", " "], "sentence"),
        (["interpolate", "one", "two", "--steps", "1"], "from 2 to 50"),
        (["reconstruct", "bell\x07"], "printable"),
    ],
)
def test_bad_input_is_one_clear_line(
    args: list[str], named: str, writer: FakeWriter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(args) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("deephypebot: ")
    assert said.err.endswith("\n")
    assert said.err[:-1].isprintable()
    assert len(said.err) < 1100
    assert named in said.err
    assert not writer.calls


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (BackboneError("backbone smollm2: no network"), 1, "backbone smollm2: no network"),
        (InputError("title is bad"), 2, "title is bad"),
        (OSError(errno.ENOSPC, "No space left on device", "cache/x"), 1, "cache/x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "cache"), 1, "cache: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "out of memory"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 1, "this command needs torch"),
        (ZeroDivisionError("division\nby zero"), 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_fault_is_one_line(
    fault: BaseException, code: int, message: str, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    writer.fault = fault
    assert main(["write", ALISON, "--genres", "ambient", "--json"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"deephypebot: {message}")
    assert said.err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_a_full_disk_is_one_line(args: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = run_command(*args, stdout=full)
    assert (done.returncode, done.stderr) == (1, "deephypebot: standard output: No space left on device\n")


def test_a_reader_that_goes_away_hears_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    done = run_command("--help", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_arguments_that_are_no_text_are_refused() -> None:
    done = run_command(
        "write", b"Bj\xf6rk \xe2\x80\x93 J\xf3ga", stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("deephypebot: ")
    assert done.stderr.count("\n") == 1


def test_messages_cannot_steer_the_terminal() -> None:
    assert one_line("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb c\\u202ed"


def test_a_closed_stdout_is_no_success(
    writer: FakeWriter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["write", ALISON]) == 1
    assert "standard output: it is closed" in capsys.readouterr().err


def test_an_interrupt_that_a_module_swallowed_is_an_interrupt() -> None:
    error = ImportError("initialization failed")
    assert phrase(error)[1] == 1
    error.__cause__ = KeyboardInterrupt()
    assert phrase(error) == ("interrupted", 130)
