"""The right song or none."""

import pytest

from deephypebot.services.same_song import best_match, is_same_song
from deephypebot.types import Song


def song(text: str) -> Song:
    return Song(*text.split(" – "))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Slowdive – Alison", "Slowdive – Alison"),
        ("Beyonce – Halo", "Beyoncé – Halo"),
        ("The Beatles – Let It Be", "Beatles – Let It Be - Remastered 2009"),
        ("Simon and Garfunkel – America", "Simon & Garfunkel – America"),
        ("Kendrick Lamar – luther", "Kendrick Lamar feat. SZA – luther (feat. SZA)"),
        ("Robyn – Dancing On My Own", "Robyn – Dancing on My Own (Radio Edit)"),
        ("Queen – Under Pressure", "Queen & David Bowie – Under Pressure - Remastered 2011"),
        ("Four Tet – Baby (Jon Hopkins Remix)", "Four Tet – Baby (Jon Hopkins remix)"),
        ("Radiohead – Weird Fishes/Arpeggi", "Radiohead – Weird Fishes / Arpeggi"),
        ("Sigur Rós – Hoppipolla", "Sigur Ros – Hoppípolla"),
        ("Low – Days Like These", "Low – Days Like These (Official Video)"),
        ("Mos Def – Mathematics", "Mos Def – Mathmatics"),
        ("FKA twigs – Cellophane", "FKA Twigs – cellophane"),
        ("Nirvana – Come as You Are (Live)", "Nirvana – Come As You Are - Live at Reading"),
    ],
)
def test_the_same_song_however_it_is_spelt(asked: str, found: str) -> None:
    assert is_same_song(song(asked), song(found))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Slowdive – Alison", "Slowdive – Allison's Song"),
        ("Robyn – Honey", "Honey – Robyn"),
        ("Robyn – Honey", "Robyn – Honey (Avalon Emerson Remix)"),
        ("Robyn – Honey", "Karaoke All Stars – Honey (In the Style of Robyn)"),
        ("Robyn – Honey", "Robyn Hitchcock – Honey"),
        ("Low – Hey", "Low – Hay"),
        ("Nirvana – Come as You Are", "Nirvana – Come as You Are - Live"),
        ("Adele – Hello", "Lullaby Dreamers – Hello"),
        ("Four Tet – Baby (Jon Hopkins Remix)", "Four Tet – Baby (Bicep Remix)"),
        ("Four Tet – Baby (Jon Hopkins Remix)", "Four Tet – Baby"),
        ("U2 – One", "U2 – 40"),
        ("Blur – Song 2", "Blur – Song 3"),
        ("Adele – Hello", "Adele Tribute – Hello"),
    ],
)
def test_another_song_however_alike(asked: str, found: str) -> None:
    assert not is_same_song(song(asked), song(found))


def test_the_best_of_several_is_not_the_first() -> None:
    found = ["Robyn – Honey (Remix)", "Honey – Robyn", "Robyn – Honey - Single Version", "Robyn – Honey"]
    rows = [(song(text), (), text) for text in found]
    assert best_match(song("Robyn – Honey"), rows) == "Robyn – Honey"
    assert best_match(song("Robyn – Sorry"), rows) is None
    assert best_match(song("Robyn – Sorry"), []) is None
