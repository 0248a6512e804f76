"""Bluesky's client against a real AT Protocol network on the loopback; hostile answers and pure parts without one."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from atproto import models

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.services.bluesky import Bluesky, BlueskyHome, BlueskyNotifications, parse_post
from deephypebot.services.bluesky_account import Account
from deephypebot.services.bluesky_text import ALPHABET, build_facets, build_record, build_tid, count_graphemes
from deephypebot.settings import BlueskySettings
from deephypebot.types import Link
from tests.fakes.faulty_proxy import Proxy, once, proxy
from tests.testnet.network import REQUIRED, Network, Person, is_there, network

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
needs_network = pytest.mark.skipif(
    not is_there() and not REQUIRED, reason="the test network is not installed; `make testnet` does"
)


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with network() as net:
        yield net


@pytest.fixture
def bot(net: Network) -> Person:
    return net.person("bot")


@pytest.fixture
def between(net: Network) -> Iterator[Proxy]:
    """A proxy before the server."""
    with proxy(net.pds) as between:
        yield between


def through(net: Network, bot: Person, between: Proxy) -> Bluesky:
    """A publisher whose requests go through the proxy: the server's own address, which signing in tells, is not taken."""
    publisher = Bluesky(net.settings(bot, between.url))
    client = publisher.account._signed_in()
    client.update_base_url(f"{between.url}/xrpc")
    client._set_session_common = lambda session, base_url: None
    return publisher


def texts(net: Network, person: Person) -> list[str]:
    """What somebody has posted, the oldest first."""
    where = {"repo": person.did, "collection": "app.bsky.feed.post", "limit": 100}
    answer = person.client.com.atproto.repo.list_records(models.ComAtprotoRepoListRecords.Params(**where))
    return [record.value.text for record in reversed(answer.records)]


@needs_network
def test_the_home_timeline_is_read_from_where_it_was_left(net: Network, bot: Person) -> None:
    ann, bob = net.person("ann"), net.person("bob")
    bot.client.follow(ann.did)
    ann.say("♫ Slowdive – Alison")
    ann.say("this one", card=("https://song.example/track/1", "Lazy, by Low"))
    bob.say("nobody follows me")
    bot.say("my own")
    net.sync()
    feed = BlueskyHome(net.settings(bot))
    first = feed.poll(None, 200)
    assert [entry.text for entry in first.entries] == ["♫ Slowdive – Alison", "this one"]
    assert first.entries[1].links == (Link("https://song.example/track/1", "Lazy, by Low", "song.example"),)
    assert (first.entries[0].author, first.entries[0].asks_us) == (ann.handle, False)
    again = feed.poll(first.cursor, 200)
    assert again.entries == ()
    for number in range(130):
        ann.say(f"post {number}")
    net.sync()
    more = feed.poll(again.cursor, 200)
    assert [entry.text for entry in more.entries] == [f"post {number}" for number in range(130)]
    assert feed.poll(more.cursor, 200).entries == ()
    fresh = BlueskyHome(net.settings(bot)).poll(again.cursor, 50)
    assert [entry.text for entry in fresh.entries] == [f"post {number}" for number in range(80, 130)]


@needs_network
def test_mentions_are_asked_and_answered_in_their_thread(net: Network, bot: Person) -> None:
    ann = net.person("ann")
    bot.client.follow(ann.did)
    uri = ann.say("Slowdive – Alison", mention=bot)
    ann.client.like(bot.say("liked"), "bafyreib2rxk3rybk3aobmv5cjuql3bm2twh4jo5uxgf5kpqcsgz7soitae")
    net.sync()
    assert BlueskyHome(net.settings(bot)).poll(None, 50).entries == ()
    poll = BlueskyNotifications(net.settings(bot)).poll(None, 50)
    [entry] = poll.entries
    assert (entry.uri, entry.asks_us, entry.thread["handle"]) == (uri, True, ann.handle)
    publisher = Bluesky(net.settings(bot))
    sent = publisher.send(publisher.freeze(f"For @{ann.handle}: a hum.", 1, NOON, entry.thread))
    net.sync()
    thread = ann.client.get_post_thread(uri).thread
    assert [reply.post.uri for reply in thread.replies] == [sent.uri]
    assert BlueskyNotifications(net.settings(bot)).poll(poll.cursor, 50).entries == ()


