"""The harvest of a corpus: sources, the pages that they gave, and what hosts allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from deephypebot.store.database import Database
from deephypebot.store.feeds import add_new
from deephypebot.store.lease import Found
from deephypebot.store.rows import clean
from deephypebot.store.tables import hosts, pages, sources
from deephypebot.types import Document

LONGEST_TEXT = 1_000_000
CHUNK = 500


@dataclass(frozen=True)
class NewPage:
    """An address to read. key: what it is the same by; kind: page, or index for a feed, a sitemap or an OPML; hops: redirects so far."""

    url: str
    key: str
    host: str
    kind: str = "page"
    hops: int = 0


class Harvest:
    """What there is to read, and what has been."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add_source(self, name: str, now: datetime) -> bool:
        """A source to look into; False where it is there already, and then it is looked into again."""
        with self.database.writing() as connection:
            row = {"name": clean(name, 700), "state": "new", "added_at": now, "due_at": now}
            if add_new(connection, sources, [row]):
                return True
            again = {"state": "new", "cursor": None, "due_at": now, "tries": 0, "error": ""}
            connection.execute(update(sources).where(sources.c.name == clean(name, 700)).values(**again))
            pages_too = (pages.c.source == clean(name, 700), pages.c.kind == "index")
            connection.execute(update(pages).where(*pages_too).values(state="new", due_at=now, tries=0))
            return False

    def sources(self) -> list[Found]:
        """All, by name."""
        with self.database.reading() as connection:
            return list(connection.execute(select(sources).order_by(sources.c.name)))

    def source_due(self, now: datetime, but: Sequence[int] = ()) -> Found | None:
        """A source to look into now, none of those that are under way."""
        which = (sources.c.state == "new", sources.c.due_at <= now, sources.c.id.not_in(but))
        with self.database.reading() as connection:
            return connection.execute(select(sources).where(*which).order_by(sources.c.id).limit(1)).first()

    def looked(
        self, source: Found, documents: Sequence[Document], found: Sequence[NewPage], cursor: str | None, now: datetime
    ) -> int:
        """What one look into a source gave, in one transaction; how many pages and documents were new."""
        with self.database.writing() as connection:
            new = _add_pages(connection, source.name, found, now)
            new += sum(_add_document(connection, source.name, one, number, now) for number, one in enumerate(documents))
            state = "new" if cursor is not None else "done"
            values = {"state": state, "cursor": cursor, "looked_at": now, "due_at": now, "tries": 0, "error": ""}
            connection.execute(update(sources).where(sources.c.id == source.id).values(**values))
        return new

    def source_failed(self, source_id: int, error: str, due_at: datetime | None, now: datetime) -> None:
        """Say what went wrong. due_at: when it is tried again, None for never."""
        state = {"state": "failed"} if due_at is None else {"due_at": due_at}
        with self.database.writing() as connection:
            values = {"error": clean(error, 1000), "looked_at": now, "tries": sources.c.tries + 1, **state}
            connection.execute(update(sources).where(sources.c.id == source_id).values(**values))

    def add_pages(self, source: str, found: Sequence[NewPage], now: datetime) -> int:
        """Pages to read; how many were new."""
        with self.database.writing() as connection:
            return _add_pages(connection, source, found, now)

    def page_due(self, host: str, now: datetime) -> Found | None:
        """The next page of a host."""
        which = (pages.c.host == host, pages.c.state == "new", pages.c.due_at <= now)
        with self.database.reading() as connection:
            return connection.execute(select(pages).where(*which).order_by(pages.c.id).limit(1)).first()

    def dead_due(self, now: datetime) -> Found | None:
        """The next page to look for in an archive."""
        which = (pages.c.state == "dead", pages.c.due_at <= now)
        with self.database.reading() as connection:
            return connection.execute(select(pages).where(*which).order_by(pages.c.id).limit(1)).first()

    def hosts_to_read(self) -> list[str]:
        """Hosts that have pages which were not read."""
        with self.database.reading() as connection:
            query = select(pages.c.host).where(pages.c.state == "new").distinct().order_by(pages.c.host)
            return [row[0] for row in connection.execute(query)]

    def page(self, page_id: int) -> Found | None:
        """One page."""
        with self.database.reading() as connection:
            return connection.execute(select(pages).where(pages.c.id == page_id)).first()

    def page_read(
        self,
        page: Found,
        state: str,
        reason: str = "",
        document: Document | None = None,
        found: Sequence[NewPage] = (),
        now: datetime | None = None,
        **values: Any,
    ) -> None:
        """What came of a page, and the pages that it leads to, in one transaction."""
        assert now is not None
        kept = _document_row(document) if document else None
        with self.database.writing() as connection:
            columns = {"state": state, "reason": clean(reason, 500), "document": kept, "fetched_at": now, **values}
            connection.execute(update(pages).where(pages.c.id == page.id).values(**columns))
            _add_pages(connection, page.source, found, now)

    def page_waits(self, page_id: int, reason: str, due_at: datetime) -> None:
        """To be read later."""
        with self.database.writing() as connection:
            values = {"reason": clean(reason, 500), "due_at": due_at, "tries": pages.c.tries + 1}
            connection.execute(update(pages).where(pages.c.id == page_id).values(**values))

    def rules(self, host: str, since: datetime) -> Mapping[str, Any] | None:
        """What a host allows, as it was read since then."""
        with self.database.reading() as connection:
            row = connection.execute(
                select(hosts.c.rules).where(hosts.c.host == host, hosts.c.fetched_at > since)
            ).first()
            return None if row is None else dict(row.rules)

    def keep_rules(self, host: str, rules: Mapping[str, Any], now: datetime) -> None:
        """What a host allows now."""
        with self.database.writing() as connection:
            connection.execute(delete(hosts).where(hosts.c.host == host))
            connection.execute(insert(hosts).values(host=host, rules=dict(rules), fetched_at=now))

    def next_due(self) -> datetime | None:
        """When the next page or source is to be read, None where all are."""
        page = select(func.min(pages.c.due_at)).where(pages.c.state.in_(("new", "dead")))
        source = select(func.min(sources.c.due_at)).where(sources.c.state == "new")
        with self.database.reading() as connection:
            found = [connection.execute(query).scalar() for query in (page, source)]
        return min((one for one in found if one is not None), default=None)

    def next_due_of(self, host: str) -> datetime | None:
        """When the next page of a host is to be read, None where all are."""
        query = select(func.min(pages.c.due_at)).where(pages.c.host == host, pages.c.state == "new")
        with self.database.reading() as connection:
            due: datetime | None = connection.execute(query).scalar()
        return due

    def counts(self) -> dict[tuple[str, str], int]:
        """Pages by their state and reason."""
        query = (
            select(pages.c.state, pages.c.reason, func.count())
            .where(pages.c.kind == "page")
            .group_by(pages.c.state, pages.c.reason)
        )
        with self.database.reading() as connection:
            return {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}

    def hosts(self) -> list[Found]:
        """All hosts with their rules."""
        with self.database.reading() as connection:
            return list(connection.execute(select(hosts).order_by(hosts.c.host)))

    def read_all(self) -> Iterator[Found]:
        """Every page that is no index, in the order in which they were found."""
        last = 0
        while True:
            query = select(pages).where(pages.c.id > last, pages.c.kind == "page").order_by(pages.c.id).limit(CHUNK)
            with self.database.reading() as connection:
                rows = list(connection.execute(query))
            yield from rows
            if len(rows) < CHUNK:
                return
            last = rows[-1].id


