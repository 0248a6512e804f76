"""The values that flow through deephypebot, in flow order: Song, Attributes, Sentence, Candidate."""

from __future__ import annotations

from dataclasses import dataclass, field

from deephypebot.errors import InputError, shown

KINDS = ("description", "reception", "biography", "release", "personal", "promo", "live")
UNIT_FEATURES = ("energy", "valence", "danceability", "acousticness")
FEATURES = (*UNIT_FEATURES, "tempo")
TEMPO_RANGE_BPM = (20.0, 300.0)


@dataclass(frozen=True)
class Song:
    """A song by its artist and title, as people write them."""

    artist: str
    title: str


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
class Sentence:
    """One text of a corpus with the attributes of its song; `post` is the id that splits go by."""

    text: str
    post: str
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True)
class Candidate:
    """A text that the model wrote. nll: mean negative log-likelihood, nats a token; seed: writes it again with n=1."""

    text: str
    nll: float
    seed: int
    checkpoint: str
