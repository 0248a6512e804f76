"""What is dropped before anything is chosen, and what is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from deephypebot.errors import InputError
from deephypebot.model.judging.copying import fit_runs
from deephypebot.model.judging.facts import find_claim
from deephypebot.model.writing.choose import Choice, is_like
from deephypebot.model.writing.decode import Decoded
from deephypebot.types import Attributes, Song, Wish
from tests.phrase_engine import PhraseEngine

ALISON = Song("Slowdive", "Alison")
FOG = "The guitars pour in as slowly as fog over a harbour wall."
ROPE = "The drums hit like wet rope on the deck of a slow ship."
KNOWN = frozenset("a an and as bass but by drums fog hums in is it of on one slowly the this under voice".split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{artist} hums in Berlin, and the bass is slow.", "names 'Berlin'"),
        ("Marlow's bass is slow.", 'names "Marlow\'s"'),
        ("It is slow, as in 1994.", "claims a number"),
        ("Four minutes of fog.", "claims a count"),
        ("A bass line from the second album.", "claims a release"),
        ("The voice was recorded in a barn.", "claims a recording"),
        ("The label must be pleased.", "claims a label"),
        ("This one will top the charts.", "claims a chart"),
        ("A voice that grew up by the sea.", "claims a life"),
        ("Two brothers hum under the bass.", "claims people"),
        ("The bass of last summer.", "claims a time"),
        ("{artist} sings about a river.", "claims a subject"),
        ("This one is about a river.", "claims a subject"),
        ("{artist} hums softly, two lines about the river.", "claims a subject"),
        ("{artist} whispers the tale of a lost dog.", "claims a subject"),
        ("A synth sweeps in for sixteen minutes.", "claims a count"),
        ("The curtain sings its part in two languages.", "claims a count"),
        ("{artist} plays the bass.", "claims a player"),
        ("{artist} softly strums one chord.", "claims a player"),
        ("{artist} sings “river” twice.", "claims words"),
        ('A choir shouts "slow fog" and then "hey".', "claims words"),
        ("The bass is hers.", "calls somebody 'hers'"),
        ("On this one he hums.", "calls somebody 'he'"),
    ],
)
def test_facts_that_nobody_gave_are_found(text: str, said: str) -> None:
    assert said in str(find_claim(text, (), KNOWN))


@pytest.mark.parametrize(
    "text",
    [
        "The bass hums, and I hum under it.",
        "{artist}'s voice is slow. A bass hums in C minor on {title}.",
        "A Rhodes hums under the 808 in 6/8.",
        "A string quartet hums. It is slow!",
        "“Oh, yeah,” it hums. The bass is about to leave.",
        "{artist} plays with the fog, and {title} plays a slow bass.",
    ],
)
def test_sound_may_be_told(text: str) -> None:
    assert find_claim(text, (), KNOWN | {"oh"}) is None


def test_what_the_input_gives_may_be_named() -> None:
    assert find_claim("A Berlin bass hums.", (), KNOWN) is not None
    assert find_claim("A Berlin bass hums.", {"berlin"}, KNOWN) is None
    assert find_claim("It hums “river”.", {"river"}, KNOWN) is None
    assert find_claim("The voice is hers.", (), KNOWN, "she") is None
    assert find_claim("The voice is his.", (), KNOWN, "she") is not None


def drafts_of(*phrases: str) -> tuple[PhraseEngine, list[Decoded]]:
    engine = PhraseEngine(phrases)
    return engine, [Decoded([i + 10 for i in known[:-1]], True, 2.0) for known in engine.known]


def test_what_must_not_be_posted_is_dropped() -> None:
    engine, drafts = drafts_of(FOG, ROPE)
    words = [word for phrase in (FOG, ROPE) for word in phrase.lower().replace(".", "").split()]
    choice = Choice(engine, words, fit_runs([ROPE]), rewards={})
    chosen = choice.best(drafts, ALISON, Attributes(), Wish())
    assert chosen is not None
    assert chosen.text == FOG
    assert chosen.rewards == {"agreement": 0.5, "realism": 0.5}
    assert choice.best(drafts[1:], ALISON, Attributes(), Wish()) is None
    unfinished = [Decoded(draft.ids, False, draft.nll) for draft in drafts]
    assert choice.best(unfinished, ALISON, Attributes(), Wish()) is None


def test_claims_are_looked_for_where_the_words_are_english() -> None:
    german = "Die Gitarren klingen wie ein Nebel über dem Hafen von Kiel."
    english = "The guitars ring on like a fog over the old harbour of Kiel."
    for phrase, words in ((german, "die gitarren wie ein nebel"), (english, "the guitars ring on like a fog and of")):
        engine, drafts = drafts_of(phrase)
        chosen = Choice(engine, words.split(), rewards={}).best(drafts, ALISON, Attributes(), Wish())
        assert (chosen is None) == (phrase == english)


def test_the_wish_decides_among_what_is_left() -> None:
    engine, drafts = drafts_of(FOG, ROPE)
    is_foggy = {"vivid": lambda texts, attributes: np.array(["fog" in text for text in texts], np.float32)}
    choice = Choice(engine, [], rewards=is_foggy)
    for style, text in (("wild", FOG), ("plain", ROPE)):
        chosen = choice.best(drafts, ALISON, Attributes(), Wish(styles=(style,)))
        assert chosen is not None
        assert chosen.text == text
    dear = [Decoded(drafts[0].ids, True, 9.0), drafts[1]]
    chosen = choice.best(dear, ALISON, Attributes(), Wish(styles=("wild",), strength=0.1))
    assert chosen is not None
    assert chosen.text == ROPE


def test_texts_that_say_the_same_are_alike() -> None:
    assert is_like(FOG, [ROPE, FOG])
    assert not is_like(FOG, [ROPE])
    assert not is_like(FOG, [])
    assert is_like("Then the guitars pour in as if rehearsed.", [FOG])  # five words in a row
    assert is_like("The guitars pour in and out of a bus.", [FOG])  # the same beginning
    assert is_like("Guitars over the harbour: slowly, a wall.", [FOG])  # the same words of content


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"styles": ("loud",)}, "style is 'loud'; allowed is descriptive, warm, wild, plain"),
        ({"constraint": "gan"}, "constraint is 'gan'; allowed is none, lcgan, guided"),
        ({"strength": 5}, "strength is 5; allowed is a number from 0 to 1"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"strength": True}, "strength is True"),
        ({"pronouns": "it"}, "pronouns is 'it'; allowed is they, she, he"),
        ({"best_of": 0}, "best_of is 0; allowed is 1 to 100"),
        ({"best_of": 2.5}, "best_of is 2.5"),
    ],
)
def test_a_wish_is_checked_at_birth(given: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Wish(**given)
