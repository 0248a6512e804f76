"""Words as they may be spelt."""

from __future__ import annotations

import pytest

from deephypebot.model.writing.lexicon import Lexicon, words_of

PIECES = [
    "<end>",
    " peace",
    "boat",
    " row",
    "ing",
    "The",
    " a",
    "-",
    ".",
    " {artist}",
    "'s",
    " pe",
    "row",
    " don",
    "'t",
    "\ufffd",
]
TEXTS = ("The peace, a rowboat - rowing.", "{artist}'s peace-row don't.")


def encode(word: str) -> list[int]:
    """The longest pieces from the left."""
    found: list[int] = []
    while word:
        piece = max((p for p in PIECES if word.startswith(p)), key=len)
        found.append(PIECES.index(piece))
        word = word[len(piece) :]
    return found


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(PIECES, [tuple(encode(word)) for word in words_of(TEXTS)])


def after(lexicon: Lexicon, *written: str) -> set[str]:
    mask = lexicon.allowed([PIECES.index(piece) for piece in written])
    return {piece for piece, ok in zip(PIECES, mask, strict=True) if ok}


def test_words_are_taken_from_texts_without_their_slots() -> None:
    assert words_of(TEXTS) == sorted([" peace", " a", " rowboat", " rowing", "The", "'s", "row", " don't"])
    assert words_of(["caf\u00e9 na\u00efve, 2 {title}"]) == [" na\u00efve", "caf\u00e9"]


BETWEEN = {"<end>", "-", ".", " {artist}"}
SPACED = {" peace", " row", " a", " don"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], BETWEEN | SPACED | {"The", "row", "'s"}),
        (["The"], BETWEEN | SPACED),
        ([" peace"], BETWEEN | SPACED),  # no "peaceboat"
        ([" row"], {"boat", "ing"}),  # " row" is no word here, "rowboat" and "rowing" are
        ([" row", "boat"], BETWEEN | SPACED),
        ([" peace", "-"], BETWEEN | SPACED | {"The", "row", "'s"}),
        ([" {artist}"], BETWEEN | SPACED | {"The", "row", "'s"}),
        ([" don"], {"'t"}),
        ([" a", " row"], {"boat", "ing"}),
        ([" pe"], set()),  # a piece that no word begins with
    ],
)  # fmt: skip
def test_a_word_goes_on_and_ends_as_some_word_does(lexicon: Lexicon, written: list[str], expected: set[str]) -> None:
    assert after(lexicon, *written) == expected


def test_without_words_all_is_allowed() -> None:
    assert after(Lexicon(PIECES, []), " peace", "boat") == set(PIECES)
