"""A proxy between a client and a server, that loses answers, refuses or hangs when it is told to."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

Fault = Callable[[str, str, int], str | None]
"""(method, path, number of the request) -> None, or what goes wrong: "lost" (the server did it, the answer is lost), "reset" (not even
sent), "429", "500" (not sent on), "garbage" (done, but the answer is nonsense), "hang" (no answer for a while)"""
KEPT_OUT = ("transfer-encoding", "connection", "content-length", "content-encoding", "accept-encoding", "host")


class Proxy:
    """url: its address; fault: what goes wrong, to be set; asked: the requests that came."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.fault: Fault = lambda method, path, number: None
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.hang_s, self.retry_after = 3.0, "7"
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            own: ClassVar[Proxy] = proxy

            def do_GET(self) -> None:
                self.own.handle(self)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.asked.append(f"{request.command} {request.path.partition('?')[0]}")
            fault = self.fault(request.command, request.path, len(self.asked))
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        if fault in ("429", "500"):
            headers = {"retry-after": self.retry_after} if fault == "429" else {}
            self._answer(request, int(fault), b'{"error":"RateLimitExceeded","message":"slow down"}', headers)
            return
        if fault == "reset":
            request.close_connection = True
            return
        connection = http.client.HTTPConnection(self.upstream.hostname or "", self.upstream.port, timeout=30)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in KEPT_OUT}
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if fault == "hang":
            time.sleep(self.hang_s)
        if fault in ("lost", "hang"):
            request.close_connection = True
            return
        content = b"<html>not what you think" if fault == "garbage" else content
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in KEPT_OUT}
        self._answer(request, answer.status, content, kept)

    def _answer(self, request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
        request.send_response_only(status)
        for name, value in {"content-type": "application/json", **headers, "content-length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before this address, until the end of the block."""
    one = Proxy(upstream)
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        thread.join()
        one.server.server_close()


def once(fault: str, method: str, path: str, times: int = 1) -> Fault:
    """The first so many requests of this method whose path has these words go wrong."""
    left = [times]

    def fail(asked: str, where: str, number: int) -> str | None:
        if asked != method or path not in where or left[0] <= 0:
            return None
        left[0] -= 1
        return fault

    return fail
