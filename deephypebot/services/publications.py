"""Posts as files, for blogs, newsletters and radio: an RSS feed, a JSON feed, or a page of Markdown. The newest first."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from deephypebot.errors import Refused
from deephypebot.services import Payload, Sent
from deephypebot.services.console import LONGEST, frozen

MOST = 500  # posts that a file keeps
Posts = list[dict[str, Any]]


class Publication:
    """Implements services.Publisher over a file, and beside it a list of what is in it, by the number of each post: sending again changes
    nothing. Several processes may write; readers see the file before or after, never half of it."""

    longest, unit = LONGEST, "characters"
    idempotent_for_s, can_edit, likes_teach = float("inf"), True, False

    def __init__(self, network: str, path: Path, title: str) -> None:
        self.network, self.path, self.title = network, path, title
        self.render = RENDER[network]

    def length(self, text: str) -> int:
        return len(text)

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        return frozen(self.length(text), text, key, at)

    def send(self, payload: Payload) -> Sent:
        """Raises Refused where the file cannot be written."""
        with self._posts() as posts:
            posts[:] = [post for post in posts if post["key"] != payload["key"]] + [dict(payload)]
        return Sent(self._uri(payload["key"]), self.path.as_uri())

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        is_there = any(post["key"] == payload["key"] for post in self._read())
        return Sent(self._uri(payload["key"]), self.path.as_uri()) if is_there else None

    def edit(self, uri: str, payload: Payload) -> Sent:
        with self._posts() as posts:
            for post in posts:
                if self._uri(post["key"]) == uri:
                    post["text"] = payload["text"]
        return Sent(uri, self.path.as_uri())

    def delete(self, uri: str) -> None:
        with self._posts() as posts:
            posts[:] = [post for post in posts if self._uri(post["key"]) != uri]

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        return {}

    def check(self) -> str:
        with self._posts():
            return f"writes {self.path}"

    def _uri(self, key: str) -> str:
        return f"{self.network}:{self.path.name}:{key}"

    @property
    def _list(self) -> Path:
        return self.path.with_name(f".{self.path.name}.posts.json")

    def _read(self) -> Posts:
        try:
            posts: Posts = json.loads(self._list.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise Refused(f"{self.network}: {self._list} cannot be read; mend or remove it") from error
        return posts

    @contextmanager
    def _posts(self) -> Iterator[Posts]:
        """The list, to be changed; then both files are written, the list last."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._list.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                posts = self._read()
                yield posts
                posts[:] = sorted(posts, key=lambda post: (post["at"], int(post["key"])), reverse=True)[:MOST]
                _write(self.path, self.render(posts, self.title))
                _write(self._list, json.dumps(posts, ensure_ascii=False))
        except OSError as error:
            raise Refused(f"{self.network}: {self.path}: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(number, 0o644)
            file.flush()
            os.fsync(number)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def render_rss(posts: Posts, title: str) -> str:
    """RSS 2.0 (rssboard.org/rss-specification)."""
    feed = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(feed, "channel")
    for name, text in (("title", title), ("link", ""), ("description", f"{title}: a line about a song")):
        ElementTree.SubElement(channel, name).text = _of_xml(text)
    for post in posts:
        item = ElementTree.SubElement(channel, "item")
        ElementTree.SubElement(item, "description").text = _of_xml(post["text"])
        ElementTree.SubElement(item, "guid", isPermaLink="false").text = f"deephypebot:{post['key']}"
        ElementTree.SubElement(item, "pubDate").text = format_datetime(datetime.fromisoformat(post["at"]))
    ElementTree.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode") + "\n"


def render_json(posts: Posts, title: str) -> str:
    """JSON Feed 1.1 (jsonfeed.org)."""
    items = [{"id": post["key"], "content_text": post["text"], "date_published": post["at"]} for post in posts]
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}, ensure_ascii=False, indent=1
    )


def render_markdown(posts: Posts, title: str) -> str:
    """A page; what Markdown or HTML would take for its own is escaped."""
    lines = [f"# {_of_markdown(title)}", ""]
    for post in posts:
        lines += [f"**{post['at'][:10]}** {_of_markdown(post['text'])}", ""]
    return "\n".join(lines)


def _of_markdown(text: str) -> str:
    return "".join(
        f"\\{c}" if c in r"\`*_{}[]()#+-!|~" else {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(c, c) for c in text
    )


def _of_xml(text: str) -> str:
    """Without characters that XML does not know."""
    return "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )


RENDER: dict[str, Callable[[Posts, str], str]] = {"rss": render_rss, "json": render_json, "markdown": render_markdown}
