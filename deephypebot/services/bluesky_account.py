"""An account of the AT Protocol: signing in once, and what each fault of a server says about what was done."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any

import httpx
from atproto import Client, Request
from atproto.exceptions import AtProtocolError, RateLimitExceededError
from atproto_client.models.dot_dict import DotDict

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.settings import BlueskySettings

TIMEOUT_S, AWAY_S, REST_S = 30.0, 30.0, 300.0
GONE = (
    "AccountTakedown",
    "AccountDeactivated",
    "AccountSuspended",
    "AuthFactorTokenRequired",
    "RepoTakendown",
    "RepoDeactivated",
)
STALE = ("ExpiredToken", "InvalidToken", "AuthMissing")  # a session that ended; signing in anew helps


class Account:
    """Asks and tells a server in the name of the account. Safe to share between threads."""

    def __init__(self, settings: BlueskySettings) -> None:
        if not settings.handle or not settings.password.get_secret_value():
            raise InputError(
                "bluesky.handle or bluesky.password is missing; give both, the password best as an app password"
            )
        self.settings = settings
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._rest: tuple[float, ServiceError] | None = None  # signing in is limited to a few tries in five minutes

    @property
    def did(self) -> str:
        """Of the account. Signs in."""
        return str(self._signed_in()._session.did)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """A query, such as app.bsky.feed.getTimeline. Raises ServiceError."""
        return self._call(
            lambda client: client.invoke_query(method, params=DotDict(params), output_encoding="application/json"),
            method,
        )

    def tell(self, method: str, **data: Any) -> dict[str, Any]:
        """A procedure, such as com.atproto.repo.putRecord. Raises ServiceError."""
        coding = "application/json"
        return self._call(
            lambda client: client.invoke_procedure(
                method, data=DotDict(data), input_encoding=coding, output_encoding=coding
            ),
            method,
        )

    def _call(self, act: Any, method: str) -> dict[str, Any]:
        for is_last in (False, True):
            client = self._signed_in()
            try:
                answer = act(client).content
            except (AtProtocolError, httpx.HTTPError, ValueError) as error:
                if _name(error) in STALE and not is_last:
                    with self._lock:
                        self._client = None
                    continue
                raise fault_of(error, method) from error
            if not isinstance(answer, dict):
                raise Unsure(f"bluesky: {method} answered with something that is no JSON object")
            return answer
        raise AssertionError("unreachable")

    def _signed_in(self) -> Client:
        with self._lock:
            if self._client is not None:
                return self._client
            if self._rest is not None and time.monotonic() < self._rest[0]:
                raise self._rest[1]
            client = Client(f"{self.settings.service.rstrip('/')}/xrpc", Request(timeout=TIMEOUT_S))
            password = self.settings.password.get_secret_value()
            try:
                client.login(self.settings.handle, password, fetch_bsky_profile=False)
            except (AtProtocolError, httpx.HTTPError, ValueError) as error:
                fault = fault_of(error, "signing in")
                fault = Limited(str(fault), AWAY_S) if isinstance(fault, Unsure) else fault  # nothing was done
                wait = fault.retry_after_s if isinstance(fault, Limited) else REST_S
                self._rest = (time.monotonic() + min(wait, REST_S), fault)
                client.request.close()
                raise fault from error
            weakref.finalize(self, client.request.close)
            self._client, self._rest = client, None
            return client


def fault_of(error: Exception, method: str) -> ServiceError:
    """What an error of the client says about what was done (docs.bsky.app/docs/advanced-guides/rate-limits, and the lexicons)."""
    response = getattr(error, "response", None)
    if response is None:
        cause = error if isinstance(error, httpx.HTTPError) else error.__cause__
        if isinstance(cause, (httpx.ConnectError, httpx.ConnectTimeout)):
            return Limited(f"bluesky cannot be reached ({type(cause).__name__})", AWAY_S)
        return Unsure(f"bluesky: no answer to {method} ({type(cause or error).__name__})")
    status, name = response.status_code, _name(error)
    said = f"bluesky: {method}: {status} {name} {str(getattr(response.content, 'message', '') or '')[:200]}".strip()
    if isinstance(error, RateLimitExceededError):
        return Limited(said, _wait_s(error))
    if name in GONE or status in (401, 403) or (method == "signing in" and 400 <= status < 500):
        return SignInRefused(said)
    if status >= 500 or status in (408, 409, 425):
        return Unsure(said)
    return Refused(said)


def _name(error: Exception) -> str:
    content = getattr(getattr(error, "response", None), "content", None)
    return str(getattr(content, "error", "") or "")


def _wait_s(error: RateLimitExceededError) -> float:
    if error.retry_after is not None:
        return float(error.retry_after)
    return max(1.0, error.reset_at.timestamp() - time.time()) if error.reset_at else 60.0
