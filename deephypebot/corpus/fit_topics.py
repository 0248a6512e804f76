"""Finding topics, and measuring what they are worth, so that their number is chosen and not only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deephypebot.corpus.topics import TOPICS, Floats, Topics, words_of
from deephypebot.errors import InputError, shown
from deephypebot.types import Sentence

MAX_WORDS, LEAST_WORDS = 8000, 10
RARE, COMMON = 5, 0.1  # sentences that a word must stand in, and the share that it may stand in
PASSES, BATCH = 5, 512  # over the corpus; sentences between two updates of the topics
TOP, EXAMPLES = 10, 10


def fit_topics(sentences: Sequence[Sentence], number: int, seed: int = 0) -> Topics:
    """So many topics of sentences without stop words and slots, by scikit-learn's online LDA; the same for the same seed.

    `about` tells the coherence (mean NPMI, below) and, where kinds are known, how well topics match them (NMI). Raises InputError
    where too few words are left, or for a bad number.
    """
    low, high = TOPICS
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise InputError(f"topics is {shown(number)}; allowed is a whole number from {low} to {high}")
    from sklearn.decomposition import LatentDirichletAllocation

    texts = [sentence.text for sentence in sentences]
    counts, vocabulary = count_words(texts)
    draw = np.random.RandomState(np.random.MT19937(seed))  # takes seeds of any size
    model = LatentDirichletAllocation(
        number, learning_method="online", batch_size=BATCH, max_iter=PASSES, random_state=draw
    )
    probs = model.fit_transform(counts)
    largest = np.argsort(-model.components_.sum(1), kind="stable")
    weight, probs = model.components_[largest].astype(np.float32), probs[:, largest]
    topics = Topics(weight, vocabulary, float(model.doc_topic_prior_), ((),) * number, {})
    examples = tuple(typical(probs[:, k], texts) for k in range(number))
    about: dict[str, Any] = {"seed": seed, "sentences": len(texts), "coherence": coherence(topics, counts)}
    known = [i for i, sentence in enumerate(sentences) if sentence.attributes.kind]
    if known:
        kinds = [str(sentences[i].attributes.kind) for i in known]
        about |= kind_match(probs[known].argmax(1), kinds, number)
    return replace(topics, examples=examples, about=about)


def count_words(texts: Sequence[str]) -> tuple[Any, tuple[str, ...]]:
    """A sparse (N, V) matrix of counts, and the words of its columns. Raises InputError where too few are left."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    few = len(texts) < 1000
    split = CountVectorizer(
        analyzer=lambda text: [word for word in words_of(text) if word not in ENGLISH_STOP_WORDS],
        min_df=2 if few else RARE,
        max_df=1.0 if few else COMMON,
        max_features=MAX_WORDS,
    )
    try:
        counts = split.fit_transform(texts)
        words = tuple(str(word) for word in split.get_feature_names_out())
    except ValueError:  # nothing is left
        words = ()
    if len(words) < LEAST_WORDS:
        raise InputError(
            f"the corpus has {len(texts)} sentences and {len(words)} words that stand in several of them; "
            f"needed are {LEAST_WORDS} or more"
        )
    return counts, words


def coherence(topics: Topics, counts: Any) -> float:
    """The mean over topics of the normalised pointwise mutual information of their likeliest words, -1..1, counted over whole
    sentences (Bouma 2009; Lau, Newman and Baldwin 2014)."""
    stands = (counts > 0).astype(np.float64)
    scores = []
    for weight in topics.weight:
        best = np.argsort(-weight, kind="stable")[:TOP]
        columns = stands[:, best].toarray()
        alone, together = columns.mean(0), columns.T @ columns / len(columns)
        scores += [_npmi(together[i, j], alone[i] * alone[j]) for i, j in combinations(range(len(best)), 2)]
    return float(np.mean(scores))


def _npmi(together: float, by_chance: float) -> float:
    if together in (0.0, 1.0):
        return -1.0 if together == 0 else 1.0
    return float(np.log(together / by_chance) / -np.log(together))


def kind_match(topic: NDArray[np.intp], kinds: Sequence[str], number: int) -> dict[str, Any]:
    """Normalised mutual information of each sentence's likeliest topic and its kind, 0..1, and the kinds of each topic's sentences."""
    from sklearn.metrics import normalized_mutual_info_score

    of_topic = [Counter(kind for kind, k in zip(kinds, topic, strict=True) if k == own) for own in range(number)]
    counted = [dict(counter.most_common()) for counter in of_topic]
    return {"nmi_with_kind": float(normalized_mutual_info_score(kinds, topic)), "kinds": counted}


def typical(share: Floats, texts: Sequence[str]) -> tuple[str, ...]:
    """The texts that are most of all of a topic: share (N,)."""
    return tuple(texts[i] for i in np.argsort(-share, kind="stable")[:EXAMPLES])