@needs_network
def test_the_same_payload_is_one_post_and_is_found(net: Network, bot: Person) -> None:
    publisher = Bluesky(net.settings(bot))
    payload = json.loads(json.dumps(publisher.freeze("A hum, #dreampop https://a.example/x", 5, NOON)))
    assert publisher.find(payload, NOON) is None
    first, second = publisher.send(payload), publisher.send(payload)
    assert first == second == publisher.find(payload, NOON)
    assert texts(net, bot) == ["A hum, #dreampop https://a.example/x"]
    publisher.delete(first.uri)
    publisher.delete(first.uri)
    assert texts(net, bot) == []
    with pytest.raises(Refused):
        publisher.edit(first.uri, payload)


@needs_network
@pytest.mark.parametrize("fault", ["lost", "garbage", "reset", "500", "429"])
def test_an_answer_that_is_lost_makes_no_second_post(net: Network, bot: Person, between: Proxy, fault: str) -> None:
    publisher = through(net, bot, between)
    payload = publisher.freeze(f"Only once, {fault}.", 9, NOON)
    between.fault = once(fault, "POST", "putRecord")
    with pytest.raises(Limited if fault == "429" else Unsure) as caught:
        publisher.send(payload)
    if isinstance(caught.value, Limited):
        assert caught.value.retry_after_s == 7
    was_done = fault in ("lost", "garbage")
    assert (publisher.find(payload, NOON) is not None) == was_done
    publisher.send(payload)
    assert texts(net, bot) == [f"Only once, {fault}."]


@needs_network
def test_likes_are_counted_and_what_is_gone_is_left_out(net: Network, bot: Person) -> None:
    ann, publisher = net.person("ann"), Bluesky(net.settings(bot))
    sent = [publisher.send(publisher.freeze(f"Post {i}.", i, NOON)) for i in range(30)]
    net.sync()
    post = ann.client.get_posts([sent[0].uri]).posts[0]
    ann.client.like(post.uri, post.cid)
    publisher.delete(sent[1].uri)
    net.sync()
    likes = publisher.likes([one.uri for one in sent])
    assert (likes[sent[0].uri], likes[sent[2].uri], sent[1].uri in likes, len(likes)) == (1, 0, False, 29)


@needs_network
def test_a_session_that_has_expired_is_opened_anew(net: Network, bot: Person) -> None:
    publisher = Bluesky(net.settings(bot))
    publisher.check()
    client = publisher.account._signed_in()
    client._session.access_jwt = client._session.access_jwt[:-8] + "AAAAAAAA"
    client._session.refresh_jwt = "gone"
    assert publisher.send(publisher.freeze("Still here.", 1, NOON)).uri


@needs_network
def test_wrong_passwords_are_not_tried_again_and_again(net: Network, bot: Person, between: Proxy) -> None:
    settings = net.settings(bot, between.url).model_copy(update={"password": type(net.settings(bot).password)("wrong")})
    publisher = Bluesky(settings)
    for _ in range(5):
        with pytest.raises(SignInRefused, match="signing in: 401") as caught:
            publisher.check()
        assert "wrong" not in str(caught.value)
    assert len(between.asked) == 1


