"""The stage that counts likes: posts -> likes over time, often at first and seldom later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.errors import Limited, ServiceError
from deephypebot.services import Publisher
from deephypebot.store import Store
from deephypebot.store.lease import Lease

AT_ONCE = 100
EVERY = (
    (1, 1),
    (24, 6),
    (168, 36),
    (720, 144),
)  # posts younger than so many hours: so many times more seldom than new ones
AT_LAST = timedelta(days=30)
AWAY_S = 600.0


class Like:
    """Counts, network by network."""

    name, lease_s = "like", 300.0

    def __init__(
        self, store: Store, publishers: Mapping[str, Publisher], every_min: float = 10.0, clock: Clock = utc_now
    ) -> None:
        self.store, self.publishers, self.every_min, self.clock = store, publishers, every_min, clock

    def step(self, owner: str) -> bool:
        """Count the likes of posts that are due; False where there are none."""
        return sum(self._count(network, publisher, owner) for network, publisher in self.publishers.items()) > 0

    def _count(self, network: str, publisher: Publisher, owner: str) -> bool:
        lease = Lease(owner, self.clock(), self.lease_s)
        rows = self.store.posts.claim(network, lease, AT_ONCE)
        if not rows:
            return False
        try:
            counts = publisher.likes([row.uri for row in rows])
        except ServiceError as error:
            wait = error.retry_after_s if isinstance(error, Limited) else AWAY_S
            self.store.posts.postponed(rows, lease, str(error), lease.now + timedelta(seconds=wait))
        else:
            due = {row.id: next_count(row.posted_at, lease.now, self.every_min) for row in rows}
            self.store.posts.counted(rows, lease, counts, due, publisher.likes_teach)
        return True


def next_count(posted_at: datetime, now: datetime, every_min: float) -> datetime:
    """When a post's likes are counted next. every_min: for a new post. Pure."""
    age = now - posted_at
    times = next((times for hours, times in EVERY if age < timedelta(hours=hours)), None)
    return now + (AT_LAST if times is None else timedelta(minutes=every_min * times))
