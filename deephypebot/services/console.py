"""Posts on stdout: the publisher of a bot that has no account anywhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from deephypebot.errors import InputError
from deephypebot.services import Payload, Sent

LONGEST = 5000


class Console:
    """Implements services.Publisher. Printing a post twice does no harm, so a post that perhaps was printed is printed again."""

    network, longest, unit = "console", LONGEST, "characters"
    idempotent_for_s, can_edit, likes_teach = float("inf"), True, False

    def length(self, text: str) -> int:
        return len(text)

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        return frozen(self.length(text), text, key, at)

    def send(self, payload: Payload) -> Sent:
        print(payload["text"], file=sys.stdout, flush=True)
        return Sent(f"console:{payload['key']}", "")

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        return None

    def edit(self, uri: str, payload: Payload) -> Sent:
        return Sent(uri, self.send(payload).url)

    def delete(self, uri: str) -> None:
        pass

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        return {}

    def check(self) -> str:
        return "posts are printed"


def frozen(length: int, text: str, key: int, at: datetime) -> Payload:
    """The payload of a publisher that needs no more than a text. Raises InputError for one that is too long."""
    if length > LONGEST:
        raise InputError(f"text has {length} characters; allowed are at most {LONGEST}")
    return {"text": text, "key": str(key), "at": at.isoformat()}
