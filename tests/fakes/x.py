"""A look-alike of X's API, version 2: it keeps posts, refuses the same text twice, counts what reading costs, and goes wrong when told to.

`python -m tests.fakes.x --port N` runs it alone.
"""

import argparse
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[str, str, int], str | None]
"""(method, path, number) -> None, "lost" (done, not answered), "500" (not done), "lost-500" (done, and answered with an error), "429" """
ME = "9000"


class Server:
    """url: its address; charged: posts that were read of others."""

    def __init__(self, port: int = 0) -> None:
        self.lock = threading.Lock()
        self.posts: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.charged, self.number = 0, 1000
        self.fault: Fault = lambda method, path, number: None
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.handle(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def say(self, author: str, text: str) -> dict[str, Any]:
        self.number += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        post = {
            "id": str(self.number),
            "author_id": author,
            "text": text,
            "created_at": now,
            "public_metrics": {"like_count": 0},
        }
        self.posts.append(post)
        return post

    def public(self) -> list[str]:
        """What the bot has posted."""
        with self.lock:
            return [post["text"] for post in self.posts if post["author_id"] == ME]

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        body = json.loads(request.rfile.read(int(request.headers.get("content-length") or 0)) or b"{}")
        with self.lock:
            self.asked.append(f"{request.command} {path}")
            fault = None if path.startswith("/test/") else self.fault(request.command, path, len(self.asked))
            if path.startswith("/test/"):
                status, answer = 200, self._told(path, body)
            elif fault in ("429", "500"):
                status, answer = int(fault), {"title": "no"}
            else:
                status, answer = self._do(request.command, path, query, body)
        if fault == "lost":
            request.close_connection = True
            return
        status = 503 if fault == "lost-500" else status
        content = json.dumps(answer).encode()
        request.send_response_only(status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(content)),
            "retry-after": "3",
        }.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def _do(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")[1:]
        match (method, *parts):
            case ("GET", "users", "me"):
                return 200, {"data": {"id": ME, "username": "bot"}}
            case ("GET", "users", _, "timelines", "reverse_chronological"):
                since, most = int(query.get("since_id", ["0"])[0]), int(query["max_results"][0])
                rows = [post for post in self.posts if int(post["id"]) > since][::-1][:most]
                self.charged += len(rows)
                return 200, {"data": rows, "includes": {"users": [{"id": "1", "username": "ann"}]}}
            case ("GET", "users", other, "tweets"):
                return 200, {"data": [post for post in self.posts if post["author_id"] == other][::-1][:10]}
            case ("GET", "tweets"):
                wanted = query["ids"][0].split(",")
                return 200, {"data": [post for post in self.posts if post["id"] in wanted]}
            case ("POST", "tweets"):
                if any(post["text"] == body["text"] and post["author_id"] == ME for post in self.posts[-50:]):
                    return 403, {"detail": "You are not allowed to create a Tweet with duplicate content."}
                return 201, {"data": self.say(ME, body["text"])}
            case ("DELETE", "tweets", number):
                left = [post for post in self.posts if post["id"] != number]
                found, self.posts = len(left) < len(self.posts), left
                return (200, {"data": {"deleted": True}}) if found else (404, {"detail": "not there"})
            case _:
                return 404, {"detail": "no such thing"}

    def _told(self, path: str, what: dict[str, Any]) -> object:
        if path == "/test/public":
            return [post["text"] for post in self.posts if post["author_id"] == ME]
        kinds, each = what["kinds"], what["each"]
        self.fault = lambda method, where, number: (
            kinds[number // each % len(kinds)] if method == "POST" and number % each == 0 else None
        )
        return {}


@contextmanager
def x() -> Iterator[Server]:
    """A server until the end of the block."""
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    Server(parser.parse_args().port).http.serve_forever()
