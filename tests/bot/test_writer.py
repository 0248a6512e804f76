"""The writer's own process: what goes wrong there is told here, and it does not outlive the bot."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deephypebot.bot.writer import WriterProcess
from deephypebot.errors import CheckpointError, DeepHypeBotError
from deephypebot.types import Commission, Song


def die(commissions: object) -> None:
    """In the writer's process."""
    os._exit(3)


def test_a_checkpoint_that_is_not_there_is_told_again_and_again(tmp_path: Path) -> None:
    writer = WriterProcess(tmp_path / "none")
    for _ in range(2):
        with pytest.raises(CheckpointError, match="none"):
            writer.write([Commission(Song("Low", "Lazy"))])
    writer.close()
    writer.close()
    assert multiprocessing.active_children() == []


def test_a_writer_that_dies_is_started_anew(tmp_path: Path) -> None:
    writer = WriterProcess(tmp_path / "none")
    with pytest.raises(CheckpointError):
        writer.warm()
    [child] = multiprocessing.active_children()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    with pytest.raises(CheckpointError):
        writer.write([Commission(Song("Low", "Lazy"))])
    writer.close()


def test_a_writer_that_dies_of_every_commission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = WriterProcess(tmp_path)
    monkeypatch.setattr("deephypebot.bot.writer._write", die)
    with pytest.raises(DeepHypeBotError, match="died 2 times"):
        writer.write([Commission(Song("Low", "Lazy"))])
    writer.close()


def test_a_writer_does_not_outlive_a_bot_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import multiprocessing, sys, time\nfrom pathlib import Path\nfrom deephypebot.bot.writer import WriterProcess\n"
        "if __name__ == '__main__':\n    writer = WriterProcess(Path('none'))\n    try:\n        writer.warm()\n    except Exception: pass\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n    time.sleep(60)"
    )
    script = tmp_path / "bot.py"
    script.write_text(code, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < end, "the writer lives on"
        time.sleep(0.05)
