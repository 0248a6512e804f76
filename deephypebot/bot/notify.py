"""The stage that tells the curator that the queue waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.services import Notice
from deephypebot.settings import Settings
from deephypebot.store import Store

SWITCH = "noticed"
EVERY_S = 60.0


class Notify:
    """Sends a notice when enough items wait, and again after a while if they still do."""

    name = "notify"

    def __init__(self, store: Store, settings: Settings, notice: Notice, clock: Clock = utc_now) -> None:
        self.store, self.settings, self.notice, self.clock = store, settings, notice, clock
        self.due_at = clock()

    def step(self, owner: str) -> bool:
        """Tell, if it is time; False where it is not."""
        now = self.clock()
        if now < self.due_at:
            return False
        self.due_at = now + timedelta(seconds=EVERY_S)
        waiting = self.store.items.counts().get("proposed", 0)
        unknown = self.store.outbox.counts().get("unknown", 0)
        if waiting < self.settings.queue.notice_at or self._told_lately(now):
            return False
        self.store.switches.turn(SWITCH, str(waiting), owner, now)
        also = f" Of {unknown} posts it is not known whether they went out." if unknown else ""
        self.notice.tell(f"{waiting} songs wait for a curator", f"{waiting} songs have candidates and wait.{also}")
        return True

    def _told_lately(self, now: datetime) -> bool:
        last = self.store.switches.get(SWITCH)
        return last is not None and last.at > now - timedelta(hours=self.settings.queue.notice_every_h)
