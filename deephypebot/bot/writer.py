"""The writer in a process of its own: whoever asks it loads no model, and a writer that dies takes nobody with it."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deephypebot.errors import DeepHypeBotError, InputError, Limited
from deephypebot.types import Candidate, Commission

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator

Written = list[Candidate] | InputError  # the texts of a commission, or why it is not allowed
TRIES = 2  # of a commission whose writer died: the second time it is perhaps the commission
BUSY_S, GATHER_S = 5.0, 0.03
STOP = None


class Writer(Protocol):
    """Writes."""

    def write(self, commissions: Sequence[Commission]) -> list[Written]:
        """The texts of each, in their order. Raises DeepHypeBotError where there is no writing at all."""
        ...

    def close(self) -> None: ...


class WriterProcess:
    """A Writer over a checkpoint folder, None for the shipped one. The process starts with the first commission, and anew if it dies."""

    def __init__(self, checkpoint: Path | None = None, threads: int = 2) -> None:
        self.checkpoint, self.threads = checkpoint, threads
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def write(self, commissions: Sequence[Commission]) -> list[Written]:
        """One batch at a time. Raises DeepHypeBotError where the writer dies again and again."""
        with self._lock:
            for _ in range(TRIES):
                try:
                    return self._started().submit(_write, tuple(commissions)).result()
                except (BrokenExecutor, CancelledError):
                    self._pool = None
        raise DeepHypeBotError(f"the writer's process died {TRIES} times over the same {len(commissions)} songs")

    def warm(self) -> None:
        """Load the model now. Raises CheckpointError and BackboneError."""
        with self._lock:
            self._started().submit(_write, ()).result()

    def close(self) -> None:
        """End the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, _begin, (self.checkpoint, self.threads))
        return self._pool


class SharedWriter:
    """Lets many who ask at once share the batches of one writer. most: commissions a batch; waiting: how many may wait."""

    def __init__(self, writer: Writer, most: int = 16, waiting: int = 256) -> None:
        self.writer, self.most = writer, most
        self._asked: queue.Queue[tuple[Commission, Future[list[Candidate]]] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._work, name="shared-writer", daemon=True)
        self._thread.start()

    def submit(self, commission: Commission) -> Future[list[Candidate]]:
        """The texts, sooner or later. The future raises InputError; raises Limited at once where too many wait."""
        future: Future[list[Candidate]] = Future()
        try:
            self._asked.put_nowait((commission, future))
        except queue.Full:
            raise Limited("too many songs wait to be written about", BUSY_S) from None
        return future

    def close(self) -> None:
        """Finish what waits, then end."""
        self._asked.put(STOP)
        self._thread.join()
        self.writer.close()

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                written = self.writer.write([commission for commission, _ in batch])
                for (_, future), texts in zip(batch, written, strict=True):
                    _settle(future, texts)
            except Exception as error:  # noqa: BLE001 - whoever asked is told; the thread lives on
                for _, future in batch:
                    _settle(future, error)

    def _next_batch(self) -> list[tuple[Commission, Future[list[Candidate]]]]:
        """The first that waits and those that came since; empty at the end."""
        batch = []
        first = self._asked.get()
        while first is not STOP:
            if first[1].set_running_or_notify_cancel():
                batch.append(first)
            if len(batch) >= self.most:
                break
            try:  # those who got their texts together ask again together, a moment apart
                first = self._asked.get(timeout=GATHER_S) if batch else self._asked.get()
            except queue.Empty:
                break
        if first is STOP and batch:
            self._asked.put(STOP)
        return batch


def _settle(future: Future[list[Candidate]], outcome: Written | Exception) -> None:
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class _Child:
    """What the writer's own process holds. The model is loaded by the first commission: a process that dies at birth cannot say why."""

    checkpoint: Path | None = None
    threads = 2
    writer: Commentator | None = None


def _begin(checkpoint: Path | None, threads: int) -> None:
    """In the writer's process, first of all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bot, which then ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Child.checkpoint, _Child.threads = checkpoint, threads


def _end_with_parent() -> None:
    """A bot that is killed cannot end its writer."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(commissions: tuple[Commission, ...]) -> list[Written]:
    """In the writer's process."""
    from deephypebot.model.writing import commentator

    if _Child.writer is None:
        _Child.writer = commentator.load(_Child.checkpoint, _Child.threads)
    writer = _Child.writer
    try:
        return [*writer.write_many(commissions)] if commissions else []
    except InputError:
        return [_write_alone(writer, commission) for commission in commissions]


def _write_alone(writer: Commentator, commission: Commission) -> Written:
    try:
        return writer.write_many([commission])[0]
    except InputError as error:
        return error
