"""The HTTP service, and the page as JSON."""

import pytest
from starlette.testclient import TestClient

from deephypebot.bot.writer import SharedWriter
from deephypebot.errors import InputError
from deephypebot.types import Commission, Song
from deephypebot.web.app import create_app
from tests.bot.conftest import Scribe, Trial, post
from tests.web.conftest import TOKEN, build_app

BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(trial: Trial) -> TestClient:
    return TestClient(build_app(trial))


def test_generate_and_demo_answer_as_in_2018(client: TestClient) -> None:
    answer = client.post("/generate", json={"genres": ["dub"], "num_sample": 3}).json()
    assert len(answer["gens"]) == 3
    answer = client.post("/demo", json={"q": "Slowdive – Alison"}).json()
    assert answer["query"] == "Slowdive – Alison"
    assert "shoegaze" in answer["genres"]
    assert len(answer["samples"]) == 5
    assert client.post("/demo", json={"q": "Slowdive"}).json()["genres"] == answer["genres"]


def test_write_takes_what_the_command_takes(trial: Trial, client: TestClient) -> None:
    asked = {
        "artist": "Robyn", "title": "Honey", "genres": "dance pop, electropop", "energy": 0.7, "tempo": 120, "n": 2, "seed": 7,
        "temperature": 0.6, "top_p": 0.9, "styles": ["warm"], "constraint": "none", "strength": 0.5, "pronouns": "she", "best_of": 4,
        "topics": {"1": 0.5}, "recent": ["An old post."],
    }  # fmt: skip
    answer = client.post("/v1/write", json=asked).json()
    assert answer["attributes"]["genres_from"] == "given"
    assert len(answer["candidates"]) == 2
    [[given]] = trial.writer.batches
    assert (given.seed, given.temperature, given.attributes.tempo, given.recent) == (7, 0.6, 120, ("An old post.",))
    assert given.wish is not None
    assert (given.wish.styles, given.wish.pronouns, given.wish.topics) == (("warm",), "she", ((1, 0.5),))


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/generate", {"num_sample": 0}, "num_sample is 0"),
        ("/generate", {"num_sample": "5"}, "num_sample is '5'"),
        ("/generate", {"genres": 7}, "genres"),
        ("/demo", {}, "q; Field required"),
        ("/demo", {"q": "\u0000"}, "allowed is text without control characters"),
        ("/v1/write", {}, "the song is missing"),
        ("/v1/write", {"song": "A – B", "artist": "A"}, "given twice"),
        ("/v1/write", {"song": "nothing"}, "song is 'nothing'"),
        ("/v1/write", {"song": "A – B", "tempo": 5}, "tempo is 5"),
        ("/v1/write", {"song": "A – B", "kind": "x"}, "kind is 'x'; allowed are description"),
        ("/v1/write", {"song": "A – B", "colour": "red"}, "colour is 'red'"),
        ("/v1/write", {"song": "A – B", "topics": {"x": 1}}, "topics.x"),
        ("/v1/write", [1], "body"),
    ],
)
def test_broken_requests_are_told_what_is_allowed(client: TestClient, path: str, body: object, message: str) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"q": NaN}', b"[" * 5000, b'{"q": ' + b"9" * 5000 + b"}", b"null"]
)
def test_what_is_no_json_is_told_so(client: TestClient, content: bytes) -> None:
    answer = client.post("/demo", content=content, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]


