"""Who may do what."""

import pytest
from starlette.testclient import TestClient

from deephypebot.web.session import COOKIE, build_cookie, read_cookie
from tests.bot.conftest import post
from tests.web.conftest import TOKEN, Visit

PAGES = ("/", "/item/1", "/outbox", "/history", "/import", "/export.csv", "/export.jsonl")


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_shown_the_door(stranger: TestClient, page: str) -> None:
    answer = stranger.get(page, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("path", ["/item/1/approve", "/outbox/1/cancel", "/pause", "/import", "/logout"])
def test_a_stranger_can_decide_nothing(stranger: TestClient, path: str) -> None:
    assert stranger.post(path, data={"csrf": "x"}, follow_redirects=False).headers["location"] == "/login"


@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "ü"])
def test_a_form_without_our_word_is_refused(visit: Visit, csrf: str | None) -> None:
    [item] = visit.trial.propose(post())
    answer = visit.client.post(f"/item/{item}/reject", data={} if csrf is None else {"csrf": csrf})
    assert answer.status_code == 403
    assert visit.trial.store.items.get(item).item.state == "proposed"


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://testserver.evil.test"])
def test_a_form_from_elsewhere_is_refused_even_with_our_word(visit: Visit, origin: str) -> None:
    answer = visit.client.post("/pause", data={"csrf": visit.csrf(), "paused": "yes"}, headers={"origin": origin})
    assert answer.status_code == 403
    assert not visit.trial.store.switches.paused()


def test_wrong_tokens_cannot_be_tried_for_ever(stranger: TestClient) -> None:
    answers = [stranger.post("/login", data={"token": f"guess {i}"}).status_code for i in range(12)]
    assert answers == [403] * 10 + [429] * 2
    assert stranger.post("/login", data={"token": TOKEN}).status_code == 429


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c.d", "a.9999999999.b.", "é.1.2.3", "." * 50])
def test_a_forged_cookie_opens_nothing(cookie: str) -> None:
    assert read_cookie(TOKEN, cookie, 0.0) is None


def test_a_cookie_is_of_its_token_and_time() -> None:
    cookie = build_cookie(TOKEN, "Ann Ünal", 1000.0)
    session = read_cookie(TOKEN, cookie, 2000.0)
    assert session is not None
    assert session.curator == "Ann Ünal"
    assert read_cookie("another", cookie, 2000.0) is None
    assert read_cookie(TOKEN, cookie, 1000.0 + 15 * 86400) is None
    assert read_cookie(TOKEN, cookie.replace(cookie[0], "Q" if cookie[0] != "Q" else "R", 1), 2000.0) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"token": TOKEN, "name": "x" * 500 + "\x00"}, follow_redirects=False)
    assert COOKIE in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]


@pytest.mark.parametrize("page", ["/login", "/", "/nowhere", "/static/page.js", "/healthz"])
def test_every_answer_tells_browsers_to_be_careful(visit: Visit, page: str) -> None:
    headers = visit.client.get(page).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_no_page_has_anything_inline_or_from_elsewhere(visit: Visit) -> None:
    visit.trial.propose(post())
    for page in ("/", "/outbox", "/history", "/import", "/docs", "/login"):
        text = visit.client.get(page).text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text
        assert 'src="http' not in text


def test_the_token_is_needed_for_the_json_api(visit: Visit, stranger: TestClient) -> None:
    assert stranger.get("/api/queue").status_code == 401
    assert stranger.get("/api/queue", headers={"authorization": f"Bearer {TOKEN}"}).json() == []
    assert visit.client.get("/api/queue").status_code == 200
    assert visit.client.post("/api/pause", json={"paused": True}).status_code == 401


def test_large_requests_are_refused(visit: Visit) -> None:
    assert visit.client.post("/login", content=b"x" * 70_000).status_code == 413

    def stream():  # type: ignore[no-untyped-def]
        for _ in range(100):
            yield b"x" * 1000

    assert visit.client.post("/demo", content=stream(), headers={"content-type": "application/json"}).status_code == 413
