"""Duplicates of a whole corpus, and its split: what no post can tell by itself. Memory: some 40 bytes a post and 30 a kept sentence; the
signatures lie on disk. Shapes: N posts, L kept sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deephypebot.corpus.near import ALIKE, POST, SENTENCE, SENTENCES_ALIKE, Groups, Signatures, join_alike, join_equal
from deephypebot.corpus.split import part_of

Ints = NDArray[np.int64]
POST_REASONS = (
    "",
    "the same address as another post",
    "the same text as another post",
    "nearly the same as another post",
)
LINE_REASONS = ("", "said before", "stands on several sites", "of a post that is a duplicate")


@dataclass(frozen=True)
class Verdicts:
    """post, line: places in POST_REASONS (N,) and LINE_REASONS (L,), in the order of the shards; parts: of the split, by post (N,)."""

    post: NDArray[np.int8]
    line: NDArray[np.int8]
    parts: NDArray[Any]


def judge_whole(folder: Path, shards: Sequence[str]) -> Verdicts:
    """Read what all shards wrote, and find what stands twice. Which copy stays is told by the order of the posts alone."""
    posts = _Posts(folder, shards)
    lines = _Lines(folder, shards)
    groups = Groups(posts.number)
    verdict = np.zeros(posts.number, np.int8)
    rows = np.flatnonzero(posts.read)
    _drop_later(_joined(posts.address[rows]), rows, verdict, 1)
    rows = np.flatnonzero(posts.read & (verdict == 0))
    _drop_later(_joined(posts.digest[rows]), rows, verdict, 2)
    rows = np.flatnonzero(posts.read & (verdict == 0))
    alike = _joined_alike(posts.signature, rows, ALIKE)
    for row, first in zip(rows, alike, strict=True):
        groups.join(int(row), int(rows[first]))
    _drop_later(alike, rows, verdict, 3)
    line = _judge_lines(lines, posts, verdict)
    _join_artists(groups, posts.artist)
    return Verdicts(verdict, line, _parts(groups, posts))


def _judge_lines(lines: _Lines, posts: _Posts, verdict: NDArray[np.int8]) -> NDArray[np.int8]:
    """Sentences of posts that are there twice on the same address count once; those that stand on several sites are nobody's own."""
    line = np.zeros(len(lines.post), np.int8)
    row_of = np.searchsorted(posts.post, lines.post)
    line[verdict[row_of] > 0] = 3
    speaks = np.flatnonzero(verdict[row_of] != 1)
    groups = Groups(len(speaks))
    join_equal(groups, lines.digest[speaks])
    join_alike(groups, lines.signature, speaks, SENTENCES_ALIKE)
    first = np.array([groups.first(i) for i in range(len(speaks))], np.int64)
    site = posts.site[row_of[speaks]]
    low, high = np.full(len(speaks), np.iinfo(np.int64).max), np.full(len(speaks), -1, np.int64)
    np.minimum.at(low, first, site)
    np.maximum.at(high, first, site)
    said = set[int]()
    for i in np.flatnonzero(line[speaks] == 0):
        root = int(first[i])
        if low[root] != high[root]:
            line[speaks[i]] = 2
        elif root in said:
            line[speaks[i]] = 1
        said.add(root)
    return line


def _joined(values: Ints) -> Ints:
    """The first of those with the same value, by place; -1 is equal to nothing."""
    groups = Groups(len(values))
    known = np.flatnonzero(values >= 0)
    inner = Groups(len(known))
    join_equal(inner, values[known])
    for i in range(len(known)):
        groups.parent[known[i]] = known[inner.first(i)]
    return groups.parent


def _joined_alike(signatures: Signatures, rows: NDArray[np.intp], least: float) -> Ints:
    groups = Groups(len(rows))
    join_alike(groups, signatures, rows, least)
    return np.array([groups.first(i) for i in range(len(rows))], np.int64)


def _drop_later(first: Ints, rows: NDArray[np.intp], verdict: NDArray[np.int8], reason: int) -> None:
    verdict[rows[first != np.arange(len(rows))]] = reason


def _join_artists(groups: Groups, artist: Ints) -> None:
    known = np.flatnonzero(artist >= 0)
    order = known[np.argsort(artist[known], kind="stable")]
    same = artist[order[1:]] == artist[order[:-1]]
    for i in np.flatnonzero(same):
        groups.join(int(order[i]), int(order[i + 1]))


def _parts(groups: Groups, posts: _Posts) -> NDArray[Any]:
    """train, valid or test, by the smallest key of the artists of a group: the same for ever, however the corpus grows."""
    roots = [groups.first(i) for i in range(posts.number)]
    smallest: dict[int, int] = {}
    for root, key in zip(roots, posts.artist.tolist(), strict=True):
        smallest[root] = min(smallest.get(root, key), key) if key >= 0 else smallest.get(root, key)
    part = {key: part_of(f"artist {key}") for key in set(smallest.values())}
    return np.array([part[smallest[root]] for root in roots], dtype="U5")


class _Posts:
    """Columns of all posts, in their order."""

    def __init__(self, folder: Path, shards: Sequence[str]) -> None:
        tables = [
            _read(shard.replace("lines-", "posts-"), ["post", "address", "artist_key", "site_key", "digest"])
            for shard in shards
        ]
        self.post, self.address, self.artist, self.site, self.digest = (_column(tables, i) for i in range(5))
        self.number, self.read = len(self.post), _column(tables, 4) >= 0
        self.signature = _signatures(folder / "posts.signatures", [s.replace("lines-", "posts-") for s in shards], POST)


class _Lines:
    """Columns of all kept sentences, in their order."""

    def __init__(self, folder: Path, shards: Sequence[str]) -> None:
        tables = [_read(shard, ["post", "digest"], kept=True) for shard in shards]
        self.post, self.digest = _column(tables, 0), _column(tables, 1)
        self.signature = _signatures(folder / "lines.signatures", shards, SENTENCE, kept=True)


def _read(path: str, columns: list[str], kept: bool = False) -> list[Ints]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=columns, filters=[("digest", ">=", 0)] if kept else None)
    return [table.column(name).to_numpy() for name in columns]


def _column(tables: list[list[Ints]], i: int) -> Ints:
    return np.concatenate([table[i] for table in tables]) if tables else np.zeros(0, np.int64)


def _signatures(path: Path, shards: Sequence[str], permutations: int, kept: bool = False) -> Signatures:
    """Those of all shards in one file, memory-mapped: (N, P)."""
    import pyarrow.parquet as pq

    with path.open("wb") as file:
        for shard in shards:
            filters = [("digest", ">=", 0)] if kept else None
            for one in pq.read_table(shard, columns=["signature"], filters=filters).column("signature").to_pylist():
                file.write(one)
    if not path.stat().st_size:
        return np.zeros((0, permutations), np.uint32)
    return np.memmap(path, np.uint32, "r").reshape(-1, permutations)
