"""How often the song of a post is found, by posts (named by the hash of their address) whose song was marked by hand.

    .venv/bin/python dev/score_songs.py ../shared/data/blog_posts.jsonl [--wrong]

A post without an answer counts as wrong. Names are compared by their letters, without guests and what stands in brackets; an artist is right
also where it is a part of the marked one, or the other way round.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from deephypebot.corpus.blocks import read_blocks
from deephypebot.corpus.clean import before_end, subject_of
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.corpus.shard import knows
from deephypebot.corpus.subject import bare
from deephypebot.songs import normalise_name
from deephypebot.types import Song

LABELS = Path(__file__).parent / "labels" / "songs.jsonl"


def letters(name: str) -> str:
    return normalise_name(bare(name.replace("&", "and"))).replace(" ", "")


def is_right(song: Song | None, artist: str, title: str) -> bool:
    if song is None or letters(song.title) != letters(title):
        return False
    return letters(song.artist) in letters(artist) or letters(artist) in letters(song.artist)


def main() -> None:
    marks = {row["sha256"]: (row["artist"], row["title"]) for row in map(json.loads, LABELS.read_text().splitlines())}
    right = wrong = 0
    for post in read_posts(Path(sys.argv[1])):
        mark = None if isinstance(post, Unreadable) else marks.pop(hashlib.sha256(post.url.encode()).hexdigest(), None)
        if mark is None:
            continue
        found = subject_of(post, before_end(read_blocks(post.text, post.is_html)), knows)
        if is_right(found and found.song, *mark):
            right += 1
        else:
            wrong += 1
            if "--wrong" in sys.argv:
                print(f"{mark} but found {found and (found.song.artist, found.song.title)}")
    print(
        f"{right} of {right + wrong} right ({right / max(1, right + wrong):.1%}); {len(marks)} marked posts are not in the file"
    )


if __name__ == "__main__":
    main()
