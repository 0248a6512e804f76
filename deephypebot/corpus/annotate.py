"""What catalogues know of the songs of a corpus: genres of the tree, and features, each with its source and licence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deephypebot.errors import ServiceError
from deephypebot.services import Finding, SongCatalogue
from deephypebot.services.answers import as_genres
from deephypebot.services.embedded import genre_root
from deephypebot.songs import normalise_name
from deephypebot.types import FEATURES, Song


@dataclass(frozen=True)
class Facts:
    """What is known of a song. genres: labels of the tree, the most fitting first; root: that the first hangs on; source, licence: of the
    genres; features: by name; features_from: source and licence of the features."""

    genres: tuple[str, ...] = ()
    root: str = ""
    source: str = ""
    licence: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    features_from: str = ""


def find_facts(
    songs: Iterable[Song],
    catalogues: Sequence[SongCatalogue],
    may_train_only: bool = True,
    note: Callable[[str], None] = lambda text: None,
) -> dict[tuple[str, str], Facts]:
    """Facts by key_of(song). may_train_only: facts that a model must not learn from are left out. A catalogue that fails is not asked any
    more, and that is said once."""
    asked, found = list(catalogues), dict[tuple[str, str], Facts]()
    for song in songs:
        if (key := key_of(song)) not in found:
            findings = _ask(song, asked, note)
            found[key] = merge([one for one in findings if one.may_train or not may_train_only])
    return found


def key_of(song: Song) -> tuple[str, str]:
    """What a song is known by."""
    return normalise_name(song.artist), normalise_name(song.title)


def _ask(song: Song, catalogues: list[SongCatalogue], note: Callable[[str], None]) -> list[Finding]:
    findings: list[Finding] = []
    for catalogue in list(catalogues):
        ids = {name: value for one in findings for name, value in one.ids.items()}
        try:
            finding = catalogue.find_song(song, ids)
        except ServiceError as error:
            catalogues.remove(catalogue)
            note(f"{catalogue.name} is not asked any more: {error}")
            continue
        findings += [finding] if finding is not None else []
    return findings


def merge(findings: Sequence[Finding]) -> Facts:
    """Genres of the first that has labels of the tree, and of each feature the first value."""
    named = next(((labels, one) for one in findings if (labels := as_genres(one.genres, only_known=True))), None)
    features: dict[str, float] = {}
    origins: list[str] = []
    for one in findings:
        new = {name: value for name, value in one.features.items() if name in FEATURES and name not in features}
        features |= new
        origins += [f"{one.source} ({one.licence})"] if new else []
    if named is None:
        return Facts(features=features, features_from=", ".join(origins))
    labels, one = named
    return Facts(labels, genre_root(labels[0]) or "", one.source, one.licence, features, ", ".join(origins))
