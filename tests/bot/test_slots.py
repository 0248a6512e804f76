"""When posts go out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from deephypebot.bot.slots import next_slot

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # 13:00 in Berlin
SLOTS = (time(9), time(18))


def test_the_next_free_slot_of_the_day_or_of_the_next() -> None:
    evening = datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert next_slot(SLOTS, BERLIN, 9, [], NOON) == evening
    assert next_slot(SLOTS, BERLIN, 9, [evening], NOON) == datetime(2026, 11, 28, 8, tzinfo=UTC)


def test_a_full_day_is_passed_over() -> None:
    assert next_slot(SLOTS, BERLIN, 1, [NOON - timedelta(hours=3)], NOON) == datetime(2026, 11, 28, 8, tzinfo=UTC)


def test_without_slots_it_is_now_or_when_a_day_begins_that_is_not_full() -> None:
    assert next_slot((), BERLIN, 2, [NOON - timedelta(hours=1)], NOON) == NOON
    full = [NOON - timedelta(hours=hour) for hour in (1, 2)]
    assert next_slot((), BERLIN, 2, full, NOON) == datetime(2026, 11, 27, 23, tzinfo=UTC)


def test_summer_time_moves_the_slot_with_the_clock_on_the_wall() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_slot((time(9),), BERLIN, 9, [], before) == datetime(2026, 3, 29, 7, tzinfo=UTC)


@given(
    st.sets(st.times().map(lambda t: t.replace(second=0, microsecond=0)), max_size=4),
    st.integers(1, 3),
    st.lists(st.integers(-3000, 3000), max_size=12),
)
def test_a_slot_lies_ahead_and_is_nobody_elses(slots: set[time], a_day: int, taken: list[int]) -> None:
    busy = [NOON + timedelta(minutes=minutes) for minutes in taken]
    at = next_slot(tuple(slots), BERLIN, a_day, busy, NOON)
    same_day = sum(other.astimezone(BERLIN).date() == at.astimezone(BERLIN).date() for other in busy)
    assert at >= NOON
    assert at not in busy
    assert same_day < a_day
