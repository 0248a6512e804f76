"""Posts to a corpus on disk: clean, annotate, split. A build that was stopped goes on where it stood, and ends the same.

posts -> shards -> cleaned shards (engines.py) -> duplicates and split -> facts -> sentences.parquet, dropped.parquet, funnel.json, card.md
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deephypebot.corpus.annotate import Facts, Forgetful, Memory, find_facts, key_of
from deephypebot.corpus.card import card
from deephypebot.corpus.duplicates import LINE_REASONS, POST_REASONS, Verdicts, judge_whole
from deephypebot.corpus.engines import ENGINES, run_shards
from deephypebot.corpus.folder import FORMAT
from deephypebot.corpus.funnel import Funnel, funnel_svg
from deephypebot.corpus.read_posts import Unreadable
from deephypebot.corpus.shard import INT, LIST, TEXT, clean_shard, schema_of, write_shards
from deephypebot.errors import DeepHypeBotError, InputError, shown
from deephypebot.services import SongCatalogue
from deephypebot.types import Document, Song

FEATURES = ("energy", "valence", "danceability", "acousticness", "tempo")
SENTENCES = {
    "text": TEXT, "original": TEXT, "post": TEXT, "position": INT, "url": TEXT, "site": TEXT, "artist": TEXT, "title": TEXT, "genres": LIST, "genre_root": TEXT,
    "genres_source": TEXT, "genres_licence": TEXT, "split": TEXT, "licence": TEXT, "source": TEXT, "published": TEXT, **dict.fromkeys(FEATURES, "float"), "features_source": TEXT,
}  # fmt: skip
DROPPED = {"level": TEXT, "post": TEXT, "position": INT, "url": TEXT, "site": TEXT, "original": TEXT, "reason": TEXT}
FILES = ("sentences.parquet", "dropped.parquet", "funnel.json", "funnel.svg", "card.md", "corpus.json")


@dataclass(frozen=True)
class BuildConfig:
    """engine: inline, cores or ray; workers: by default as many as there are cores; may_train_only: facts that a model must not learn
    from are left out; about: lines for the card, of where the posts are from."""

    engine: str = "cores"
    workers: int | None = None
    may_train_only: bool = True
    about: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError(f"engine is {shown(self.engine)}; allowed are {', '.join(ENGINES)}")


@dataclass
class Hooks:
    """What a build asks of its surroundings. note: a line for the person in front; progress: (done, of all) shards."""

    note: Callable[[str], None] = lambda text: None
    progress: Callable[[int, int], None] = lambda done, whole: None
    catalogues: Sequence[SongCatalogue] = ()
    memory: Memory = field(default_factory=Forgetful)


def build(
    posts: Callable[[], Iterable[Document | Unreadable]], origin: str, out: Path, config: BuildConfig, hooks: Hooks
) -> dict[str, Any]:
    """Write the corpus of these posts and return its funnel. origin: what the posts are, so that another input starts anew.

    Raises InputError where `out` holds something else, and where there is no post at all.
    """
    work = _open_work(out, origin)
    shards = _shards(posts, work, hooks)
    hooks.progress(0, len(shards))
    for done, _ in enumerate(run_shards(clean_shard, shards, config.engine, config.workers), 1):
        hooks.progress(done, len(shards))
    cleaned = [shard.replace("found-", "lines-").replace(".jsonl", ".parquet") for shard in shards]
    hooks.note("looking for duplicates")
    verdicts = judge_whole(work, cleaned)
    songs = sorted({(song.artist, song.title) for song in _songs(cleaned)})
    hooks.note(f"looking up {len(songs)} songs")
    facts = find_facts(
        (Song(*names) for names in songs), hooks.catalogues, hooks.memory, config.may_train_only, hooks.note
    )
    funnel = _write(work, cleaned, verdicts, facts)
    whole = funnel.as_json()
    _write_about(work, whole, origin, config)
    for name in FILES:
        os.replace(work / name, out / name)
    shutil.rmtree(work)
    return whole


def _open_work(out: Path, origin: str) -> Path:
    """The folder of a build that is under way; emptied where it was one of other posts."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; allowed is a folder")
    work = out / "unfinished"
    if out.is_dir() and (
        others := [one.name for one in out.iterdir() if one.name not in (*FILES, "unfinished", "report.html")]
    ):
        raise InputError(
            f"--out {out} holds {shown(min(others))}, which is no part of a corpus; allowed is a new or empty folder"
        )
    named = work / "origin"
    if named.is_file() and named.read_text(encoding="utf-8") != origin:
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    named.write_text(origin, encoding="utf-8")
    return work


def _shards(posts: Callable[[], Iterable[Document | Unreadable]], work: Path, hooks: Hooks) -> list[str]:
    """The shards' files; written once."""
    listed = work / "shards.json"
    if not listed.exists():
        hooks.note("reading posts")
        shards = [str(path.relative_to(work)) for path in write_shards(posts(), work)]
        if not shards:
            raise InputError("there are no posts to build a corpus of")
        listed.write_text(json.dumps(shards), encoding="utf-8")
    return [str((work / name).resolve()) for name in json.loads(listed.read_text(encoding="utf-8"))]


def _songs(cleaned: Sequence[str]) -> Iterator[Song]:
    import pyarrow.parquet as pq

    for shard in cleaned:
        table = pq.read_table(shard.replace("lines-", "posts-"), columns=["artist", "title", "step"])
        for row in table.to_pylist():
            if row["step"] == "kept" and row["artist"]:
                yield Song(row["artist"], row["title"])


