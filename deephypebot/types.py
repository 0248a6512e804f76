"""The values that flow through deephypebot, in flow order: Entry, Mention, Song, Attributes, Document, Sentence, Candidate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deephypebot.errors import InputError, shown

KINDS = ("description", "reception", "biography", "release", "personal", "promo", "live")
UNIT_FEATURES = ("energy", "valence", "danceability", "acousticness")
FEATURES = (*UNIT_FEATURES, "tempo")
TEMPO_RANGE_BPM = (20.0, 300.0)
STYLES = ("descriptive", "warm", "wild", "plain")
CONSTRAINTS = ("none", "lcgan", "guided")
PRONOUNS = ("they", "she", "he")
MAX_BEST_OF = 100
SEED_LIMIT = 2**63
SEED_EXACT = 2**53  # of seeds that we choose: what JSON readers of every language keep exact


@dataclass(frozen=True)
class Song:
    """A song by its artist and title, as people write them."""

    artist: str
    title: str


@dataclass(frozen=True)
class Link:
    """A link of a post, as its card shows it. title, site, description: "" where the post has no card."""

    url: str
    title: str = ""
    site: str = ""
    description: str = ""


@dataclass(frozen=True)
class Mention:
    """A song that a post seems to be about. score: how sure that is, 0..1; how: the name of the rule that found it."""

    song: Song
    score: float
    how: str


@dataclass(frozen=True)
class Entry:
    """A post that a watcher brought, as it came: its text is hostile.

    uri: the network's name of it, of which there is one; author: the handle of who wrote it; url: where people read it, "" if nowhere;
    songs: those that a scrobble names outright; asks_us: the post mentions the bot; thread: what an answer to it must carry, as its
    network's publisher reads it.
    """

    network: str
    uri: str
    text: str
    posted_at: datetime
    author: str = ""
    url: str = ""
    links: tuple[Link, ...] = ()
    songs: tuple[Song, ...] = ()
    asks_us: bool = False
    thread: dict[str, str] = field(default_factory=dict, hash=False)


PLACEHOLDER = Song("Marlow", "Harbour")  # nobody's, for texts whose slots stay unfilled


@dataclass(frozen=True)
class Attributes:
    """What is known of a song; None and the empty tuple mean "unknown".

    energy, valence, danceability and acousticness lie in 0..1, tempo is in BPM, genres is an open vocabulary,
    the most fitting first. Raises InputError outside these ranges.
    """

    genres: tuple[str, ...] = ()
    energy: float | None = None
    valence: float | None = None
    danceability: float | None = None
    acousticness: float | None = None
    tempo: float | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        for name in FEATURES:
            low, high = TEMPO_RANGE_BPM if name == "tempo" else (0.0, 1.0)
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise InputError(f"{name} is {shown(value)}; allowed is a number from {low:g} to {high:g}")
        if self.kind is not None and self.kind not in KINDS:
            raise InputError(f"kind is {shown(self.kind)}; allowed are {', '.join(KINDS)}")
        if not isinstance(self.genres, tuple) or not all(isinstance(label, str) for label in self.genres):
            raise InputError(f"genres is {shown(self.genres)}; allowed is a tuple of labels")


@dataclass(frozen=True)
class Wish:
    """What kind of text is wanted. Raises InputError for what is not allowed.

    styles: all of them at once; constraint: how z is moved there before a word is written, by default guided for other styles than
    descriptive where the checkpoint has constraints; strength: how far, 0..1; pronouns: what
    the artist is called, by default nothing; best_of: texts that are written for each that is chosen, by default the checkpoint's;
    topics: numbers and weights from -1, unwanted, to 1, wanted, of the topics in topic_file (corpus/topics.py), by default the shipped.
    """

    styles: tuple[str, ...] = ("descriptive",)
    constraint: str | None = None
    strength: float = 1.0
    pronouns: str | None = None
    best_of: int | None = None
    topics: tuple[tuple[int, float], ...] = ()
    topic_file: Path | None = None

    def __post_init__(self) -> None:
        _refuse_unless(isinstance(self.styles, tuple), "styles", self.styles, "a tuple of styles")
        for style in self.styles:
            _refuse_unless(style in STYLES, "style", style, ", ".join(STYLES))
        known = self.constraint is None or self.constraint in CONSTRAINTS
        _refuse_unless(known, "constraint", self.constraint, ", ".join(CONSTRAINTS))
        _refuse_unless(
            self.pronouns is None or self.pronouns in PRONOUNS, "pronouns", self.pronouns, ", ".join(PRONOUNS)
        )
        strong = _is_number(self.strength) and 0 <= self.strength <= 1
        _refuse_unless(strong, "strength", self.strength, "a number from 0 to 1")
        whole = self.best_of is None or (_is_number(self.best_of) and isinstance(self.best_of, int))
        counted = whole and (self.best_of is None or 1 <= self.best_of <= MAX_BEST_OF)
        _refuse_unless(counted, "best_of", self.best_of, f"1 to {MAX_BEST_OF}")
        pairs = isinstance(self.topics, tuple) and all(isinstance(t, tuple) and len(t) == 2 for t in self.topics)
        _refuse_unless(pairs, "topics", self.topics, "a tuple of pairs of a number and a weight")
        numbers = [number for number, _ in self.topics]
        for number in numbers:
            _refuse_unless(numbers.count(number) == 1, "topic", number, "each topic once")
        for topic, weight in self.topics:
            fits = _is_number(weight) and -1 <= weight <= 1
            _refuse_unless(fits, f"weight of topic {shown(topic)}", weight, "a number from -1 to 1")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _refuse_unless(is_allowed: bool, name: str, value: object, allowed: str) -> None:
    if not is_allowed:
        raise InputError(f"{name} is {shown(value)}; allowed is {allowed}")


@dataclass(frozen=True)
class Commission:
    """What a writer is asked for: n texts about a song. seed: drawn where it is None; temperature, top_p: by default the checkpoint's;
    recent: texts that none may be like."""

    song: Song
    attributes: Attributes = field(default_factory=Attributes)
    n: int = 5
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    wish: Wish | None = None
    recent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A piece of writing about music, as a source gave it: its text is hostile.

    text: markdown, or HTML where is_html; site: a host; published: as the source writes it; language: ISO 639-1, "" if nobody said;
    licence: under which it may be used, "" if nobody said; source: who found it; artist, song (its title),
    genres: where the source knows them.
    """

    url: str
    title: str
    text: str
    author: str = ""
    site: str = ""
    published: str = ""
    language: str = ""
    licence: str = ""
    source: str = ""
    artist: str = ""
    song: str = ""
    genres: tuple[str, ...] = ()
    is_html: bool = False


@dataclass(frozen=True)
class Sentence:
    """One text of a corpus with the attributes of its song; `post` is the id that splits go by."""

    text: str
    post: str
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True)
class Candidate:
    """A text that the model wrote. nll: mean negative log-likelihood, nats a token; seed: writes it again with n=1; rewards: what it
    was chosen by (model/judging/rewards.py), each 0..1."""

    text: str
    nll: float
    seed: int
    checkpoint: str
    rewards: dict[str, float] = field(default_factory=dict, hash=False)
