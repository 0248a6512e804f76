"""What readers think of drafts: foretold from marks, kept on disk, and a reason to be chosen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from deephypebot.cli import main
from deephypebot.corpus.source import Source
from deephypebot.corpus.split import split_sentences
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging.reader import COUNTS, FILE, MOST, Reader, counts, load_reader
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.training.train_reader import Marked, fit_reader, foretold, read_marks, train_reader
from deephypebot.model.training.train_run import train_cvae
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.decode import Decoded
from deephypebot.types import Attributes, Song, Wish
from tests.phrase_engine import PhraseEngine
from tests.toy_backbone import make_backbone
from tests.toy_corpus import toy_sentences

FOG = "The guitars pour in as slowly as fog over a harbour wall."
ROPE = "The drums hit like wet rope on the deck of a slow ship."
NOTHING = np.zeros(COUNTS, np.float32)


def test_words_are_counted() -> None:
    told = counts("{artist} sings slow, slow songs.")
    np.testing.assert_allclose(told, [4, 0.8, 0.75, 2, 0.75, 1])
    assert counts("").shape == (COUNTS,)
    assert np.isfinite(counts("")).all()


def readings(seed: int, number: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marks that hang on one number of what is heard and on one count, and on chance."""
    rng = np.random.default_rng(seed)
    heard, counted = 3 + 2 * rng.standard_normal((number, 5)), 10 + rng.standard_normal((number, COUNTS))
    marks = np.clip(
        1.5 + 0.3 * (heard[:, 1] - 3) - 0.4 * (counted[:, 0] - 10) + 0.2 * rng.standard_normal(number), 0, 3
    )
    return heard.astype(np.float32), counted.astype(np.float32), marks


def test_marks_are_foretold() -> None:
    heard, counted, marks = readings(0)
    reader = fit_reader(heard, counted, marks)
    others, counts_of_others, known = readings(1)
    guesses = others @ reader.heard + counts_of_others @ reader.counts + reader.bias
    assert np.corrcoef(guesses, known)[0, 1] > 0.7
    assert abs(guesses.mean() - known.mean()) < 0.1
    assert foretold(heard, counted, marks) > 0.7
    assert foretold(heard, counted, np.random.default_rng(2).permutation(marks)) < 0.3


def test_a_mark_stays_between_nonsense_and_praise() -> None:
    reader = Reader(np.array([1.0], np.float32), NOTHING, np.array([1.0], np.float32))
    marks = [reader("The bass hums.", np.array([x], np.float32)) for x in (-9.0, 0.5, 9.0)]
    assert marks == [0, 1.5, MOST]
    assert reader("The bass hums.", np.zeros(0, np.float32)) == 0


def test_it_goes_to_disk_and_back(tmp_path: Path) -> None:
    assert load_reader(tmp_path, 3) is None
    reader = fit_reader(*(x[:, :3] if i == 0 else x for i, x in enumerate(readings(0))))
    (tmp_path / FILE).write_bytes(reader.to_bytes())
    found = load_reader(tmp_path, 3)
    assert found is not None
    assert found(FOG, np.ones(3, np.float32)) == reader(FOG, np.ones(3, np.float32))


