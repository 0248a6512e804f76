"""Decisions of curators. Each is one transaction: the verdict, the item's new state, and what is to be sent, frozen.

Each takes the version of the item that the curator saw, and raises Conflict where the item has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from deephypebot.errors import Conflict, InputError
from deephypebot.store.database import Database
from deephypebot.store.items import touch
from deephypebot.store.lease import Found
from deephypebot.store.rows import clean
from deephypebot.store.tables import candidates, entries, items, outbox, posts, verdicts
from deephypebot.types import Song


@dataclass(frozen=True)
class Deciding:
    """Who decides what, when. version: of the item as it was seen; shown: the candidates that were on show."""

    item_id: int
    version: int
    curator: str
    now: datetime
    shown: tuple[int, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A place in the outbox. key: its number; taken: when other posts of the network are due."""

    network: str
    key: int
    revision: int
    taken: list[datetime]
    entry: Found


Plan = Callable[[Slot], tuple[datetime, dict[str, Any]]]  # when it is due, and all that will be sent


class Decisions:
    """What curators decide."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def approve(
        self, who: Deciding, text: str, candidate_id: int | None, networks: Sequence[str], plan: Plan
    ) -> list[int]:
        """Schedule a text on these networks; the numbers of its rows in the outbox. Raises Conflict, and InputError from `plan`."""
        with self.database.writing() as connection:
            item = _seen(connection, who, ("proposed",))
            entry = connection.execute(select(entries).where(entries.c.id == item.entry_id)).one()
            if entry.asks_us:
                _refuse_second_answer(connection, item)
            chosen = _candidate(connection, item.id, candidate_id)
            verdict_id = _verdict(connection, who, "approve", chosen, text=text)
            _change(connection, who, state="approved", decided_at=who.now, reason="")
            return [_schedule(connection, item, entry, verdict_id, network, "post", text, plan) for network in networks]

    def reject(self, who: Deciding, reason: str) -> None:
        """Nothing of it is posted."""
        with self.database.writing() as connection:
            _seen(connection, who, ("proposed", "skipped", "looked_up", "found"))
            _verdict(connection, who, "reject", reason=reason)
            _change(connection, who, state="rejected", decided_at=who.now, reason=clean(reason, 1000))

    def skip(self, who: Deciding) -> None:
        """Perhaps another day."""
        with self.database.writing() as connection:
            _seen(connection, who, ("proposed",))
            _verdict(connection, who, "skip")
            _change(connection, who, state="skipped", decided_at=who.now)

    def more(self, who: Deciding, wish: dict[str, Any]) -> None:
        """Have other candidates written, with other settings."""
        with self.database.writing() as connection:
            item = _seen(connection, who, ("proposed", "skipped"))
            _verdict(connection, who, "more", reason=", ".join(f"{k}={v}" for k, v in wish.items()))
            kept = {key: value for key, value in item.wish.items() if key in ("after_batch", "genres")}
            _change(connection, who, state="looked_up", wish=kept | wish, due_at=who.now, tries=0, decided_at=None)

    def fix(self, who: Deciding, song: Song, genres: Sequence[str] = ()) -> None:
        """It is another song: look that up and write again. What was written about the first one is not shown any more."""
        with self.database.writing() as connection:
            item = _seen(connection, who, ("proposed", "skipped", "dropped"))
            _verdict(connection, who, "fix", reason=f"{item.artist} – {item.title}")
            last = connection.scalar(select(func.max(candidates.c.batch)).where(candidates.c.item_id == item.id)) or 0
            wish = {"after_batch": last} | ({"genres": list(genres)} if genres else {})
            named = {"artist": song.artist, "title": song.title, "how": "curator", "score": 1.0, "song_id": None}
            fresh = {"state": "found", "due_at": who.now, "tries": 0, "error": "", "decided_at": None, "reason": ""}
            _change(connection, who, wish=wish, **named, **fresh)

    def undo(self, who: Deciding) -> None:
        """Back into the queue, while nothing of it has been sent. Raises InputError where something has."""
        with self.database.writing() as connection:
            item = _seen(connection, who, ("approved", "rejected", "skipped"))
            waiting = (outbox.c.item_id == item.id, outbox.c.state == "scheduled", outbox.c.first_try_at.is_(None))
            connection.execute(update(outbox).where(*waiting).values(state="cancelled"))
            left = (outbox.c.item_id == item.id, outbox.c.state.not_in(("cancelled", "failed", "abandoned")))
            if connection.execute(select(outbox.c.id).where(*left)).first():
                raise InputError("it has been sent, or is being sent; a post can be corrected or deleted")
            _verdict(connection, who, "undo", reason=item.state)
            _change(connection, who, state="proposed", decided_at=None, reason="")

    def change_post(self, who: Deciding, post_id: int, text: str | None, plan: Plan, can_edit: bool) -> int:
        """Correct a post, or delete it where the text is None; the number of the row in the outbox."""
        with self.database.writing() as connection:
            item = _seen(connection, who, ("approved",))
            post = connection.execute(select(posts).where(posts.c.id == post_id, posts.c.item_id == item.id)).first()
            if post is None or post.state != "public":
                raise InputError(f"post is {post_id}; allowed is a public post of item {item.id}")
            _refuse_while_pending(connection, item.id, post.network)
            entry = connection.execute(select(entries).where(entries.c.id == item.entry_id)).one()
            kind = "delete" if text is None else "correct"
            verdict_id = _verdict(connection, who, kind, text=text or "", edited=text is not None)
            _change(connection, who)
            action = "delete" if text is None else "edit" if can_edit else "post"
            return _schedule(connection, item, entry, verdict_id, post.network, action, text or "", plan, post.uri)

    def recent(self, limit: int = 50) -> list[Found]:
        """The latest verdicts, the newest first."""
        with self.database.reading() as connection:
            return list(connection.execute(select(verdicts).order_by(verdicts.c.id.desc()).limit(limit)))

    def all(self) -> list[Found]:
        """Every verdict with its song, for export and for learning."""
        query = select(verdicts, items.c.artist, items.c.title, entries.c.network.label("entry_network"))
        query = query.join(items, verdicts.c.item_id == items.c.id).join(entries, items.c.entry_id == entries.c.id)
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(verdicts.c.id)))


def _seen(connection: Connection, who: Deciding, states: Sequence[str]) -> Found:
    """The item, locked, if it is still as the curator saw it."""
    item = connection.execute(select(items).where(items.c.id == who.item_id).with_for_update()).first()
    if item is None:
        raise InputError(f"item is {who.item_id}; there is none of this number")
    if item.version != who.version:
        raise Conflict(f"item {item.id} has changed meanwhile (it is {item.state}); look at it again")
    if item.state not in states:
        raise Conflict(f"item {item.id} is {item.state}; this can be done while it is {' or '.join(states)}")
    return item


def _change(connection: Connection, who: Deciding, **values: Any) -> None:
    if not touch(connection, who.item_id, who.version, lease_owner=None, lease_until=None, **values):
        raise Conflict(f"item {who.item_id} has changed meanwhile; look at it again")


def _candidate(connection: Connection, item_id: int, candidate_id: int | None) -> Found | None:
    if candidate_id is None:
        return None
    which = (candidates.c.id == candidate_id, candidates.c.item_id == item_id)
    chosen = connection.execute(select(candidates).where(*which)).first()
    if chosen is None:
        raise InputError(f"candidate is {candidate_id}; item {item_id} has none of this number")
    return chosen


def _verdict(connection: Connection, who: Deciding, kind: str, chosen: Found | None = None, **more: Any) -> int:
    text = more.get("text", "")
    columns = {
        "item_id": who.item_id,
        "kind": kind,
        "shown": list(who.shown),
        "curator": who.curator,
        "at": who.now,
        "candidate_id": chosen.id if chosen else None,
        "checkpoint": chosen.checkpoint if chosen else "",
        "seed": chosen.seed if chosen else None,
        "edited": chosen is None or chosen.text != text if kind == "approve" else more.get("edited", False),
        "text": clean(text),
        "reason": clean(more.get("reason", ""), 1000),
    }
    return int(connection.execute(insert(verdicts).values(columns).returning(verdicts.c.id)).scalar_one())


def _schedule(
    connection: Connection,
    item: Found,
    entry: Found,
    verdict_id: int,
    network: str,
    action: str,
    text: str,
    plan: Plan,
    replaces: str = "",
) -> int:
    """A row of the outbox with its payload, which names the row's own number."""
    same = (outbox.c.item_id == item.id, outbox.c.network == network)
    revision = 1 + int(connection.scalar(select(func.max(outbox.c.revision)).where(*same)) or 0)
    waiting = (outbox.c.network == network, outbox.c.state.in_(("scheduled", "sending", "unknown", "posted")))
    taken = list(connection.scalars(select(outbox.c.scheduled_for).where(*waiting, outbox.c.action == "post")))
    new = {"item_id": item.id, "verdict_id": verdict_id, "network": network, "revision": revision, "action": action}
    new |= {
        "text": text,
        "replaces": replaces,
        "state": "scheduled",
        "scheduled_for": entry.found_at,
        "due_at": entry.found_at,
    }
    key = int(connection.execute(insert(outbox).values(new).returning(outbox.c.id)).scalar_one())
    due_at, payload = plan(Slot(network, key, revision, taken, entry))
    frozen = {"payload": payload, "due_at": due_at, "scheduled_for": due_at}
    connection.execute(update(outbox).where(outbox.c.id == key).values(frozen))
    return key


def _refuse_second_answer(connection: Connection, item: Found) -> None:
    """One answer a mention."""
    lives = outbox.c.state.not_in(("cancelled", "failed", "abandoned"))
    same = select(items.c.id).where(items.c.entry_id == item.entry_id)
    if connection.execute(select(outbox.c.id).where(outbox.c.item_id.in_(same), lives)).first():
        raise InputError("this mention has its answer already; a mention gets one")


def _refuse_while_pending(connection: Connection, item_id: int, network: str) -> None:
    """A change of a post waits until the change before it is done."""
    pending = outbox.c.state.in_(("scheduled", "sending", "unknown"))
    which = (outbox.c.item_id == item_id, outbox.c.network == network, pending)
    if connection.execute(select(outbox.c.id).where(*which)).first():
        raise InputError(f"something else of item {item_id} is on its way to {network}; wait for it, or cancel it")
