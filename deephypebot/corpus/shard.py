"""A shard: some hundred posts of a build, from a file to a file. It does not matter where that happens, or how often: the same shard gives
the same bytes, and a file stands whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from deephypebot.corpus.addresses import address_of
from deephypebot.corpus.clean import Cleaned, Line, clean, site_of
from deephypebot.corpus.near import POST, POST_SHINGLE, SENTENCE, SENTENCE_SHINGLE, digest, signature
from deephypebot.corpus.read_posts import Unreadable
from deephypebot.corpus.slots import JOINT
from deephypebot.mentions.names import FEATURED
from deephypebot.services.embedded import EmbeddedCatalogue
from deephypebot.songs import normalise_name
from deephypebot.types import Document

SIZE = 500  # posts


def write_shards(posts: Iterable[Document | Unreadable], folder: Path) -> Iterator[Path]:
    """Posts as found-N.jsonl, each with its number in the whole."""
    waiting: list[str] = []
    shard = 0
    for number, post in enumerate(posts):
        row = asdict(post) | ({"unreadable": True} if isinstance(post, Unreadable) else {})
        waiting.append(json.dumps({"post": number, **row}, ensure_ascii=False))
        if len(waiting) == SIZE:
            yield _write_shard(folder, shard, waiting)
            waiting, shard = [], shard + 1
    if waiting:
        yield _write_shard(folder, shard, waiting)


def _write_shard(folder: Path, shard: int, lines: list[str]) -> Path:
    path = folder / f"found-{shard:06}.jsonl"
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="replace")
    os.replace(temporary, path)
    return path


def clean_shard(path: str) -> str:
    """found-N.jsonl to posts-N.parquet and lines-N.parquet beside it; the second stands last. Nothing is done where it does."""
    source = Path(path)
    number = source.stem.removeprefix("found-")
    done = source.with_name(f"lines-{number}.parquet")
    if not done.exists():
        posts, lines = list[dict[str, Any]](), list[dict[str, Any]]()
        with source.open(encoding="utf-8") as file:
            for row in map(json.loads, file):
                _add(row, posts, lines)
        write_table(posts, POSTS, source.with_name(f"posts-{number}.parquet"))
        write_table(lines, LINES, done)
    return str(done)


def _add(row: dict[str, Any], posts: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    number = row.pop("post")
    if row.pop("unreadable", False):
        posts.append({"post": number, "url": row["where"], "step": "found", "reason": row["reason"], "digest": -1})
        return
    post = Document(**row | {"genres": tuple(row["genres"])})
    found = clean(post, knows)
    posts.append(_post_row(number, post, found))
    lines += [_line_row(number, at, line) for at, line in enumerate(found.lines)]


def _post_row(number: int, post: Document, found: Cleaned) -> dict[str, Any]:
    song = found.subject.song if found.subject else None
    is_read = found.step in ("matched", "kept")
    return {
        "post": number,
        "url": post.url,
        "headline": post.title,
        "site": site_of(post),
        "licence": post.licence,
        "source": post.source,
        "published": post.published,
        "artist": song.artist if song else "",
        "title": song.title if song else "",
        "genres": list(post.genres),
        "words": len(post.text.split()),
        "address": digest(address_of(post.url)) if post.url else -1,
        "artist_key": digest(artist_key(song.artist) if song else post.text),  # of no song: the post stands by itself
        "site_key": digest(site_of(post)),
        "original": "" if is_read else post.text[:20_000],
        "step": found.step,
        "reason": found.reason,
        "digest": digest(post.text) if is_read else -1,
        "signature": signature(post.text, POST, POST_SHINGLE) if is_read else bytes(4 * POST),
    }


def artist_key(artist: str) -> str:
    """The first of those who are credited: their songs stay on one side of the split."""
    first = JOINT.split(FEATURED.sub("", artist))[0]
    return normalise_name(first if len(first) > 3 else artist)


def _line_row(number: int, at: int, line: Line) -> dict[str, Any]:
    is_kept = not line.reason
    return {
        "post": number,
        "position": at,
        "text": line.text,
        "original": line.original,
        "reason": line.reason,
        "digest": digest(line.text) if is_kept else -1,
        "signature": signature(line.text, SENTENCE, SENTENCE_SHINGLE) if is_kept else bytes(4 * SENTENCE),
    }


@lru_cache(100_000)
def knows(artist: str) -> bool:
    """Whether the embedded catalogue has an artist of this name."""
    return EmbeddedCatalogue().find(artist) is not None


TEXT, LIST, INT, BYTES = "string", "list", "int64", "binary"
POSTS = {
    "post": INT, "url": TEXT, "headline": TEXT, "site": TEXT, "licence": TEXT, "source": TEXT, "published": TEXT, "artist": TEXT, "title": TEXT,
    "genres": LIST, "words": INT, "original": TEXT, "step": TEXT, "reason": TEXT, "address": INT, "artist_key": INT, "site_key": INT, "digest": INT, "signature": BYTES,
}  # fmt: skip
LINES = {
    "post": INT,
    "position": INT,
    "text": TEXT,
    "original": TEXT,
    "reason": TEXT,
    "digest": INT,
    "signature": BYTES,
}


def schema_of(columns: dict[str, str]) -> Any:
    """pyarrow's schema of columns by their kinds."""
    import pyarrow as pa

    kinds = {TEXT: pa.string(), LIST: pa.list_(pa.string()), INT: pa.int64(), BYTES: pa.binary(), "float": pa.float32()}
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])


def write_table(rows: list[dict[str, Any]], columns: dict[str, str], path: Path) -> None:
    """Rows as a Parquet file, in one move; what a row lacks is empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    empty: dict[str, Any] = {TEXT: "", LIST: [], INT: 0, BYTES: bytes(4 * POST), "float": None}
    whole = [{name: row.get(name, empty[kind]) for name, kind in columns.items()} for row in rows]
    temporary = path.with_suffix(f".{os.getpid()}")
    pq.write_table(pa.Table.from_pylist(whole, schema=schema_of(columns)), temporary)
    os.replace(temporary, path)
