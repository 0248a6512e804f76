"""The doctor: is everything there that the settings need, and if not, what is to be done?"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from deephypebot.bot.open import open_publishers
from deephypebot.bot.stages import Bot
from deephypebot.errors import DeepHypeBotError
from deephypebot.settings import Settings

LEAST_MB, MOST_SKEW_S, STALE_S = 500, 60.0, 300.0
MB = 2**20


@dataclass(frozen=True)
class Finding:
    """What the doctor says of one part. advice: what to do, "" where all is well."""

    part: str
    is_well: bool
    says: str
    advice: str = ""


def examine(settings: Settings, date_of: Callable[[], str | None] | None = None) -> Iterator[Finding]:
    """Every part of the bot, one after another. date_of: the Date header of some web server, to tell whether our clock is right."""
    yield from _store(settings)
    yield _model(settings)
    yield from _networks(settings)
    yield from _catalogues(settings)
    yield _disk()
    if date_of is not None:
        yield _clock(date_of)


def _store(settings: Settings) -> Iterator[Finding]:
    try:
        bot = Bot(settings)
    except DeepHypeBotError as error:
        yield Finding("database", False, str(error), "give [store] url as sqlite:///FILE or postgresql+psycopg://...")
        return
    try:
        kind = bot.store.database.engine.dialect.name
        yield Finding("database", True, f"{kind}, {bot.store.items.counts() or 'empty'}")
        for feed in bot.store.feeds.all():
            if feed.name in settings.feeds:
                said = f"read up to {feed.polled_at:%Y-%m-%d %H:%M}" if feed.polled_at else "not read yet"
                yield Finding(f"feed {feed.name}", not feed.error, feed.error or said, _advice(feed.error))
        yield from _stages(bot)
        unknown = bot.store.outbox.counts().get("unknown", 0)
        if unknown:
            yield Finding(
                "outbox", False, f"of {unknown} posts it is unknown whether they went out", "see the page's outbox"
            )
    finally:
        bot.store.close()


def _stages(bot: Bot) -> Iterator[Finding]:
    """Those that run, or ran until they were killed: one that is told to stop leaves its last beat behind too."""
    for stage, row in bot.store.switches.beats().items():
        age = (datetime.now(UTC) - row.at).total_seconds()
        says = f"alive {age:.0f} s ago on {row.by.partition(':')[0]}"
        advice = "" if age < STALE_S else f"if it should run, start it: deephypebot run {stage}"
        yield Finding(f"stage {stage}", True, says, advice)


def _model(settings: Settings) -> Finding:
    from deephypebot.config import cache_dir, shipped_checkpoint

    try:
        folder = settings.writer.checkpoint or shipped_checkpoint()
    except DeepHypeBotError as error:
        return Finding("model", False, str(error), "install deephypebot again, or give [writer] checkpoint")
    if not (folder / "config.json").is_file():
        return Finding(
            "model", False, f"{folder} has no config.json", "give [writer] checkpoint a folder that `train` wrote"
        )
    fetched = any((cache_dir() / "backbones").glob("*")) if (cache_dir() / "backbones").is_dir() else False
    return Finding("model", True, f"{folder.name}{'' if fetched else '; the backbone is fetched when it first writes'}")


def _networks(settings: Settings) -> Iterator[Finding]:
    try:
        publishers = open_publishers(settings)
    except DeepHypeBotError as error:
        yield Finding("networks", False, str(error), "mend the settings of this network")
        return
    for network, publisher in publishers.items():
        try:
            yield Finding(network, True, publisher.check())
        except DeepHypeBotError as error:
            yield Finding(network, False, str(error), _advice(str(error)))


def _catalogues(settings: Settings) -> Iterator[Finding]:
    from deephypebot.services.opened import open_catalogues

    try:
        names = [catalogue.name for catalogue in open_catalogues(settings)]
    except DeepHypeBotError as error:
        yield Finding("catalogues", False, str(error), "give the key, or take it out of [look_up] catalogues")
        return
    yield Finding("catalogues", True, ", ".join(names))


def _disk() -> Finding:
    from deephypebot.config import state_dir

    folder = state_dir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // MB
    return Finding("disk", free >= LEAST_MB, f"{free} MB free in {folder}", "" if free >= LEAST_MB else "make room")


def _clock(date_of: Callable[[], str | None]) -> Finding:
    try:
        header = date_of()
        if header is None:
            return Finding("clock", True, "not compared: no server told the time")
        skew = abs(parsedate_to_datetime(header).timestamp() - time.time())
    except (DeepHypeBotError, ValueError, TypeError):
        return Finding("clock", True, f"not compared; it is {datetime.now(UTC):%Y-%m-%d %H:%M} UTC here")
    well = skew < MOST_SKEW_S
    return Finding("clock", well, f"{skew:.0f} s from a server's", "" if well else "set the clock, best by NTP")


def _advice(error: str) -> str:
    """What to do about what a service said."""
    if not error:
        return ""
    return "check account, key and address in the settings; if they are right, wait: it is tried again"
