"""The backbone's BPE cut down to a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from deephypebot.errors import BackboneError, CheckpointError
from deephypebot.model.tokens import BOS, EOS, SLOTS, START, Vocabulary
from tests.toy_backbone import TEXTS, make_backbone

SOME = TEXTS[:2]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_backbone(tmp_path_factory.mktemp("tokens") / "toy")


@pytest.fixture(scope="module")
def vocabulary(backbone: Path) -> Vocabulary:
    return Vocabulary.build(backbone, SOME)


def test_slots_are_whole_tokens_after_the_backbones_own(backbone: Path, vocabulary: Vocabulary) -> None:
    size = json.loads((backbone / "config.json").read_text())["vocab_size"]
    assert [vocabulary.encode(slot) for slot in SLOTS] == [[size], [size + 1], [size + 2], [size + 3]]
    ids = vocabulary.encode("{title} by {artist}'s band")
    assert (ids[0], size + 1 in ids) == (size + 2, True)
    assert vocabulary.decode(ids) == "{title} by {artist}'s band"


def test_training_text_is_cut_as_the_backbone_cuts_it(backbone: Path, vocabulary: Vocabulary) -> None:
    full = Tokenizer.from_file(str(backbone / "tokenizer.json"))
    for text in SOME:
        between = text.replace("{title}", "{artist}").split("{artist}")
        expected = [i for part in between for i in full.encode(part.removesuffix(" ")).ids]
        assert [i for i in vocabulary.encode(text) if i < full.get_vocab_size()] == expected


def test_what_the_text_does_not_use_is_gone(backbone: Path, vocabulary: Vocabulary) -> None:
    full = Tokenizer.from_file(str(backbone / "tokenizer.json"))
    assert 256 + 1 + len(SLOTS) < vocabulary.size < full.get_vocab_size()
    assert vocabulary.ids == sorted(set(vocabulary.ids))
    assert EOS in vocabulary.ids
    assert not {BOS, START} & {*vocabulary.ids}
    own = vocabulary.tokenizer.get_vocab()
    assert all(own[token] == i for token, i in full.get_vocab().items() if token in own)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60))
def test_any_other_text_comes_back(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert {*ids} <= {*vocabulary.ids}
    assert vocabulary.decode(ids) == text


def test_a_text_ends_at_the_first_eos(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode([*vocabulary.encode("Over."), EOS, *vocabulary.encode("more")]) == "Over."


def test_saved_and_loaded_it_is_the_same(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.save(tmp_path / "tokenizer.json")
    loaded = Vocabulary.load(tmp_path / "tokenizer.json")
    assert loaded.ids == vocabulary.ids
    assert all(loaded.encode(text) == vocabulary.encode(text) for text in TEXTS)


@pytest.mark.parametrize("spoilt", [None, "", "{", "[]", '{"model": {}}'])
def test_a_spoilt_tokenizer_is_refused(backbone: Path, tmp_path: Path, spoilt: str | None) -> None:
    if spoilt is not None:
        (tmp_path / "tokenizer.json").write_text(spoilt)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: not a readable tokenizer"):
        Vocabulary.load(tmp_path / "tokenizer.json")
    with pytest.raises(BackboneError, match=r"tokenizer\.json cannot be used"):
        Vocabulary.build(tmp_path, SOME)
