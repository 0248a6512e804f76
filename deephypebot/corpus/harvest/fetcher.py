"""The fetcher: a process of its own that reads pages for a harvest, and outlives it by what it has begun.

A harvest that is killed has asked for pages whose answers are still on their way. They must not be asked for twice, so they are not the
harvest's: the fetcher ends what it has begun, and lays each answer into the spool, a folder, in one move. The next harvest waits for it
(the lock in the spool), takes what lies there, and goes on.

    harvest --jobs, a line of JSON each--> fetcher --names of files in the spool--> harvest
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from deephypebot.errors import DeepHypeBotError, InputError, Limited, ServiceError, Unsure
from deephypebot.services.web_page import Away, Pages
from deephypebot.settings import Settings, load_settings

READY = "ready"
AGAIN = ("limited", "unsure", "away")  # outcomes after which it is tried again


@dataclass(frozen=True)
class Job:
    """What is to be fetched. kind: robots, licence, page, archive or look; id: of the page or source that it is for; cursor: of a look."""

    kind: str
    id: int
    url: str = ""
    etag: str = ""
    modified: str = ""
    cursor: str | None = None

    @property
    def name(self) -> str:
        """Of its file in the spool."""
        return f"{self.kind}-{self.id}"


@dataclass(frozen=True)
class Result:
    """What came of a job. outcome: done, refused (for good), or one of AGAIN; reason: why not; retry_after_s: of limited;
    status, headers, body: of a page; data: of a look, a Haul as JSON, and of an archive the address that was read."""

    job: Job
    outcome: str
    reason: str = ""
    retry_after_s: float = 0.0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


class Fetcher:
    """Starts the process and speaks with it. Waits for the fetcher of a harvest that was killed. Raises DeepHypeBotError."""

    def __init__(self, spool: Path, settings: Path | None) -> None:
        self.spool = spool
        spool.mkdir(parents=True, exist_ok=True)
        self.owner = _lock(spool / "harvest.lock")
        command = [sys.executable, "-m", "deephypebot.corpus.harvest.fetcher", str(spool), str(settings or "")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.names: queue.Queue[str] = queue.Queue()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.jobs: IO[str] = self.process.stdin
        self.listener = threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True)
        self.listener.start()
        if self.names.get() != READY:
            raise DeepHypeBotError(f"the fetcher of {spool} did not start")

    def left_over(self) -> Iterator[Result]:
        """Answers that an earlier harvest asked for and never took."""
        for path in sorted(self.spool.glob("*.answer")):
            yield read_answer(path)

    def ask(self, job: Job) -> None:
        """Begin with a job."""
        self.jobs.write(json.dumps(asdict(job)) + "\n")
        self.jobs.flush()

    def answer(self, timeout_s: float) -> Result | None:
        """The next answer, None where none comes in time. Raises DeepHypeBotError where the fetcher died."""
        try:
            name = self.names.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if not name:
            raise DeepHypeBotError("the fetcher died; the same command goes on where it stood")
        return read_answer(self.spool / f"{name}.answer")

    def taken(self, job: Job) -> None:
        """The answer is in the store."""
        (self.spool / f"{job.name}.answer").unlink(missing_ok=True)

    def close(self) -> None:
        """Let it end what it has begun."""
        with contextlib.suppress(OSError):
            self.jobs.close()
        self.process.wait()
        self.listener.join()
        os.close(self.owner)

    def _listen(self, names: IO[str]) -> None:
        with names:
            for line in names:
                self.names.put(line.strip())
        self.names.put("")


def _lock(path: Path) -> int:
    """A lock that dies with this process. Raises InputError where another harvest has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise InputError(f"another harvest is under way ({path.parent})") from error
    return descriptor


def write_answer(spool: Path, result: Result) -> None:
    """A line of JSON, and then the body, in one move."""
    row = asdict(result)
    body = row.pop("body")
    temporary = spool / f"{result.job.name}.part"
    temporary.write_bytes(json.dumps(row).encode() + b"\n" + body)
    os.replace(temporary, spool / f"{result.job.name}.answer")


def read_answer(path: Path) -> Result:
    """What write_answer wrote."""
    head, _, body = path.read_bytes().partition(b"\n")
    row = json.loads(head)
    return Result(**{**row, "job": Job(**row["job"]), "body": body})


class Worker:
    """The process's side: does jobs side by side."""

    def __init__(self, spool: Path, settings: Settings) -> None:
        self.spool, self.settings = spool, settings
        resolve = {_place(key): _place(value) for key, value in settings.corpus.resolve.items()}
        self.pages = Pages(settings.corpus.contact, resolve, settings.corpus.longest_s)
        self.archives: dict[str, Any] = {}
        self.speaking, self.opening, self.asking = threading.Lock(), threading.Lock(), threading.Lock()

    def run(self, jobs: IO[str]) -> None:
        """Until the harvest is gone, and what was begun is ended."""
        self._say(READY)
        with ThreadPoolExecutor(self.settings.corpus.at_once + 2) as threads:
            for line in jobs:
                threads.submit(self._do, Job(**json.loads(line)))

    def _do(self, job: Job) -> None:
        try:
            result = self._result(job)
        except Away as error:
            result = Result(job, "away", str(error), error.retry_after_s)
        except Limited as error:
            result = Result(job, "limited", str(error), error.retry_after_s)
        except Unsure as error:
            result = Result(job, "unsure", str(error))
        except (ServiceError, InputError) as error:
            result = Result(job, "refused", str(error))
        except Exception as error:  # noqa: BLE001 - whatever strangers send, the fetcher goes on
            result = Result(job, "refused", f"cannot be read ({type(error).__name__}: {str(error)[:200]})")
        write_answer(self.spool, result)
        self._say(job.name)

    def _result(self, job: Job) -> Result:
        match job.kind:
            case "look":
                return self._look(job)
            case "archive":
                return self._from_archive(job)
        is_page = job.kind == "page"  # of a page each redirect is a page of its own, with rules of its own
        page = self.pages.fetch(job.url, job.etag, job.modified) if is_page else self.pages.follow(job.url)
        return Result(job, "done", status=page.status, headers=dict(page.headers), body=page.body)

    def _look(self, job: Job) -> Result:
        from deephypebot.corpus.harvest.sources import open_archive, parse_source_name

        with self.opening:
            if job.url not in self.archives:
                self.archives[job.url] = open_archive(parse_source_name(job.url), self.settings)
        haul = self.archives[job.url].look(job.cursor)
        return Result(
            job,
            "done",
            data={
                "documents": [asdict(one) for one in haul.documents],
                "pages": list(haul.pages),
                "cursor": haul.cursor,
            },
        )

    def _from_archive(self, job: Job) -> Result:
        from deephypebot.corpus.harvest.wayback_machine import find_memento

        with self.asking:  # one question at a time: the archive counts them
            address = find_memento(job.url, self.settings.corpus.archive, self.pages.agent)
        page = self.pages.fetch(address)
        return Result(
            job, "done", status=page.status, headers=dict(page.headers), body=page.body, data={"address": address}
        )

    def _say(self, line: str) -> None:
        with self.speaking, contextlib.suppress(OSError):  # nobody may be there any more
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def main(spool: Path, settings: Path | None) -> None:
    """The process. It waits until an earlier fetcher of the same spool has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(spool / "fetcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    Worker(spool, load_settings(settings)).run(sys.stdin)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
