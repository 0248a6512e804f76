"""Mastodon's client against a look-alike of a server, with all its faults."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from deephypebot.errors import InputError, Limited, Refused, SignInRefused, Unsure
from deephypebot.services.html_text import parse_html
from deephypebot.services.mastodon import Mastodon, MastodonHashtag, MastodonHome, MastodonNotifications, parse_status
from deephypebot.settings import FeedSettings, MastodonSettings
from deephypebot.types import Link
from tests.fakes.faulty_proxy import once
from tests.fakes.mastodon import Server, mastodon

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with mastodon() as server:
        yield server


def settings(server: Server, name: str = "bot") -> MastodonSettings:
    return MastodonSettings(server=server.url, token=server.account(name))  # type: ignore[arg-type]


def feed(kind: str = "mastodon-home", **more: object) -> FeedSettings:
    return FeedSettings(kind=kind, **more)  # type: ignore[arg-type]


def test_home_is_read_from_where_it_was_left(server: Server) -> None:
    home = MastodonHome(settings(server), feed())
    assert home.poll(None, 200).cursor is None
    server.say("ann", "♫ Slowdive – Alison", card={"url": "https://a.test/1", "title": "Alison", "provider_name": "A"})
    server.say("bot", "my own")
    server.say("bob", "boosted", reblog={"id": "1"})
    first = home.poll(None, 200)
    [entry] = first.entries
    assert (entry.text, entry.author, entry.links) == (
        "♫ Slowdive – Alison",
        "ann",
        (Link("https://a.test/1", "Alison", "A"),),
    )
    assert home.poll(first.cursor, 200).entries == ()
    for number in range(130):
        server.say("ann", f"post {number}")
    more = home.poll(first.cursor, 200)
    assert [entry.text for entry in more.entries] == [f"post {number}" for number in range(130)]
    assert [entry.text for entry in home.poll(first.cursor, 50).entries][-1] == "post 129"
    assert home.poll(more.cursor, 200).entries == ()


def test_a_hashtag_and_mentions(server: Server) -> None:
    own = settings(server)
    server.say("ann", "tune #nowplaying")
    server.say("ann", "no tune")
    asked = server.say("ann", "@bot Slowdive – Alison", visibility="unlisted")
    tag = MastodonHashtag(own, feed("mastodon-hashtag", hashtag="#nowplaying")).poll(None, 200)
    assert [entry.text for entry in tag.entries] == ["tune #nowplaying"]
    [mention] = MastodonNotifications(own, feed("mastodon-notifications")).poll(None, 200).entries
    assert (mention.asks_us, mention.thread["in_reply_to_id"], mention.uri) == (True, asked["id"], asked["uri"])
    publisher = Mastodon(own)
    publisher.send(publisher.freeze("A hum.", 1, NOON, mention.thread))
    [answer] = [status for status in server.statuses.values() if status["account"]["acct"] == "bot"]
    assert (answer["content"], answer["in_reply_to_id"], answer["visibility"]) == (
        "<p>@ann A hum.</p>",
        asked["id"],
        "unlisted",
    )


def test_the_same_payload_is_one_post_and_is_found(server: Server) -> None:
    publisher = Mastodon(settings(server))
    now = datetime.now(UTC)
    payload = publisher.freeze("Guitars & “haze” <3 https://a.test/x", 5, now)
    assert publisher.find(payload, now) is None
    sent = publisher.send(payload)
    assert sent == publisher.send(payload) == publisher.find(payload, now)
    assert len(server.public("bot")) == 1
    assert publisher.find(publisher.freeze("Other words.", 5, now), now) is None
    assert publisher.edit(sent.uri, publisher.freeze("Better.", 6, now)).uri == sent.uri
    assert server.public("bot") == ["<p>Better.</p>"]
    server.statuses[sent.uri.rpartition("/")[2]]["favourites_count"] = 3
    assert publisher.likes([sent.uri, f"{server.url}/users/bot/statuses/9"]) == {sent.uri: 3}
    publisher.delete(sent.uri)
    publisher.delete(sent.uri)
    assert server.public("bot") == []


@pytest.mark.parametrize("fault", ["lost", "garbage", "500", "429"])
def test_an_answer_that_is_lost_makes_no_second_post(server: Server, fault: str) -> None:
    publisher, now = Mastodon(settings(server)), datetime.now(UTC)
    payload = publisher.freeze("Only once.", 9, now)
    server.fault = once(fault, "POST", "/statuses")
    with pytest.raises(Limited if fault == "429" else Unsure) as caught:
        publisher.send(payload)
    if isinstance(caught.value, Limited):
        assert caught.value.retry_after_s == 5
    assert (publisher.find(payload, now) is not None) == (fault in ("lost", "garbage"))
    publisher.send(payload)
    assert len(server.public("bot")) == 1


def test_a_replay_that_answers_with_a_server_error_is_unsure_and_then_found(server: Server) -> None:
    publisher, now = Mastodon(settings(server)), datetime.now(UTC)
    payload = publisher.freeze("Only once.", 9, now)
    publisher.send(payload)
    server.fault = lambda method, path, number: "replay-500"
    with pytest.raises(Unsure):
        publisher.send(payload)
    assert publisher.find(payload, now) is not None


def test_a_server_whose_clock_is_ahead_or_behind(server: Server) -> None:
    publisher, now = Mastodon(settings(server)), datetime.now(UTC)
    for number, skew in enumerate((240.0, -240.0)):
        server.skew_s = skew
        payload = publisher.freeze(f"Text {number}.", number, now)
        publisher.send(payload)
        assert publisher.find(payload, now) is not None


def test_faults_say_what_was_done(server: Server) -> None:
    own = settings(server)
    publisher = Mastodon(own)
    server.longest = 10
    with pytest.raises(Refused, match="422"):
        publisher.send(publisher.freeze("A text that the server finds too long.", 1, NOON))
    server.accounts.clear()
    with pytest.raises(SignInRefused, match="401") as caught:
        publisher.check()
    assert "token-bot" not in str(caught.value)
    away = Mastodon(MastodonSettings(server="http://127.0.0.1:1", token="secret"))  # type: ignore[arg-type]
    with pytest.raises(Limited, match="cannot be reached") as gone:
        away.check()
    assert "secret" not in str(gone.value)


def test_length_is_counted_as_the_server_counts() -> None:
    publisher = Mastodon(MastodonSettings(server="https://a.test", token="x"))  # type: ignore[arg-type]
    assert publisher.length("see https://a.test/" + "x" * 500) == 27
    assert publisher.length("@ann@far.away.test hi") == 7
    with pytest.raises(InputError, match="501 characters"):
        publisher.freeze("x" * 501, 1, NOON)
    with pytest.raises(InputError, match=r"mastodon\.token is missing"):
        Mastodon(MastodonSettings(server="https://a.test"))


@pytest.mark.parametrize(
    ("html", "text", "links"),
    [
        ("<p>a<br>b</p><p>c &amp; d</p>", "a\nb\n\nc & d", []),
        (
            '<a href="https://a.test/long/x"><span>https://</span><span>a.test/lo</span></a> hi',
            "hi",
            ["https://a.test/long/x"],
        ),
        ('<a class="mention" href="https://m.test/@bot">@<span>bot</span></a> hi', "@bot hi", []),
        ("<script>alert(1)</script><style>p{}</style>safe<img src=x onerror=alert(1)>", "safe", []),
        ("<p>open <b>and never closed", "open and never closed", []),
        ("<" * 5000, "<" * 5000, []),
        ("<script>" * 3000 + "x", "", []),
    ],
)
def test_html_is_read_as_text(html: str, text: str, links: list[str]) -> None:
    assert parse_html(html) == (text, links)


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"uri": 5, "content": "x"},
        {"uri": "u", "content": None, "account": {"acct": "a"}},
        {"uri": "u", "content": "c", "account": 7},
    ],
)
def test_a_status_that_lacks_what_it_must_have_is_passed_over(status: dict[str, object]) -> None:
    assert parse_status(status, asks_us=True) is None
