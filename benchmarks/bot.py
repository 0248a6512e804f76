"""The bot under load: how long two hundred new posts take until the last song has its five candidates, and whether a day makes it larger.

    python benchmarks/bot.py [--posts 200] [--checkpoint DIR]             # the time
    python benchmarks/bot.py --hours 24 --checkpoint DIR                  # the memory, on a clock that is turned by hand
prints one line each. The posts come from a file, songs are written about in batches by the writer's own process, nothing is posted.
The day has a post a minute; a small checkpoint (`runs/tiny.sh` trains one) makes it short, and holds whatever the bot itself keeps.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deephypebot.bot.clock import utc_now
from deephypebot.bot.stages import Bot
from deephypebot.bot.writer import WriterProcess
from deephypebot.settings import Settings
from deephypebot.store import Store

STAGES = ("watch", "read", "lookup", "propose")
WARM_HOURS = 4  # until tables, caches and arenas have the size that a day needs


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def line(number: int) -> str:
    """A post about a song of its own."""
    return json.dumps({"id": str(number), "text": f"♫ Marlow {number} – Harbour {number}"}) + "\n"


def open_bot(folder: Path, checkpoint: Path | None, clock: Clock | None = None) -> Bot:
    """The stages over a feed in a file."""
    (folder / "posts.jsonl").touch()
    feeds = {"posts": {"kind": "file", "path": str(folder / "posts.jsonl"), "every_s": 1}}
    settings = Settings(feeds=feeds)  # type: ignore[arg-type]
    writer = WriterProcess(checkpoint)
    writer.warm()
    return Bot(settings, Store(f"sqlite:///{folder}/bot.db"), writer, clock=clock or utc_now)


def settle(bot: Bot) -> None:
    """Step until nothing is left to do."""
    stages = [stage for name in STAGES if (stage := bot.stage(name)) is not None]
    while sum(stage.step("bench") for stage in stages):
        pass


def resident_mb() -> float:
    """Of this process and the writer's, MB."""
    import multiprocessing
    import os

    numbers = [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]
    return sum(_resident_kb(number) for number in numbers) / 1024


def _resident_kb(number: int) -> int:
    text = Path(f"/proc/{number}/status").read_text(encoding="utf-8")
    return next(int(row.split()[1]) for row in text.splitlines() if row.startswith("VmRSS"))


def time_posts(posts: int, checkpoint: Path | None) -> None:
    """All at once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bot = open_bot(folder, checkpoint)
        begun = time.perf_counter()
        (folder / "posts.jsonl").write_text("".join(map(line, range(posts))), encoding="utf-8")
        settle(bot)
        seconds = time.perf_counter() - begun
        counts = bot.store.items.counts()
        texts = sum(len(bot.store.items.get(row.id).candidates) for row in bot.store.items.queue(posts))
        print(f"bot: {posts} posts in {seconds:.1f} s, {counts}, {texts} candidates, {resident_mb():.0f} MB")
        bot.close()


def watch_memory(hours: int, checkpoint: Path | None) -> None:
    """A post a minute."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), Clock()
        bot = open_bot(folder, checkpoint, clock)
        warm = last = 0.0
        for minute in range(hours * 60):
            with (folder / "posts.jsonl").open("a", encoding="utf-8") as file:
                file.write(line(minute))
            clock.now += timedelta(minutes=1)
            settle(bot)
            if minute + 1 == WARM_HOURS * 60:
                warm = resident_mb()
        last = resident_mb()
        counts = bot.store.items.counts()
        print(
            f"bot: {hours} hours, {counts}: {warm:.0f} MB after {WARM_HOURS} hours, {last:.0f} MB at the end, ratio {last / warm:.3f}"
        )
        bot.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--hours", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path)
    args = parser.parse_args()
    if args.hours:
        watch_memory(args.hours, args.checkpoint)
    else:
        time_posts(args.posts, args.checkpoint)


if __name__ == "__main__":
    main()
