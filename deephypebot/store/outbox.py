"""The outbox: what was approved, on its way to a network. A row is committed as `sending` before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from deephypebot.errors import Conflict, InputError
from deephypebot.store.database import Database
from deephypebot.store.feeds import add_new
from deephypebot.store.lease import Found, Lease, claim, finish
from deephypebot.store.rows import clean
from deephypebot.store.tables import entries, items, outbox, posts

MAY = {  # what people may do with a row, by its state
    "cancel": ("scheduled",),
    "move": ("scheduled",),
    "resend": ("failed", "unknown", "abandoned"),
    "confirm": ("unknown", "abandoned"),
    "abandon": ("unknown", "failed"),
}


class Outbox:
    """Posts that are to be sent, and what became of them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def claim_due(self, network: str, lease: Lease, a_day: int) -> Found | None:
        """The next row to send, now `sending`; None where as many posts as are allowed went out within 24 hours."""
        which = (outbox.c.network == network) & (outbox.c.state == "scheduled")
        first = func.coalesce(outbox.c.first_try_at, lease.now)
        with self.database.writing() as connection:
            self.database.one_at_a_time(connection, f"post to {network}")
            if _went_out(connection, network, lease.now) >= a_day:
                return None
            values = {"state": "sending", "first_try_at": first}
            return next(iter(claim(connection, outbox, which, lease, 1, values=values)), None)

    def claim_unknown(self, network: str, lease: Lease) -> Found | None:
        """The next row of which it is to be found out whether it was sent."""
        which = (outbox.c.network == network) & (outbox.c.state == "unknown")
        with self.database.writing() as connection:
            return next(iter(claim(connection, outbox, which, lease, 1)), None)

    def lapse(self, now: datetime) -> int:
        """Rows whose sender died are `unknown` now; how many."""
        dead = (outbox.c.state == "sending", outbox.c.lease_until <= now)
        values = {"state": "unknown", "lease_owner": None, "lease_until": None, "due_at": now}
        with self.database.writing() as connection:
            error = "the worker that was sending it stopped"
            return connection.execute(update(outbox).where(*dead).values(error=error, **values)).rowcount

    def sent(self, row: Found, lease: Lease, uri: str, url: str) -> None:
        """It is public, or gone if that was wanted. Raises Conflict."""
        with self.database.writing() as connection:
            finish(connection, outbox, row.id, lease, state="posted")
            _keep_post(connection, row, uri, url, lease.now)

    def failed(self, row: Found, lease: Lease, error: str) -> None:
        """It will not be sent. Raises Conflict."""
        self._finish(row, lease, state="failed", error=clean(error, 1000))

    def postponed(self, row: Found, lease: Lease, error: str, due_at: datetime) -> None:
        """Nothing was sent; it is tried again. Raises Conflict."""
        again = {"tries": row.tries, "error": clean(error, 1000), "due_at": due_at}
        first = None if row.tries <= 1 else row.first_try_at  # the first try has not been one
        self._finish(row, lease, state="scheduled", first_try_at=first, **again)

    def unsure(self, row: Found, lease: Lease, error: str, due_at: datetime, checks: int = 0) -> None:
        """It may have been sent; that is looked up. Raises Conflict."""
        values = {"tries": row.tries, "checks": checks, "due_at": due_at, "error": clean(error, 1000)}
        self._finish(row, lease, state="unknown", **values)

    def again(self, row: Found, lease: Lease) -> None:
        """It was not sent, or sending it twice is no harm: back to `scheduled`. Raises Conflict."""
        self._finish(row, lease, state="scheduled", tries=row.tries, due_at=lease.now)

    def _finish(self, row: Found, lease: Lease, **values: Any) -> None:
        with self.database.writing() as connection:
            finish(connection, outbox, row.id, lease, **values)

    def cancel(self, key: int) -> None:
        """A curator thought better of it. Raises Conflict where it is too late."""
        self._by_hand(key, "cancel", state="cancelled")

    def move(self, key: int, due_at: datetime) -> None:
        """To another time. Raises Conflict where it is too late."""
        self._by_hand(key, "move", due_at=due_at, scheduled_for=due_at)

    def resend(self, key: int, now: datetime) -> None:
        """A person has looked: it is not there. Raises Conflict."""
        self._by_hand(key, "resend", state="scheduled", due_at=now, first_try_at=None, checks=0, tries=0, error="")

    def abandon(self, key: int) -> None:
        """Nobody cares any more. Raises Conflict."""
        self._by_hand(key, "abandon", state="abandoned")

    def confirm(self, key: int, uri: str, url: str, now: datetime) -> None:
        """A person has looked: it is there. Raises Conflict."""
        with self.database.writing() as connection:
            row = _allowed(connection, key, "confirm")
            connection.execute(update(outbox).where(outbox.c.id == key).values(state="posted", error=""))
            _keep_post(connection, row, uri, url, now)

    def _by_hand(self, key: int, action: str, **values: Any) -> None:
        with self.database.writing() as connection:
            _allowed(connection, key, action)
            values |= {"lease_owner": None, "lease_until": None}
            connection.execute(update(outbox).where(outbox.c.id == key).values(**values))

    def get(self, key: int) -> Found:
        """A row. Raises InputError where there is none."""
        with self.database.reading() as connection:
            row = connection.execute(select(outbox).where(outbox.c.id == key)).first()
        if row is None:
            raise InputError(f"outbox row is {key}; there is none of this number")
        return row

    def rows(self, states: Sequence[str], limit: int = 200) -> list[Found]:
        """Rows in these states with their songs and, where it is public, the post's address; the latest first."""
        names = (items.c.artist, items.c.title, items.c.version.label("item_version"), entries.c.url.label("entry_url"))
        query = select(outbox, *names, posts.c.url.label("post_url"), posts.c.id.label("post_id"))
        query = query.join(items, outbox.c.item_id == items.c.id).join(entries, items.c.entry_id == entries.c.id)
        query = query.outerjoin(posts, posts.c.outbox_id == outbox.c.id).where(outbox.c.state.in_(list(states)))
        order = (outbox.c.scheduled_for.desc(), outbox.c.id.desc())
        with self.database.reading() as connection:
            return [*connection.execute(query.order_by(*order).limit(limit))]

    def counts(self) -> dict[str, int]:
        """Rows by state."""
        with self.database.reading() as connection:
            rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
            return {row[0]: row[1] for row in rows}

    def scheduled_texts(self) -> list[str]:
        """What is on its way."""
        pending = outbox.c.state.in_(("scheduled", "sending", "unknown"))
        with self.database.reading() as connection:
            return [*connection.scalars(select(outbox.c.text).where(pending, outbox.c.action != "delete"))]


