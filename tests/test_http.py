"""The polite client."""

from collections.abc import Iterator

import pytest

from deephypebot.errors import Limited, Refused, SignInRefused, Unsure
from deephypebot.http import LARGEST, Http, retry_after_s
from tests.fakes.sites import in_turn, site


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def http(naps: list[float]) -> Iterator[Http]:
    http = Http("me@a.test", sleep=naps.append)
    yield http
    http.close()


def test_it_says_who_it_is_and_whom_to_ask(http: Http) -> None:
    with site(lambda asked: {"ok": True}) as one:
        assert http.get_json(one.url, {"q": "a b"}) == {"ok": True}
    assert one.asked[0].headers["user-agent"].endswith("(me@a.test)")
    assert one.asked[0].query == {"q": "a b"}


def test_reads_are_tried_again_and_writes_are_not(http: Http, naps: list[float]) -> None:
    with site(in_turn((500, "", {}), (0, "", {}), {"ok": 1})) as one:
        assert http.get_json(one.url) == {"ok": 1}
    with site(in_turn((500, "", {}), {"ok": 1})) as one, pytest.raises(Unsure):
        http.post(one.url, {"a": 1})
    assert len(one.asked) == 1
    assert len(naps) == 2


def test_short_waits_are_waited_and_long_ones_told(http: Http, naps: list[float]) -> None:
    with site(in_turn((429, "", {"retry-after": "2"}), {"ok": 1})) as one:
        assert http.get_json(one.url) == {"ok": 1}
    assert naps == [2.0]
    with site(in_turn((429, "", {"retry-after": "600"}))) as one, pytest.raises(Limited) as caught:
        http.get(one.url)
    assert caught.value.retry_after_s == 600
    assert retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert retry_after_s({"retry-after": "soon"}) == 60.0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((404, "", {}), Refused), ((401, "", {}), SignInRefused), ((500, "", {}), Unsure), ("<html>", Unsure), (b"[" * 100_000, Unsure),
        (b"x" * (LARGEST + 1), Refused), ((302, "", {"location": "file:///etc/passwd"}), Refused),
    ],
)  # fmt: skip
def test_faults_say_what_they_are(http: Http, answer: object, error: type[Exception]) -> None:
    with site(in_turn(answer)) as one, pytest.raises(error):
        http.get_json(one.url)


def test_a_server_that_is_not_there(http: Http) -> None:
    with pytest.raises(Limited, match="cannot be reached"):
        http.post("http://127.0.0.1:1/?key=secret", {})


def test_circles_end(http: Http) -> None:
    with (
        site(lambda asked: (302, "", {"location": "/again"})) as one,
        pytest.raises(Refused, match="from place to place"),
    ):
        http.get(one.url)


def test_requests_to_a_host_keep_their_pause(naps: list[float]) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        now[0] += seconds

    http = Http(pause_s=1.0, sleep=sleep, clock=lambda: now[0])
    with site(lambda asked: {}) as one:
        for _ in range(3):
            http.get(one.url)
    http.close()
    assert naps == [1.0, 1.0]
