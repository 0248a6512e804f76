"""What archives have in common: what is asked for, where it goes on, and values of answers. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from deephypebot.errors import InputError, shown
from deephypebot.services.answers import as_text

LONGEST, LONGEST_NAME, LONGEST_ADDRESS = 200_000, 300, 2000
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # NUL and lone surrogates: neither files nor databases take them


def read_what(what: str, *allowed: str) -> tuple[str, str]:
    """Kind and name of "tag:dream pop", allowed as "tag:NAME"; a kind alone has the name "". Raises InputError."""
    kind, colon, name = what.partition(":") if isinstance(what, str) else ("", "", "")
    form = next((form for form in allowed if form.partition(":")[0] == kind), None)
    name = " ".join(name.split())
    if form is None or (":" in form) != bool(colon) or bool(colon) != bool(name) or not name.isprintable():
        raise InputError(f"what is {shown(what)}; allowed are {', '.join(allowed)}")
    return kind, name


def read_number(cursor: str | None, first: int = 0) -> int:
    """Of a page or an offset. Raises InputError."""
    if cursor is None:
        return first
    if not (isinstance(cursor, str) and cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise InputError(f"cursor is {shown(cursor)}; allowed is a number that an archive gave")
    return int(cursor)


def as_prose(value: object) -> str:
    """A text as it came, without what cannot be stored."""
    return UNSTORABLE.sub("", as_text(value)[:LONGEST]).strip()


def as_name(value: object) -> str:
    """A text of one line."""
    return " ".join(as_prose(value)[:LONGEST_NAME].split())


def as_number(value: object) -> int | None:
    """A whole number of 0 or more."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_address(value: object) -> str:
    """An address of the web, "" for anything else."""
    url = as_text(value).strip()
    return url if len(url) <= LONGEST_ADDRESS and url.isprintable() and site_of(url) else ""


def site_of(url: str) -> str:
    """The host of an address of the web, "" for anything else."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
