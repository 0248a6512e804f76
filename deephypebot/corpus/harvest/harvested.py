"""What a harvest has gathered, as posts of a build; what could not be read counts too, with its reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from deephypebot.corpus.harvest.rules import Rules, why_not_train
from deephypebot.corpus.read_posts import Unreadable
from deephypebot.store.harvest import Harvest, document_of
from deephypebot.types import Document

MOST = 40


def harvested(store: Harvest) -> Iterator[Document | Unreadable]:
    """Every page that was found, but for those that only led on."""
    for page in store.read_all():
        if page.state == "kept" and page.document:
            yield document_of(page.document)
        elif page.state in ("dropped", "dead", "new"):
            yield Unreadable(page.url, page.reason or "not read yet")


def origin_of_harvest(store: Harvest) -> str:
    """What a build of the harvest is a build of: another one once there is more."""
    counts = sorted((f"{state} {reason}", number) for (state, reason), number in store.counts().items())
    return json.dumps({"harvest": counts})


def told_of_harvest(store: Harvest) -> list[str]:
    """Lines for the card: sources, and who opted out."""
    lines = [f"`{source.name}` ({source.state})" for source in store.sources()[:MOST]]
    reasons = Counter[str]()
    for (state, reason), number in store.counts().items():
        if state == "dropped":
            reasons[reason] += number
    lines += [f"not read: {reason}: {number:,} pages" for reason, number in reasons.most_common(MOST)]
    for host in store.hosts():
        rules = Rules(**host.rules)
        why = rules.closed or why_not_train(rules, f"https://{host.host}/")
        lines += [f"`{host.host}`: {why}"] if why else []
    return lines[: 5 * MOST]
