"""The stage that posts: outbox rows -> posts, each once. Nothing is sent that is not committed as `sending` first.

A network that knows one sending from another (Bluesky by the record's key, Mastodon for an hour by a key of its own) may get the same
payload again; any other gets one attempt, and whether it arrived is found out by reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.errors import Limited, Refused, SignInRefused, Unsure
from deephypebot.services import Publisher, Sent
from deephypebot.settings import Settings
from deephypebot.store import Store
from deephypebot.store.lease import Found, Lease

CHECK_AFTER_S = (5.0, 30.0, 120.0, 600.0)  # an answer that was lost may be of a request that is still under way
LONGEST_WAIT_S = 900.0
Act = Callable[[Found, Lease, Publisher], None]
LEFT_TO_PEOPLE = timedelta(days=3650)


class Post:
    """Sends what is due, network by network; one that is away does not hold up the others."""

    name, lease_s = "post", 180.0

    def __init__(
        self, store: Store, settings: Settings, publishers: Mapping[str, Publisher], clock: Clock = utc_now
    ) -> None:
        self.store, self.settings, self.publishers, self.clock = store, settings, publishers, clock

    def step(self, owner: str) -> bool:
        """Find out about one row and send one, for each network; False where there was nothing to do."""
        self.store.outbox.lapse(self.clock())
        worked = False
        for network, publisher in self.publishers.items():
            lease = Lease(owner, self.clock(), self.lease_s * self.settings.store.patience)
            if row := self.store.outbox.claim_unknown(network, lease):
                self._try(self._find_out, row, lease, publisher)
                worked = True
            a_day = 0 if self.store.switches.paused() else self.settings.posting(network).a_day
            if row := self.store.outbox.claim_due(network, lease, a_day):
                self._try(self._send, row, lease, publisher)
                worked = True
        return worked

    def _try(self, act: Act, row: Found, lease: Lease, publisher: Publisher) -> None:
        """What each error says about whether the post is public."""
        store, now = self.store.outbox, self.clock()
        was_unknown = row.state == "unknown"
        try:
            act(row, lease, publisher)
        except (Limited, SignInRefused) as error:  # nothing was done
            wait = error.retry_after_s if isinstance(error, Limited) else LONGEST_WAIT_S
            due_at = now + timedelta(seconds=max(1.0, wait))
            if was_unknown:
                store.unsure(row, lease, str(error), due_at, row.checks)
            else:
                store.postponed(row, lease, str(error), due_at)
        except Refused as error:
            store.failed(row, lease, str(error))
        except Unsure as error:
            store.unsure(row, lease, str(error), now + timedelta(seconds=self._wait_s(row)), row.checks + 1)

    def _send(self, row: Found, lease: Lease, publisher: Publisher) -> None:
        sent = self._sent(row, publisher)
        self.store.outbox.sent(row, lease, sent.uri, sent.url)

    def _sent(self, row: Found, publisher: Publisher) -> Sent:
        """Do what the row says, whose edits and deletions may be done twice."""
        if row.action == "edit":
            return publisher.edit(row.replaces, row.payload)
        if row.replaces:
            publisher.delete(row.replaces)
        return Sent(row.replaces, "") if row.action == "delete" else publisher.send(row.payload)

    def _find_out(self, row: Found, lease: Lease, publisher: Publisher) -> None:
        """Whether a row of which that is unknown was sent."""
        store, now = self.store.outbox, self.clock()
        first_try: datetime = row.first_try_at or row.scheduled_for
        if row.action != "post":
            store.again(row, lease)
        elif (sent := publisher.find(row.payload, first_try)) is not None:
            store.sent(row, lease, sent.uri, sent.url)
        elif (now - first_try).total_seconds() < publisher.idempotent_for_s:
            store.again(row, lease)
        elif row.checks < len(CHECK_AFTER_S):
            wait = timedelta(seconds=self._wait_s(row))
            store.unsure(row, lease, "not found there yet", now + wait, row.checks + 1)
        else:
            error = "not found there; look at the profile, and say that it is there, or send it again"
            store.unsure(row, lease, error, now + LEFT_TO_PEOPLE, row.checks)

    def _wait_s(self, row: Found) -> float:
        """Until it is looked for again."""
        return CHECK_AFTER_S[min(row.checks, len(CHECK_AFTER_S) - 1)]
