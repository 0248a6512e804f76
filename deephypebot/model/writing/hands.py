"""Hands that write batches side by side: twins of an engine, which share its weights, each in a thread of its own.

Between two products, and while words are drawn, cores have nothing to do; the batch of another hand fills these gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Protocol, TypeVar

from deephypebot.model.writing.decode import Decoder

T = TypeVar("T")
Job = Callable[[Decoder, Callable[[], bool]], T]  # a hand, and whether it is to stop -> what comes of it


class Twinned(Protocol):
    """What hands ask of an engine. threads: how many may write at once."""

    threads: int

    def twin(self) -> Decoder: ...


class Hands:
    """As many twins as the engine has threads."""

    def __init__(self, engine: Twinned) -> None:
        self.number, self.free = engine.threads, SimpleQueue[Decoder]()
        for _ in range(self.number):
            self.free.put(engine.twin())

    def do(self, jobs: Sequence[Job[T]]) -> Generator[T]:
        """What comes of each job, in their order. Where one fails, or this is closed, all stop at the next word."""
        stopped = Event()

        def run(job: Job[T]) -> T:
            hand = self.free.get()
            try:
                return job(hand, stopped.is_set)
            finally:
                self.free.put(hand)

        with ThreadPoolExecutor(self.number) as pool:
            try:
                yield from pool.map(run, jobs)
            finally:
                stopped.set()