def test_what_the_writer_refuses_is_told(trial: Trial, client: TestClient) -> None:
    trial.writer.refuses = "Honey"
    answer = client.post("/v1/write", json={"artist": "Robyn", "title": "Honey"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "not about this one")


def test_keys_are_needed_where_there_are_some_and_by_strangers(trial: Trial) -> None:
    trial.with_settings(web={"api_keys": ["k1"], "token": TOKEN})
    app = build_app(trial)
    here, away = TestClient(app), TestClient(app, client=("203.0.113.5", 1))
    song = {"song": "A – B"}
    assert here.post("/v1/write", json=song).status_code == 401
    assert here.post("/v1/write", json=song, headers={"x-api-key": "k1"}).status_code == 200
    assert here.post("/v1/write", json=song, headers={"x-api-key": b"k\xe9"}).status_code == 401
    assert here.post("/demo", json={"q": "A – B"}).status_code == 200
    assert away.post("/demo", json={"q": "A – B"}).status_code == 401
    assert away.post("/demo", json={"q": "A – B"}, headers={"authorization": "Bearer k1"}).status_code == 200


def test_a_page_elsewhere_whose_name_points_here_is_a_stranger(client: TestClient) -> None:
    assert client.post("/demo", json={"q": "A – B"}, headers={"host": "evil.test"}).status_code == 401


def test_a_page_without_a_writer_says_so(trial: Trial) -> None:
    bot = trial.bot
    client = TestClient(create_app(bot.settings, bot.store, bot.curation, None, TOKEN))
    assert client.post("/demo", json={"q": "A – B"}).status_code == 503


def test_the_pages_decisions_as_json(trial: Trial, client: TestClient) -> None:
    items = trial.propose(post("♫ Ash – Elm", 1), post("♫ Oak – Yew", 2))
    client.headers.update(BEARER)
    assert [row["id"] for row in client.get("/api/queue").json()] == items
    one = client.get(f"/api/items/{items[0]}").json()
    pick = one["candidates"][1]
    body = {"candidate": pick["id"], "version": one["item"]["version"], "when": "2027-01-01T10:00:00+01:00"}
    keys = client.post(f"/api/items/{items[0]}/approve", json=body).json()["outbox"]
    assert client.post(f"/api/items/{items[0]}/approve", json=body).status_code == 409
    assert [row["text"] for row in client.get("/api/outbox").json()] == [pick["text"]] * 2
    assert client.post(f"/api/outbox/{keys[0]}/move", json={"at": "2027-01-02T10:00:00Z"}).json() == {
        "state": "scheduled"
    }
    assert client.post(f"/api/outbox/{keys[0]}/cancel").json() == {"state": "cancelled"}
    assert client.post("/api/outbox/99999/cancel").status_code == 404
    assert client.post(f"/api/items/{items[1]}/reject", json={"reason": "dull"}).json() == {"state": "rejected"}
    assert client.post(f"/api/items/{items[1]}/undo", json={}).json() == {"state": "proposed"}
    assert client.post(f"/api/items/{items[1]}/more", json={"genres": ["dub"]}).json() == {"state": "looked_up"}
    assert client.get("/api/items/9999").status_code == 404
    assert client.post("/api/pause", json={"paused": True}).json() == {"paused": True}


def test_health_and_metrics(trial: Trial, client: TestClient) -> None:
    trial.propose(post())
    assert client.get("/healthz").json()["ok"]
    assert 'deephypebot_items{state="proposed"} 1.0' in client.get("/metrics").text


def test_those_who_ask_at_once_share_a_batch() -> None:
    scribe = Scribe()
    shared = SharedWriter(scribe, most=8)
    hold = [shared.submit(Commission(Song("A", str(i)), n=1)) for i in range(20)]
    assert [future.result(10)[0].text for future in hold] == [
        f"A hums {i}, take {b}.0." for i, b in zip(range(20), _batch_of(scribe), strict=True)
    ]
    assert len(scribe.batches) < 20
    shared.close()


def _batch_of(scribe: Scribe) -> list[int]:
    return [number for number, batch in enumerate(scribe.batches, 1) for _ in batch]


def test_a_writer_that_breaks_tells_those_who_asked_and_lives_on() -> None:
    scribe = Scribe()
    real, scribe.write = scribe.write, lambda commissions: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    shared = SharedWriter(scribe)
    with pytest.raises(ZeroDivisionError):
        shared.submit(Commission(Song("A", "B"))).result(10)
    scribe.write = real  # type: ignore[method-assign]
    scribe.refuses = "B"
    with pytest.raises(InputError):
        shared.submit(Commission(Song("A", "B"))).result(10)
    assert len(shared.submit(Commission(Song("A", "C"))).result(10)) == 5
    shared.close()
