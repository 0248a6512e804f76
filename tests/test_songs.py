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
        ('Slowdive ~ "Alison"', ALISON),
        ("Slowdive – 'Don't Stop'", Song("Slowdive", "Don't Stop")),
        ("Nena – „99 Luftballons“", Song("Nena", "99 Luftballons")),
        ('Beck – "Loser" or "Winner"', Song("Beck", '"Loser" or "Winner"')),
        ("Queen – '39", Song("Queen", "'39")),
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
        ("\u200b\u2060", "x", "artist is empty"),
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
    assert parse_genres(" dream pop,Shoegaze,, DREAM  POP , doom sea shanty") == (
        "dream pop",
        "Shoegaze",
        "doom sea shanty",
    )
    assert parse_genres("a, b, A") == ("a", "b")
    assert parse_genres(" , ") == ()
    with pytest.raises(InputError, match=r"genre is .* 101 characters"):
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
        ("{artist}'s {artist}. {artist}! {artist}?", "R.E.M.", "x", "R.E.M.'s R.E.M. R.E.M.! R.E.M.?"),
        ("{artist}'s and {title}'s", "Nas", "LOVERS", "Nas' and LOVERS'"),
        ("A {artist} song, an {title} song", "Édith", "(G)I-DLE", "An Édith song, a (G)I-DLE song"),
        ("{title}, and then “{artist} again", "boygenius", "the end", "The end, and then “boygenius again"),
        ("“{artist} sing,” they say", "the xx", "x", "“The xx sing,” they say"),
        ("{artist} sings. {artist} hums, says {artist}", "the xx", "x", "The xx sings. The xx hums, says the xx"),
        ("{artist} and {title}", "{title}", "{artist}", "{title} and {artist}"),
        ("{artist} and {title}", "a\\1b", "\\g<0>", "a\\1b and \\g<0>"),
    ],
)
def test_slots_are_filled_as_a_person_would(text: str, artist: str, title: str, filled: str) -> None:
    assert fill_slots(text, Song(artist, title)) == filled


@given(st.text(), st.text(), st.text())
def test_no_slot_is_left_unless_a_name_holds_one(before: str, artist: str, title: str) -> None:
    filled = fill_slots(f"{before} a {{artist}}'s, {{title}}.", Song(artist, title))
    names = ("{artist}", "{title}")
    assert not any(name in filled for name in names) or any(name in before + artist + title for name in names)


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
        (" Alison drifts by on a wash of guitars and raises its voice.", "begin as a sentence"),
        ("Alison drifts by on a wash of the the guitars and ends there.", "twice in a row"),
        ('Round and round it goes until the backing voices go "la la la".', None),
        ("I knew that that was the one, and Slowdive Alison was the other.", None),
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


def test_a_song_without_names_has_faults_like_any_other() -> None:
    text = "{artist}'s drums drift by on a wash of an {title} guitar and end."
    assert find_fault(fill_slots(text, Song("", "")), Song("", "")) == "does not begin as a sentence"


def test_good_sentences_pass() -> None:
    texts = [fill_slots(s.text, ALISON) for s in load_builtin() if s.attributes.kind == "description"]
    assert sum(find_fault(text, ALISON) is None for text in texts) >= 0.99 * len(texts)


def test_names_match_whatever_their_dress() -> None:
    assert normalise_name("The  Beatles") == normalise_name("beatles")
    assert normalise_name("Sigur Rós") == normalise_name("sigur ros")
    assert normalise_name("Simon & Garfunkel") == normalise_name("Simon and Garfunkel")
    assert normalise_name("R.E.M.") == "rem"
    assert normalise_name("Jay-Z") == normalise_name("JAY Z") == "jayz"
    assert normalise_name("की") != normalise_name("का")  # vowel signs are no accents
    assert normalise_name("!!!") == "!!!"
    assert normalise_name("여자아이들") != normalise_name("투애니원")


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\uffa0\u115f", "\u200b\u3164 "])
def test_a_name_that_shows_nothing_is_empty(blank: str) -> None:
    with pytest.raises(InputError, match="artist is empty"):
        build_song(blank, "Alison")
