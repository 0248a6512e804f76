"""Switches that people turn while the bot runs, money spent, and when something was last done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from deephypebot.store.database import Database
from deephypebot.store.feeds import add_new
from deephypebot.store.lease import Found
from deephypebot.store.tables import spending, switches

BEAT = "beat:"


class Switches:
    """Values by name."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def value(self, name: str) -> str:
        """The value, "" where it was never set."""
        row = self.get(name)
        return "" if row is None else str(row.value)

    def get(self, name: str) -> Found | None:
        """Value, when it was set and by whom."""
        with self.database.reading() as connection:
            return connection.execute(select(switches).where(switches.c.name == name)).first()

    def turn(self, name: str, value: str, by: str, now: datetime) -> None:
        """Set a value."""
        with self.database.writing() as connection:
            values = {"value": value, "by": by, "at": now}
            if connection.execute(update(switches).where(switches.c.name == name).values(**values)).rowcount == 0:
                add_new(connection, switches, [{"name": name, **values}])

    def beats(self) -> dict[str, Found]:
        """When each stage last said that it is alive, and which worker said so."""
        query = select(switches).where(switches.c.name.startswith(BEAT)).order_by(switches.c.name)
        with self.database.reading() as connection:
            return {row.name.removeprefix(BEAT): row for row in connection.execute(query)}

    def paused(self) -> bool:
        """Whether nothing may be posted."""
        return self.value("paused") == "yes"

    def spend(self, service: str, day: str, dollars: float, limit: float | None) -> bool:
        """Add to what a service has cost on a day; False, and nothing added, where that would be more than the limit."""
        with self.database.writing() as connection:
            add_new(connection, spending, [{"service": service, "day": day, "dollars": 0.0}])
            which = [spending.c.service == service, spending.c.day == day]
            if limit is not None:
                which.append(spending.c.dollars + dollars <= limit + 1e-9)
            more = update(spending).where(*which).values(dollars=spending.c.dollars + dollars)
            return connection.execute(more).rowcount == 1

    def spent(self, service: str, day: str) -> float:
        """Dollars."""
        which = (spending.c.service == service, spending.c.day == day)
        with self.database.reading() as connection:
            return float(connection.scalar(select(spending.c.dollars).where(*which)) or 0.0)
