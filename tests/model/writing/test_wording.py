"""He and she, and verbs in the wrong number."""

from __future__ import annotations

import pytest

from deephypebot.model.writing.wording import Wording, looks_plural, third_person, wrong_number
from deephypebot.types import Song

WORDS = [
    " sing", " sings", " carry", " carries", " are", " is", " have", " has", " just", " justs", " Sing", "sing", " halve",
    " halves", " theme", " themes", " he", "She", " her", " here", " go", " goes", " on", " ons", " glass", " animal",
]  # fmt: skip
PIECES = ["{artist}", " {title}", ".", " sing", "s", " hal", "ve", " he", " her", " here", "She", " so"]


def after(song: Song, *written: str) -> set[str]:
    """What may follow in a text of the pieces."""
    words = [" sing", " sings", " halve", " halves", " he", " her", " here", "She", " so"]

    def encode(word: str) -> list[int]:
        found = []
        while word:
            piece = max((p for p in PIECES if word.startswith(p)), key=len)
            found.append(PIECES.index(piece))
            word = word[len(piece) :]
        return found

    mask = Wording(PIECES, words, encode).about(song)([PIECES.index(piece) for piece in written])
    return {piece for piece, may in zip(PIECES, mask, strict=True) if may}


ONE, MANY = Song("Slowdive", "Alison"), Song("The Beatles", "Rain")


def test_nobody_is_called_he_or_she() -> None:
    assert after(ONE) == {"{artist}", " {title}", ".", " sing", " hal", " here", " so"}


def test_a_verb_goes_with_the_name_before_it() -> None:
    assert after(ONE, "{artist}", " sing") == {"s"}
    assert after(MANY, "{artist}", " sing") == {"{artist}", " {title}", ".", " sing", " hal", " here", " so"}
    assert after(ONE, "{artist}", " hal", "ve") == {"s"}
    assert "s" not in after(MANY, "{artist}", " hal", "ve")
    assert after(ONE, "{artist}", " so", " sing") >= {"s", "."}  # only right after the name


def test_a_name_that_is_too_long_is_left_out() -> None:
    assert "{artist}" not in after(Song("x" * 130, "Rain"))
    assert " {title}" not in after(Song("Slowdive", "x" * 130))


def test_pairs_of_verbs() -> None:
    assert wrong_number(WORDS, plural=False) == {" sing", " carry", " are", " have", " halve", " theme", " go", " on"}
    assert wrong_number(WORDS, plural=True) == {
        " sings",
        " carries",
        " is",
        " has",
        " halves",
        " themes",
        " goes",
        " ons",
    }


@pytest.mark.parametrize(
    ("verb", "third"),
    [
        ("sing", "sings"), ("carry", "carries"), ("play", "plays"), ("push", "pushes"), ("miss", "misses"), ("go", "goes"),
        ("buzz", "buzzes"), ("echo", "echoes"), ("boo", "boos"), ("have", "has"), ("are", "is"), ("do", "does"),
    ],
)  # fmt: skip
def test_third_persons(verb: str, third: str) -> None:
    assert third_person(verb) == third


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("The Rolling Stones", True), ("Los Lobos", True), ("Simon & Garfunkel", True), ("Glass Animals", True),
        ("Hall and Oates", True), ("Animals", True), ("Miles Davis", False), ("Azealia Animals", False), ("Bonus", False),
        ("The Cure", False), ("Joss", False), ("IU", False), ("\u67da\u5b50", False), ("Ada Andrews", False), ("s", False),
        ("The", False),
    ],
)  # fmt: skip
def test_names_that_look_plural(name: str, plural: bool) -> None:
    assert looks_plural(name, {word[1:] for word in WORDS}) is plural
