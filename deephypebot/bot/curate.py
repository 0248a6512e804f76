"""Curation: what a person decides about an item, whether on the page, on the command line or in a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.compose import compose, refuse_unfit
from deephypebot.bot.slots import next_slot
from deephypebot.errors import InputError
from deephypebot.services import Publisher
from deephypebot.settings import Settings
from deephypebot.store import Store
from deephypebot.store.decisions import Deciding, Plan, Slot
from deephypebot.store.items import Shown
from deephypebot.store.rows import entry_of

WHEN = ("slot", "now")


@dataclass(frozen=True)
class Room:
    """How long a text may be on a network, and how long it is with what is put behind it."""

    network: str
    longest: int
    unit: str
    length: int
    text: str


class Curation:
    """Decides. publishers: of the networks that are posted to and those that are answered on, not necessarily signed in."""

    def __init__(
        self, store: Store, settings: Settings, publishers: Mapping[str, Publisher], clock: Clock = utc_now
    ) -> None:
        self.store, self.settings, self.publishers, self.clock = store, settings, publishers, clock

    def who(self, shown: Shown, curator: str, version: int | None = None) -> Deciding:
        """A decision about an item as it is shown; version: as the curator saw it, by default the present one."""
        ids = tuple(candidate.id for candidate in shown.candidates)
        return Deciding(shown.item.id, shown.item.version if version is None else version, curator, self.clock(), ids)

    def networks(self, shown: Shown) -> list[str]:
        """Where it would be posted: who asked is answered where they asked, and nowhere else."""
        if shown.entry.asks_us and shown.entry.network in self.publishers:
            return [shown.entry.network]
        return [name for name in self.settings.queue.publish if name in self.publishers]

    def rooms(self, shown: Shown, text: str) -> list[Room]:
        """How the text fits each network."""
        return [self._room(shown, network, text) for network in self.networks(shown)]

    def approve(
        self,
        who: Deciding,
        shown: Shown,
        text: str,
        candidate_id: int | None = None,
        when: str | datetime = "slot",
        networks: list[str] | None = None,
    ) -> list[int]:
        """Schedule a text; the numbers of its rows in the outbox. when: "slot", the next free one, "now", or an aware time.

        Raises Conflict, and InputError for a text, a time or a network that is not allowed; then nothing has changed.
        """
        allowed = self.networks(shown)
        networks = allowed if networks is None else networks
        for network in networks:
            if network not in allowed:
                raise InputError(f"network is {network!r}; allowed for this item are {', '.join(allowed) or 'none'}")
        if not networks:
            raise InputError("no network is left to post on; queue.publish names them")
        text = text.strip()
        for network in networks:
            refuse_unfit(self._room(shown, network, text).text, self.settings.queue, self.publishers[network])
        return self.store.decisions.approve(who, text, candidate_id, networks, self._plan(text, when))

    def correct(self, who: Deciding, shown: Shown, post_id: int, text: str) -> int:
        """Put another text in a post's place; the number of the row in the outbox."""
        network = self._network_of(shown, post_id)
        publisher, text = self.publishers[network], text.strip()
        refuse_unfit(self._room(shown, network, text).text, self.settings.queue, publisher)
        return self.store.decisions.change_post(who, post_id, text, self._plan(text, "now"), publisher.can_edit)

    def delete(self, who: Deciding, shown: Shown, post_id: int) -> int:
        """Take a post back; the number of the row in the outbox."""
        self._network_of(shown, post_id)
        return self.store.decisions.change_post(who, post_id, None, lambda slot: (self.clock(), {}), False)

    def _network_of(self, shown: Shown, post_id: int) -> str:
        network = next((str(post.network) for post in shown.posts if post.id == post_id), None)
        if network is None:
            raise InputError(f"post is {post_id}; item {shown.item.id} has none of this number")
        if network not in self.publishers:
            raise InputError(f"{network} is not set up here any more, so its posts cannot be changed")
        return network

    def _room(self, shown: Shown, network: str, text: str) -> Room:
        publisher = self.publishers[network]
        whole = compose(text, network, entry_of(shown.entry), self.settings.posting(network))
        return Room(network, publisher.longest, publisher.unit, publisher.length(whole), whole)

    def _plan(self, text: str, when: str | datetime) -> Plan:
        def plan(slot: Slot) -> tuple[datetime, dict[str, Any]]:
            entry, now = entry_of(slot.entry), self.clock()
            whole = compose(text, slot.network, entry, self.settings.posting(slot.network))
            due = now if entry.asks_us else self._due(slot, when, now)
            return due, self.publishers[slot.network].freeze(whole, slot.key, max(due, now), entry.thread or None)

        return plan

    def _due(self, slot: Slot, when: str | datetime, now: datetime) -> datetime:
        if isinstance(when, datetime):
            if when.tzinfo is None or when < now:
                raise InputError(f"time is {when.isoformat()}; allowed is one that is to come, with its zone")
            return when
        if when not in WHEN:
            raise InputError(f"when is {when!r}; allowed are {', '.join(WHEN)} or a time")
        if when == "now":
            return now
        post, zone = self.settings.posting(slot.network), self.settings.queue.zone
        return next_slot(post.slots, zone, post.a_day, slot.taken, now)