def _allowed(connection: Connection, key: int, action: str) -> Found:
    row = connection.execute(select(outbox).where(outbox.c.id == key).with_for_update()).first()
    if row is None:
        raise InputError(f"outbox row is {key}; there is none of this number")
    if row.state not in MAY[action]:
        raise Conflict(f"outbox row {key} is {row.state}; {action} is possible while it is {' or '.join(MAY[action])}")
    return row


def _went_out(connection: Connection, network: str, now: datetime) -> int:
    """Posts of the last 24 hours, also those that perhaps went out."""
    tried = (outbox.c.network == network, outbox.c.action == "post", outbox.c.first_try_at > now - timedelta(days=1))
    out = outbox.c.state.in_(("sending", "posted", "unknown"))
    return int(connection.scalar(select(func.count()).select_from(outbox).where(out, *tried)) or 0)


def _keep_post(connection: Connection, row: Found, uri: str, url: str, now: datetime) -> None:
    """What is public now, and what is not any more."""
    if row.replaces and (row.action == "delete" or row.replaces != uri):
        connection.execute(update(posts).where(posts.c.uri == row.replaces).values(state="deleted"))
    if row.action == "edit" and row.replaces == uri:
        connection.execute(update(posts).where(posts.c.uri == uri).values(text=row.text, url=url))
    elif row.action != "delete":
        new = {
            "item_id": row.item_id,
            "outbox_id": row.id,
            "network": row.network,
            "uri": clean(uri, 700),
            "url": clean(url),
        }
        add_new(connection, posts, [{**new, "text": row.text, "posted_at": now, "state": "public", "due_at": now}])
