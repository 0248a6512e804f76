"""Batches side by side, and what happens when one of them fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Barrier

import pytest

from deephypebot.model.writing.decode import Decoder
from deephypebot.model.writing.hands import Hands
from tests.phrase_engine import PhraseEngine


def test_jobs_are_done_side_by_side_each_with_a_hand_of_its_own() -> None:
    both = Barrier(2)

    def job(hand: Decoder, stopped: Callable[[], bool]) -> Decoder:
        both.wait(timeout=10)  # breaks unless the other is there too
        return hand

    assert len({id(hand) for hand in Hands(PhraseEngine(["a"])).do([job] * 4)}) == 2


def test_what_comes_of_jobs_is_in_their_order() -> None:
    def job(seconds: float) -> Callable[[Decoder, Callable[[], bool]], float]:
        return lambda hand, stopped: time.sleep(seconds) or seconds

    hands = Hands(PhraseEngine(["a"]))
    assert [*hands.do([job(0.05), job(0.0), job(0.01)])] == [0.05, 0.0, 0.01]
    assert [*hands.do([])] == []


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_where_one_fails_all_stop(fault: type[BaseException]) -> None:
    ended = []

    def endless(hand: Decoder, stopped: Callable[[], bool]) -> None:
        while not stopped():
            time.sleep(0.001)
        ended.append(True)

    def broken(hand: Decoder, stopped: Callable[[], bool]) -> None:
        raise fault

    hands = Hands(PhraseEngine(["a"]))
    with pytest.raises(fault):
        list(hands.do([broken, endless, endless]))
    assert len(ended) <= 2
    assert hands.free.qsize() == 2


def test_where_nobody_waits_any_longer_all_stop() -> None:
    done: list[str] = []

    def quick(hand: Decoder, stopped: Callable[[], bool]) -> str:
        return "quick"

    def endless(hand: Decoder, stopped: Callable[[], bool]) -> str:
        while not stopped():
            time.sleep(0.001)
        done.append("stopped")
        return "endless"

    hands = Hands(PhraseEngine(["a"]))
    work = hands.do([quick, endless, endless, endless])
    assert next(work) == "quick"
    work.close()
    assert len(done) <= 2
    assert hands.free.qsize() == 2
