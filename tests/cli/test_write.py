"""`write` for one song, and `demo`: real parsing and catalogue, a fake writer."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deephypebot.cli import main
from deephypebot.corpus.topics import SHIPPED
from deephypebot.types import Attributes, Song, Wish

if TYPE_CHECKING:
    from tests.cli.conftest import FakeWriter

ALISON = "Slowdive – Alison"


def test_write_prints_a_candidate_a_line(writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", ALISON, "-n", "2", "--seed", "7", "--checkpoint", "there", "--threads", "1"]) == 0
    said = capsys.readouterr()
    assert said.out == "Alison is text 0.\nAlison is text 1.\n"
    assert said.err == "genres: shoegaze, dream pop (from the catalogue)\n"
    assert writer.loaded == [(Path("there"), 1)]
    assert writer.calls == [(Song("Slowdive", "Alison"), Attributes(("shoegaze", "dream pop")), 2, 7, None, None)]


def test_all_flags_reach_the_writer(writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    flags = "--energy 0.1 --valence 1 --danceability 0 --acousticness .5 --tempo 96 --kind live --temperature 0.7 --top-p 0.9"
    names = ["--artist", "Björk", "--title", "Jóga", "--genres", "doom sea shanty, ambient"]
    assert main(["write", *names, *flags.split()]) == 0
    assert "doom sea shanty, ambient (given)" in capsys.readouterr().err
    known = Attributes(("doom sea shanty", "ambient"), 0.1, 1.0, 0.0, 0.5, 96.0, "live")
    assert writer.calls == [(Song("Björk", "Jóga"), known, 5, None, 0.7, 0.9)]


def test_json_is_one_object_on_one_line(writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", "Björk – Jóga", "--json", "-n", "1", "--seed", "3", "--genres", "ambient"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == 1
    assert "Björk" in said.out
    result = json.loads(said.out)
    assert result["song"] == {"artist": "Björk", "title": "Jóga"}
    assert result["attributes"]["genres"] == ["ambient"]
    assert result["attributes"]["genres_from"] == "given"
    assert result["attributes"]["energy"] is None
    assert result["candidates"] == [
        {"text": "Jóga is text 0.", "nll": 3.5, "seed": 3, "checkpoint": "fake", "rewards": {"warm": 0.5}}
    ]


def test_a_wish_reaches_the_writer(writer: FakeWriter, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("An earlier post.\n\nAnother one.\n", encoding="utf-8")
    flags = "--style warm,plain --constraint guided --strength 0.5 --pronouns she --best-of 16".split()
    flags += [*"--topic 3=1,0=-0.5 --topics".split(), str(SHIPPED), "--recent"]
    assert main(["write", ALISON, *flags, str(tmp_path / "posts.txt")]) == 0
    wish = Wish(("warm", "plain"), "guided", 0.5, "she", 16, ((3, 1.0), (0, -0.5)), SHIPPED)
    assert writer.wishes == [(wish, ("An earlier post.", "Another one."))]
    assert main(["write", ALISON]) == 0
    assert main(["write", ALISON, "--kind", "promo"]) == 0
    assert [wish for wish, _ in writer.wishes[1:]] == [Wish(), Wish(styles=())]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--style loud", "style is 'loud'; allowed is descriptive, warm, wild, plain"),
        ("--style ,", "style is ''"),
        ("--constraint gan", "gan"),
        ("--strength 5", "'5' is given; allowed is a number from 0 to 1"),
        ("--strength nan", "allowed is a number from 0 to 1"),
        ("--topic 99=1", "topic is 99"),
        ("--topic 1=1,1=-1", "topic is 1; allowed is each topic once"),
        ("--topic 1=1 --topics nowhere.safetensors", "nowhere.safetensors"),
        ("--pronouns it", "it"),
        ("--best-of 0", "allowed is a whole number from 1 to 100"),
        ("--recent nowhere.txt", "nowhere.txt: cannot be read"),
    ],
)
def test_a_wish_that_is_not_allowed_is_named(
    flags: str, said: str, writer: FakeWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["write", ALISON, *flags.split()]) == 2
    assert said in capsys.readouterr().err
    assert not writer.calls


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_an_unknown_artist_is_told(flags: list[str], writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", "Qwxzy Nobody – Nothing", *flags]) == 0
    said = capsys.readouterr()
    assert "Qwxzy Nobody is not in the catalogue" in said.err
    assert writer.calls[0][1] == Attributes()
    if flags:
        assert json.loads(said.out)["attributes"]["genres_from"] == "none"


def test_fewer_candidates_are_told(writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    writer.limit = 2
    assert main(["write", ALISON]) == 0
    assert "only 2 of 5 candidates" in capsys.readouterr().err
    writer.limit = 0
    assert main(["write", ALISON]) == 1


def test_a_missing_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", ALISON, "--checkpoint", str(tmp_path / "none"), "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"deephypebot: checkpoint {tmp_path / 'none'}")
    assert said.err.count("\n") == 1


def test_output_is_utf8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch, writer: FakeWriter) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["write", "Björk – Jóga", "-n", "1"]) == 0
    assert raw.getvalue() == "Jóga is text 0.\n".encode()


def test_demo_prints_fifteen_distinct_texts(writer: FakeWriter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert out[: len(out) // 2] == out[len(out) // 2 :]
    texts = [line for line in out[: len(out) // 2].splitlines() if line.startswith("  ")]
    assert len(set(texts)) == 15
    assert "shoegaze, dream pop · energy 0.4" in out
    assert len({call[1].genres for call in writer.calls}) == 3
    assert all(call[1].genres for call in writer.calls)
