"""Leases: a stage claims rows for a while, so that no other works on them; a stage that dies loses them when the lease ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select, update

from deephypebot.errors import Conflict

Found = Row[Any]  # a row as it was read; columns are its attributes


@dataclass(frozen=True)
class Lease:
    """Who works on a row, and until when it is theirs. owner: one for each worker that ever ran."""

    owner: str
    now: datetime
    seconds: float = 300.0

    @property
    def until(self) -> datetime:
        return self.now + timedelta(seconds=self.seconds)


def claim(
    connection: Connection,
    table: Table,
    which: ColumnElement[bool],
    lease: Lease,
    limit: int,
    order: Sequence[ColumnElement[Any]] = (),
    values: Mapping[str, Any] | None = None,
) -> list[Found]:
    """At most `limit` of the rows that are due and nobody's, now leased. values: further columns to set at once."""
    is_free = or_(table.c.lease_until.is_(None), table.c.lease_until <= lease.now)
    order = (*order, table.c.due_at, table.c.id)
    free = select(table.c.id).where(which, is_free, table.c.due_at <= lease.now).order_by(*order).limit(limit)
    ids = list(connection.scalars(free.with_for_update(skip_locked=True)))
    if not ids:
        return []
    held = {"lease_owner": lease.owner, "lease_until": lease.until, "tries": table.c.tries + 1}
    connection.execute(update(table).where(table.c.id.in_(ids)).values({**(values or {}), **held}))
    return list(connection.execute(select(table).where(table.c.id.in_(ids)).order_by(*order)))


def finish(connection: Connection, table: Table, row_id: int, lease: Lease, **values: Any) -> None:
    """Write what came of a leased row and let it go. Raises Conflict where the lease has ended and somebody else has the row."""
    values = {"lease_owner": None, "lease_until": None, "tries": 0, "error": ""} | values
    mine = (table.c.id == row_id, table.c.lease_owner == lease.owner)
    if connection.execute(update(table).where(*mine).values(**values)).rowcount != 1:
        raise Conflict(f"row {row_id} of {table.name} is no longer leased to {lease.owner}")
