"""When a post goes out: the next posting slot that is free, and no more posts a day than allowed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_AHEAD = 366


def next_slot(slots: Sequence[time], zone: ZoneInfo, a_day: int, taken: Iterable[datetime], now: datetime) -> datetime:
    """The first free slot from now on, on a day (of the zone) that has fewer than a_day posts; without slots the first such moment.

    taken: when other posts of the network are due or went out.
    """
    taken = list(taken)
    full = Counter(at.astimezone(zone).date() for at in taken)
    for at in _moments(slots, zone, now):
        if at not in taken and full[at.astimezone(zone).date()] < a_day:
            return at
    return now + timedelta(days=DAYS_AHEAD)


def _moments(slots: Sequence[time], zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """Now and the starts of the coming days, or the slots of these days."""
    today = now.astimezone(zone).date()
    if not slots:
        yield now
    for day in range(0 if slots else 1, DAYS_AHEAD):
        for slot in sorted(slots) or [time(0, 0)]:
            at = _moment(today + timedelta(days=day), slot, zone)
            if at >= now:
                yield at


def _moment(day: date, slot: time, zone: ZoneInfo) -> datetime:
    """In UTC; a time that summer time skips is the one an hour later."""
    return datetime.combine(day, slot, zone).astimezone(UTC)
