"""Choosing among drafts: what must not be posted is dropped, and of the rest the draft that is worth most is taken.

A draft is worth AGREEMENT log s(x / SURE), where x is what it has of the attributes, log p(words | a) - log p(words) of the unigram
model (word_bias.py), and s the logistic function, as what agrees need not agree any louder; less FLOW times what the writer itself
paid for a token; ODDS times the log of the odds that it is the corpus's (realism.py); MARK times the mark that a reader would give it
(reader.py); and WISHED times what its rewards are worth to the wish (rewards.py), all in nats. How fresh its words are (freshness.py)
is told, not weighed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from deephypebot.model.judging.copying import Runs
from deephypebot.model.judging.facts import find_claim
from deephypebot.model.judging.freshness import Freshness
from deephypebot.model.judging.reader import MOST, Reader
from deephypebot.model.judging.realism import Realism
from deephypebot.model.judging.rewards import FLOOR, Reward, sigmoid, style_rewards, topic_reward, wish_weights, worth
from deephypebot.model.measures import WORD, ngrams, words
from deephypebot.model.writing.decode import Decoded
from deephypebot.songs import fill_slots, find_fault
from deephypebot.types import Attributes, Song, Wish

Array = np.ndarray[Any, Any]
AGREEMENT = 30.0
SURE = 2.0  # nats, odds of 7 to 1 that the attributes were these
FLOW = 2.5
ODDS = 0.5
MARK = 15.0  # of a mark, 0 to 3
WISHED = 4.0
ENGLISH = frozenset("the a and of".split())
LIKE = 5  # words in a row that two texts may not share
OPENING = 4  # words at the start of a text that no other begins with
ALIKE = 0.5  # share of their words of content that two texts may share


class Scored(Protocol):
    """What choosing asks of an engine."""

    ids: Array

    def decode(self, ids: Sequence[int]) -> str: ...
    def word_bias(self, attributes: Attributes) -> Array: ...


@dataclass(frozen=True)
class Chosen:
    """A draft that may be posted. text: slots unfilled; rewards: 0..1 by name; value: what it is worth, in nats."""

    text: str
    draft: Decoded
    rewards: dict[str, float]
    value: float


class Choice:
    """Chooses among drafts of an engine. words: known in small letters; runs: of the training text; realism, reader and freshness:
    of drafts;
    rewards: by default those of styles."""

    def __init__(
        self,
        engine: Scored,
        words: Sequence[str],
        runs: Runs | None = None,
        realism: Realism | None = None,
        reader: Reader | None = None,
        freshness: Freshness | None = None,
        rewards: dict[str, Reward] | None = None,
    ) -> None:
        self.engine, self.runs = engine, runs
        self.realism, self.reader, self.freshness = realism, reader, freshness
        self.words = frozenset(word.strip() for word in words if word.strip().islower())
        self.english = self.words >= ENGLISH  # facts.py knows no other language, and others write nouns with capitals
        self.rewards = style_rewards() if rewards is None else rewards

    def best(self, drafts: Sequence[Decoded], song: Song, attributes: Attributes, wish: Wish) -> Chosen | None:
        """The draft that is worth most, None where none may be posted. Raises InputError for a topic that does not exist."""
        texts = [self.engine.decode(draft.ids).strip() for draft in drafts]
        asked = self._asked(attributes)
        sound = [
            (text, draft)
            for text, draft in zip(texts, drafts, strict=True)
            if draft.finished and self.find_fault(text, song, attributes, wish) is None
        ]
        chosen = [self._weigh(text, draft, attributes, wish, asked(draft)) for text, draft in sound]
        return max(chosen, key=lambda one: one.value, default=None)

    def find_fault(self, text: str, song: Song, attributes: Attributes, wish: Wish) -> str | None:
        """Why a text, slots unfilled, must not be posted, or None."""
        if fault := find_fault(fill_slots(text, song), song):
            return fault
        if self.english and (claim := find_claim(text, _given(song, attributes), self.words, wish.pronouns)):
            return claim
        return "quotes the training text" if self.runs and self.runs.is_copied(text) else None

    def _weigh(self, text: str, draft: Decoded, attributes: Attributes, wish: Wish, nats: float) -> Chosen:
        known = self.rewards | topic_reward(wish)
        rewards = {name: float(reward([text], [attributes])[0]) for name, reward in known.items()}
        weights = {name: weight for name, weight in wish_weights(wish).items() if name in rewards}
        wished = wish.strength * float(worth(rewards, weights))
        odds = self.realism(draft.heard) if self.realism else 0.0
        mark = self.reader(text, draft.heard) if self.reader else 0.0
        fresh = max(self.freshness(text), FLOOR) if self.freshness else 1.0
        agreement = max(float(sigmoid(nats / SURE)), FLOOR)
        rewards |= {"agreement": agreement, "realism": float(sigmoid(odds))}
        rewards |= {"reader": mark / MOST} if self.reader else {}
        rewards |= {"fresh": fresh} if self.freshness else {}
        value = AGREEMENT * math.log(agreement) - FLOW * draft.nll + ODDS * odds + MARK * mark
        return Chosen(text, draft, rewards, value + WISHED * wished)

    def _asked(self, attributes: Attributes) -> Callable[[Decoded], float]:
        """How much of the attributes a draft has, in nats."""
        asked = dict(zip(self.engine.ids.tolist(), self.engine.word_bias(attributes).tolist(), strict=True))
        return lambda draft: sum(asked.get(token, 0.0) for token in set(draft.ids))


def is_like(text: str, others: Sequence[str]) -> bool:
    """Whether a text begins as another one, or shares LIKE words in a row, or more than ALIKE of its longer words, with it."""
    runs, content = {*ngrams(words(text), LIKE)}, _content(text)
    for other in others:
        if text.split()[:OPENING] == other.split()[:OPENING]:
            return True
        shared = content & _content(other)
        if runs & {*ngrams(words(other), LIKE)} or len(shared) > ALIKE * max(
            1, min(len(content), len(_content(other)))
        ):
            return True
    return False


def _content(text: str) -> set[str]:
    return {word for word in words(text) if len(word) > 3}


def _given(song: Song, attributes: Attributes) -> frozenset[str]:
    """The words of the input, case folded."""
    texts = [song.artist, song.title, *attributes.genres]
    return frozenset(word for text in texts for word in WORD.findall(text.casefold()))
