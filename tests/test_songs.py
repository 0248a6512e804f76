"""Names in, texts out: parsing, filling and finding faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deephypebot.corpus.builtin import load_builtin
from deephypebot.errors import InputError
from deephypebot.songs import (
    build_song,
    fill_slots,
    find_fault,
    is_unprintable,
    normalise_name,
    parse_genres,
    parse_song,
)
from deephypebot.types import Song

ALISON = Song("Slowdive", "Alison")


@pytest.mark.parametrize(
    ("text", "song"),
    [
        ("Slowdive – Alison", ALISON),
        ("Slowdive - Alison", ALISON),
        ("  Slowdive  —  Alison ", ALISON),
        ("Slowdive – “Alison”", ALISON),
        ("a-ha – Take On Me", Song("a-ha", "Take On Me")),
        ("Prince – 1999 – Edit", Song("Prince", "1999 – Edit")),
        ("宇多田ヒカル – 光", Song("宇多田ヒカル", "光")),
        ("فيروز – نسم علينا الهوى", Song("فيروز", "نسم علينا الهوى")),
        ("Bjo\u0308rk – Jo\u0301ga", Song("Björk", "Jóga")),
    ],
)
def test_a_song_is_read_as_people_write_it(text: str, song: Song) -> None:
    assert parse_song(text) == song


@pytest.mark.parametrize(
    ("artist", "title", "named"),
    [
        ("", "x", "artist is empty"),
        ("x", " \u3000 ", "title is empty"),
        ("x" * 301, "y", "artist is .* 301 characters"),
        ("x", "a\x00b", "title .* control"),
        ("x", "a\nb", "title .* control"),
        ("x", "a\u202eb", "title .* control"),
        ("\ud800", "x", "artist .* control"),
    ],
)
def test_names_that_are_not_allowed_are_named(artist: str, title: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        build_song(artist, title)


@settings(deadline=None)
@given(st.text(), st.text())
def test_what_is_built_is_one_printable_line(artist: str, title: str) -> None:
    try:
        song = build_song(artist, title)
    except InputError:
        return
    for name in (song.artist, song.title):
        assert name == name.strip()
        assert 0 < len(name) <= 300
        assert not any(map(is_unprintable, name))
        assert build_song(name, name).artist == name


def test_genres_are_any_labels_each_once() -> None:
    assert parse_genres(" dream pop,Shoegaze,, DREAM  POP , doom sea shanty") == ("dream pop", "Shoegaze", "doom sea shanty")
    assert parse_genres(" , ") == ()
    with pytest.raises(InputError, match="genre is .* 101 characters"):
        parse_genres("x" * 101)
    with pytest.raises(InputError, match="17 labels"):
        parse_genres(",".join(map(str, range(17))))


@pytest.mark.parametrize(
    ("text", "artist", "title", "filled"),
    [
        ("{artist}'s {title}.", "Slowdive", "Alison", "Slowdive's Alison."),
        ("{artist}’s drums", "The Strokes", "x", "The Strokes’ drums"),
        ("the {artist} sound, the {title} mood", "The Beatles", "The End", "the Beatles sound, the End mood"),
        ("A {artist} song is a {title}", "Air", "Blur", "An Air song is a Blur"),
        ("An {artist} song", "The Beatles", "x", "A Beatles song"),
        ("So it is {title}.", "x", "Why?", "So it is Why?"),
        ("{artist} sings. {artist} hums, says {artist}", "the xx", "x", "The xx sings. The xx hums, says the xx"),
        ("{artist} and {title}", "{title}", "{artist}", "{title} and {artist}"),
        ("{artist} and {title}", "a\\1b", "\\g<0>", "a\\1b and \\g<0>"),
    ],
)
def test_slots_are_filled_as_a_person_would(text: str, artist: str, title: str, filled: str) -> None:
    assert fill_slots(text, Song(artist, title)) == filled


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Alison drifts by on a wash of guitars and barely raises its voice.", None),
        ("“Alison” drifts by, and nobody in the room dares to raise a voice…", None),
        ("Too short a text.", "17 characters"),
        ("Long " * 57 + "text.", "allowed are 40 to 280"),
        ("Alison drifts by on a wash of guitars and barely raises {title}.", "placeholder"),
        ("Alison drifts by on a wash of guitars and barely raises its", "end as a sentence"),
        ("drifts by on a wash of guitars and barely raises its voice at all.", "begin as a sentence"),
        ("Alison drifts by on a wash of guitars and says “never mind.", "other half"),
        ('Alison drifts by on a wash of guitars and says "never mind.', "other half"),
        ("Alison drifts by on a wash of guitars , and raises its voice.", "white space"),
        ("Alison drifts by on  a wash of guitars and raises its voice.", "white space"),
        ("Alison drifts by on a wash of the the guitars and ends there.", "twice in a row"),
        ("A voice in the long hall and a horn in the long hall and a door.", "four words twice"),
        ("Alison drifts by on a wash of guitars\ufffd and raises its voice.", "control character"),
    ],
)
def test_faults_are_told(text: str, fault: str | None) -> None:
    found = find_fault(text, ALISON)
    assert (found is None) if fault is None else (found is not None and fault in found)


def test_a_name_may_hold_what_a_text_may_not() -> None:
    for name in ("New York New York", "deadmau5 {live}", "Panic! (at the", "duran duran"):
        text = f"{name} drifts by on a wash of guitars, and then {name} comes round once more."
        assert find_fault(text, Song("Slowdive", name)) is None, name


def test_good_sentences_pass() -> None:
    texts = [fill_slots(s.text, ALISON) for s in load_builtin() if s.attributes.kind == "description"]
    assert sum(find_fault(text, ALISON) is None for text in texts) >= 0.99 * len(texts)


def test_names_match_whatever_their_dress() -> None:
    assert normalise_name("The  Beatles") == normalise_name("beatles")
    assert normalise_name("Sigur Rós") == normalise_name("sigur ros")
    assert normalise_name("Simon & Garfunkel") == normalise_name("Simon and Garfunkel")
    assert normalise_name("R.E.M.") == "rem"
    assert normalise_name("!!!") == "!!!"
    assert normalise_name("여자아이들") != normalise_name("투애니원")
