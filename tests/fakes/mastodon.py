"""A look-alike of a Mastodon server: it keeps accounts, posts, favourites and Idempotency-Keys, and goes wrong when it is told to.

`python -m tests.fakes.mastodon --port N` runs it alone; POST /test/... says what people do and what goes wrong.
"""

import argparse
import html
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[str, str, int], str | None]
"""(method, path, number) -> None, "lost", "500" (not done), "429", "replay-500" (a known key answers with a server error), "garbage", "401" """
KEY_S = 3600.0


class Server:
    """url: its address. skew_s: how far its clock is ahead."""

    def __init__(self, port: int = 0, longest: int = 500) -> None:
        self.lock = threading.RLock()
        self.longest, self.skew_s = longest, 0.0
        self.statuses: dict[str, dict[str, Any]] = {}
        self.accounts: dict[str, str] = {}
        self.keys: dict[str, tuple[str, float]] = {}
        self.mentions: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.fault: Fault = lambda method, path, number: None
        self.retry_after: str | None = "5"
        self.number = 100
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.handle(self)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def account(self, name: str) -> str:
        """Its token."""
        self.accounts[f"token-{name}"] = name
        return f"token-{name}"

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skew_s)

    def say(
        self, name: str, text: str, card: dict[str, str] | None = None, reply_to: str | None = None, **more: object
    ) -> dict[str, Any]:
        """Somebody posts."""
        with self.lock:
            self.number += 1
            number = str(self.number)
            words = "".join(f"<p>{html.escape(part).replace(chr(10), '<br />')}</p>" for part in text.split("\n\n"))
            uri = f"{self.url}/users/{name}/statuses/{number}"
            status = {
                "id": number, "uri": uri, "url": f"{self.url}/@{name}/{number}", "content": words, "created_at": self.now().isoformat(),
                "account": {"id": name, "acct": name, "username": name}, "card": card, "reblog": None, "favourites_count": 0,
                "in_reply_to_id": reply_to, "visibility": "public", **more,
            }  # fmt: skip
            self.statuses[number] = status
            for other in self.accounts.values():
                if f"@{other}" in text and other != name:
                    self.mentions.append(
                        {"id": number, "type": "mention", "to": other, "status": status, "account": status["account"]}
                    )
            return status

    def public(self, name: str) -> list[str]:
        """What somebody has posted, as HTML, the oldest first."""
        with self.lock:
            return [status["content"] for status in self.statuses.values() if status["account"]["acct"] == name]

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        with self.lock:
            self.asked.append(f"{request.command} {path}")
            fault = self.fault(request.command, path, len(self.asked))
            name = self.accounts.get(request.headers.get("authorization", "").removeprefix("Bearer "))
            if path.startswith("/test/"):
                self._answer(request, 200, self._told(path, json.loads(body or b"{}")))
                return
            if fault == "429":
                extra = {"retry-after": self.retry_after} if self.retry_after else {}
                self._answer(request, 429, {"error": "Too many requests"}, extra)
                return
            if fault == "500":
                self._answer(request, 500, {"error": "Server error"})
                return
            if name is None or fault == "401":
                self._answer(request, 401, {"error": "The access token is invalid"})
                return
            status, answer = self._do(request, path, query, parse_qs(body.decode()), name, fault)
        if fault == "lost":
            request.close_connection = True
        elif fault == "garbage":
            self._answer(request, 200, "<html>down</html>")
        else:
            self._answer(request, status, answer)

    def _do(
        self,
        request: BaseHTTPRequestHandler,
        path: str,
        query: dict[str, list[str]],
        form: dict[str, list[str]],
        name: str,
        fault: str | None,
    ) -> tuple[int, Any]:
        parts, method = path.strip("/").split("/")[2:], request.command
        match (method, *parts):
            case ("GET", "accounts", "verify_credentials"):
                return 200, {"id": name, "acct": name, "username": name}
            case ("GET", "accounts", other, "statuses"):
                own = [s for s in self.statuses.values() if s["account"]["acct"] == other]
                return 200, own[::-1][:40]
            case ("GET", "timelines", "home"):
                return 200, self._page(list(self.statuses.values()), query)
            case ("GET", "timelines", "tag", tag):
                return 200, self._page([s for s in self.statuses.values() if f"#{tag}" in s["content"]], query)
            case ("GET", "notifications"):
                return 200, self._page([m for m in self.mentions if m["to"] == name], query)
            case ("POST", "statuses"):
                return self._post(request.headers.get("idempotency-key"), form, name, fault)
            case (_, "statuses", number) if number not in self.statuses:
                return 404, {"error": "Record not found"}
            case ("GET", "statuses", number):
                return 200, self.statuses[number]
            case ("PUT", "statuses", number):
                self.statuses[number]["content"] = f"<p>{html.escape(form['status'][0])}</p>"
                return 200, self.statuses[number]
            case ("DELETE", "statuses", number):
                return 200, self.statuses.pop(number)
            case _:
                return 404, {"error": "no such thing"}

    def _post(self, key: str | None, form: dict[str, list[str]], name: str, fault: str | None) -> tuple[int, Any]:
        text = form.get("status", [""])[0]
        kept = self.keys.get(f"{name}:{key}") if key else None
        if kept and time.monotonic() - kept[1] < KEY_S:
            return (500, {"error": "replay"}) if fault == "replay-500" else (200, self.statuses.get(kept[0]) or {})
        if not text or len(text) > self.longest:
            return 422, {"error": f"Validation failed: Text character limit of {self.longest} exceeded"}
        more = {"visibility": form.get("visibility", ["public"])[0]}
        status = self.say(name, text, reply_to=form.get("in_reply_to_id", [None])[0], **more)
        if key:
            self.keys[f"{name}:{key}"] = (status["id"], time.monotonic())
        return 200, status

    def _page(self, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
        since, before = int(query.get("since_id", ["0"])[0]), int(query.get("max_id", ["999999999"])[0])
        wanted = [row for row in rows if since < int(row["id"]) < before]
        return wanted[::-1][: int(query.get("limit", ["20"])[0])]

    def _told(self, path: str, what: dict[str, Any]) -> object:
        match path:
            case "/test/account":
                return self.account(what["name"])
            case "/test/say":
                return self.say(what["name"], what["text"])
            case "/test/like":
                self.statuses[what["id"]]["favourites_count"] = what["count"]
                return {}
            case "/test/public":
                return self.public(what["name"])
            case _:  # every n-th request of a method goes wrong in turn
                kinds, each = what["kinds"], what["each"]
                self.fault = lambda method, where, number: (
                    kinds[number // each % len(kinds)] if number % each == 0 else None
                )
                return {}

    def _answer(
        self, request: BaseHTTPRequestHandler, status: int, answer: object, headers: dict[str, str] | None = None
    ) -> None:
        content = answer.encode() if isinstance(answer, str) and answer.startswith("<") else json.dumps(answer).encode()
        request.send_response_only(status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(content)),
            **(headers or {}),
        }.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


@contextmanager
def mastodon(**options: Any) -> Iterator[Server]:
    """A server until the end of the block."""
    server = Server(**options)
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
