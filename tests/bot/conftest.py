"""A bot on trial: a clock that is turned by hand, a store, a network that is none, and a writer that says what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deephypebot.bot.curate import Curation
from deephypebot.bot.stages import Bot
from deephypebot.bot.writer import Written
from deephypebot.errors import InputError
from deephypebot.services.fake import FakeNetwork, FakePublisher, Fault
from deephypebot.settings import Settings
from deephypebot.store import Store
from deephypebot.types import Candidate, Commission, Entry

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


class HandClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **more: float) -> None:
        self.now += timedelta(**more)


class Scribe:
    """A bot.writer.Writer that writes the same of every song, unlike each other."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Commission]] = []
        self.refuses = ""

    def write(self, commissions: Sequence[Commission]) -> list[Written]:
        self.batches.append(commissions)
        return [self._texts(commission, len(self.batches)) for commission in commissions]

    def _texts(self, commission: Commission, batch: int) -> Written:
        if commission.song.title == self.refuses:
            return InputError("not about this one")
        about = f"{commission.song.artist} hums {commission.song.title}"
        return [Candidate(f"{about}, take {batch}.{i}.", 2.0, 100 + i, "toy") for i in range(commission.n)]

    def close(self) -> None:
        pass


@dataclass
class Trial:
    """A bot and all that is around it."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    writer: Scribe = field(default_factory=Scribe)
    publishers: dict[str, FakePublisher] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = FakeNetwork(self.folder / "network.db")
        self.publishers.setdefault("console", FakePublisher(self.network, "console"))
        self.store = Store(f"sqlite:///{self.folder}/bot.db")
        self.bot = self.with_settings()

    def with_settings(self, **tables: object) -> Bot:
        """The bot with other settings, over the same store."""
        settings = Settings(**tables)  # type: ignore[arg-type]
        self.bot = Bot(settings, self.store, self.writer, self.publishers, self.clock)
        return self.bot

    def network_with(self, name: str, idempotent_for_s: float, fault: Fault) -> FakePublisher:
        """One more network, or another in the place of one."""
        network = FakeNetwork(self.folder / f"{name}.db")
        self.publishers[name] = FakePublisher(network, name, idempotent_for_s, fault)
        return self.publishers[name]

    @property
    def curation(self) -> Curation:
        return self.bot.curation

    def arrive(self, *entries: Entry) -> None:
        """Entries, as a watcher would bring them."""
        from deephypebot.store.lease import Lease

        self.store.feeds.keep(["test"], NOON - timedelta(days=1))
        lease = Lease("test", self.clock() + timedelta(days=400), 1.0)
        feed = self.store.feeds.claim(["test"], lease)
        assert feed is not None
        self.store.feeds.arrived(feed, lease, entries, None, self.clock(), NOON - timedelta(days=1))

    def step(self, *names: str) -> None:
        """Each of these stages until it has nothing to do."""
        for name in names:
            stage = self.bot.stage(name)
            assert stage is not None
            while stage.step("test"):
                pass

    def propose(self, *entries: Entry) -> list[int]:
        """Entries all the way to the queue; the items that wait there."""
        self.arrive(*entries)
        self.step("read", "lookup", "propose")
        return [row.id for row in self.store.items.queue()]

    def approve(self, item_id: int, when: str = "now", text: str | None = None) -> list[int]:
        """As a curator would who likes the first candidate."""
        shown = self.store.items.get(item_id)
        first = shown.candidates[0]
        return self.curation.approve(self.curation.who(shown, "ann"), shown, text or first.text, first.id, when)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A fresh one."""
    return Trial(tmp_path)


def post(text: str = "♫ Slowdive – Alison", number: int = 0, **more: object) -> Entry:
    """A post about a song."""
    values: dict[str, object] = {"network": "console", "uri": f"x:{number}:{text}", "author": "ann", "posted_at": NOON}
    return Entry(**{**values, "text": text, **more})  # type: ignore[arg-type]