@needs_network
def test_a_taken_down_account_says_so(net: Network, bot: Person) -> None:
    publisher = Bluesky(net.settings(bot))
    publisher.check()
    subject = {
        "subject": {"$type": "com.atproto.admin.defs#repoRef", "did": bot.did},
        "takedown": {"applied": True, "ref": "t"},
    }
    secret = base64.b64encode(str(net.info["admin"]).encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {secret}"}
    address = f"{net.pds}/xrpc/com.atproto.admin.updateSubjectStatus"
    urllib.request.urlopen(urllib.request.Request(address, json.dumps(subject).encode(), headers), timeout=30).read()
    with pytest.raises(SignInRefused, match="AccountTakedown"):
        publisher.send(publisher.freeze("Hello?", 1, NOON))


def test_a_server_that_is_not_there_means_nothing_was_done() -> None:
    publisher = Bluesky(BlueskySettings(service="http://127.0.0.1:1", handle="a.test", password="secret"))  # type: ignore[arg-type]
    with pytest.raises(Limited, match="cannot be reached"):
        publisher.send(publisher.freeze("Hello?", 1, NOON))


def test_an_account_without_password_is_refused() -> None:
    with pytest.raises(InputError, match=r"bluesky.handle or bluesky.password is missing"):
        Account(BlueskySettings(handle="a.test"))


@pytest.mark.parametrize(
    ("text", "length"), [("abc", 3), ("👩‍👩‍👧‍👦é", 2), ("🇩🇪🇫🇷", 2), ("นี้", 1), ("e\u0301", 1), ("\r\n", 1), ("", 0)]
)
def test_graphemes_are_what_people_count(text: str, length: int) -> None:
    assert count_graphemes(text) == length


def test_a_text_that_is_too_long_is_refused_before_anything_is_sent() -> None:
    publisher = Bluesky(BlueskySettings(handle="a.test", password="x"))  # type: ignore[arg-type]
    assert publisher.freeze("👩‍👩‍👧‍👦" * 100, 1, NOON)
    for text in ("x" * 301, "👩‍👩‍👧‍👦" * 200):
        with pytest.raises(InputError, match="allowed are 300 and 3000"):
            publisher.freeze(text, 1, NOON)


def test_record_keys_are_valid_different_and_always_the_same() -> None:
    moments = [NOON + timedelta(microseconds=i) for i in range(3)]
    tids = {build_tid(at, key) for at in moments for key in (1, 2, 1023)} | {build_tid(NOON, 1024 * 9)}
    assert len(tids) == 10
    assert build_tid(NOON, 1) == build_tid(NOON, 1)
    assert all(len(tid) == 13 and set(tid) <= set(ALPHABET) and tid[0] in "234567abcdefghij" for tid in tids)
    assert build_tid(NOON, 5) < build_tid(NOON + timedelta(seconds=1), 0)


def test_facets_are_counted_in_bytes_and_mentions_need_a_did() -> None:
    text = "Ünï 🎉 @ann.test and @bob.test, #été #1 (https://a.example/b)."
    facets = build_facets(text, {"ann.test": "did:plc:ann"})
    parts = [text.encode()[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in facets]
    assert parts == ["@ann.test", "#été", "https://a.example/b"]
    assert build_record("x", NOON, {"uri": "at://p", "cid": "c"})["reply"]["root"] == {"uri": "at://p", "cid": "c"}


HOSTILE: list[object] = [
    {}, {"uri": 5}, {"uri": "at://x", "author": None, "record": {"text": "x"}}, {"uri": "at://x", "author": {"handle": "a"}, "record": "x"},
    {"uri": "http://x", "author": {"handle": "a"}, "record": {"text": "x"}}, {"uri": "at://x", "author": {"handle": "a"}, "record": {"text": ["x"]}},
]  # fmt: skip


@pytest.mark.parametrize("view", HOSTILE)
def test_a_record_that_lacks_what_it_must_have_is_passed_over(view: dict[str, object]) -> None:
    assert parse_post(view, asks_us=False) is None


def test_odd_embeds_and_times_do_no_harm() -> None:
    record = {"text": "x", "embed": {"external": {"uri": 7}}, "facets": [None, {"features": [{"uri": ["x"]}, 5]}]}
    entry = parse_post(
        {"uri": "at://x/y/z", "author": {"handle": "a"}, "record": record, "indexedAt": "9999-99-99"}, asks_us=True
    )
    assert entry is not None
    assert (entry.links, entry.posted_at.year) == ((), 1970)
    assert issubclass(SignInRefused, ServiceError)