@pytest.mark.parametrize(
    "changed",
    [
        {"heard": np.zeros(4, np.float32)},
        {"counts": np.zeros(COUNTS + 1, np.float32)},
        {"bias": np.full(1, np.nan, np.float32)},
        {"bias": np.zeros((1, 1), np.float32)},
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, changed: dict[str, np.ndarray]) -> None:
    fits = {"heard": np.zeros(3, np.float32), "counts": NOTHING, "bias": np.zeros(1, np.float32)}
    save_file(fits | changed, tmp_path / FILE)
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used"):
        load_reader(tmp_path, 3)
    save_file({"heard": np.zeros(3, np.float32)}, tmp_path / FILE)
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used"):
        load_reader(tmp_path, 3)


def test_the_draft_that_a_reader_likes_is_chosen() -> None:
    engine = PhraseEngine((FOG, ROPE))
    heard = [np.array([1.0], np.float32), np.array([-1.0], np.float32)]
    drafts = [Decoded([i + 10 for i in known[:-1]], True, 2.0, h) for known, h in zip(engine.known, heard, strict=True)]
    for sign, text in ((1.0, FOG), (-1.0, ROPE)):
        reader = Reader(np.array([sign], np.float32), NOTHING, np.array([1.5], np.float32))
        chosen = Choice(engine, [], reader=reader, rewards={}).best(
            drafts, Song("Slowdive", "Alison"), Attributes(), Wish()
        )
        assert chosen is not None
        assert chosen.text == text
        assert chosen.rewards["reader"] == pytest.approx(2.5 / 3)


def test_the_marks_that_ship_are_of_different_texts() -> None:
    marks = read_marks()
    assert len({one.text for one in marks}) == len(marks) > 1000
    assert {one.mark for one in marks} >= {0.0, 1.0, 2.0, 3.0}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2"),
        ('{"text": "It hums."}', "line 2"),
        ('["It hums.", 2]', "line 2"),
        ('{"text": 7, "mark": 2}', "text is 7"),
        ('{"text": " ", "mark": 2}', "text is ' '"),
        ('{"text": "It hums.", "mark": 4}', "mark is 4"),
        ('{"text": "It hums.", "mark": true}', "mark is True"),
        ('{"text": "It hums.", "mark": NaN}', "mark is nan"),
        ('{"text": "It hums.", "mark": "2"}', "mark is '2'"),
    ],
)
def test_a_line_that_is_no_mark_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "marks.jsonl"
    path.write_text('{"text": "It hums.", "mark": 1.5}\n' + line + "\n")
    with pytest.raises(InputError, match="marks, line 2") as error:
        read_marks(path)
    assert said in str(error.value)
    assert "allowed is" in str(error.value)


def test_marks_that_teach_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "marks.jsonl"
    with pytest.raises(InputError, match="cannot be read"):
        read_marks(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_marks(path)
    path.write_text('{"text": "It hums.", "mark": 1}\n' * 3)
    with pytest.raises(InputError, match="marks are 3; allowed are 50 or more"):
        read_marks(path)
    path.write_text('{"text": "It hums.", "mark": 1}\n' * 50)
    with pytest.raises(InputError, match="all the same"):
        read_marks(path)


def test_training_writes_what_writing_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_CACHE", str(tmp_path / "cache"))
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(sentence.text for sentence in toy_sentences()), encoding="utf-8")
    settings = {"split": "2", "latent_dim": "4", "lora_rank": "4", "precision": "fp32", "lr": "0.01", "epochs": "2"}
    train_cvae(str(make_backbone(tmp_path / "backbone")), Source("text", text), tmp_path / "out", settings)
    path = tmp_path / "marks.jsonl"
    rows = [{"text": s.text, "mark": len(s.text) % 4} for s in toy_sentences()[:80]]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["train", "reader", "--checkpoint", str(tmp_path / "out"), "--marks", str(path)]) == 0
    printed = capsys.readouterr()
    assert "marks 80.000 mean" in printed.out
    assert "80 of 80 texts" in printed.err
    writer = Commentator(tmp_path / "out")
    reader = load_reader(tmp_path / "out", len(writer.engine.listen("The bass hums.")))
    assert reader is not None
    assert np.abs(reader.heard).max() > 0
    assert writer.drafts.choice.reader is not None


def test_a_checkpoint_without_frozen_layers_is_refused(tmp_path: Path) -> None:
    config = GruConfig(vocabulary_size=300, embedding_dim=17, hidden_dim=27, latent_dim=4, precision="fp32")
    GruCVAE.build(config, split_sentences(toy_sentences()).train, seed=0).save(tmp_path / "gru")
    with pytest.raises(InputError, match="has no backbone"):
        train_reader(tmp_path / "gru", [Marked("It hums.", 1.0)], lambda _: None)
