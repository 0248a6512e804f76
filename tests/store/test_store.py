"""What the stages hand to one another: leases, cursors, decisions, the outbox, likes; the same on both databases."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deephypebot.errors import Conflict, InputError, StoreError
from deephypebot.store import Store
from deephypebot.store.decisions import Slot
from deephypebot.store.songs import Fact, song_key
from deephypebot.types import Candidate, Link, Mention, Song
from tests.store.flow import (
    NOON,
    SONG,
    approved,
    arrive,
    at_once,
    deciding,
    entry,
    found,
    lease,
    looked_up,
    proposed,
)

LATER = NOON + timedelta(minutes=5)


def test_opening_it_again_keeps_what_is_there(url: str) -> None:
    first = Store(url)
    arrive(first, entry())
    first.close()
    again = Store(url)
    assert again.entries.counts() == {"new": 1}
    again.close()


def test_several_processes_may_make_the_tables_at_once(url: str) -> None:
    faults, stores = [], []

    def open_it() -> None:
        try:
            stores.append(Store(url))
        except StoreError as error:
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert (faults, len(stores)) == ([], 6)


def test_tables_of_a_later_version_are_refused(url: str) -> None:
    store = Store(url)
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match="version 9999"):
        Store(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "url of the database is no address"),
        ("mysql://root:secret@localhost/x", "'mysql'; allowed are sqlite and postgresql"),
    ],
)
def test_other_addresses_are_refused_and_not_shown(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Store(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path}/file/bot.db")
    with pytest.raises(StoreError) as caught:
        Store("postgresql://bot:hunter2@127.0.0.1:1/bot")
    assert "hunter2" not in str(caught.value)


def test_an_entry_comes_once_and_the_cursor_is_kept_even_where_nothing_came(store: Store) -> None:
    assert arrive(store, entry(1), entry(2)) == 2
    assert arrive(store, entry(2), entry(3), cursor="c2", at=LATER) == 1
    assert arrive(store, cursor="c3", at=LATER + timedelta(hours=1)) == 0
    [feed] = store.feeds.all()
    assert (feed.cursor, feed.idle, feed.polled_at) == ("c3", 1, LATER + timedelta(hours=1))


def test_what_no_database_keeps_is_taken_out_of_hostile_posts(store: Store) -> None:
    links = tuple(Link(f"https://a.test/{i}") for i in range(3000))
    arrive(store, entry(text="nul \0 and \ud800 " + "x" * 100_000, author="\0", links=links, thread={"\0": "\ud800"}))
    [row] = store.entries.claim(lease(), 5)
    assert (row.text[:10], len(row.text), len(row.links)) == ("nul \ufffd and ?"[:10], 20_000, 50)


def test_a_row_is_leased_to_one_at_a_time_and_comes_back_when_the_lease_ends(store: Store) -> None:
    arrive(store, entry(1))
    [row] = store.entries.claim(lease("a"), 5)
    assert store.entries.claim(lease("b"), 5) == []
    [same] = store.entries.claim(lease("b", LATER), 5)
    assert (same.id, same.tries) == (row.id, 2)
    with pytest.raises(Conflict, match="no longer leased to a"):
        store.entries.read(row, lease("a"), [])
    store.entries.read(same, lease("b", LATER), [Mention(SONG, 0.8, "dashed")])
    assert store.items.counts() == {"found": 1}


def test_workers_share_the_rows_without_a_double(store: Store) -> None:
    arrive(store, *map(entry, range(60)))
    taken: list[int] = []

    def work(owner: str) -> None:
        while rows := store.entries.claim(lease(owner), 3):
            taken.extend(row.id for row in rows)

    threads = [threading.Thread(target=work, args=[f"w{i}"]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_a_catalogues_answer_is_kept_also_where_it_is_none(store: Store) -> None:
    assert store.songs.answer("k", "deezer", NOON - timedelta(days=1)) == (False, None)
    store.songs.keep_answer("k", "deezer", None, NOON)
    assert store.songs.answer("k", "deezer", NOON - timedelta(days=1)) == (True, None)
    store.songs.keep_answer("k", "deezer", {"source": "deezer"}, LATER)
    assert store.songs.answer("k", "deezer", NOON) == (True, {"source": "deezer"})
    assert store.songs.answer("k", "deezer", LATER) == (False, None)
    assert store.songs.forget_answers(LATER) == 1


def test_a_songs_facts_have_their_source_and_replace_what_it_said_before(store: Store) -> None:
    [item] = looked_up(store)
    facts = {(fact.name, fact.source, fact.may_train) for fact in store.songs.facts(item.song_id)}
    assert facts == {("genres", "embedded", True), ("tempo", "deezer", False)}
    [other] = found(store, Song("slowdive", "ALISON"), number=1)
    new = [Fact("genres", ["dream pop"], "embedded", "CC0-1.0", True)]
    store.items.looked_up(other, lease(at=NOON + timedelta(hours=1)), Song("Slowdive", "Alison"), new)
    now = {fact.name: fact.value for fact in store.songs.facts(item.song_id)}
    assert now == {"genres": ["dream pop"], "tempo": 96.0}
    assert song_key(Song("The Slowdive", "Alison!")) == song_key(SONG)


def test_the_same_song_is_known_while_it_waits_and_after_it_was_approved(store: Store) -> None:
    first = proposed(store)
    [second] = looked_up(store, 1)
    since = NOON - timedelta(days=30)
    assert store.items.known_songs(since, second.id, second.song_id)
    store.decisions.reject(deciding(first), "dull")
    assert not store.items.known_songs(since, second.id, second.song_id)


def test_the_queue_puts_those_who_asked_first(store: Store) -> None:
    waits, asked = proposed(store), proposed(store, 1, Song("Robyn", "Honey"), asks_us=True)
    assert [row.id for row in store.items.queue()] == [asked.item.id, waits.item.id]
    assert [row.asked_by for row in store.items.queue()] == ["ann.test", ""]
    assert store.entries.asked("bluesky", "ann.test", NOON + timedelta(hours=2)) == 1


def test_approving_freezes_everything_in_one_transaction(store: Store) -> None:
    shown = proposed(store)
    chosen = shown.candidates[1]
    keys = store.decisions.approve(deciding(shown), "Edited.", chosen.id, ["bluesky", "mastodon"], at_once)
    after = store.items.get(shown.item.id)
    [verdict] = after.verdicts
    assert after.item.state == "approved"
    assert (verdict.kind, verdict.edited, verdict.text, verdict.seed) == ("approve", True, "Edited.", chosen.seed)
    assert verdict.shown == [c.id for c in shown.candidates]
    assert [(row.id, row.network, row.payload["key"]) for row in after.outbox] == [
        (keys[0], "bluesky", keys[0]),
        (keys[1], "mastodon", keys[1]),
    ]


def test_a_plan_that_fails_leaves_nothing_behind(store: Store) -> None:
    shown = proposed(store)

    def too_long(slot: Slot) -> tuple[datetime, dict[str, object]]:
        raise InputError("too long")

    with pytest.raises(InputError, match="too long"):
        store.decisions.approve(deciding(shown), "Text.", None, ["bluesky"], too_long)
    after = store.items.get(shown.item.id)
    assert (after.item.state, after.verdicts, after.outbox) == ("proposed", [], [])


def test_of_two_curators_one_decides(store: Store) -> None:
    shown = proposed(store)
    store.decisions.reject(deciding(shown, "ann"), "dull")
    with pytest.raises(Conflict, match="has changed meanwhile"):
        store.decisions.approve(deciding(shown, "bob"), "Text.", None, ["bluesky"], at_once)
    assert [verdict.curator for verdict in store.items.get(shown.item.id).verdicts] == ["ann"]


def test_a_mention_gets_one_answer(store: Store) -> None:
    arrive(store, entry(7, asks_us=True))
    [row] = store.entries.claim(lease(), 1)
    store.entries.read(row, lease(), [Mention(SONG, 0.9, "x"), Mention(Song("Robyn", "Honey"), 0.9, "x")])
    for item in store.items.claim("found", lease(), 5):
        store.items.looked_up(item, lease(), Song(item.artist, item.title), [])
    for item in store.items.claim("looked_up", lease(), 5):
        store.items.proposed(item, lease(), [(Candidate("Text that is long enough.", 1.0, 1, "toy"), [])])
    first, second = (store.items.get(item.id) for item in store.items.queue())
    store.decisions.approve(deciding(first), "One.", None, ["bluesky"], at_once)
    with pytest.raises(InputError, match="has its answer already"):
        store.decisions.approve(deciding(second), "Two.", None, ["bluesky"], at_once)


def test_undo_brings_an_item_back_until_it_is_being_sent(store: Store) -> None:
    shown = proposed(store)
    store.decisions.approve(deciding(shown), "Text.", None, ["bluesky"], at_once)
    store.decisions.undo(deciding(store.items.get(shown.item.id)))
    back = store.items.get(shown.item.id)
    assert (back.item.state, [row.state for row in back.outbox]) == ("proposed", ["cancelled"])
    store.decisions.approve(deciding(back), "Text.", None, ["bluesky"], at_once)
    row = store.outbox.claim_due("bluesky", lease(), 9)
    assert row is not None
    assert row.revision == 2
    with pytest.raises(InputError, match="is being sent"):
        store.decisions.undo(deciding(store.items.get(shown.item.id)))


def test_more_and_fix_write_again(store: Store) -> None:
    shown = proposed(store)
    store.decisions.more(deciding(shown), {"genres": ["techno"]})
    [item] = store.items.claim("looked_up", lease(), 5)
    assert item.wish == {"genres": ["techno"]}
    store.items.proposed(item, lease(), [(Candidate("Another text about it.", 1.0, 9, "toy"), [])])
    both = store.items.get(item.id)
    assert [c.batch for c in both.candidates] == [2, 1, 1, 1]
    store.decisions.fix(deciding(both), Song("Robyn", "Honey"))
    [again] = store.items.claim("found", lease(), 5)
    assert (again.artist, again.how, store.items.get(item.id).candidates) == ("Robyn", "curator", [])


def test_the_outbox_commits_before_it_sends_and_a_dead_sender_leaves_an_unknown(store: Store) -> None:
    [key] = approved(store)
    row = store.outbox.claim_due("bluesky", lease("a"), 9)
    assert row is not None
    assert store.outbox.get(key).state == "sending"
    assert store.outbox.claim_due("bluesky", lease("b", LATER), 9) is None
    assert store.outbox.lapse(NOON) == 0
    assert store.outbox.lapse(LATER) == 1
    with pytest.raises(Conflict):
        store.outbox.sent(row, lease("a"), "at://late", "")
    unknown = store.outbox.claim_unknown("bluesky", lease("b", LATER))
    assert unknown is not None
    store.outbox.sent(unknown, lease("b", LATER), "at://bot/1", "https://a.test/1")
    [post] = store.posts.all()
    assert (post.uri, post.state, store.outbox.get(key).state) == ("at://bot/1", "public", "posted")


def test_no_more_posts_a_day_than_allowed_count_what_perhaps_went_out(store: Store) -> None:
    for number, name in enumerate("ABC"):
        approved(store, number, song=Song(name, name))
    first, second = (store.outbox.claim_due("bluesky", lease(at=LATER), 2) for _ in range(2))
    assert first is not None
    assert second is not None
    assert store.outbox.claim_due("bluesky", lease(at=LATER), 2) is None
    store.outbox.failed(first, lease(at=LATER), "no")
    assert store.outbox.claim_due("bluesky", lease(at=LATER), 2) is not None


def test_people_may_cancel_move_resend_confirm_and_abandon_but_not_too_late(store: Store) -> None:
    [key] = approved(store)
    store.outbox.move(key, LATER)
    assert store.outbox.claim_due("bluesky", lease(), 9) is None
    row = store.outbox.claim_due("bluesky", lease(at=LATER), 9)
    assert row is not None
    with pytest.raises(Conflict, match="is sending; cancel is possible while it is scheduled"):
        store.outbox.cancel(key)
    store.outbox.unsure(row, lease(at=LATER), "no answer", LATER)
    store.outbox.confirm(key, "at://bot/9", "https://a.test/9", LATER)
    assert store.outbox.get(key).state == "posted"
    assert [post.uri for post in store.posts.all()] == ["at://bot/9"]
    with pytest.raises(InputError, match="there is none"):
        store.outbox.cancel(999)


def test_a_post_is_corrected_in_place_replaced_or_deleted(store: Store) -> None:
    approved(store)
    row = store.outbox.claim_due("bluesky", lease(), 9)
    assert row is not None
    store.outbox.sent(row, lease(), "at://bot/1", "u")
    [post] = store.posts.all()
    store.decisions.change_post(deciding(store.items.get(post.item_id)), post.id, "Better.", at_once, can_edit=True)
    with pytest.raises(InputError, match="on its way"):
        store.decisions.change_post(deciding(store.items.get(post.item_id)), post.id, None, at_once, can_edit=True)
    edit = store.outbox.claim_due("bluesky", lease(), 9)
    assert edit is not None
    assert (edit.action, edit.replaces, edit.revision) == ("edit", "at://bot/1", 2)
    store.outbox.sent(edit, lease(), "at://bot/1", "u")
    assert [(p.text, p.state) for p in store.posts.all()] == [("Better.", "public")]
    store.decisions.change_post(deciding(store.items.get(post.item_id)), post.id, "Third.", at_once, can_edit=False)
    other = store.outbox.claim_due("bluesky", lease(), 9)
    assert other is not None
    store.outbox.sent(other, lease(), "at://bot/2", "u")
    assert [(p.uri, p.state) for p in store.posts.all()] == [("at://bot/2", "public"), ("at://bot/1", "deleted")]
    last = store.posts.all()[0]
    store.decisions.change_post(deciding(store.items.get(post.item_id)), last.id, None, at_once, can_edit=False)
    gone = store.outbox.claim_due("bluesky", lease(), 9)
    assert gone is not None
    store.outbox.sent(gone, lease(), gone.replaces, "")
    assert {p.state for p in store.posts.all()} == {"deleted"}


def test_likes_are_kept_over_time(store: Store) -> None:
    approved(store)
    row = store.outbox.claim_due("bluesky", lease(), 9)
    assert row is not None
    store.outbox.sent(row, lease(), "at://bot/1", "u")
    for at, count in ((NOON, 1), (LATER, 4)):
        rows = store.posts.claim("bluesky", lease(at=at), 10)
        store.posts.counted(rows, lease(at=at), {"at://bot/1": count}, {rows[0].id: LATER}, may_train=True)
    [post] = store.posts.all()
    assert [row._mapping["count"] for row in store.posts.likes_of([post.id])[post.id]] == [1, 4]


def test_money_cannot_be_spent_twice(store: Store) -> None:
    outcomes: list[bool] = []

    def spend() -> None:
        outcomes.extend(store.switches.spend("x", "2026-11-27", 0.1, 1.0) for _ in range(5))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(outcomes), round(store.switches.spent("x", "2026-11-27"), 6)) == (10, 1.0)
    assert store.switches.spend("x", "2026-11-27", -0.5, None)
    assert store.switches.spend("x", "2026-11-27", 0.5, 1.0)


def test_search_takes_every_letter_as_it_is(store: Store) -> None:
    shown = proposed(store, song=Song("100%", "under_score"))
    store.decisions.approve(deciding(shown), "Said 100%.", None, ["bluesky"], at_once)
    assert len(store.items.history("100%")) == 1
    assert len(store.items.history("r_s")) == 1
    assert store.items.history("1__%") == []
    assert store.items.history(state="rejected") == []


def test_a_switch_is_turned(store: Store) -> None:
    assert not store.switches.paused()
    store.switches.turn("paused", "yes", "ann", NOON)
    assert store.switches.paused()
    store.switches.turn("paused", "", "ann", LATER)
    assert not store.switches.paused()
