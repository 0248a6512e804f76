"""Limits and headers for every answer: how large a request may be, how often one may ask, what a browser may do with a page."""

from __future__ import annotations

import threading
import time
from collections import deque

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST, LARGEST_IMPORT = 64 * 1024, 4 * 1024 * 1024  # bytes
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Shield:
    """ASGI middleware: adds the headers, and refuses requests that are too large, also those that do not say how large they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = LARGEST_IMPORT if scope["path"] == "/import" else LARGEST
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared[:20]) > largest:
            await _refuse(send, largest)
            return
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > largest:
                raise HTTPException(413, f"the request is larger than {largest} bytes")
            return message

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                names = {name.lower() for name, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in names]
                if not scope["path"].startswith("/static/"):
                    extra.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, counted, dressed)


async def _refuse(send: Send, largest: int) -> None:
    body = f'{{"detail":"the request is larger than {largest} bytes, or does not say how large it is"}}'.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Pace:
    """At most so many requests in so many seconds for each caller."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self.lock, self.asked = threading.Lock(), dict[str, deque[float]]()

    def take(self, caller: str) -> None:
        """Raises 429 with Retry-After."""
        now = time.monotonic()
        with self.lock:
            if len(self.asked) > 10_000:
                self.asked.clear()
            times = self.asked.setdefault(caller, deque())
            while times and now - times[0] > self.seconds:
                times.popleft()
            if len(times) >= self.most:
                wait = str(1 + int(self.seconds - (now - times[0])))
                raise HTTPException(
                    429, f"at most {self.most} requests in {self.seconds:g} seconds", {"Retry-After": wait}
                )
            times.append(now)
