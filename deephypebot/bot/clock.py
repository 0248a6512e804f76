"""What time it is. A bot on trial has another clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]  # aware, in UTC


def utc_now() -> datetime:
    """The clock of a bot that is not on trial."""
    return datetime.now(UTC)
