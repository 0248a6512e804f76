"""Scrobbles of the AT Protocol, as Jetstream passes them on: records of fm.teal.alpha.feed.play (github.com/bluesky-social/jetstream)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from deephypebot.errors import InputError, Limited, Unsure
from deephypebot.services import Poll
from deephypebot.types import Entry, Song

PLAY = "fm.teal.alpha.feed.play"
LARGEST, QUIET_S, LONGEST_S, OPEN_S, AWAY_S = 2**16, 2.0, 20.0, 10.0, 30.0  # bytes a message; seconds


class Jetstream:
    """Implements services.Watcher. people: DIDs whose scrobbles are wanted, of all if there are none. The cursor: microseconds since 1970.

    A poll connects, reads until nothing comes for two seconds or there is enough, and hangs up. Without a cursor it begins now.
    """

    def __init__(self, url: str, people: tuple[str, ...] = ()) -> None:
        for did in people:
            if not did.startswith("did:"):
                raise InputError(f"people has {did!r}; allowed are DIDs, like did:plc:abc")
        self.url, self.people = url, people

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What was played since, at most `limit`."""
        start = int(cursor) if cursor and cursor.isdigit() else int(time.time() * 1_000_000)
        wanted: list[tuple[str, str]] = [("wantedCollections", PLAY), *(("wantedDids", did) for did in self.people)]
        address = f"{self.url}?{urlencode([*wanted, ('cursor', str(start))])}"
        entries, newest = list[Entry](), start
        try:
            for message in self._messages(address):
                at = message.get("time_us")
                if isinstance(at, int) and not isinstance(at, bool) and at > start:
                    newest = max(newest, min(at, int(time.time() * 1_000_000)))
                    if entry := parse_play(message):
                        entries.append(entry)
                if len(entries) >= limit:
                    break
        except (ConnectionRefusedError, OSError, TimeoutError) as error:
            raise Limited(f"jetstream cannot be reached ({type(error).__name__})", AWAY_S) from error
        except WebSocketException as error:
            if newest == start:
                raise Unsure(f"jetstream hung up ({type(error).__name__})") from error
        return Poll(tuple(entries), str(newest))

    def _messages(self, address: str) -> Iterator[dict[str, Any]]:
        end = time.monotonic() + LONGEST_S
        with connect(address, open_timeout=OPEN_S, close_timeout=1, max_size=LARGEST) as socket:
            while time.monotonic() < end:
                try:
                    text = socket.recv(timeout=QUIET_S)
                except TimeoutError:
                    return
                try:
                    message = json.loads(text)
                except (ValueError, RecursionError):
                    continue
                if isinstance(message, dict):
                    yield message


def parse_play(message: dict[str, Any]) -> Entry | None:
    """The entry of a scrobble; None for any other message and for one that lacks what it must have."""
    commit, did = message.get("commit"), message.get("did")
    if (
        not isinstance(commit, dict)
        or not isinstance(did, str)
        or commit.get("operation") != "create"
        or commit.get("collection") != PLAY
    ):
        return None
    record, key = commit.get("record"), commit.get("rkey")
    if not isinstance(record, dict) or not isinstance(key, str) or not isinstance(record.get("trackName"), str):
        return None
    artists = [name for name in map(_artist, _list(record.get("artists")) or _list(record.get("artistNames"))) if name]
    if not artists or not record["trackName"].strip():
        return None
    artist, title = ", ".join(artists), record["trackName"]
    at = datetime.fromtimestamp(min(message.get("time_us", 0) / 1_000_000, time.time()), UTC)
    return Entry(
        "jetstream", f"at://{did}/{PLAY}/{key}"[:700], f"{artist} – {title}", at, did, "", (), (Song(artist, title),)
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _artist(one: object) -> str:
    name = one.get("artistName") if isinstance(one, dict) else one
    return name.strip() if isinstance(name, str) else ""
