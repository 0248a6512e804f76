"""Rewards: plain functions of texts and attributes, each giving a number from 0 to 1 a text.

A wish weighs rewards: with a weight w above 0 a text is worth w log(reward), below 0 it is worth |w| log(1 - reward), so that no
reward and no penalty is without bound. The same numbers are what the heads of the critic learn (lcgan.py), and what drafts are
chosen by (choose.py). None of them is read by what measures the texts in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deephypebot.config import deepmoji_dir
from deephypebot.corpus.topics import SHIPPED, Topics, load_topics
from deephypebot.model.judging.judges import load_judges
from deephypebot.model.judging.kinds import load_kinds
from deephypebot.model.judging.sentiment import Sentiment, load_sentiment
from deephypebot.model.judging.text_features import bucket_counts
from deephypebot.model.measures import words
from deephypebot.types import KINDS, Attributes, Wish

Floats = NDArray[np.floating[Any]]
Reward = Callable[[Sequence[str], Sequence[Attributes]], Floats]
UNWANTED = ("promo", "release", "live")
VIVID_MIDDLE, VIVID_SPREAD = 3.7, 0.39  # mean and standard deviation of the rarity of built-in descriptions
FLOOR = 0.02  # a reward counts as this much at least, so its log is bounded
STYLE_WEIGHTS: dict[str, dict[str, float]] = {
    "descriptive": {"descriptive": 1.0, "unwanted": -1.0},
    "warm": {"warm": 1.0, "unwanted": -1.0},
    "wild": {"vivid": 1.0, "unwanted": -1.0},
    "plain": {"vivid": -1.0, "unwanted": -1.0},
}


def descriptive(texts: Sequence[str], attributes: Sequence[Attributes]) -> Floats:
    """p(kind = description | text) by the "reward" half of kinds.py."""
    return _of_kinds(texts, ("description",))


def unwanted(texts: Sequence[str], attributes: Sequence[Attributes]) -> Floats:
    """p(kind is promo, release or live | text), what the 2018 system called its unwanted topics."""
    return _of_kinds(texts, UNWANTED)


def _of_kinds(texts: Sequence[str], kinds: Sequence[str]) -> Floats:
    probs = np.exp(load_kinds("reward").log_probs(texts))
    result: Floats = probs[:, [KINDS.index(kind) for kind in kinds]].sum(axis=1)
    return result


def vivid(texts: Sequence[str], attributes: Sequence[Attributes]) -> Floats:
    """How rare a text's words are: the mean inverse document frequency of its words (Spärck Jones 1972), 0.5 for an average
    description of the built-in corpus, by the logistic function of its standard score."""
    idf = _idf()
    rarity = [float(np.mean([idf[_bucket(word)] for word in words(text)] or [VIVID_MIDDLE])) for text in texts]
    result: Floats = sigmoid((np.array(rarity, np.float32) - VIVID_MIDDLE) / VIVID_SPREAD)
    return result


@cache
def _idf() -> Floats:
    return load_judges().idf


@lru_cache(1 << 16)  # words are without number
def _bucket(word: str) -> int:
    return int(bucket_counts(word)[0][0])


def warm(read: Sentiment) -> Reward:
    """How warm a text sounds: DeepMoji's or VADER's score (sentiment.py), moved from -1..1 to 0..1."""
    return lambda texts, attributes: (1 + read(texts)) / 2


def topic(topics: Topics, weights: Mapping[int, float]) -> Reward:
    """(1 + sum of weight times share of topic) / 2: wanted and unwanted topics with weights from -1 to 1, as in the 2018 system.

    Raises InputError for a topic that does not exist.
    """
    signed = np.zeros(topics.number)
    for k, weight in weights.items():
        signed[topics.checked(k)] = weight
    return lambda texts, attributes: (1 + topics.probs(texts) @ signed) / 2


def topic_reward(wish: Wish) -> dict[str, Reward]:
    """The reward "topics" of a wish, nothing where it names none. Raises InputError for a topic or a file that cannot be used."""
    return {"topics": topic(load_topics(wish.topic_file or SHIPPED), dict(wish.topics))} if wish.topics else {}


def style_rewards() -> dict[str, Reward]:
    """The rewards that styles are made of, by name. Raises BackboneError where DeepMoji is asked for and cannot be used."""
    return {
        "descriptive": descriptive,
        "unwanted": unwanted,
        "warm": warm(load_sentiment(deepmoji_dir())),
        "vivid": vivid,
    }


def wish_weights(wish: Wish) -> dict[str, float]:
    """What a wish weighs the rewards of its styles and its topics by."""
    return style_weights(wish.styles) | ({"topics": 1.0} if wish.topics else {})


def style_weights(styles: Sequence[str]) -> dict[str, float]:
    """The weights of several styles at once: of each reward the mean over the styles that weigh it."""
    found: dict[str, list[float]] = {}
    for style in styles:
        for name, weight in STYLE_WEIGHTS[style].items():
            found.setdefault(name, []).append(weight)
    return {name: float(np.mean(weights)) for name, weights in found.items()}


def worth(values: Mapping[str, Any], weights: Mapping[str, float]) -> Any:
    """What rewards, numbers or (N,), are worth to a wish, in nats, at most 0."""
    return sum(
        abs(w) * np.log(np.clip(values[name] if w > 0 else 1 - values[name], FLOOR, 1)) for name, w in weights.items()
    )


def sigmoid(x: Any) -> Any:
    """The logistic function of a number or of (N,)."""
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))