def _add_pages(connection: Connection, source: str, found: Sequence[NewPage], now: datetime) -> int:
    rows = [
        {
            "key": clean(page.key, 700), "url": clean(page.url, 2000), "host": clean(page.host, 300), "source": clean(source, 700), "kind": page.kind,
            "hops": page.hops, "state": "new", "due_at": now,
        }
        for page in found
    ]  # fmt: skip
    return add_new(connection, pages, rows)


def _add_document(connection: Connection, source: str, document: Document, number: int, now: datetime) -> int:
    """A text that a source gave itself counts as a page that has been read."""
    key = f"{document.source}:{document.url}" if document.url else f"{source}#{number}"
    row = {
        "key": clean(key, 700), "url": clean(document.url, 2000), "host": clean(document.site, 300), "source": clean(source, 700), "kind": "page",
        "state": "kept", "document": _document_row(document), "fetched_at": now, "due_at": now, "status": 200,
    }  # fmt: skip
    return add_new(connection, pages, [row])


def _document_row(document: Document) -> dict[str, Any]:
    row = asdict(document)
    return {name: clean(value, LONGEST_TEXT) if isinstance(value, str) else value for name, value in row.items()}


def document_of(row: Mapping[str, Any]) -> Document:
    """The document that a page's row holds."""
    return Document(**{**row, "genres": tuple(row["genres"])})
