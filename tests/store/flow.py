"""Rows on their way through the store, as the stages would bring them there."""

from datetime import UTC, datetime, timedelta

from deephypebot.store import Store
from deephypebot.store.decisions import Deciding, Slot
from deephypebot.store.items import Shown
from deephypebot.store.lease import Found, Lease
from deephypebot.store.songs import Fact
from deephypebot.types import Candidate, Entry, Mention, Song

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SONG = Song("Slowdive", "Alison")


def lease(owner: str = "me", at: datetime = NOON, seconds: float = 60.0) -> Lease:
    """A lease of a minute."""
    return Lease(owner, at, seconds)


def entry(number: int = 0, **changed: object) -> Entry:
    """A post about a song."""
    values = {"network": "bluesky", "uri": f"at://post/{number}", "text": "Slowdive – Alison", "posted_at": NOON}
    return Entry(**{**values, "author": "ann.test", **changed})  # type: ignore[arg-type]


def arrive(store: Store, *entries: Entry, cursor: str = "c1", at: datetime = NOON) -> int:
    """Entries in a feed of their own."""
    store.feeds.keep(["home"], at)
    feed = store.feeds.claim(["home"], lease(at=at))
    assert feed is not None
    return store.feeds.arrived(feed, lease(at=at), entries, cursor, at, at + timedelta(seconds=60))


def found(store: Store, *songs: Song, number: int = 0, asks_us: bool = False) -> list[Found]:
    """Items of one post, claimed for look-up."""
    arrive(store, entry(number, asks_us=asks_us), at=NOON + timedelta(hours=number))
    held = lease(at=NOON + timedelta(hours=number))
    [row] = store.entries.claim(held, 5)
    store.entries.read(row, held, [Mention(song, 0.9, "dashed") for song in songs or (SONG,)])
    return store.items.claim("found", held, 5)


def looked_up(store: Store, number: int = 0, song: Song = SONG, asks_us: bool = False) -> list[Found]:
    """Items with attributes, claimed for writing."""
    held = lease(at=NOON + timedelta(hours=number))
    for item in found(store, song, number=number, asks_us=asks_us):
        facts = [
            Fact("genres", ["shoegaze"], "embedded", "CC0-1.0", True),
            Fact("tempo", 96.0, "deezer", "terms", False),
        ]
        store.items.looked_up(item, held, song, facts)
    return store.items.claim("looked_up", held, 5)


def proposed(store: Store, number: int = 0, song: Song = SONG, asks_us: bool = False) -> Shown:
    """An item that waits for its curator."""
    [item] = looked_up(store, number, song, asks_us)
    written = [
        (Candidate(f"The guitars hum like text {i}.", 2.0 + i, 40 + i, "toy", {"reader": 0.5}), []) for i in range(3)
    ]
    store.items.proposed(item, lease(at=NOON + timedelta(hours=number)), written)
    return store.items.get(item.id)


def deciding(shown: Shown, curator: str = "ann", at: datetime = NOON) -> Deciding:
    """A decision about an item as it is shown."""
    return Deciding(shown.item.id, shown.item.version, curator, at, tuple(c.id for c in shown.candidates))


def at_once(slot: Slot) -> tuple[datetime, dict[str, object]]:
    """A plan: due at noon, a payload that names its row."""
    return NOON, {"key": slot.key, "network": slot.network, "revision": slot.revision}


def approved(store: Store, number: int = 0, networks: tuple[str, ...] = ("bluesky",), song: Song = SONG) -> list[int]:
    """Rows of the outbox."""
    shown = proposed(store, number, song)
    text = shown.candidates[0].text
    return store.decisions.approve(deciding(shown), text, shown.candidates[0].id, networks, at_once)
