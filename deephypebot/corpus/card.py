"""The card of a corpus: what it is made of, under which licences, who opted out, and how it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deephypebot.corpus.funnel import told

MOST = 25
TEXT = """# A corpus of sentences on music

Made by deephypebot {version} (`deephypebot corpus build`). Each sentence has slots for the song's names, and stands with its post, address, song,
genres and licence in `sentences.parquet`; what was dropped stands in `dropped.parquet`, each with its reason.

**Whose text this is.** The texts belong to those who wrote them. A licence of "unknown" means that all rights are reserved: such a corpus is for your own use,
is not to be passed on, and whether a model may learn from it is for you to find out where you live. Sites that ask not to be read, or not to train models, were left out
unless the harvest was told otherwise; they are listed below.

## Counts

| | |
|---|---|
| sentences | {sentences} |
| posts | {posts} |
| songs | {songs} |
| artists | {artists} |
| sites | {sites} |
| train, valid, test | {parts} |

The split goes by artist (and posts that are nearly the same stay together); it hangs on names alone, so a corpus that grows keeps it.

## Licences

{licences}

## Sites

{site_table}

## Genres

{genres}

## Where the posts are from

{about}

## The funnel

```
{funnel}
```

## Files

{hashes}
"""


def card(sentences: Path, funnel: Mapping[str, Any], hashes: Mapping[str, str], about: Sequence[str]) -> str:
    """The card of a corpus as Markdown."""
    import pyarrow.parquet as pq

    columns = ["post", "site", "artist", "title", "licence", "split", "genres_source", "genres_licence"]
    counts: dict[str, Counter[str]] = {name: Counter() for name in columns}
    songs, origins = set[tuple[str, str]](), Counter[str]()
    for batch in pq.ParquetFile(sentences).iter_batches(batch_size=10_000, columns=columns):
        for row in batch.to_pylist():
            songs.update({(row["artist"], row["title"])} if row["title"] else ())
            origins[
                f"{row['genres_source']} ({row['genres_licence'] or 'no licence told'})"
                if row["genres_source"]
                else "unknown"
            ] += 1
            for name in columns:
                counts[name][row[name]] += 1
    parts = counts["split"]
    return TEXT.format(
        version=version("deephypebot"),
        sentences=f"{sum(parts.values()):,}",
        posts=f"{len(counts['post']):,}",
        songs=f"{len(songs):,}",
        artists=f"{len(counts['artist']):,}",
        sites=f"{len(counts['site']):,}",
        parts=", ".join(f"{parts[name]:,}" for name in ("train", "valid", "test")),
        licences=_table(("licence", "sentences"), counts["licence"]),
        site_table=_table(("site", "sentences"), counts["site"]),
        genres=_table(("source of the genres", "sentences"), origins),
        about="\n".join(f"- {line}" for line in about) or "- a file",
        funnel=told(dict(funnel)),
        hashes="\n".join(f"- `{name}` sha256 {value}" for name, value in hashes.items()),
    )


def _table(names: tuple[str, str], counts: Counter[str]) -> str:
    rows = counts.most_common(MOST)
    rest = sum(counts.values()) - sum(number for _, number in rows)
    rows += [(f"{len(counts) - MOST} more", rest)] if len(counts) > MOST else []
    lines = [f"| {_cell(name)} | {number:,} |" for name, number in rows]
    return "\n".join([f"| {names[0]} | {names[1]} |", "|---|---|", *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") or "(none)"
