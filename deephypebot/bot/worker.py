"""The worker: stages side by side, each in a thread, until it is told to stop. A stage that fails is tried again; the others go on."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Protocol

import structlog

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.errors import Conflict, DeepHypeBotError
from deephypebot.store import Store
from deephypebot.store.switches import BEAT

IDLE_S, LONGEST_PAUSE_S, BEAT_S = 1.0, 300.0, 20.0


class Stage(Protocol):
    """One stage of the bot."""

    name: str

    def step(self, owner: str) -> bool:
        """Do some work; False where there was none. owner: who leases rows. Raises DeepHypeBotError."""
        ...


class Worker:
    """Runs stages. idle_s: the pause of a stage that has nothing to do."""

    def __init__(self, store: Store, stages: Sequence[Stage], idle_s: float = IDLE_S, clock: Clock = utc_now) -> None:
        self.store, self.stages, self.idle_s, self.clock = store, stages, idle_s, clock
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self.stopping = threading.Event()
        self.log = structlog.get_logger().bind(owner=self.owner)

    def run(self) -> None:
        """Until `stop`; then each stage finishes the step that it is at."""
        threads = [threading.Thread(target=self._loop, args=[stage], name=stage.name) for stage in self.stages]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        """From any thread or a signal handler."""
        self.stopping.set()

    def run_once(self) -> None:
        """Step each stage in turn until none has anything to do."""
        while sum(stage.step(self.owner) for stage in self.stages):
            pass

    def _loop(self, stage: Stage) -> None:
        failures, beaten = 0, 0.0
        while not self.stopping.is_set():
            try:
                if time.monotonic() - beaten >= BEAT_S:
                    self.store.switches.turn(f"{BEAT}{stage.name}", "", self.owner, self.clock())
                    beaten = time.monotonic()
                worked, failures = stage.step(self.owner), 0
            except Conflict as error:  # somebody else has the row by now
                worked = True
                self.log.info("lost a row", stage=stage.name, error=str(error))
            except Exception as error:
                worked, failures = False, failures + 1
                foreseen = isinstance(error, DeepHypeBotError)
                self.log.error("stage failed", stage=stage.name, error=_said(error), exc_info=not foreseen)
            if not worked:
                self.stopping.wait(min(LONGEST_PAUSE_S, self.idle_s * 2.0 ** min(failures, 12)))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, DeepHypeBotError) else type(error).__name__
