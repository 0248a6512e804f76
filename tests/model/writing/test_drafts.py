"""Several drafts for a text, and the choice among them."""

from __future__ import annotations

import numpy as np
import pytest

from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.decode import Array, Sampling
from deephypebot.model.writing.drafts import BATCH, Drafts, pieces
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Song, Wish
from tests.phrase_engine import PhraseEngine

ALISON, CALM, LOUD = Song("Slowdive", "Alison"), Attributes(energy=0.1), Attributes(energy=0.9)
HUSHED = "A hushed organ holds one chord until the windows hum along."
ROARING = "A roaring organ holds one chord until the windows give way."
BROKEN = "A hushed organ breaks off in the middle of a long sentence about the"
DRAWN = Sampling(temperature=1.0, top_p=1.0)


class Moody(PhraseEngine):
    """Knows which of its words are calm, which are loud."""

    def word_bias(self, attributes: Attributes) -> Array:
        loud = (attributes.energy or 0.5) - 0.5
        return np.array([loud * ((word == " roaring") - (word == " hushed")) for word in self.words], np.float32)


def drafts_of(*phrases: str) -> Drafts:
    engine = Moody(phrases)
    return Drafts(engine, Wording(engine.words, [], lambda word: engine.encode(word)), Choice(engine, [], rewards={}))


def texts(drafts: Drafts, asked: list[Attributes], seeds: list[int], sampling: Sampling) -> list[str | None]:
    found = drafts.best(pieces(ALISON, asked, seeds, sampling))
    return [None if chosen is None else chosen.text for chosen in found]


def test_of_many_drafts_the_one_that_was_asked_for_is_chosen() -> None:
    drafts, many = drafts_of(HUSHED, ROARING), Sampling(temperature=1.0, top_p=1.0, drafts=12)
    assert texts(drafts, [CALM, LOUD] * 3, [1, 2, 3, 4, 5, 6], many) == [HUSHED, ROARING] * 3


def test_one_draft_is_taken_as_it_comes() -> None:
    found = texts(drafts_of(HUSHED, ROARING), [CALM] * 40, list(range(40)), DRAWN)
    assert 10 < found.count(HUSHED) < 30


def test_broken_drafts_are_never_chosen() -> None:
    many = Sampling(temperature=1.0, top_p=1.0, drafts=12)
    assert texts(drafts_of(BROKEN, ROARING), [CALM], [1], many) == [ROARING]
    assert texts(drafts_of(BROKEN), [CALM, LOUD], [1, 2], many) == [None, None]


def test_pieces_of_any_kind_share_batches_and_give_what_they_give_alone() -> None:
    cold, other = Sampling(temperature=0.0, drafts=2), Song("The Beatles", "Rain")
    asked = [
        *pieces(ALISON, [CALM, LOUD], [1, 2], DRAWN),
        *pieces(other, [CALM, LOUD], [1, 2], cold, Wish(pronouns="she")),
        *pieces(other, [CALM] * 30, range(30), DRAWN, Wish(styles=(), best_of=11)),
        *pieces(ALISON, [LOUD], [3], cold),
    ]
    drafts = drafts_of(HUSHED, ROARING, BROKEN, "Her organ holds one chord until the windows hum along.")
    together = drafts.draw(asked)
    assert [len(own) for own in together] == [1, 1, 2, 2, *[11] * 30, 2]
    assert max(drafts.engine.batches) <= BATCH < sum(drafts.engine.batches)  # type: ignore[attr-defined]
    assert together == [drafts.draw([piece])[0] for piece in asked]


def test_nothing_comes_of_nothing() -> None:
    assert drafts_of(HUSHED).best([]) == []


@pytest.mark.parametrize("number", [1, 3, 90])
def test_what_a_seed_gives_does_not_hang_on_its_company(number: int) -> None:
    drafts, few = drafts_of(HUSHED, ROARING), Sampling(temperature=1.0, top_p=1.0, drafts=number)
    together = texts(drafts, [CALM, LOUD, CALM], [7, 8, 9], few)
    assert together == [texts(drafts, [a], [s], few)[0] for a, s in ((CALM, 7), (LOUD, 8), (CALM, 9))]


def test_the_first_draft_of_a_seed_stays_whatever_the_number() -> None:
    drafts = drafts_of(HUSHED, ROARING, BROKEN)
    one = drafts.draw(pieces(ALISON, [CALM], [5], DRAWN))
    four = drafts.draw(pieces(ALISON, [CALM], [5], Sampling(temperature=1.0, top_p=1.0, drafts=4)))
    assert four[0][:1] == one[0]
    assert len({tuple(draft.ids) for draft in four[0]}) > 1
