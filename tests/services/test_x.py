"""X's client against a look-alike of its API: what it costs, and that nothing is sent twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deephypebot.errors import InputError, Limited, Refused, SignInRefused, Unsure
from deephypebot.services.x import A_POST, X, XHome, parse_post
from deephypebot.settings import XSettings
from tests.fakes.faulty_proxy import once
from tests.fakes.x import Server, x

NOW = datetime.now(UTC)


class Wallet:
    """A services.Purse with so many dollars."""

    def __init__(self, dollars: float) -> None:
        self.left = dollars

    def reserve(self, dollars: float) -> None:
        if dollars > self.left + 1e-9:
            raise Limited("no money", 60)
        self.left -= dollars

    def settle(self, reserved: float, spent: float) -> None:
        self.left += reserved - spent


@pytest.fixture
def server() -> Iterator[Server]:
    with x() as server:
        yield server


def settings(api: str, dollars: float = 1.0) -> XSettings:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_secret"), "9000-secret")
    return XSettings(**keys, api=api, dollars_a_day=dollars)  # type: ignore[arg-type]


def test_the_timeline_costs_no_more_than_the_day_has(server: Server) -> None:
    for number in range(150):
        server.say("1", f"post {number}")
    wallet = Wallet(1.0)
    home = XHome(settings(server.url), wallet)
    first = home.poll(None, 100)
    assert [entry.text for entry in first.entries] == [f"post {number}" for number in range(50, 150)]
    assert (first.entries[0].author, round(wallet.left, 3)) == ("ann", 0.5)
    server.say("1", "one more")
    server.say("9000", "my own")
    second = home.poll(first.cursor, 100)
    assert [entry.text for entry in second.entries] == ["one more"]
    assert round(wallet.left, 3) == round(1.0 - server.charged * A_POST, 3)
    with pytest.raises(Limited, match="no money"):
        home.poll(second.cursor, 100)
    server.fault = once("lost", "GET", "timelines")
    left = wallet.left
    with pytest.raises(Unsure):
        home.poll(second.cursor, 10)
    assert round(wallet.left, 3) == round(left - 10 * A_POST, 3)
    assert home.poll(second.cursor, 10).cursor == second.cursor


def test_it_is_off_by_default() -> None:
    with pytest.raises(InputError, match="dollars_a_day is 0"):
        XHome(settings("http://x.test", 0.0), Wallet(1))
    with pytest.raises(InputError, match=r"x\.consumer_key is missing"):
        X(XSettings())


@pytest.mark.parametrize("fault", ["lost", "lost-500", "500", "429"])
def test_there_is_one_attempt_and_then_it_is_looked_up(server: Server, fault: str) -> None:
    publisher = X(settings(server.url))
    payload = publisher.freeze("Only once & “so”.", 1, NOW)
    server.fault = once(fault, "POST", "/tweets")
    with pytest.raises(Limited if fault == "429" else Unsure):
        publisher.send(payload)
    assert server.asked.count("POST /2/tweets") == 1
    found = publisher.find(payload, NOW)
    assert (found is not None) == (fault in ("lost", "lost-500"))
    assert publisher.find(payload, NOW + timedelta(hours=1)) is None


def test_the_same_text_again_may_be_there_already(server: Server) -> None:
    publisher = X(settings(server.url))
    payload = publisher.freeze("Twice.", 1, NOW)
    sent = publisher.send(payload)
    with pytest.raises(Unsure, match="perhaps it is there already"):
        publisher.send(payload)
    server.posts[-1]["public_metrics"]["like_count"] = 4
    assert publisher.likes([sent.uri, "x:1"]) == {sent.uri: 4}
    publisher.delete(sent.uri)
    publisher.delete(sent.uri)
    assert server.public() == []
    with pytest.raises(Refused):
        publisher.edit(sent.uri, payload)


@pytest.mark.parametrize(
    ("text", "length"),
    [("abc", 3), ("日本", 4), ("👩‍👩‍👧‍👦", 2), ("see https://a.test/" + "x" * 90, 27), ("“so”—é", 6), ("👍🏽", 2)],
)
def test_length_is_counted_as_x_counts(text: str, length: int) -> None:
    assert X(settings("http://x.test")).length(text) == length


def test_long_texts_and_addresses_are_refused_before_they_cost() -> None:
    publisher = X(settings("http://x.test"))
    with pytest.raises(InputError, match="281 characters as X counts"):
        publisher.freeze("x" * 281, 1, NOW)
    with pytest.raises(InputError, match="address"):
        publisher.freeze("look at example.com", 1, NOW)


def test_faults_say_what_was_done() -> None:
    with pytest.raises(Limited, match="cannot be reached") as caught:
        X(settings("http://127.0.0.1:1")).check()
    assert "9000-secret" not in str(caught.value)
    assert issubclass(SignInRefused, Exception)


@pytest.mark.parametrize("row", [{}, {"id": 5, "text": "x"}, {"id": "1", "text": None}, {"id": "x", "text": "x"}])
def test_a_post_that_lacks_what_it_must_have_is_passed_over(row: dict[str, object]) -> None:
    assert parse_post(row, {}) is None
