"""The one polite client: a named user agent, timeouts, a pause between requests to a host, retries of reads, a limit on the size of answers,
and no way to an address of the inner network unless the settings themselves lead there."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from deephypebot.errors import Limited, Refused, SignInRefused, Unsure

TIMEOUT_S, LARGEST, TRIES, LONGEST_WAIT_S, AWAY_S, MOST_HOPS = 20.0, 5 * 2**20, 3, 5.0, 30.0, 4
Params = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Answer:
    """What a server answered. headers: names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """contact: a mail address or page, for servers that want to know whom to ask; pause_s: between two requests to the same host.

    Safe to share between threads. Each method raises Refused, SignInRefused, Limited or Unsure.
    """

    def __init__(
        self,
        contact: str = "",
        pause_s: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.agent = f"deephypebot/{version('deephypebot')}" + (f" ({contact})" if contact else "")
        self.pause_s, self.sleep, self.clock = pause_s, sleep, clock
        self.lock, self.next_at = threading.Lock(), dict[str, float]()
        self.client = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, headers={"user-agent": self.agent})

    def get(self, url: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Read; tried again where the server stumbles. An answer of 304 is an answer."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._once("GET", url, params, headers, None)
            except Limited as error:
                if attempt == TRIES or error.retry_after_s > LONGEST_WAIT_S:
                    raise
                self.sleep(error.retry_after_s)
            except Unsure:
                if attempt == TRIES:
                    raise
                self.sleep(0.5 * 2**attempt)
        raise AssertionError("unreachable")

    def get_json(self, url: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """Read JSON. Raises Unsure for what is none."""
        answer = self.get(url, params, {"accept": "application/json", **(headers or {})})
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise Unsure(f"{_host(url)} answered with something that is no JSON") from error

    def post(self, url: str, data: object, headers: Mapping[str, str] | None = None, as_form: bool = False) -> Answer:
        """Tell, once: JSON, or a form."""
        return self._once("POST", url, None, headers, data, as_form)

    def close(self) -> None:
        self.client.close()

    def _once(
        self,
        method: str,
        url: str,
        params: Params | None,
        headers: Mapping[str, str] | None,
        data: object,
        as_form: bool = False,
    ) -> Answer:
        body: dict[str, Any] = {} if data is None else {"data": data} if as_form else {"json": data}
        start = url
        for _ in range(MOST_HOPS):
            self._wait_for_turn(_host(url))
            answer = self._send(method, url, params, headers, body)
            where = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not where or method != "GET":
                return _checked(answer, url)
            url, params = urljoin(url, where), None
            if _host(url) != _host(start):
                headers = {name: value for name, value in (headers or {}).items() if name.lower() != "authorization"}
                if not _is_public(url) and _is_public(start):
                    raise Refused(f"{_host(start)} sends us to {_host(url)}, an address of the inner network")
        raise Refused(f"{_host(start)} sends us from place to place")

    def _send(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str] | None, body: dict[str, Any]
    ) -> Answer:
        try:
            with self.client.stream(
                method, url, params=dict(params or {}) or None, headers=dict(headers or {}), **body
            ) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise Refused(f"{_host(url)} answered with more than {LARGEST} bytes")
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, bytes(content))
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Limited(f"{_host(url)} cannot be reached ({type(error).__name__})", AWAY_S) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Refused(f"{_host(url)}: not an address to read from ({type(error).__name__})") from error
        except httpx2.HTTPError as error:
            raise Unsure(f"no answer from {_host(url)} ({type(error).__name__})") from error

    def _wait_for_turn(self, host: str) -> None:
        """Requests to a host keep the pause, whoever makes them."""
        with self.lock:
            now = self.clock()
            at = max(now, self.next_at.get(host, 0.0))
            self.next_at[host] = at + self.pause_s
        if at > now:
            self.sleep(at - now)


def _checked(answer: Answer, url: str) -> Answer:
    said = f"{_host(url)} answered {answer.status}"
    if answer.status == 304 or 200 <= answer.status < 300:
        return answer
    if answer.status in (429, 503) and (answer.status == 429 or "retry-after" in answer.headers):
        raise Limited(said, retry_after_s(answer.headers))
    if answer.status in (401, 403):
        raise SignInRefused(said)
    raise Unsure(said) if answer.status >= 500 or answer.status in (408, 425) else Refused(said)


def retry_after_s(headers: Mapping[str, str], default: float = 60.0) -> float:
    """Seconds of a Retry-After header, which has seconds or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return default


def _host(url: str) -> str:
    """What a message may tell of an address: keys may stand in the rest."""
    try:
        return urlsplit(url).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _is_public(url: str) -> bool:
    """Whether all addresses of the host are those of the outer network."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None)
        return bool(found) and all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_global for one in found)
    except (OSError, ValueError, UnicodeError):
        return False
