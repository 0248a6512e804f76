"""Feeds: files, stdin, RSS, Reddit, Jetstream; and what hostile ones do."""

import io
import json
import threading
import time
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from deephypebot.errors import InputError, Limited, Refused, Unsure
from deephypebot.http import Http
from deephypebot.services.file_feed import FileFeed, StdinFeed, parse_line
from deephypebot.services.jetstream import PLAY, Jetstream, parse_play
from deephypebot.services.reddit import Reddit
from deephypebot.services.rss_feed import RssFeed, parse_feed
from deephypebot.settings import RedditSettings
from deephypebot.types import Link, Song
from tests.fakes.sites import Asked, in_turn, site


def texts(poll: object) -> list[str]:
    return [entry.text for entry in poll.entries]  # type: ignore[attr-defined]


def test_a_file_is_read_line_by_line_and_anew_when_it_is_another(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(
        '{"id": "1", "text": "one", "links": [{"url": "u", "title": 5}, 7], "author": 9}\nplain two\n{"half'
    )
    feed = FileFeed(path)
    first = feed.poll(None, 200)
    assert texts(first) == ["one", "plain two"]
    assert first.entries[0].links == (Link("u"),)
    assert first.entries[0].uri == "file:posts.jsonl:1"
    with path.open("a") as file:
        file.write('": 1}\nthree\nfour\n')
    second = feed.poll(first.cursor, 1)
    assert texts(second) == ["three"]
    third = feed.poll(second.cursor, 200)
    assert texts(third) == ["four"]
    assert texts(feed.poll(third.cursor, 200)) == []
    path.write_text("another file\n")
    assert texts(feed.poll(third.cursor, 200)) == ["another file"]
    with pytest.raises(Refused, match="No such file"):
        FileFeed(tmp_path / "nothing").poll(None, 200)


def test_stdin_does_not_hold_up_anybody() -> None:
    feed = StdinFeed(io.BytesIO("eins – zwei\n\n{}\n".encode()))
    end = time.monotonic() + 5
    while feed.lines.qsize() < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert texts(feed.poll(None, 200)) == ["eins – zwei"]


@pytest.mark.parametrize("line", [b"", b"  ", b"{", b'{"text": 5}', b"[" * 9999, b'{"text": null}'])
def test_lines_that_say_nothing(line: bytes) -> None:
    entry = parse_line(line, "f")
    assert entry is None or entry.text.startswith("[")


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<item><title>Low – “Lazy” &amp;amp; more</title><link>https://a.test/2</link><guid>g2</guid><author>ann</author>
<description>&lt;p&gt;Hear &lt;a href="https://b.test/x"&gt;it&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description>
<pubDate>Fri, 27 Nov 2026 10:00:00 GMT</pubDate></item>
<item><title>Robyn – Honey</title><link>https://a.test/1</link><pubDate>never</pubDate></item></channel></rss>"""


def test_rss_is_read_once_and_only_when_it_has_changed() -> None:
    with site(in_turn((200, RSS, {"etag": '"1"'}), (304, "", {}), (200, RSS.replace("g2", "g3"), {}))) as one:
        feed = RssFeed(one.url, Http())
        first = feed.poll(None, 200)
        assert texts(first) == ["Robyn – Honey", "Low – “Lazy” & more"]
        assert first.entries[1].links == (Link("https://b.test/x"),)
        assert first.entries[1].posted_at.hour == 10
        second = feed.poll(first.cursor, 200)
        assert (texts(second), one.asked[1].headers["if-none-match"]) == ([], '"1"')
        assert texts(feed.poll(second.cursor, 200)) == ["Low – “Lazy” & more"]
        feed.http.close()


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "'
    + "b" * 1000
    + '">'
    + "".join(f'<!ENTITY a{i} "&a;&a;&a;&a;">' for i in range(50))
    + "]><rss>&a49;</rss>"
)


