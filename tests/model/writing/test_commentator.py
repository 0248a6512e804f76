"""The writer over a toy model: what it keeps, drops, fills and repeats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.writing import commentator
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.desk import seeds
from deephypebot.model.writing.lexicon import WORD
from deephypebot.types import Attributes, Commission, Song, Wish
from tests.phrase_engine import PhraseEngine

ALISON = Song("Slowdive", "Alison")
GOOD = (
    "{title} leans on one chord until the windows start to hum along.",
    "{artist} sing it the way fog comes in, late and from all sides.",
    "The drums on {title} keep their coats on and stay all night.",
    "Nothing hurries here, and {artist}'s guitars arrive like weather.",
)
BROKEN = (
    "{title} is short.",
    "{title} breaks off in the middle of a long sentence about the",
    "the the " * 8 + "{title}.",
)


def make(
    folder: Path, monkeypatch: pytest.MonkeyPatch, phrases: Sequence[str], words: Sequence[str] = ()
) -> Commentator:
    settings = {"name": "toy", "defaults": {"temperature": 1.0, "top_p": 1.0}, "words": words}
    (folder / "config.json").write_text(json.dumps(settings))
    monkeypatch.setattr(commentator, "open_engine", lambda *_: PhraseEngine(phrases))
    return Commentator(folder)


def test_only_finished_texts_come_back_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, [*GOOD, *BROKEN])
    found = writer.write(ALISON, n=4, seed=1)
    assert {c.text for c in found} == {t.replace("{title}", "Alison").replace("{artist}", "Slowdive") for t in GOOD}
    assert {c.checkpoint for c in found} == {"toy"}
    assert all(c.nll > 0 for c in found)


def test_verbs_go_with_the_name_and_nobody_is_called_he_or_she(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = ("it the way fog comes in, late and from all sides.", "her last words to the drums and lets the room ring.")
    phrases = [f"{{artist}} {verb} {end}" for verb in ("sing", "sings") for end in ends]
    words = [word for word in PhraseEngine(phrases).words if WORD.fullmatch(word)]
    writer = make(tmp_path, monkeypatch, phrases, words)
    assert [c.text for c in writer.write(ALISON, n=3, seed=1)] == [f"Slowdive sings {ends[0]}"]
    assert [c.text for c in writer.write(Song("The Beatles", "Rain"), n=3, seed=1)] == [f"The Beatles sing {ends[0]}"]


def test_the_checkpoint_says_how_far_z_strays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []
    for spread in (1.0, 0.5):
        writer = make(tmp_path, monkeypatch, GOOD)
        monkeypatch.setattr(writer, "defaults", Sampling(latent_temperature=spread))
        monkeypatch.setattr(writer.engine, "prior", lambda _, eps: asked.append(eps) or eps)
        writer.write(ALISON, n=1, seed=1)
    np.testing.assert_allclose(asked[1], 0.5 * asked[0])


def test_the_same_seed_gives_the_same_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, [*GOOD, *BROKEN])
    first = writer.write(ALISON, n=3, seed=7)
    assert first == writer.write(ALISON, n=3, seed=7)
    assert {c.seed for c in first} != {c.seed for c in writer.write(ALISON, n=3, seed=8)}


def test_a_candidates_own_seed_gives_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, [*GOOD, *BROKEN])
    for candidate in writer.write(ALISON, n=4, seed=3):
        assert writer.write(ALISON, n=1, seed=candidate.seed) == [candidate]


def test_songs_together_give_what_each_gives_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, [*GOOD, *BROKEN])
    commissions = [
        Commission(ALISON, n=4, seed=3),
        Commission(Song("The Beatles", "Rain"), Attributes(kind="live"), n=2, seed=3, temperature=0.5, top_p=0.9),
        Commission(ALISON, Attributes(genres=("shoegaze",)), n=5, seed=4, wish=Wish(pronouns="she", best_of=3)),
        Commission(Song("Ladytron", "Seventeen"), n=1, seed=5, recent=GOOD[:2]),
    ]
    batches = writer.engine.batches  # type: ignore[attr-defined]
    together, shared = writer.write_many(commissions), len(batches)
    assert [len(found) for found in together] == [4, 2, 4, 1]
    assert together == [writer.write(**vars(commission)) for commission in commissions]
    assert shared < len(batches) - shared
    assert together[::-1] == writer.write_many(commissions[::-1])
    assert writer.write_many([]) == []


def test_one_that_gives_up_does_not_hold_up_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, GOOD[:2])
    found = writer.write_many([Commission(ALISON, n=n, seed=0) for n in (1, 5)])
    assert [len(candidates) for candidates in found] == [1, 2]


def test_what_the_checkpoint_lacks_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = make(tmp_path, monkeypatch, GOOD)
    for wish, named in (
        (Wish(constraint="guided"), "constraint is 'guided'"),
        (Wish(topics=((99, 1.0),)), "topic is 99"),
    ):
        with pytest.raises(InputError, match=named):
            writer.write_many([Commission(ALISON), Commission(ALISON, wish=wish)])
    assert writer.engine.batches == []  # type: ignore[attr-defined]


def test_it_gives_up_where_nothing_comes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(tmp_path, monkeypatch, BROKEN).write(ALISON, n=2, seed=0) == []
    few = make(tmp_path, monkeypatch, GOOD[:2])
    assert len(few.write(ALISON, n=5, seed=0)) == 2


def test_names_without_room_are_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, [*GOOD, "Every instrument waits for the bass to make up its mind first."])
    title = "All the " + "very " * 30 + "long names"
    texts = [c.text for c in writer.write(Song("Slowdive", title), n=3, seed=0)]
    assert len(texts) == 3
    assert not any("All the" in text for text in texts)
    assert all(len(text) <= 280 for text in texts)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": 101}, "n is 101"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is"),
        ({"temperature": 0.0}, "temperature is 0.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.5}, "top_p is 1.5"),
        ({"n": 1.5}, "n is 1.5"),
        ({"n": True}, "n is True"),
        ({"seed": "1"}, "seed is '1'"),
        ({"temperature": "x"}, "temperature is 'x'"),
        ({"top_p": [1]}, "top_p is "),
    ],
)
def test_bad_numbers_are_named(
    given: dict[str, float], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=named):
        make(tmp_path, monkeypatch, GOOD).write(ALISON, **given)  # type: ignore[arg-type]


def test_seeds_begin_with_the_given_one_and_differ() -> None:
    source = seeds(5)
    drawn = [next(source) for _ in range(100)]
    assert drawn[0] == 5
    assert len(set(drawn)) == 100
    assert all(0 <= seed < 2**63 for seed in drawn)


def test_a_checkpoint_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        commentator.load(tmp_path / "none")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        commentator.load(tmp_path)
    (tmp_path / "config.json").write_text('{"format": "deephypebot-gpt-9"}')
    with pytest.raises(CheckpointError, match="format is 'deephypebot-gpt-9'"):
        commentator.load(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"config\.json .* not a JSON object"):
        commentator.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        *[("defaults", {"drafts": drafts}, "drafts is") for drafts in (0, -1, "3", 2.5, None, True, 10**9)],
        *[("defaults", {"temperature": t}, "temperature is") for t in ("x", None, -1, 1e9, float("nan"), [1])],
        ("defaults", {"top_p": 0}, "top_p is 0"),
        ("defaults", {"plan_strength": float("inf")}, "plan_strength is inf"),
        ("defaults", {"bogus": 1}, "defaults is .*bogus.*drafts"),
        ("defaults", None, "defaults is None"),
        ("words", "abc", "words is 'abc'"),
        ("words", [1], r"words is \[1\]"),
        *[("backbone", name, "backbone is") for name in (5, None, "", [1])],
    ],
)
def test_a_setting_of_a_checkpoint_that_cannot_be_used_is_named(
    tmp_path: Path, key: str, value: object, named: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"format": "deephypebot-cvae-2", key: value}))
    with pytest.raises(CheckpointError, match=f"checkpoint {tmp_path}: .*{named}"):
        commentator.load(tmp_path)


def test_settings_that_nest_without_end_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        commentator.load(tmp_path)


def test_words_that_the_tokenizer_lacks_are_a_checkpoint_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(tmp_path, monkeypatch, GOOD, ["nowhere"])
    with pytest.raises(CheckpointError, match="do not fit its tokenizer"):
        writer.write(ALISON, n=1, seed=0)
