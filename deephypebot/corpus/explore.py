"""Counts of a corpus, each with examples behind it: words, genres, kinds, topics, and what the texts are biased by (the 2018 system's row 14)."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

EXAMPLES, MOST_KEPT = 10, 2000
PRONOUNS = {
    "he": frozenset("he him his himself".split()),
    "she": frozenset("she her hers herself".split()),
    "they": frozenset("they them their theirs themselves".split()),
}
BASED = re.compile(
    r"\b([A-ZÀ-Þ][\w.'’-]+(?:\s[A-ZÀ-Þ][\w.'’-]+){0,2})[-–]based\b|\bbased\s(?:in|out\sof)\s([A-ZÀ-Þ][\w.]+(?:\s[A-ZÀ-Þ][\w.]+)?)"
)
WORD = re.compile(r"[a-z]+")


@dataclass
class Tally:
    """How often each thing is there, and a fair draw of the sentences that have it (reservoir sampling, Vitter 1985)."""

    seed: int = 0
    number: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def add(self, name: str, text: str) -> None:
        """One more."""
        self.number[name] += 1
        if name not in self.shown and len(self.shown) >= MOST_KEPT:
            return
        examples = self.shown.setdefault(name, [])
        if len(examples) < EXAMPLES:
            examples.append(text)
        elif (place := self.draw.randrange(self.number[name])) < EXAMPLES:
            examples[place] = text

    def top(self, most: int) -> list[tuple[str, int, list[str]]]:
        """The commonest, each with its number and examples."""
        return [(name, number, self.shown.get(name, [])) for name, number in self.number.most_common(most)]


@dataclass(frozen=True)
class Readers:
    """What tells of texts, by names that belong to the model: kinds of texts, and places in one."""

    kinds: Callable[[Sequence[str]], Sequence[str]]
    places: Callable[[str], Sequence[str]]
    topics: Callable[[Sequence[str]], Sequence[str]]


@dataclass
class Exploration:
    """All counts. pairs: of genres that a song has both of; posts: by their number of kept sentences; words: of sentences, in bins."""

    sentences: int = 0
    words: Tally = field(default_factory=Tally)
    per_post: Counter[str] = field(default_factory=Counter)
    genres: Tally = field(default_factory=Tally)
    roots: Tally = field(default_factory=Tally)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Tally = field(default_factory=Tally)
    topics: Tally = field(default_factory=Tally)
    pronouns: Tally = field(default_factory=Tally)
    pronouns_of_root: dict[str, Counter[str]] = field(default_factory=dict)
    places: Tally = field(default_factory=Tally)
    based: Tally = field(default_factory=Tally)
    sites: Tally = field(default_factory=Tally)


def explore(rows: Iterable[dict[str, Any]], readers: Readers) -> Exploration:
    """Count the sentences of a corpus."""
    found = Exploration()
    seen: set[tuple[str, str]] = set()
    batch: list[dict[str, Any]] = []
    for row in rows:
        _count(row, found, readers, seen)
        batch.append(row)
        if len(batch) == 1000:
            _count_read(batch, found, readers)
            batch = []
    _count_read(batch, found, readers)
    return found


def _count(row: dict[str, Any], found: Exploration, readers: Readers, seen: set[tuple[str, str]]) -> None:
    text, genres = row["text"], list(dict.fromkeys(row["genres"] or []))
    found.sentences += 1
    found.words.add(f"{5 * (len(text.split()) // 5):02}", text)
    found.per_post[row["post"]] += 1
    found.sites.add(row["site"] or "unknown", text)
    song = (row["artist"], row["title"])
    for genre in genres or ["unknown"]:
        found.genres.add(genre, text)
    if song not in seen:
        seen.add(song)
        found.pairs.update(combinations(sorted(genres), 2))
    root = row["genre_root"] or "unknown"
    found.roots.add(root, text)
    words = set(WORD.findall(text.lower()))
    for name, own in PRONOUNS.items():
        if words & own:
            found.pronouns.add(name, text)
            found.pronouns_of_root.setdefault(root, Counter())[name] += 1
    for place in set(readers.places(text)):
        found.places.add(place, text)
    for match in BASED.finditer(row["original"]):
        found.based.add(match[1] or match[2], row["original"])


def _count_read(batch: list[dict[str, Any]], found: Exploration, readers: Readers) -> None:
    texts = [row["text"] for row in batch]
    if not texts:
        return
    for text, kind, topic in zip(texts, readers.kinds(texts), readers.topics(texts), strict=True):
        found.kinds.add(kind, text)
        found.topics.add(topic, text)