@pytest.mark.parametrize(
    "body", [b"", b"<html>no feed", b"\x00\xff" * 1000, BOMB.encode(), b"<rss>" * 20_000, b'{"json": 1}']
)
def test_what_is_no_feed_has_no_items(body: bytes) -> None:
    begun = time.process_time()
    assert parse_feed(body, "u") == []
    assert time.process_time() - begun < 5


def listing(*rows: object) -> dict[str, object]:
    return {"data": {"children": [{"data": row} for row in rows]}}


def test_reddit_is_read_by_time_and_signs_in() -> None:
    one_row = {
        "name": "t3_1",
        "title": "Low - Lazy",
        "created_utc": 1000.0,
        "author": "ann",
        "permalink": "/r/x/1",
        "url": "https://a.test",
    }
    rows = [{"name": "t3_2", "title": "Robyn - Honey", "created_utc": 2000, "is_self": True}, one_row, {"name": 5}, "x"]

    def answer(asked: Asked) -> object:
        if asked.path.endswith("access_token"):
            return {"access_token": "t", "expires_in": 3600}
        assert asked.headers["authorization"] == "Bearer t"
        return listing(*rows)

    with site(answer) as one:
        settings = RedditSettings(client_id="c", client_secret="s", api=one.url, sign_in=one.url)  # type: ignore[arg-type]
        feed = Reddit("r/listentothis", settings, Http())
        first = feed.poll(None, 200)
        assert texts(first) == ["Low - Lazy", "Robyn - Honey"]
        assert texts(feed.poll(first.cursor, 200)) == []
        rows.insert(0, {"name": "t3_3", "title": "New", "created_utc": 3000})
        assert texts(feed.poll(first.cursor, 200)) == ["New"]
        feed.http.close()


@pytest.mark.parametrize("answer", [[], {"data": 5}, {"data": {"children": {}}}, "x"])
def test_what_is_no_listing_is_told(answer: object) -> None:
    with site(lambda asked: json.dumps(answer)) as one:
        feed = Reddit("x", RedditSettings(sign_in=one.url), Http())
        with pytest.raises(Unsure):
            feed.poll(None, 200)
        feed.http.close()


def play(at: int, **record: object) -> str:
    commit = {"operation": "create", "collection": PLAY, "rkey": f"k{at}", "record": {"trackName": "Lazy", **record}}
    return json.dumps({"did": "did:plc:a", "time_us": at, "kind": "commit", "commit": commit})


def test_jetstream_is_read_from_where_it_was_left() -> None:
    sent = [
        play(2000, artists=[{"artistName": "Low"}, {"artistName": 5}, None]),
        "nonsense",
        "[]",
        play(3000, artists=7),
        play(4000, artistNames=["Low"]),
    ]
    asked: list[str] = []

    def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(connection.request.path)
        for message in sent:
            connection.send(message)
        connection.recv(timeout=10) if len(asked) < 3 else connection.close()

    def end_quietly(connection: ServerConnection) -> None:
        try:
            talk(connection)
        except Exception:  # noqa: BLE001 - the client hangs up when it has enough
            connection.close()

    with serve(end_quietly, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        feed = Jetstream(f"ws://127.0.0.1:{port}/subscribe", ("did:plc:a",))
        first = feed.poll("1000", 200)
        assert [entry.songs for entry in first.entries] == [(Song("Low", "Lazy"),), (Song("Low", "Lazy"),)]
        assert first.cursor == "4000"
        assert "wantedDids=did%3Aplc%3Aa" in asked[0]
        assert feed.poll(first.cursor, 200).entries == ()
        server.shutdown()
        thread.join()
    with pytest.raises(Limited, match="cannot be reached"):
        Jetstream("ws://127.0.0.1:1").poll(None, 200)
    with pytest.raises(InputError, match="allowed are DIDs"):
        Jetstream("ws://x", ("ann.test",))


@pytest.mark.parametrize(
    "message", [{}, {"did": 5, "commit": {}}, {"did": "d", "commit": {"operation": "delete", "collection": PLAY}}]
)
def test_other_messages_are_passed_over(message: dict[str, object]) -> None:
    assert parse_play(message) is None
