"""One page of the web, whoever wrote its address: public hosts alone, so many bytes and seconds and no more. A redirect is an answer."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore2

from deephypebot.errors import Limited, Refused, Unsure
from deephypebot.http import retry_after_s
from deephypebot.services.public_network import PublicNetwork, Resolve

LONGEST_S, STEP_S, AWAY_S = 60.0, 20.0, 300.0
LARGEST, LARGEST_UNPACKED = 5 * 2**20, 20 * 2**20  # bytes on the wire, and of the text
READABLE = re.compile(r"^(?:text/|application/(?:[\w.-]+\+xml|xml|json|ld\+json|x-gzip|gzip|octet-stream)|$)")
REDIRECTS, MOST_HOPS = (301, 302, 303, 307, 308), 5
MAGIC = b"\x1f\x8b"  # how gzip begins


class Away(Limited):
    """There is no such host, or it takes no connection."""


@dataclass(frozen=True)
class Page:
    """What a server sent. headers: names in small letters; body: unpacked."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Pages:
    """contact: a mail address or page, for servers that want to know whom to ask. Safe to share between threads."""

    def __init__(self, contact: str = "", resolve: Resolve | None = None, longest_s: float = LONGEST_S) -> None:
        self.agent = f"deephypebot/{version('deephypebot')} ({contact or 'a harvester of music writing'})"
        self.network, self.longest_s = PublicNetwork(resolve), longest_s
        self.pool = httpcore2.ConnectionPool(network_backend=self.network, max_connections=64, keepalive_expiry=10.0)

    def fetch(self, url: str, etag: str = "", modified: str = "") -> Page:
        """Read a page, once. Statuses of redirects and of what is not there are an answer.

        Raises Refused, with the reason named, for what is not to be had; Limited where the server asks to wait, Away where it
        cannot be reached, Unsure where it stumbles.
        """
        check_address(url)
        headers = {
            "user-agent": self.agent,
            "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1",
            "accept-encoding": "gzip",
        }
        headers |= ({"if-none-match": etag} if etag else {}) | ({"if-modified-since": modified} if modified else {})
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), STEP_S)
        self.network.allow(self.longest_s)
        host = urlsplit(url).hostname or ""
        try:
            with self.pool.stream(
                "GET", url, headers=list(headers.items()), extensions={"timeout": timeouts}
            ) as answer:
                return self._read(url, answer)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            raise Away(f"{host} cannot be reached", AWAY_S) from error
        except (httpcore2.ReadTimeout, httpcore2.WriteTimeout, httpcore2.PoolTimeout) as error:
            raise Unsure(
                f"too slow: {host} took longer than {self.longest_s:g} s, or was silent for {STEP_S:g} s"
            ) from error
        except (httpcore2.UnsupportedProtocol, httpcore2.LocalProtocolError, UnicodeError, ValueError) as error:
            raise Refused(f"no address to read from ({type(error).__name__})") from error
        except (httpcore2.ProtocolError, httpcore2.NetworkError, OSError) as error:
            raise Unsure(f"broken answer of {host} ({type(error).__name__})") from error

    def follow(self, url: str) -> Page:
        """Read what an address leads to, in at most MOST_HOPS redirects, each to a public host: for robots.txt (RFC 9309, 2.3.1.2) and
        licences. Raises as fetch does."""
        for _ in range(MOST_HOPS + 1):
            page = self.fetch(url)
            where = page.headers.get("location", "")
            if page.status not in REDIRECTS or not where:
                return page
            url = urljoin(url, where)
        raise Refused(f"moved more than {MOST_HOPS} times")

    def _read(self, url: str, answer: Any) -> Page:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        status = int(answer.status)
        if status in (429, 503) or status in (408, 425):
            raise Limited(f"{status}: asked to wait", retry_after_s(headers, AWAY_S))
        if status >= 500:
            raise Unsure(f"{status}: the server stumbles")
        if status != 200:
            return Page(url, status, headers, b"")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if not READABLE.match(kind):
            raise Refused(f"no page: {kind[:60]}")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > LARGEST:
            raise Refused(f"too large: {length} bytes; allowed are {LARGEST}")
        packed = headers.get("content-encoding", "").strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip"):
            raise Refused(f"packed as {packed[:20]}, which was not asked for")
        return Page(
            url, status, headers, unpacked(limited(answer.iter_stream()), bool(packed) and packed != "identity")
        )

    def close(self) -> None:
        self.pool.close()


def check_address(url: str) -> None:
    """Raises Refused for what is no address of the web."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("no address of the web") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or len(url) > 2000:
        raise Refused(f"no address of the web: {parts.scheme[:10] or 'nothing'}:")
    if port not in (None, 80, 443, 8080, 8443) and not 1024 <= (port or 0) <= 65535:
        raise Refused(f"port {port} is not one of the web")


def limited(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks, as long as they are not too many bytes. Raises Refused."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise Refused(f"too large: more than {LARGEST} bytes")
        yield chunk


def unpacked(chunks: Iterable[bytes], is_packed: bool) -> bytes:
    """The whole of an answer. A file that is gzip itself, as sitemaps are, is unpacked too. Raises Refused for a bomb and for broken gzip."""
    body = bytearray()
    if is_packed:
        unpack(chunks, body)
    else:
        for chunk in chunks:
            body += chunk
    if body.startswith(MAGIC):
        inner = bytearray()
        unpack([bytes(body)], inner)
        body = inner
    return bytes(body)


def unpack(chunks: Iterable[bytes], body: bytearray) -> None:
    """Unpack gzip onto the body. Raises Refused."""
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            while chunk:
                body += stream.decompress(chunk, 2**16)
                chunk = stream.unconsumed_tail
                if len(body) > LARGEST_UNPACKED:
                    raise Refused(f"unpacks to more than {LARGEST_UNPACKED} bytes")
    except zlib.error as error:
        raise Refused("broken gzip") from error
