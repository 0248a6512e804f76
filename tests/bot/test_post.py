"""Posting: each approved post is public once, whatever the network does."""

import pytest

from deephypebot.bot.post import CHECK_AFTER_S
from deephypebot.services.fake import Fault
from tests.bot.conftest import Trial, post

NO_KEYS, AN_HOUR, ALWAYS = 0.0, 3000.0, float("inf")


def failing(kind: str, fault: str, times: int = 1) -> Fault:
    """The first so many requests of a kind go wrong."""
    left = [times]

    def fail(asked: str, number: int) -> str | None:
        if asked != kind or not left[0]:
            return None
        left[0] -= 1
        return fault

    return fail


def run(trial: Trial, hours: float = 3.0) -> None:
    """The stage that posts, for some hours."""
    stage = trial.bot.stage("post")
    assert stage is not None
    for _ in range(int(hours * 60)):
        stage.step("test")
        trial.clock.turn(minutes=1)


@pytest.mark.parametrize("idempotent_for_s", [NO_KEYS, AN_HOUR, ALWAYS])
@pytest.mark.parametrize("fault", ["lost", "limited", "broken", None])
def test_a_post_is_public_exactly_once(trial: Trial, idempotent_for_s: float, fault: str | None) -> None:
    network = trial.network_with("console", idempotent_for_s, failing("send", fault or "", 1 if fault else 0))
    [item] = trial.propose(post())
    [key] = trial.approve(item)
    run(trial)
    public = network._network.public()
    if fault == "broken" and idempotent_for_s == NO_KEYS:  # nothing there, and nobody may send it again but a person
        assert (public, trial.store.outbox.get(key).state) == ([], "unknown")
        trial.store.outbox.resend(key, trial.clock())
        run(trial, 0.1)
        public = network._network.public()
    assert len(public) == 1
    assert trial.store.outbox.get(key).state == "posted"


def test_an_answer_lost_again_and_again_makes_no_second_post(trial: Trial) -> None:
    network = trial.network_with("console", NO_KEYS, failing("send", "lost", 9))
    [item] = trial.propose(post())
    trial.approve(item)
    run(trial)
    assert len(network._network.public()) == 1


def test_a_network_that_cannot_even_be_read_leaves_it_unknown(trial: Trial) -> None:
    def down(kind: str, number: int) -> str:
        return "broken"

    trial.network_with("console", AN_HOUR, down)
    [item] = trial.propose(post())
    [key] = trial.approve(item)
    run(trial, 1)
    row = trial.store.outbox.get(key)
    assert (row.state, row.error, row.checks > len(CHECK_AFTER_S)) == ("unknown", "no answer", True)


def test_what_is_refused_fails_with_its_reason(trial: Trial) -> None:
    trial.network_with("console", ALWAYS, failing("send", "refused"))
    [item] = trial.propose(post())
    [key] = trial.approve(item)
    run(trial, 0.1)
    assert (trial.store.outbox.get(key).state, trial.store.outbox.get(key).error) == ("failed", "not allowed")


def test_one_network_that_is_away_does_not_hold_up_the_other(trial: Trial) -> None:
    away = trial.network_with("mastodon", AN_HOUR, lambda kind, number: "limited")
    trial.with_settings(queue={"publish": ["console", "mastodon"]})
    [item] = trial.propose(post())
    trial.approve(item)
    run(trial, 0.1)
    assert (len(trial.network.public()), away._network.public()) == (1, [])
    assert trial.store.outbox.counts() == {"posted": 1, "scheduled": 1}


def test_a_worker_that_dies_while_sending_leaves_no_double(trial: Trial) -> None:
    [item] = trial.propose(post())
    [key] = trial.approve(item)
    stage = trial.bot.stage("post")
    assert stage is not None
    network = trial.publishers["console"]
    real, network.send = network.send, lambda payload: (real(payload), 1 / 0)  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(ZeroDivisionError):
        stage.step("dies")
    del network.send  # type: ignore[method-assign]
    assert trial.store.outbox.get(key).state == "sending"
    run(trial, 0.2)
    assert trial.store.outbox.get(key).state == "posted"
    assert len(trial.network.public()) == 1


def test_nothing_is_sent_while_the_switch_is_off_and_no_more_a_day_than_allowed(trial: Trial) -> None:
    trial.with_settings(post={"console": {"a_day": 2}})
    items = trial.propose(*(post(f"♫ Band {name} – Song {name}") for name in ("Ash", "Elm", "Oak")))
    for item in items:
        trial.approve(item)
    trial.store.switches.turn("paused", "yes", "ann", trial.clock())
    run(trial, 0.2)
    assert trial.network.public() == []
    trial.store.switches.turn("paused", "", "ann", trial.clock())
    run(trial, 0.2)
    assert len(trial.network.public()) == 2
    run(trial, 25)
    assert len(trial.network.public()) == 3


def test_a_post_is_corrected_and_deleted(trial: Trial) -> None:
    [item] = trial.propose(post())
    trial.approve(item)
    run(trial, 0.1)
    for text in ("A better text altogether.", None):
        shown = trial.store.items.get(item)
        who, [public] = trial.curation.who(shown, "ann"), [p for p in shown.posts if p.state == "public"]
        if text:
            trial.curation.correct(who, shown, public.id, text)
        else:
            trial.curation.delete(who, shown, public.id)
        run(trial, 0.1)
        assert trial.network.public() == ([text] if text else [])


def test_where_posts_cannot_be_changed_the_old_one_is_taken_down_first(trial: Trial) -> None:
    trial.publishers["console"].can_edit = False
    [item] = trial.propose(post())
    trial.approve(item)
    run(trial, 0.1)
    shown = trial.store.items.get(item)
    trial.curation.correct(trial.curation.who(shown, "ann"), shown, shown.posts[0].id, "Another text.")
    run(trial, 0.1)
    assert trial.network.public() == ["Another text."]
    assert [p.state for p in trial.store.items.get(item).posts] == ["deleted", "public"]


def test_likes_are_counted_often_at_first_and_seldom_later(trial: Trial) -> None:
    [item] = trial.propose(post())
    trial.approve(item)
    run(trial, 0.1)
    [public] = trial.store.posts.all()
    for count in range(3):
        trial.network.like(public.uri, count)
        trial.step("like")
        trial.clock.turn(minutes=10)
    assert [row._mapping["count"] for row in trial.store.posts.likes_of([public.id])[public.id]] == [0, 1, 2]
    trial.clock.turn(days=3)
    trial.step("like")
    trial.clock.turn(hours=5)
    trial.step("like")
    assert len(trial.store.posts.likes_of([public.id])[public.id]) == 4
