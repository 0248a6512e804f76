"""Posts to a corpus on disk: clean, annotate, split. A build that was stopped goes on where it stood, and ends the same.

posts -> shards -> cleaned shards (engines.py) -> duplicates and split -> facts -> sentences.parquet, dropped.parquet, funnel.json, card.md
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deephypebot.corpus.annotate import Facts, find_facts, key_of
from deephypebot.corpus.card import card
from deephypebot.corpus.duplicates import LINE_REASONS, POST_REASONS, Verdicts, judge_whole
from deephypebot.corpus.engines import ENGINES, run_shards
from deephypebot.corpus.folder import FORMAT
from deephypebot.corpus.funnel import MOST_STEPS, STEP, Funnel, funnel_svg
from deephypebot.corpus.read_posts import Unreadable
from deephypebot.corpus.shard import INT, LIST, TEXT, clean_shard, schema_of, write_shards
from deephypebot.errors import DeepHypeBotError, InputError, shown
from deephypebot.services import SongCatalogue
from deephypebot.types import FEATURES, Document, Song

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


def build(
    posts: Callable[[], Iterable[Document | Unreadable]], origin: str, out: Path, config: BuildConfig, hooks: Hooks
) -> dict[str, Any]:
    """Write the corpus of these posts and return its funnel. origin: what the posts are, so that another input starts anew.

    Raises InputError where `out` holds something else or is being written, and where there is no post at all.
    """
    with _alone(out):
        return _build(posts, origin, out, config, hooks)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Have a folder to oneself: it is locked while a build writes into it, and the lock goes with the process."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; allowed is a folder")
    out.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            told = f"--out {out}: another build is writing there; wait for it, or name another folder"
            raise InputError(told) from error
        yield
    finally:
        os.close(descriptor)


def _build(
    posts: Callable[[], Iterable[Document | Unreadable]], origin: str, out: Path, config: BuildConfig, hooks: Hooks
) -> dict[str, Any]:
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
    facts = find_facts((Song(*names) for names in songs), hooks.catalogues, config.may_train_only, hooks.note)
    funnel = _write(work, cleaned, verdicts, facts)
    whole = funnel.as_json()
    _write_about(work, whole, origin, config)
    for name in FILES:
        os.replace(work / name, out / name)
    shutil.rmtree(work)
    return whole


def _open_work(out: Path, origin: str) -> Path:
    """The folder of a build that is under way; emptied where it was one of other posts."""
    work = out / "unfinished"
    others = [one.name for one in out.iterdir() if one.name not in (*FILES, "unfinished", "report.html")]
    if others:
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

    sorter = _Sorter(verdicts, facts)
    kept, dropped = schema_of(SENTENCES), schema_of(DROPPED)
    with (
        pq.ParquetWriter(work / "sentences.parquet", kept) as good,
        pq.ParquetWriter(work / "dropped.parquet", dropped) as bad,
    ):
        for shard in cleaned:
            lines: dict[int, list[dict[str, Any]]] = {}
            for line in pq.read_table(shard, columns=["post", "position", "text", "original", "reason"]).to_pylist():
                lines.setdefault(line["post"], []).append(line)
            for post in pq.read_table(shard.replace("lines-", "posts-")).to_pylist():
                sorter.sort(post, lines.get(post["post"], []))
            good.write_table(pa.Table.from_pylist(sorter.kept, schema=kept))
            bad.write_table(pa.Table.from_pylist(sorter.dropped, schema=dropped))
            sorter.kept, sorter.dropped = [], []
    return sorter.counted()


class _Sorter:
    """Sorts posts and their sentences, in the order of the shards, into what is kept and what is dropped, and counts them."""

    def __init__(self, verdicts: Verdicts, facts: dict[tuple[str, str], Facts]) -> None:
        self.posts = zip(verdicts.post, verdicts.parts, strict=True)
        self.lines, self.facts = iter(verdicts.line), facts
        self.kept, self.dropped = list[dict[str, Any]](), list[dict[str, Any]]()
        self.funnel, self.songs = Funnel(), set[tuple[str, str]]()

    def sort(self, post: dict[str, Any], lines: Sequence[dict[str, Any]]) -> None:
        """The next post."""
        verdict, part = next(self.posts)
        own = {"post": f"{post['post']:08}", "url": post["url"], "site": post["site"]}
        key = key_of(Song(post["artist"], post["title"]))
        self.funnel.words[min(MOST_STEPS, post["words"] // STEP)] += post["step"] != "found"
        left = [line for line in lines if self._is_kept(line, own)]
        self.kept += [_kept_row(own, post, line, self.facts.get(key, Facts()), str(part)) for line in left]
        self.funnel.sentences_kept += len(left)
        if left:
            self.funnel.reached["kept"] += 1
            self.songs.update({key} if any(key) else ())
            return
        reason = POST_REASONS[verdict] or post["reason"] or "no sentence is left"
        self.funnel.reached["matched" if post["step"] == "kept" else post["step"]] += 1
        self.funnel.posts[reason.partition(":")[0]] += 1
        original = post["original"] or post["headline"]
        self.dropped.append({**own, "level": "post", "position": -1, "original": original, "reason": reason})

    def _is_kept(self, line: dict[str, Any], own: dict[str, Any]) -> bool:
        why = line["reason"] or LINE_REASONS[next(self.lines)]
        self.funnel.read += 1
        if why:
            self.funnel.sentences[why] += 1
            row = {"level": "sentence", "position": line["position"], "original": line["original"], "reason": why}
            self.dropped.append({**own, **row})
        return not why

    def counted(self) -> Funnel:
        """The counts, once all is sorted."""
        self.funnel.songs = len(self.songs)
        self.funnel.songs_known = sum(bool(self.facts[key].genres) for key in self.songs if key in self.facts)
        return self.funnel


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
