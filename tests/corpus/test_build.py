"""Builds: from files to a corpus that can be trained on; the same on any engine, and after being stopped."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deephypebot.cli import main
from deephypebot.corpus.addresses import address_of
from deephypebot.corpus.annotate import Facts, find_facts, key_of, merge
from deephypebot.corpus.engines import run_shards
from deephypebot.corpus.harvest.harvest import now_utc
from deephypebot.corpus.near import Groups, digest, join_alike, join_equal, signature
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.corpus.remembered import Remembered
from deephypebot.corpus.shard import artist_key
from deephypebot.corpus.source import Source
from deephypebot.errors import InputError, Limited
from deephypebot.services import Finding
from deephypebot.store import Store
from deephypebot.types import Song
from tests.fakes.old_web_pages import many_pages, old_pages


def write_posts(path: Path, number: int = 40, **more: Any) -> Path:
    """Posts of our own making, a line each, and what is no post."""
    rows = [
        {
            "url": f"http://{page.host}{page.path}",
            "title": page.headline,
            "content": "\n\n".join(page.paragraphs),
            "domain": page.host,
            **more,
        }
        for page in (*old_pages(), *many_pages(number))
    ]
    path.write_text(
        "\n".join([json.dumps(row) for row in rows] + ["no JSON", "[]", '{"title": "no text"}']), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    posts = write_posts(folder / "posts.jsonl", 150)
    assert main(["corpus", "build", str(posts), "--out", str(folder / "corpus"), "--engine", "inline"]) == 0
    return folder / "corpus"


def rows_of(folder: Path, name: str = "sentences") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def test_a_corpus_has_its_files_and_every_drop_a_reason(corpus: Path) -> None:
    assert sorted(path.name for path in corpus.iterdir()) == [
        "card.md",
        "corpus.json",
        "dropped.parquet",
        "funnel.json",
        "funnel.svg",
        "sentences.parquet",
    ]
    kept, dropped, funnel = (
        rows_of(corpus),
        rows_of(corpus, "dropped"),
        json.loads((corpus / "funnel.json").read_text()),
    )
    assert kept
    assert all(row["reason"] for row in dropped)
    assert funnel["sentences"]["kept"] == len(kept)
    assert (
        sum(row["level"] == "sentence" for row in dropped)
        == funnel["sentences"]["read"] - len(kept)
        == sum(funnel["dropped_sentences"].values())
    )
    posts = {row["post"] for row in kept} | {row["post"] for row in dropped if row["level"] == "post"}
    assert len(posts) == funnel["posts"]["found"] == 193
    assert sum(funnel["dropped_posts"].values()) == funnel["posts"]["found"] - funnel["posts"]["kept"]
    assert {"language de", "language es", "language fr", "more than one song", "an interview"} <= set(
        funnel["dropped_posts"]
    )


def test_songs_are_found_and_masked(corpus: Path) -> None:
    songs = {f"http://{page.host}{page.path}": page.song for page in (*old_pages(), *many_pages(150))}
    rows = rows_of(corpus)
    right = [songs[row["url"]] == Song(row["artist"], row["title"]) for row in rows]
    assert sum(right) / len(right) > 0.95
    leaked = [
        row["text"]
        for row, is_right in zip(rows, right, strict=True)
        if is_right and (row["artist"] in row["text"] or row["title"] in row["text"])
    ]
    assert not leaked
    assert all(row["licence"] == "unknown: all rights reserved" for row in rows)


def test_twins_count_once_and_an_artist_stays_on_one_side(corpus: Path) -> None:
    urls = {row["url"] for row in rows_of(corpus)}
    assert sum(url.endswith(("/twin/1", "/twin/2")) for url in urls) <= 1
    sides: dict[str, set[str]] = {}
    for row in rows_of(corpus):
        sides.setdefault(row["artist"], set()).add(row["split"])
    assert all(len(parts) == 1 for parts in sides.values())


def test_it_can_be_trained_on(corpus: Path) -> None:
    split = Source("folder", corpus).split()
    assert len(split.train) > len(split.valid) > 0
    slots = [sentence.text for sentence in split.train if "{guest}" in sentence.text or "{site}" in sentence.text]
    assert not slots


def test_the_engines_agree(corpus: Path, tmp_path: Path) -> None:
    posts = corpus.parent / "posts.jsonl"
    for engine in ("cores", "ray"):
        command = [
            sys.executable,
            "-m",
            "deephypebot",
            "corpus",
            "build",
            str(posts),
            "--out",
            str(tmp_path / engine),
            "--engine",
            engine,
            "--workers",
            "2",
        ]
        told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
        assert told.returncode == 0, told.stderr
        for name in ("sentences.parquet", "dropped.parquet", "funnel.json"):
            assert (tmp_path / engine / name).read_bytes() == (corpus / name).read_bytes(), (engine, name)


def test_a_build_that_was_stopped_goes_on(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = corpus.parent / "posts.jsonl"

    def stops(*args: Any) -> Iterator[str]:
        yield from list(run_shards(*args))[:0]
        raise KeyboardInterrupt

    monkeypatch.setattr("deephypebot.corpus.build.run_shards", stops)
    assert main(["corpus", "build", str(posts), "--out", str(tmp_path / "out"), "--engine", "inline"]) == 130
    done = sorted((tmp_path / "out" / "unfinished").glob("lines-*.parquet"))
    times = [path.stat().st_mtime_ns for path in done]
    assert done
    monkeypatch.undo()
    assert main(["corpus", "build", str(posts), "--out", str(tmp_path / "out"), "--engine", "inline"]) == 0
    assert times
    assert (tmp_path / "out" / "sentences.parquet").read_bytes() == (corpus / "sentences.parquet").read_bytes()


def test_a_page_about_it(corpus: Path, tmp_path: Path) -> None:
    assert main(["corpus", "report", str(corpus), "--html", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    for title in (
        "Posts after each step",
        "Why sentences were dropped",
        "Genres that go together",
        "Kinds of sentences",
        "Pronouns",
        "“-based”",
    ):
        assert title in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "nothing.jsonl", "--out", "x"], "INPUT nothing.jsonl: there is no such file"),
        (["build", "posts.txt", "--out", "x"], "allowed are files that end in .jsonl"),
        (["build", "posts.jsonl", "--out", "posts.txt"], "is a file; allowed is a folder"),
        (["build", "posts.jsonl", "--out", "."], "which is no part of a corpus"),
        (["build", "posts.jsonl", "--out", "x", "--column", "wrong=a"], "column 'wrong' is no field of a post"),
        (["build", "posts.csv", "--out", "x", "--column", "text=nothing"], "there is no column 'nothing'"),
        (["build", "empty.jsonl", "--out", "x"], "there are no posts"),
        (["report", "."], "is no corpus"),
        (["add", "ftp:x"], "SOURCE is 'ftp:x'; allowed are"),
        (["add", "rss:file:///etc/passwd"], "no address of the web"),
        (["add", "urls:nothing.txt"], "there is no such file"),
    ],
)  # fmt: skip
def test_bad_input_is_named(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_posts(tmp_path / "posts.jsonl", 1)
    (tmp_path / "posts.txt").write_text("x")
    (tmp_path / "posts.csv").write_text("a,b\n1,2\n")
    (tmp_path / "empty.jsonl").write_text("\n")
    assert main(["corpus", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_training_on_what_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "cvae", "--backbone", "gru", "--corpus", str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    assert "is no corpus" in capsys.readouterr().err


def test_posts_of_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('ytid,caption,aspects\nx,"A low, slow bass.","dub, slow"\ny,,\n', encoding="utf-8")
    found = list(read_posts(tmp_path / "a.csv", {"text": "caption", "genres": "aspects"}))
    assert [(post.text, post.genres) for post in found if not isinstance(post, Unreadable)] == [
        ("A low, slow bass.", ("dub", "slow"))
    ]
    pq.write_table(pa.table({"text": ["One.", None], "title": ["A", "B"]}), tmp_path / "a.parquet")
    assert [type(post).__name__ for post in read_posts(tmp_path / "a.parquet")] == ["Document", "Unreadable"]
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="is no Parquet file"):
        list(read_posts(tmp_path / "b.parquet"))


def test_rows_that_are_no_posts_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b'{"text": "fine"}\n{"text": 5}\n[[[[\n' + b"[" * 100_000 + b'\n{"text": "\\ud800 \\u0000 odd"}\n\xff\xfe\n'
    )
    kinds = [type(post).__name__ for post in read_posts(tmp_path / "a.jsonl")]
    assert kinds == ["Document", "Unreadable", "Unreadable", "Unreadable", "Document", "Unreadable"]


def test_near_duplicates() -> None:
    text = " ".join(f"word{i}" for i in range(80))
    texts = [text, text.replace("word5 ", "other "), " ".join(f"thing{i}" for i in range(80)), text]
    signatures = np.stack([np.frombuffer(signature(one, 64, 3), np.uint32) for one in texts])
    groups = Groups(4)
    join_alike(groups, signatures, np.arange(4), 0.7)
    assert [groups.first(i) for i in range(4)] == [0, 0, 2, 0]
    equal = Groups(4)
    join_equal(equal, np.array([digest(one) for one in texts]))
    assert [equal.first(i) for i in range(4)] == [0, 1, 2, 0]


def test_addresses_and_artists_are_compared_plainly() -> None:
    assert (
        len(
            {
                address_of(url)
                for url in ("http://a.example/x", "https://www.a.example/x/", "http://a.example/x?utm_source=y#z")
            }
        )
        == 1
    )
    assert artist_key("Tom Quill feat. Ada") == artist_key("TOM QUILL") == artist_key("Tom Quill & Ada")


class Catalogue:
    def __init__(self, name: str, finding: Finding | None, fails: bool = False) -> None:
        self.name, self.finding, self.fails, self.asked = name, finding, fails, 0

    def find_song(self, song: Song, ids: Any) -> Finding | None:
        self.asked += 1
        if self.fails:
            raise Limited("wait", 5)
        return self.finding


def test_facts_keep_their_licence_and_are_asked_once(tmp_path: Path) -> None:
    song, store = Song("A", "B"), Store(f"sqlite:///{tmp_path}/a.db")
    free = Catalogue("one", Finding("free", "CC0-1.0", True, genres=("shoegaze", "my cat")))
    shop = Catalogue("two", Finding("shop", "terms", False, genres=("house",), features={"energy": 0.5}))
    for _ in range(2):
        asked = [Remembered(one, store.songs, 30.0, now_utc) for one in (free, shop)]
        assert find_facts([song, song], asked)[key_of(song)] == Facts(("shoegaze",), "rock", "free", "CC0-1.0")
        assert find_facts([song], asked, may_train_only=False)[key_of(song)].features == {"energy": 0.5}
    assert (free.asked, shop.asked) == (1, 1)
    assert merge([]) == Facts()
    store.close()


def test_a_catalogue_that_fails_is_passed_over() -> None:
    told: list[str] = []
    broken = Catalogue("one", None, fails=True)
    facts = find_facts([Song("A", "B"), Song("C", "D")], [broken], note=told.append)
    assert list(facts.values()) == [Facts(), Facts()]
    assert broken.asked == 1
    assert told == ["one is not asked any more: wait"]


def test_captions_name_no_song_and_are_kept(tmp_path: Path) -> None:
    caption = "A warm bass line walks under a soft electric piano, and the drums are brushed and slow."
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"caption": caption, "source": "musiccaps", "licence": "CC BY-SA 4.0"})
    )
    assert (
        main(["corpus", "build", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--engine", "inline"]) == 0
    )
    (row,) = rows_of(tmp_path / "out")
    assert (row["text"], row["licence"]) == (caption, "CC BY-SA 4.0")


def test_the_file_of_musiccaps_is_known_by_its_columns(tmp_path: Path) -> None:
    caption = "A warm bass line walks under a soft electric piano, and the drums are brushed and slow."
    (tmp_path / "captions.csv").write_text(
        f"ytid,start_s,aspect_list,caption\n-0Gj8-vB1q4,30,\"['jazz', 'warm bass']\",\"{caption}\"\nshort,1,[],nothing\n"
    )
    order = ["corpus", "build", str(tmp_path / "captions.csv"), "--out", str(tmp_path / "out"), "--engine", "inline"]
    assert main(order) == 0
    (row,) = rows_of(tmp_path / "out")
    assert (row["text"], row["licence"], row["artist"]) == (caption, "CC BY-SA 4.0", "")
    assert row["genres"] == ["jazz"]
    assert json.loads((tmp_path / "out" / "funnel.json").read_text())["songs"]["found"] == 0


def test_captions_are_split_by_themselves(tmp_path: Path) -> None:
    instruments = "piano guitar trumpet cello flute organ violin banjo harp oboe tuba clarinet".split()
    moods = "warm bright heavy gentle brittle soft hollow golden".split()
    rows = [
        {"caption": f"A {mood} {one} melody walks over brushed drums while the {mood} bass answers the {one} in the chorus.", "source": "musiccaps"}
        for one in instruments
        for mood in moods
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    order = ["corpus", "build", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--engine", "inline"]
    assert main(order) == 0
    assert len({row["split"] for row in rows_of(tmp_path / "out")}) > 1


def test_two_builds_do_not_share_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    descriptor = os.open(out, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "The drums are huge."}))
    order = ["corpus", "build", str(tmp_path / "a.jsonl"), "--out", str(out), "--engine", "inline"]
    assert main(order) == 2
    assert "another build is writing there" in capsys.readouterr().err
    os.close(descriptor)
    assert main(order) == 0


def test_rows_without_a_text_are_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"post": "The drums are huge."}))
    order = ["corpus", "build", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--engine", "inline"]
    assert main(order) == 0
    assert "--column text=NAME" in capsys.readouterr().err
