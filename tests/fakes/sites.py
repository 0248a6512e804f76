"""Servers for feeds, catalogues and webhooks: each answers as it is told, and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, object, dict[str, str]]
Act = Callable[["Asked"], Answer | object]


class Asked:
    """A request."""

    def __init__(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        self.method, self.path = request.command, parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        self.body = request.rfile.read(int(request.headers.get("content-length") or 0))


class Site:
    """url: its address; asked: the requests so far."""

    def __init__(self, act: Act) -> None:
        self.act, self.asked = act, list[Asked]()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.handle(self)

            do_POST = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        asked = Asked(request)
        self.asked.append(asked)
        answer = self.act(asked)
        status, what, headers = answer if isinstance(answer, tuple) else (200, answer, {})
        if status == 0:
            request.close_connection = True
            return
        content = (
            what if isinstance(what, bytes) else what.encode() if isinstance(what, str) else json.dumps(what).encode()
        )
        request.send_response_only(status)
        for name, value in {"content-type": "application/json", **headers, "content-length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True


@contextmanager
def site(act: Act) -> Iterator[Site]:
    """A server until the end of the block."""
    one = Site(act)
    thread = threading.Thread(target=one.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        one.http.shutdown()
        thread.join()
        one.http.server_close()


def in_turn(*answers: Any) -> Act:
    """One answer after another, the last again and again."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]