def _write(work: Path, cleaned: Sequence[str], verdicts: Verdicts, facts: dict[tuple[str, str], Facts]) -> Funnel:
    """sentences.parquet and dropped.parquet, shard by shard."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    funnel, songs = Funnel(), set[tuple[str, str]]()
    at = 0
    kept, dropped = schema_of(SENTENCES), schema_of(DROPPED)
    with (
        pq.ParquetWriter(work / "sentences.parquet", kept) as good,
        pq.ParquetWriter(work / "dropped.parquet", dropped) as bad,
    ):
        for shard in cleaned:
            lines: dict[int, list[dict[str, Any]]] = {}
            for line in pq.read_table(shard, columns=["post", "position", "text", "original", "reason"]).to_pylist():
                lines.setdefault(line["post"], []).append(line)
            keep, drop = list[dict[str, Any]](), list[dict[str, Any]]()
            for post in pq.read_table(shard.replace("lines-", "posts-")).to_pylist():
                _judge_post(post, lines.get(post["post"], []), at, verdicts, facts, keep, drop, funnel, songs)
                at += 1
            good.write_table(pa.Table.from_pylist(keep, schema=kept))
            bad.write_table(pa.Table.from_pylist(drop, schema=dropped))
    funnel.songs, funnel.songs_known = len(songs), sum(bool(facts[key].genres) for key in songs if key in facts)
    return funnel


def _judge_post(
    post: dict[str, Any],
    lines: list[dict[str, Any]],
    at: int,
    verdicts: Verdicts,
    facts: dict[tuple[str, str], Facts],
    keep: list[dict[str, Any]],
    drop: list[dict[str, Any]],
    funnel: Funnel,
    songs: set[tuple[str, str]],
) -> None:
    reason = POST_REASONS[verdicts.post[at]] or post["reason"]
    own = {"post": f"{post['post']:08}", "url": post["url"], "site": post["site"]}
    key = key_of(Song(post["artist"], post["title"]))
    funnel.words[min(40, post["words"] // 25)] += post["step"] != "found"
    number = 0
    for line in lines:
        why = line["reason"] or LINE_REASONS[verdicts.line[verdicts.lines[(line["post"], line["position"])]]]
        funnel.read += 1
        if why:
            funnel.sentences[why] += 1
            drop.append(
                {**own, "level": "sentence", "position": line["position"], "original": line["original"], "reason": why}
            )
        else:
            number += 1
            keep.append(_kept_row(own, post, line, facts.get(key, Facts()), str(verdicts.parts[at])))
    funnel.sentences_kept += number
    if number:
        funnel.reached["kept"] += 1
        songs.add(key)
        return
    reason = reason or "no sentence is left"
    funnel.reached[min(post["step"], "matched", key=_order)] += 1
    funnel.posts[_short(reason)] += 1
    drop.append(
        {**own, "level": "post", "position": -1, "original": post["original"] or post["headline"], "reason": reason}
    )


def _order(step: str) -> int:
    return ("found", "fetched", "english", "one song", "matched", "kept").index(step)


def _short(reason: str) -> str:
    """Of a row that could not be read, without where it stands."""
    return (
        f"unreadable: {reason.partition(': ')[2].split(' is ')[0].split(';')[0][:60]}"
        if ".jsonl:" in reason or ".csv:" in reason or ".parquet:" in reason
        else reason
    )


def _kept_row(
    own: dict[str, Any], post: dict[str, Any], line: dict[str, Any], facts: Facts, part: str
) -> dict[str, Any]:
    genres = facts.genres or tuple(post["genres"])
    origin = (
        (facts.source, facts.licence)
        if facts.genres
        else (post["source"] or "the post", post["licence"])
        if genres
        else ("", "")
    )
    features = {name: facts.features.get(name) for name in FEATURES}
    return {
        **own, "text": line["text"], "original": line["original"], "position": line["position"], "artist": post["artist"], "title": post["title"], "genres": list(genres),
        "genre_root": facts.root, "genres_source": origin[0], "genres_licence": origin[1], "split": part, "licence": post["licence"] or "unknown: all rights reserved",
        "source": post["source"], "published": post["published"], **features, "features_source": facts.features_from,
    }  # fmt: skip


def _write_about(work: Path, funnel: dict[str, Any], origin: str, config: BuildConfig) -> None:
    """funnel.json, its picture, the card, and corpus.json, by which a folder is known as a corpus."""
    (work / "funnel.json").write_text(json.dumps(funnel, indent=1), encoding="utf-8")
    (work / "funnel.svg").write_text(funnel_svg(funnel), encoding="utf-8")
    hashes = {name: _sha256(work / name) for name in ("sentences.parquet", "dropped.parquet", "funnel.json")}
    (work / "card.md").write_text(card(work / "sentences.parquet", funnel, hashes, config.about), encoding="utf-8")
    about = {"format": FORMAT, "origin": origin, "sha256": hashes}
    (work / "corpus.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def origin_of(path: Path, columns: dict[str, str]) -> str:
    """What a build's input is: its place, size, time of change, and the columns it is read by."""
    try:
        stat = path.stat()
    except OSError as error:
        raise DeepHypeBotError(f"{path}: {error.strerror}") from error
    return json.dumps(
        {"path": str(path.resolve()), "size": stat.st_size, "changed_ns": stat.st_mtime_ns, "columns": columns},
        sort_keys=True,
    )
