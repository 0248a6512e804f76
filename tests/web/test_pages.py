"""What curators see and do, without scripts."""

import json

import pytest

from deephypebot.types import Link
from tests.bot.conftest import post
from tests.web.conftest import Visit


def propose(visit: Visit, number: int = 0, **more: object) -> int:
    """An item that waits."""
    return visit.trial.propose(post(f"♫ Band {number} – Song {number}", number, **more))[-1]


def test_nothing_waits_and_then_something_does(visit: Visit) -> None:
    assert "Nothing waits" in visit.client.get("/").text
    propose(visit)
    page = visit.client.get("/").text
    assert "1 in the queue" in page
    for text in ("Band 0", "Song 0", "Band 0 hums Song 0, take 1.4.", "console", "mastodon"):
        assert text in page


def test_approving_schedules_the_pick_and_the_next_item_comes(visit: Visit) -> None:
    first = propose(visit, 0)
    propose(visit, 1)
    shown = visit.trial.store.items.get(first)
    pick, other = shown.candidates[2], shown.candidates[0]
    form = {"version": shown.item.version, "candidate": pick.id, "text_of": other.id, "text": other.text, "when": "now"}
    answer = visit.send(f"/item/{first}/approve", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    rows = visit.trial.store.outbox.rows(["scheduled"])
    assert {(row.network, row.text) for row in rows} == {("console", pick.text), ("mastodon", pick.text)}
    assert "Song 1" in visit.client.get("/").text


def test_an_edited_text_is_what_goes_out_and_the_pick_is_kept(visit: Visit) -> None:
    item = propose(visit)
    shown = visit.trial.store.items.get(item)
    pick = shown.candidates[1]
    visit.send(
        f"/item/{item}/approve",
        candidate=pick.id,
        text_of=pick.id,
        text="My own words.",
        network="console",
        choose="networks",
        when="now",
    )
    [verdict] = visit.trial.store.items.get(item).verdicts
    assert (verdict.text, verdict.edited, verdict.candidate_id, verdict.curator) == (
        "My own words.",
        True,
        pick.id,
        "Ann",
    )
    assert [row.network for row in visit.trial.store.outbox.rows(["scheduled"])] == ["console"]


def test_a_text_that_does_not_fit_stays_on_the_page_with_the_reason(visit: Visit) -> None:
    item = propose(visit)
    answer = visit.send(f"/item/{item}/approve", text="x" * 501)
    assert answer.status_code == 422
    assert "501 characters; allowed on console are at most 500" in answer.text
    assert "x" * 501 in answer.text
    assert visit.trial.store.items.get(item).item.state == "proposed"


def test_of_two_curators_the_second_is_told(visit: Visit) -> None:
    item = propose(visit)
    version = visit.trial.store.items.get(item).item.version
    assert visit.send(f"/item/{item}/skip", version=version).status_code == 303
    answer = visit.send(f"/item/{item}/reject", version=version, reason="dull")
    assert answer.status_code == 409
    assert "has changed meanwhile" in answer.text


def test_reject_undo_more_and_fix(visit: Visit) -> None:
    item = propose(visit)
    items = visit.trial.store.items
    visit.send(f"/item/{item}/reject", reason="dull")
    assert (items.get(item).item.state, items.get(item).item.reason) == ("rejected", "dull")
    visit.send(f"/item/{item}/undo")
    visit.send(f"/item/{item}/more", genres="techno, dub", style="wild", temperature="0.9")
    assert items.get(item).item.wish == {"genres": ["techno", "dub"], "styles": ["wild"], "temperature": 0.9}
    visit.trial.step("propose")
    assert visit.trial.writer.batches[-1][0].attributes.genres == ("techno", "dub")
    visit.send(f"/item/{item}/fix", artist="Robyn", title="Honey")
    visit.trial.step("lookup", "propose")
    assert "Robyn hums Honey" in visit.client.get(f"/item/{item}").text


@pytest.mark.parametrize(
    ("action", "form", "message"),
    [
        ("more", {"temperature": "hot"}, "temperature is &#39;hot&#39;; allowed is a number from 0.1 to 2"),
        ("more", {"style": "loud"}, "allowed are descriptive, warm, wild, plain"),
        ("fix", {"artist": "", "title": "x"}, "artist is empty"),
        ("approve", {"candidate": "999"}, "has none of this number"),
        ("approve", {"when": "date", "date": "soon"}, "allowed is one like"),
        ("approve", {"when": "date", "date": "2020-01-01T10:00", "text": "x"}, "allowed is one that is to come"),
        ("approve", {"network": "x", "choose": "networks"}, "allowed for this item are console, mastodon"),
        ("approve", {"choose": "networks"}, "no network is left to post on"),
        ("dance", {}, "action is"),
    ],
)
def test_bad_forms_say_what_is_allowed(visit: Visit, action: str, form: dict[str, str], message: str) -> None:
    item = propose(visit)
    answer = visit.send(f"/item/{item}/{action}", **form)
    assert answer.status_code == 422
    assert message in answer.text
    assert visit.trial.store.items.get(item).verdicts == []


def test_a_date_is_of_the_zone_of_the_settings(visit: Visit) -> None:
    item = propose(visit)
    visit.send(f"/item/{item}/approve", text="Text.", when="date", date="2026-12-01T18:00")
    rows = visit.trial.store.outbox.rows(["scheduled"])
    assert {f"{row.due_at:%Y-%m-%d %H:%M}" for row in rows} == {"2026-12-01 18:00"}


def test_the_outbox_in_all_its_states(visit: Visit) -> None:
    trial = visit.trial
    trial.network_with("console", 0.0, lambda kind, number: "broken")
    trial.network_with("mastodon", 0.0, lambda kind, number: "refused")
    item = propose(visit)
    trial.approve(item)
    trial.step("post")
    page = visit.client.get("/outbox").text
    assert "Unknown" in page
    assert "It is there" in page
    assert "Failed" in page
    assert "not allowed" in page
    [unknown] = trial.store.outbox.rows(["unknown"])
    [failed] = trial.store.outbox.rows(["failed"])
    assert visit.send(f"/outbox/{unknown.id}/confirm", uri="https://a.test/1").status_code == 303
    assert visit.send(f"/outbox/{failed.id}/abandon").status_code == 303
    assert visit.send(f"/outbox/{failed.id}/cancel").status_code == 409
    assert trial.store.outbox.counts() == {"posted": 1, "abandoned": 1}
    assert 'href="https://a.test/1"' in visit.client.get("/outbox").text


def test_scheduled_rows_are_moved_and_cancelled(visit: Visit) -> None:
    item = propose(visit)
    visit.trial.approve(item)
    one, other = visit.trial.store.outbox.rows(["scheduled"])
    visit.send(f"/outbox/{one.id}/move", date="2026-12-24T18:00")
    visit.send(f"/outbox/{other.id}/cancel")
    assert f"{visit.trial.store.outbox.get(one.id).due_at:%m-%d}" == "12-24"
    assert visit.trial.store.outbox.get(other.id).state == "cancelled"


def test_history_is_searched_and_shows_likes(visit: Visit) -> None:
    item = propose(visit)
    visit.trial.approve(item, text="A line about a band.")
    visit.trial.step("post")
    [first, *_] = visit.trial.store.posts.all()
    visit.trial.publishers[first.network]._network.like(first.uri, 7)
    visit.trial.step("like")
    assert "7 likes" in visit.client.get("/history", params={"q": "line about"}).text
    assert "Nothing is like that" in visit.client.get("/history", params={"q": "<nothing>"}).text
    assert visit.client.get("/history", params={"before": 2**80}).status_code == 422


def test_posting_is_paused_and_resumed(visit: Visit) -> None:
    visit.send("/pause", paused="yes")
    assert "Posting is paused" in visit.client.get("/").text
    visit.send("/pause", paused="")
    assert "Posting is paused" not in visit.client.get("/").text


def test_posts_are_corrected_from_the_page(visit: Visit) -> None:
    item = propose(visit)
    visit.trial.approve(item)
    visit.trial.step("post")
    shown = visit.trial.store.items.get(item)
    visit.send(f"/item/{item}/correct", post=shown.posts[0].id, text="Corrected.")
    visit.send(f"/item/{item}/delete", post=shown.posts[1].id)
    visit.trial.step("post")
    assert {(p.network, p.text, p.state) for p in visit.trial.store.items.get(item).posts} == {
        (shown.posts[0].network, "Corrected.", "public"),
        (shown.posts[1].network, shown.posts[1].text, "deleted"),
    }


def test_export_has_every_decision_and_no_formula(visit: Visit) -> None:
    item = propose(visit)
    visit.trial.approve(item, text="=1+1 is what the drum says.")
    row = json.loads(visit.client.get("/export.jsonl").text)
    assert (row["kind"], row["text"], row["edited"], len(row["shown"])) == (
        "approve",
        "=1+1 is what the drum says.",
        True,
        5,
    )
    assert "'=1+1 is" in visit.client.get("/export.csv").text


def test_import_takes_all_lines_or_none(visit: Visit) -> None:
    good = '{"text": "♫ Slowdive – Alison"}\nSong of the day: Low - Lazy\n'
    answer = visit.send("/import", posts=good + '{"no": "text"}')
    assert answer.status_code == 422
    assert "line 3 is" in answer.text
    assert "2 new posts of 2" in visit.send("/import", posts=good).text
    assert "0 new posts of 2" in visit.send("/import", posts=good).text
    visit.trial.step("read", "lookup", "propose")
    assert len(visit.trial.store.items.queue()) == 2


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\u202c\x1b[31m{{ 7*7 }}" + "A" * 100_000


def test_hostile_posts_are_shown_escaped_and_cut(visit: Visit) -> None:
    links = tuple(Link(f"javascript:alert({i})", "<b>bold</b>") for i in range(3000))
    visit.trial.arrive(
        post(
            "♫ <b>Evil</b> – “<script>alert(3)</script>”\n" + HOSTILE,
            links=links,
            author="<i>x</i>",
            url="javascript:alert(4)",
        )
    )
    visit.trial.step("read", "lookup", "propose")
    for row in visit.trial.store.items.history():
        page = visit.client.get(f"/item/{row.id}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>" not in page
        assert "<i>x" not in page
        assert "\u202e" not in page
        assert "⟨U+202E⟩" in page
        assert 'href="javascript' not in page
        assert len(page) < 60_000
    assert visit.trial.store.items.history() != []


def test_a_dropped_song_can_be_fixed(visit: Visit) -> None:
    visit.trial.with_settings(queue={"publish": ["console"], "blocked_artists": ["Band 0"]})
    visit.app.state.place.curation = visit.trial.curation
    visit.trial.propose(post("♫ Band 0 – Song 0"))
    [row] = visit.trial.store.items.history()
    assert (row.state, "Fix the song" in visit.client.get(f"/item/{row.id}").text) == ("dropped", True)
    visit.send(f"/item/{row.id}/fix", artist="Robyn", title="Honey", genres="dance pop")
    visit.trial.step("lookup", "propose")
    assert visit.trial.store.items.get(row.id).item.state == "proposed"
