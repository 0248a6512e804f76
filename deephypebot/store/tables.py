"""The tables: stages meet here and nowhere else, so this list is the architecture of the bot.

    feeds -> entries -> items (+ songs, attributes, look-ups) -> candidates -> verdicts -> outbox -> posts -> likes

A row that a stage works on carries a lease: `lease_owner` works on it until `lease_until`; after that anybody may. The states:

    entries  new -> read | failed
    items    found -> looked_up -> proposed -> approved | rejected | skipped; any of them -> dropped
    outbox   scheduled -> sending -> posted | failed | unknown; unknown -> posted | scheduled | abandoned; scheduled -> cancelled
    posts    public -> deleted

The harvest of a corpus has tables of its own: sources -> pages, by way of hosts, whose robots.txt says what may be read:

    sources  new -> done; done -> new, to look again
    pages    new -> kept | moved | dropped | dead; dead -> kept, from an archive
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

OPEN_STATES = ("found", "looked_up", "proposed")
OUTBOX_STATES = ("scheduled", "sending", "posted", "failed", "unknown", "abandoned", "cancelled")


class Instant(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time is {value!r}; allowed is an aware one")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _of(table: str, *, optional: bool = False) -> Column[Any]:
    name = f"{table.removesuffix('s') if table != 'entries' else 'entry'}_id"
    return Column(name, BigInteger, ForeignKey(f"{table}.id"), nullable=optional, index=True)


def _lease() -> list[Column[Any]]:
    return [
        Column("lease_owner", String(80)),
        Column("lease_until", Instant),
        Column("tries", Integer, nullable=False, default=0, server_default="0"),
        Column("due_at", Instant, nullable=False),
        Column("error", Text, nullable=False, default="", server_default=""),
    ]


feeds = Table(
    "feeds",
    METADATA,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("cursor", Text),
    Column("polled_at", Instant),
    Column("idle", Integer, nullable=False, default=0, server_default="0"),
    *_lease(),
)

entries = Table(
    "entries",
    METADATA,
    _id(),
    Column("feed", String(200), nullable=False),
    Column("network", String(40), nullable=False),
    Column("uri", String(700), nullable=False, unique=True),
    Column("author", String(300), nullable=False),
    Column("url", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("links", JSON, nullable=False),
    Column("songs", JSON, nullable=False),
    Column("asks_us", Boolean, nullable=False),
    Column("thread", JSON, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    *_lease(),
)

songs = Table(
    "songs",
    METADATA,
    _id(),
    Column("artist", String(300), nullable=False),
    Column("title", String(300), nullable=False),
    Column("key", String(700), nullable=False, unique=True),
)

attributes = Table(
    "attributes",
    METADATA,
    _id(),
    _of("songs"),
    Column("name", String(40), nullable=False),
    Column("value", JSON, nullable=False),
    Column("source", String(40), nullable=False),
    Column("licence", String(200), nullable=False),
    Column("may_train", Boolean, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    UniqueConstraint("song_id", "name", "source"),
)

lookups = Table(
    "lookups",
    METADATA,
    _id(),
    Column("key", String(700), nullable=False),
    Column("catalogue", String(40), nullable=False),
    Column("finding", JSON(none_as_null=True)),
    Column("fetched_at", Instant, nullable=False),
    UniqueConstraint("key", "catalogue"),
)

items = Table(
    "items",
    METADATA,
    _id(),
    _of("entries"),
    Column("position", Integer, nullable=False),
    Column("artist", String(300), nullable=False),
    Column("title", String(300), nullable=False),
    Column("score", Float, nullable=False),
    Column("how", String(80), nullable=False),
    _of("songs", optional=True),
    Column("state", String(20), nullable=False, index=True),
    Column("reason", Text, nullable=False, default="", server_default=""),
    Column("asked_by", String(300), nullable=False, default="", server_default=""),
    Column("wish", JSON, nullable=False),
    Column("version", Integer, nullable=False, default=1, server_default="1"),
    Column("created_at", Instant, nullable=False),
    Column("proposed_at", Instant),
    Column("decided_at", Instant),
    *_lease(),
    UniqueConstraint("entry_id", "position"),
)

candidates = Table(
    "candidates",
    METADATA,
    _id(),
    _of("items"),
    Column("batch", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("nll", Float, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("checkpoint", String(200), nullable=False),
    Column("rewards", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("wish", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

verdicts = Table(
    "verdicts",
    METADATA,
    _id(),
    _of("items"),
    Column("kind", String(20), nullable=False, index=True),
    Column("shown", JSON, nullable=False),
    _of("candidates", optional=True),
    Column("text", Text, nullable=False, default=""),
    Column("edited", Boolean, nullable=False, default=False),
    Column("reason", Text, nullable=False, default=""),
    Column("curator", String(200), nullable=False),
    Column("checkpoint", String(200), nullable=False, default=""),
    Column("seed", BigInteger),
    Column("at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    METADATA,
    _id(),
    _of("items"),
    _of("verdicts"),
    Column("network", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("payload", JSON(none_as_null=True)),
    Column("replaces", Text, nullable=False, default="", server_default=""),
    Column("state", String(20), nullable=False, index=True),
    Column("scheduled_for", Instant, nullable=False),
    Column("first_try_at", Instant),
    Column("checks", Integer, nullable=False, default=0, server_default="0"),
    *_lease(),
    UniqueConstraint("item_id", "network", "revision"),
)

posts = Table(
    "posts",
    METADATA,
    _id(),
    _of("items"),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False, unique=True),
    Column("network", String(40), nullable=False),
    Column("uri", String(700), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    *_lease(),
)

likes = Table(
    "likes",
    METADATA,
    _id(),
    _of("posts"),
    Column("at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Column("may_train", Boolean, nullable=False),
    UniqueConstraint("post_id", "at"),
)

switches = Table(
    "switches",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(200), nullable=False),
)

spending = Table(
    "spending",
    METADATA,
    Column("service", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("dollars", Float, nullable=False),
)

sources = Table(
    "sources",
    METADATA,
    _id(),
    Column("name", String(700), nullable=False, unique=True),
    Column("state", String(20), nullable=False, index=True),
    Column("cursor", Text),
    Column("added_at", Instant, nullable=False),
    Column("looked_at", Instant),
    Column("due_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),
    Column("error", Text, nullable=False, default="", server_default=""),
)

hosts = Table(
    "hosts",
    METADATA,
    Column("host", String(300), primary_key=True),
    Column("rules", JSON, nullable=False),
    Column("fetched_at", Instant, nullable=False),
)

pages = Table(
    "pages",
    METADATA,
    _id(),
    Column("key", String(700), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("host", String(300), nullable=False),
    Column("source", String(700), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("hops", Integer, nullable=False, default=0, server_default="0"),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False, default="", server_default=""),
    Column("status", Integer, nullable=False, default=0, server_default="0"),
    Column("etag", String(300), nullable=False, default="", server_default=""),
    Column("modified", String(100), nullable=False, default="", server_default=""),
    Column("document", JSON(none_as_null=True)),
    Column("robots", Text, nullable=False, default="", server_default=""),
    Column("fetched_at", Instant),
    Column("due_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),
)

Index("ix_pages_due", pages.c.state, pages.c.due_at)
Index("ix_pages_host", pages.c.host, pages.c.state)
Index("ix_entries_due", entries.c.state, entries.c.due_at)
Index("ix_items_due", items.c.state, items.c.due_at)
Index("ix_outbox_due", outbox.c.state, outbox.c.due_at)
Index("ix_posts_posted_at", posts.c.posted_at)
