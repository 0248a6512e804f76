"""SoundCloud: what artists say of their tracks, and listeners below them (developers.soundcloud.com/docs/api/guide)."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from deephypebot.errors import InputError, Refused, SignInRefused, Unsure, shown
from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_text
from deephypebot.services.archived import as_address, as_name, as_number, as_prose, read_what, site_of
from deephypebot.types import Document

API, SIGN_IN = "https://api.soundcloud.com", "https://secure.soundcloud.com/oauth/token"
# No limit for reading; 50 tokens in 12 hours for each application (developers.soundcloud.com/docs/llm-context).
PAUSE_S, TOKEN_S, EARLY_S = 1.0, 3600.0, 60.0
PAGE, COMMENTS, SHORTEST = 20, 200, 40
USER, URN = re.compile(r"[\w-]+|soundcloud:users:\d+", re.ASCII), re.compile(r"soundcloud:\w+:\d+", re.ASCII)
Track = dict[str, str]  # what the comments must know of it: it waits in the cursor


class SoundCloud:
    """Implements services.Archive. what: "user:PERMALINK_OR_ID" or "search:WORDS".

    The cursor: the address of the next tracks, tracks whose comments are still to be read, and the address of the next
    comments of the first.
    """

    def __init__(
        self, http: Http, what: str, client_id: str, client_secret: str, api: str = API, sign_in: str = SIGN_IN
    ) -> None:
        self.http, self.pair, self.api, self.sign_in = http, f"{client_id}:{client_secret}", api.rstrip("/"), sign_in
        self.kind, self.name = read_what(what, "user:PERMALINK_OR_ID", "search:WORDS")
        if self.kind == "user" and not USER.fullmatch(self.name):
            raise InputError(f"what is {shown(what)}; allowed is user: with the permalink or number of a user")
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def look(self, cursor: str | None) -> Haul:
        """Whom a permalink means, a page of tracks, or a page of comments. Raises ServiceError."""
        if cursor is None:
            return self._start()
        following, waiting, at = _read_cursor(cursor)
        return self._comments(following, waiting, at) if waiting else self._tracks(following)

    def _start(self) -> Haul:
        if self.kind == "search":
            return self._tracks(f"/tracks?{urlencode({'q': self.name, 'linked_partitioning': 'true', 'limit': PAGE})}")
        user = self.name if self.name.isdigit() or ":" in self.name else ""
        if user:
            return self._tracks(_of_user(user))
        found = as_dict(self._ask(f"/resolve?{urlencode({'url': f'https://soundcloud.com/{self.name}'})}"))
        user = _id(found)
        if as_text(found.get("kind")) not in ("user", "") or not user:
            raise Refused(f"soundcloud: {shown(self.name)} is no user")
        return Haul(cursor=_write_cursor(_of_user(user), [], ""))

    def _tracks(self, address: str) -> Haul:
        answer = self._ask(address)
        rows = as_dicts(answer if isinstance(answer, list) else as_dict(answer).get("collection"))
        documents = tuple(document for row in rows if (document := parse_track(row)))
        waiting = [_track(row) for row in rows if _has_comments(row)]
        return Haul(documents, cursor=_write_cursor(self._next(answer, address), waiting, ""))

    def _comments(self, following: str, waiting: list[Track], at: str) -> Haul:
        track = waiting[0]
        first = f"/tracks/{track['id']}/comments?linked_partitioning=true&limit={COMMENTS}"
        try:
            answer = self._ask(at or first)
        except Refused:
            answer = None  # the track is gone meanwhile: the others are not
        rows = as_dicts(answer if isinstance(answer, list) else as_dict(answer).get("collection"))
        documents = tuple(document for row in rows if (document := parse_comment(row, track)))
        more = self._next(answer, at or first)
        return Haul(documents, cursor=_write_cursor(following, waiting if more else waiting[1:], more))

    def _next(self, answer: object, address: str) -> str:
        """Path and query of next_href; "" for one on another host, and for the page that it stands on."""
        url = as_address(as_dict(answer).get("next_href"))
        rest = url.removeprefix(self.api)
        return rest if rest != url and rest.startswith("/") and rest != address else ""

    def _ask(self, address: str) -> object:
        try:
            return self.http.get_json(f"{self.api}{address}", headers={"authorization": f"OAuth {self._signed_in()}"})
        except SignInRefused:
            self._until = 0.0  # the next look signs in anew
            raise

    def _signed_in(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                basic = {"authorization": f"Basic {base64.b64encode(self.pair.encode()).decode()}"}
                body = self.http.post(self.sign_in, {"grant_type": "client_credentials"}, basic, as_form=True).body
                self._token, seconds = _read_token(body)
                self._until = time.monotonic() + seconds - EARLY_S
            return self._token


def _read_token(body: bytes) -> tuple[str, float]:
    try:
        answer = as_dict(json.loads(body))
    except (ValueError, RecursionError):
        answer = {}
    token, seconds = as_text(answer.get("access_token")), as_number(answer.get("expires_in"))
    if not re.fullmatch(r"[!-~]+", token):
        raise Unsure("soundcloud: signing in brought no token")
    return token, TOKEN_S if seconds is None else min(float(min(seconds, 10**6)), TOKEN_S)


def _of_user(user: str) -> str:
    return f"/users/{user}/tracks?linked_partitioning=true&limit={PAGE}"


def _id(row: Mapping[str, Any]) -> str:
    """The URN; older answers have a number alone."""
    urn, number = as_text(row.get("urn")), as_number(row.get("id"))
    return urn if URN.fullmatch(urn) else "" if number is None else str(number)


def _track(row: Mapping[str, Any]) -> Track:
    user = as_dict(row.get("user"))
    url = as_address(row.get("permalink_url"))
    named = {"url": url, "artist": as_name(user.get("username")), "song": as_name(row.get("title"))}
    return {"id": _id(row), **named, "genre": as_name(row.get("genre"))}


def _has_comments(row: Mapping[str, Any]) -> bool:
    is_open = row.get("commentable") is not False and row.get("comment_count") != 0
    return is_open and bool(_id(row)) and bool(as_address(row.get("permalink_url")))


def parse_track(row: Mapping[str, Any]) -> Document | None:
    """None for a track without a description."""
    track, text = _track(row), as_prose(row.get("description"))
    return _document(track, text, track["url"], track["song"], track["artist"], row) if text and track["url"] else None


def parse_comment(row: Mapping[str, Any], track: Track) -> Document | None:
    """None for one that is too short to say much."""
    text, number = as_prose(row.get("body")), _id(row).rpartition(":")[2]
    url = f"{track['url']}/comment-{number}" if number else track["url"]
    author = as_name(as_dict(row.get("user")).get("username"))
    return _document(track, text, url, "", author, row) if len(text) > SHORTEST else None


def _document(track: Track, text: str, url: str, title: str, author: str, row: Mapping[str, Any]) -> Document:
    return Document(
        url,
        title,
        text,
        author,
        site_of(url),
        as_name(row.get("created_at")),
        source="soundcloud",
        artist=track["artist"],
        song=track["song"],
        genres=as_genres([track["genre"]], only_known=True),
    )


def _write_cursor(following: str, waiting: list[Track], at: str) -> str | None:
    return json.dumps([following, waiting, at]) if following or waiting else None


def _read_cursor(cursor: str) -> tuple[str, list[Track], str]:
    """Raises InputError. Addresses begin with a slash: they cannot lead to another host."""
    try:
        following, waiting, at = json.loads(cursor)
        tracks = [{name: str(row[name]) for name in ("id", "url", "artist", "song", "genre")} for row in waiting]
        fits = all(isinstance(one, str) and one[:1] in ("", "/") for one in (following, at))
        if (
            fits
            and all(re.fullmatch(r"\d+|soundcloud:\w+:\d+", row["id"], re.ASCII) for row in tracks)
            and (following or tracks)
        ):
            return following, tracks, at
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise InputError(f"cursor is {shown(cursor)}; allowed is one that SoundCloud gave")
