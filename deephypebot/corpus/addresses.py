"""Addresses as they are compared: what leads to the same page is the same. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from deephypebot.services.archived import site_of

HELD = re.compile(
    r"/web/\d{4,14}(?:\w\w_)?/(?:https?://)?([^/]+)"
)  # what the Wayback Machine holds, by its own address


def address_of(url: str) -> str:
    """An address without what does not change the page: scheme, www, tracking, fragment, a slash at its end."""
    from courlan import normalize_url

    try:
        plain = normalize_url(url.partition("#")[0], strict=False, trailing_slash=False)
    except (ValueError, AttributeError):
        plain = url
    return re.sub(r"^https?://(?:www\.)?", "", plain.casefold())


def blog_of(url: str) -> str:
    """The host that a page stands on; of an archived page the one that it stood on."""
    host = site_of(url)
    held = HELD.search(url) if host == "web.archive.org" else None
    return held[1] if held else host


def host_and_port(url: str) -> str:
    """ "HOST:PORT" of an address of the web, what robots.txt and politeness go by; "" for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if site_of(url) else ""
