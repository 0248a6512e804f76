"""How fast songs are written in batches, beside one by one: five candidates each, chosen among drafts, as a bot asks for them.

    python benchmarks/write_many.py [--checkpoint DIR] [--songs 16] [--runs 3]
prints one line. The two sides alternate on the same threads and must write the same texts; each run has songs of its own, with the
attributes of held-out posts. The memory is told after the first run and after the last: it does not grow with songs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from deephypebot import Song, load
from deephypebot.corpus.builtin import split_builtin
from deephypebot.model.writing.commentator import Commentator
from deephypebot.types import Candidate, Commission

CANDIDATES = 5
BOT_SONGS = 200  # of a day


def commissions(number: int, first: int) -> list[Commission]:
    """Songs that nobody knows, with the attributes of held-out posts, a seed each."""
    posts = list({sentence.post: sentence.attributes for sentence in split_builtin().test}.values())
    return [
        Commission(
            Song(f"Marlow {i}", f"Harbour {i}"), replace(posts[i % len(posts)], kind="description"), CANDIDATES, i
        )
        for i in range(first, first + number)
    ]


def one_by_one(writer: Commentator, asked: Sequence[Commission]) -> list[list[Candidate]]:
    """Each song by itself."""
    return [writer.write(**vars(one)) for one in asked]


def timed(write: Callable[[], list[list[Candidate]]]) -> tuple[float, list[list[Candidate]]]:
    """The seconds that writing took, and what came of it."""
    start = time.perf_counter()
    found = write()
    return time.perf_counter() - start, found


def resident_mb() -> float:
    """Memory of this process that is in use now; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=None, help="a folder; by default the one that ships")
    parser.add_argument("--songs", type=int, default=16, help="of each run")
    parser.add_argument("--runs", type=int, default=3, help="of each side")
    parser.add_argument("--threads", type=int, default=2, help="of each side")
    arguments = parser.parse_args()
    writer = load(arguments.checkpoint, arguments.threads)
    writer.write_many(commissions(1, 0))  # to warm up
    alone, together, memory = list[float](), list[float](), list[float]()
    for run in range(arguments.runs):
        asked = commissions(arguments.songs, run * arguments.songs)
        seconds, expected = timed(partial(one_by_one, writer, asked))
        alone.append(seconds / len(asked))
        seconds, found = timed(partial(writer.write_many, asked))
        together.append(seconds / len(asked))
        memory.append(resident_mb())
        assert found == expected, "a text hangs on the songs beside it"
    ratio = median(one / many for one, many in zip(alone, together, strict=True))
    print(
        f"write_many: {median(together):.2f} s a song in batches, {median(alone):.2f} s one by one, ratio {ratio:.2f}; "
        f"{BOT_SONGS} songs in {BOT_SONGS * median(together):.0f} s ({CANDIDATES} candidates each of "
        f"{writer.defaults.drafts} drafts, {arguments.songs} songs a batch, {arguments.threads} threads, "
        f"median of {arguments.runs}); {memory[0]:.0f} MB after the first run, {memory[-1]:.0f} MB after the last"
    )


if __name__ == "__main__":
    main()
