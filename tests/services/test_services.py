"""The embedded catalogue."""

from __future__ import annotations

import pytest

from deephypebot.services import Catalogue, Match
from deephypebot.services.embedded import EmbeddedCatalogue, genre_root

CATALOGUE: Catalogue = EmbeddedCatalogue()


@pytest.mark.parametrize(
    ("artist", "name"),
    [
        ("slowdive", "Slowdive"),
        ("beatles", "The Beatles"),
        ("Sigur Ros", "Sigur Rós"),
        ("Simon and Garfunkel", "Simon & Garfunkel"),
        ("투애니원", "2NE1"),
        ("Calvin Harris feat. Nobody Known", "Calvin Harris"),
        ("Calvin Harris & Nobody Known", "Calvin Harris"),
        ("Calvin Harris, Nobody Known", "Calvin Harris"),
        ("Calvin Harris (ft. Nobody Known)", "Calvin Harris"),
        ("Calvin Harris x Nobody Known", "Calvin Harris"),
        ("Tyler, the Creator feat. Nobody Known", "Tyler, the Creator"),
        ("Earth, Wind & Fire with Nobody Known", "Earth, Wind & Fire"),
        ("JAY Z", "Jay-Z"),
        ("Nobody Known", None),
        ("Nobody & Calvin Harris", None),
        ("", None),
        ("&", None),
    ],
)
def test_artists_are_found_by_name_and_alias(artist: str, name: str | None) -> None:
    match = CATALOGUE.find(artist)
    assert (match and match.name) == name


def test_a_match_tells_genres_country_and_source() -> None:
    assert CATALOGUE.find("Slowdive") == Match("Slowdive", ("shoegaze", "dream pop"), "GB", "embedded")


def test_every_artist_is_found_by_its_own_name() -> None:
    matches = EmbeddedCatalogue().matches()
    assert len(matches) == 2487
    lost = [match.name for match in matches if CATALOGUE.find(match.name) != match]
    assert len(lost) <= 5, lost  # namesakes
    assert all(2 <= len(match.genres) <= 4 for match in matches)


def test_labels_hang_on_roots() -> None:
    assert genre_root("Shoegaze") == "rock"
    assert genre_root("rock") == "rock"
    assert genre_root("doom sea shanty") is None


def test_every_genre_of_an_artist_has_a_root() -> None:
    labels = {label for match in EmbeddedCatalogue().matches() for label in match.genres}
    roots = {genre_root(label) for label in labels}
    assert None not in roots
    assert len(roots) <= 19
