"""Main verbs, by sentences that have one and fragments that have none."""

from __future__ import annotations

import pytest

from deephypebot.corpus.grammar import has_main_verb


@pytest.mark.parametrize(
    "sentence",
    [
        "{title} sways.",
        "The synths swirl around her voice.",
        "When the drums kick in, the whole room seems to lean.",
        "With the hook that they wrote in June, {artist} have outdone themselves.",
        "What I love most about it is the bass.",
        "The voice, which never hurries, settles over a bed of strings.",
        "It's the sound of a city that forgot to sleep.",
        "{artist} caught our ear with a melody that never quite resolves.",
        "{title} layers a flute over a beat that limps.",
        "The track's a slow burner from the first bar.",
        "Play it when the lights are low.",
        "Vocals and guitars trade places until nobody knows who leads.",
    ],
)
def test_sentences_with_a_main_verb(sentence: str) -> None:
    assert has_main_verb(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "{title}",
        "A slow burner with a chorus that sticks.",
        "Hushed vocals over a beat that limps and stumbles.",
        "A voice that makes you feel at home.",
        "The sort of tune which grows and swells until the lights come on.",
        "Because it is the one song that she never plays live.",
        "Recorded in a kitchen, with a guitar that was borrowed from a neighbour.",
        "Smooth, hazy pop for the long drive home.",
    ],
)
def test_fragments_have_none(sentence: str) -> None:
    assert not has_main_verb(sentence)


def test_length_does_not_matter() -> None:
    assert not has_main_verb("a song that sways and " * 2000)
