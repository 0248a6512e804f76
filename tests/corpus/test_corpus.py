"""Sentences from files, and the frozen split."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deephypebot.corpus.builtin import load_builtin, split_builtin
from deephypebot.corpus.split import normalised, part_of, split_sentences
from deephypebot.corpus.text_files import read_jsonl, read_text
from deephypebot.errors import InputError
from deephypebot.types import Attributes, Sentence


def test_the_built_in_corpus_is_whole() -> None:
    sentences = load_builtin()
    assert (len(sentences), len({s.post for s in sentences})) == (29_146, 6628)
    assert all(s.attributes.kind and s.attributes.genres and s.attributes.energy is not None for s in sentences)


def test_the_split_is_frozen() -> None:
    split = split_builtin()
    assert (len(split.train), len(split.valid), len(split.test)) == (28_001, 596, 549)
    assert {int(s.post[1:].split("-")[0]) for s in [*split.valid, *split.test]} <= set(range(1, 13))
    parts = [split.train, split.valid, split.test]
    posts = [{s.post for s in part} for part in parts]
    texts = [{normalised(s.text) for s in part} for part in parts]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert not posts[i] & posts[j]
        assert not texts[i] & texts[j]


def test_held_out_copies_are_left_out() -> None:
    held_out = next(str(i) for i in range(1000) if part_of(str(i)) == "test")
    trained = next(str(i) for i in range(1000) if part_of(str(i)) == "train")
    split = split_sentences(
        [Sentence("The drums!", trained), Sentence("the  drums", held_out), Sentence("Bass.", held_out)]
    )
    assert [s.text for s in split.test] == ["Bass."]


def test_plain_text_is_a_sentence_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("One line.\r\n\r\n  Zwei Zeilen – ja.  \n三。".encode())
    assert [s.text for s in read_text(path)] == ["One line.", "Zwei Zeilen – ja.", "三。"]
    assert len({s.post for s in read_text(path)}) == 3


def test_jsonl_holds_posts_or_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    post = {
        "id": "p",
        "genres": ["ska"],
        "energy": 0.5,
        "sentences": [{"kind": "live", "text": "One."}, {"text": "Two."}],
    }
    path.write_text(json.dumps(post) + "\n" + json.dumps({"text": "Three.", "kind": "promo", "tempo": 120}))
    first, second, third = read_jsonl(path)
    assert first == Sentence("One.", "p", Attributes(("ska",), energy=0.5, kind="live"))
    assert (second.post, second.attributes.kind) == ("p", None)
    assert third.attributes == Attributes(tempo=120, kind="promo")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"text": ""}', "text is ''"),
        ('{"text": 5}', "text is 5"),
        ('{"kind": "live"}', "'text' is missing"),
        ('{"text": "x", "energy": 7}', "energy is 7"),
        ('{"text": "x", "kind": "sermon"}', "kind is 'sermon'"),
        ('{"text": "x", "genres": "ska"}', "genres is 'ska'"),
        ('{"sentences": []}', "line 2"),
        (json.dumps({"text": "x" * 2001}), "2001 characters"),
    ],
)
def test_a_broken_line_is_named(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Good."}\n' + line + "\n")
    with pytest.raises(InputError, match=f"a.jsonl, line 2: .*{reason if 'line' not in reason else ''}"):
        read_jsonl(path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Bj\xf6rk")
    with pytest.raises(InputError, match="not UTF-8"):
        read_text(tmp_path / "a.txt")
    (tmp_path / "long.txt").write_text("x" * 3000)
    with pytest.raises(InputError, match=r"line 1: 3000 characters"):
        read_text(tmp_path / "long.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path / "none.txt")


def test_a_byte_order_mark_and_deep_nesting_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfOne line.")
    assert read_text(tmp_path / "a.txt")[0].text == "One line."
    (tmp_path / "a.jsonl").write_text('{"text": ' + "[" * 100_000)
    with pytest.raises(InputError, match="line 1"):
        read_jsonl(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (r'{"text": "a drum \ud800"}', "lone surrogate"),
        (r'{"text": "a drum", "post": "\udfff"}', "lone surrogate"),
        (r'{"text": "a drum", "genres": ["\ud800"]}', "lone surrogate"),
        ('{"sentences": ["a drum"]}', "sentence is 'a drum'; allowed is an object with text"),
        (f'{{"text": "a drum", "energy": {"9" * 2000}}}', "allowed is a number from 0 to 1"),
    ],
)
def test_a_line_of_jsonl_that_is_no_post_is_named(tmp_path: Path, line: str, named: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a bass"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"line 2: .*{named}"):
        read_jsonl(path)
