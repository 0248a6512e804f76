"""Posts to sentences: blocks, songs, slots, and what is kept. All posts are of our own making."""

from __future__ import annotations

import pytest

from deephypebot.corpus.blocks import Block, read_blocks
from deephypebot.corpus.clean import Cleaned, clean
from deephypebot.corpus.commentary import find_other_subject
from deephypebot.corpus.headline import guests_of, read_headline
from deephypebot.corpus.language import is_surely_other, language_of
from deephypebot.corpus.round_up import find_other_kind
from deephypebot.corpus.sentences import find_fault, is_complete, rejoined, split_block
from deephypebot.corpus.slots import Masker
from deephypebot.corpus.subject import Subject, find_subject
from deephypebot.types import Document, Song


def nobody(_: str) -> bool:
    return False


def subject(headline: str, text: str, url: str = "", site: str = "blog.example") -> Song | None:
    found = find_subject(headline, url, site, read_blocks(text), nobody)
    return found.song if found else None


def test_broken_markdown_becomes_plain_blocks() -> None:
    text = "**Tin Harbour 's** new single _Slow Ladder_ , out on _ Moth Records _.\nIt is a Brooklyn-\nbased thing, and it isn 't long.\n\n> A line that is quoted\nand goes on without a mark\n\n* Facebook\n* Twitter\n\n### _Related_\n\n---\n\n|  a | b |"
    blocks = read_blocks(text)
    assert (
        blocks[0].text
        == "Tin Harbour's new single Slow Ladder, out on Moth Records. It is a Brooklyn-based thing, and it isn't long."
    )
    assert blocks[0].named == ("Tin Harbour's", "Slow Ladder", "Moth Records")
    assert [(block.kind, block.text) for block in blocks[1:5]] == [
        ("quote", "A line that is quoted and goes on without a mark"),
        ("item", "Facebook"),
        ("item", "Twitter"),
        ("heading", "Related"),
    ]


def test_html_residue_and_text_that_was_decoded_wrongly() -> None:
    blocks = read_blocks(
        "<p>Donâ€™t wait &amp; see<script>alert(1)</script></p><blockquote>said &quot;she&quot;</blockquote><ul><li>one</li></ul>"
    )
    assert [(block.kind, block.text) for block in blocks] == [
        ("paragraph", "Don’t wait & see"),
        ("quote", 'said "she"'),
        ("item", "one"),
    ]


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("Tin Harbour – “Slow Ladder”", "A song."),
        ("“Slow Ladder” by Tin Harbour – A Song Review", "A song."),
        ("Stream: Tin Harbour, 'Slow Ladder' – blog.example", "A song."),
        ("Tin Harbour's “Slow Ladder” is a patient thing", "A song."),
        ("[Streaming]: Tin Harbour – “Slow Ladder” (feat. Moth Choir)", "A song."),
        ("Track Of The Day: Leeds trio Tin Harbour share the patient 'Slow Ladder'", "Tin Harbour share 'Slow Ladder'."),
        ('song: "Slow Ladder" - Tin Harbour', "“Slow Ladder” is new from Tin Harbour."),
        ("Tin Harbour: Slow Ladder", "Tin Harbour return with “Slow Ladder”."),
        ("tin harbour, “slow ladder”", "Tin Harbour are back."),
        ("Tin Harbour - Slow Ladder :: Blog", "A song."),
        ("Slow Ladder", "Leeds trio **Tin Harbour** are back. “Slow Ladder” is patient, and Tin Harbour's best."),
        ("Premiere: Tin Harbour, ‘Slow Ladder’", "A song."),
        ("5 notes", "Tin Harbour - 'Slow Ladder'\n\nTin Harbour have a new one, and Tin Harbour's drums are huge."),
    ],
)  # fmt: skip
def test_the_song_of_a_post(headline: str, text: str) -> None:
    found = subject(headline, text, "http://blog.example/2018/tin-harbour-slow-ladder")
    assert found is not None
    assert (found.artist.casefold(), found.title.casefold()) == ("tin harbour", "slow ladder")


def test_a_post_that_names_no_song_has_none() -> None:
    assert (
        subject("Thoughts on a rainy month", "I went to the shops and it rained. Then I came home and it rained.")
        is None
    )


def test_guests_are_told() -> None:
    assert guests_of("Tin Harbour – Slow Ladder (feat. Moth Choir & Ada Quill) [Rook Remix]") == (
        "Moth Choir",
        "Ada Quill",
        "Rook",
    )
    (first, *_) = read_headline("Tin Harbour – “Slow Ladder”", "blog.example", nobody)
    assert (first.artist, first.title) == ("Tin Harbour", "Slow Ladder")


MASKED = Masker(
    Subject(Song("The Tin Harbours", "Slow Ladder (Live)"), ("Moth Choir",)), "Tess Ober", "www.gullsandguitars.com"
)


@pytest.mark.parametrize(
    ("sentence", "masked"),
    [
        ("The Tin Harbours' “Slow Ladder” glows.", "{artist}'s {title} glows."),
        ("I love the Tin Harbours and #TinHarbours and TIN HARBOURS.", "I love {artist}."),
        ("Tin Harbour's drums are dry.", "{artist}'s drums are dry."),
        ("It climbs, as a slow ladder would.", "It climbs, as a slow ladder would."),
        ("On ‘Slow Ladder,’ Harbours sound huge.", "On {title}, {artist} sound huge."),
        ("“Slow Ladder” (feat. Moth Choir) is long.", "{title} is long."),
        ("Moth Choir sings with them.", "{guest} sings with them."),
        ("Tess Ober of Gulls and Guitars liked it.", "{author} of {site} liked it."),
        ("Harbour fog hangs over the town.", "Harbour fog hangs over the town."),
    ],
)  # fmt: skip
def test_names_become_slots(sentence: str, masked: str) -> None:
    assert MASKED.mask(sentence) == masked


def test_a_title_that_is_a_word_is_masked_where_it_is_set_as_one() -> None:
    masker = Masker(Subject(Song("Ada Quill", "Run"), ()))
    assert masker.mask("On “Run” the drums run and Quill sings.") == "On {title} the drums run and {artist} sings."


def test_an_alias_is_the_artist_too() -> None:
    blocks = [Block("paragraph", "Moth Choir, aka Ada Quill, is back.")]
    masker = Masker(Subject(Song("Moth Choir", "Run"), ()), blocks=blocks)
    assert masker.mask("Then Quill lets the synths breathe.") == "Then {artist} lets the synths breathe."


def test_sentences_are_split_where_they_end() -> None:
    block = Block("paragraph", "The single (feat. Moth Choir) is out. Dr. Quill sings “I run. I stay.” It glows!")
    assert next(split_block(block)).text == "The single (feat. Moth Choir) is out."
    assert rejoined(["He sings feat.", "Moth Choir."]) == ["He sings feat. Moth Choir."]
    pieces = list(
        split_block(
            Block("paragraph", "It was “cold in May. We left and went home. It rained,” she says. The drums glow.")
        )
    )
    assert [find_fault(piece, piece.text) for piece in pieces][:1] == ["quotation"]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("{title} rides a dry drum machine and a guitar that never quite resolves.", None),
        ("Over a warm bed of synths, her voice sounds close enough to touch.", None),
        ("It is a song that builds slowly and then bursts into a huge chorus.", None),
        ("{artist} will release their debut album Ember on May 4th via Moth Records.", "release news"),
        ("Catch them on tour this spring with dates in Leeds, Hull and York.", "tour dates and shows"),
        (
            "Listen to the track below and be sure to follow {artist} on Facebook.",
            "points to a player, a shop or a site",
        ),
        ("{artist} is a 22-year-old singer from Leeds who grew up in a family of bakers.", "life of the artist"),
        ("The video, directed by a friend, was filmed on a beach at dawn.", "about the video"),
        ("I wrote this song in my kitchen when the winter would not end.", "somebody speaks of themselves"),
        ("The weather has been terrible here all week, and the cat is unhappy.", "no commentary on music"),
    ],
)
def test_commentary_is_told_from_the_rest(sentence: str, reason: str | None) -> None:
    assert find_other_subject(sentence) == reason


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Short and sweet.", "fewer than 10 words"),
        ("Posted on May 4, 2018 by Tess Ober in Reviews and tagged indie, pop.", "residue of the page"),
        ("The drums are warm and the guitars glow at https://blog.example/x for all of us.", "residue of the page"),
        ("She sings “we ran and we ran and we ran until the night was over” over drums.", "quotation"),
        ("And the drums that roll over the guitars and the voice that sings of", "incomplete"),
        ("Die Gitarre klingt, als stünde sie im Regen, und der Gesang ist warm und hell.", "other language"),
        ("word " * 61 + "ends.", "more than 60 words"),
    ],
)
def test_faults_of_sentences(text: str, fault: str) -> None:
    (piece, *_) = split_block(Block("paragraph", text))
    assert find_fault(piece, text) == fault


def test_completeness() -> None:
    assert is_complete("The drums are huge.", "The drums are huge.")
    assert is_complete("tyko is huge.", "{title} is huge.")
    broken = (
        "the drums are huge.",
        "The drums are huge",
        "The drums (are huge.",
        "Warm drum, no mercy.",
        "The drums are:",
    )
    assert not any(is_complete(text, text) for text in broken)


def test_languages() -> None:
    assert language_of("Die Gitarre klingt, als stünde sie im Regen, und der Gesang ist warm.") == "de"
    assert language_of("The guitar sounds as if it stood in the rain, and the voice is warm.") == "en"
    assert language_of("12345 !!!") == ""
    assert is_surely_other("La canción empieza con un bajo que camina despacio hacia la noche.")


def test_other_kinds_of_posts() -> None:
    songs = "".join(f"### Band {i} – “Song {i}”\n\nThis is a text about that song of the band.\n\n" for i in range(3))
    assert find_other_kind("This week", read_blocks(songs)) == "more than one song"
    assert find_other_kind("Tin Harbour – Slow Ladder", read_blocks("One text about one song.")) is None
    assert find_other_kind("10 songs for rain", []) == "more than one song"
    assert find_other_kind("Interview: Tin Harbour", []) == "an interview"
    assert find_other_kind("Sunday playlist", []) == "a playlist or mix"


def of(text: str, headline: str = "Tin Harbour – “Slow Ladder”", **fields: str) -> Cleaned:
    return clean(Document("http://blog.example/a", headline, text, **fields), nobody)


def test_a_post_from_end_to_end() -> None:
    text = """Photo by somebody

**Tin Harbour** are back, and “Slow Ladder” rides a dry drum machine and a guitar that never quite resolves. Their debut album is out on May 4 via Moth Records.

> “We wrote it in one night and left it as it was,” says the singer of the band.

Listen below!

### Related posts

Another song with warm guitars and a huge chorus that nobody should read here."""
    found = of(text)
    assert (found.step, found.reason) == ("kept", "")
    assert [line.text for line in found.lines if not line.reason] == [
        "{artist} are back, and {title} rides a dry drum machine and a guitar that never quite resolves."
    ]
    assert all("Another song" not in line.original for line in found.lines)
    assert {line.reason for line in found.lines if line.reason} == {
        "fewer than 10 words",
        "release news",
        "quotation",
        "residue of the page",
    }


@pytest.mark.parametrize(
    ("text", "headline", "step", "reason"),
    [
        ("Too short.", "x", "fetched", "fewer than 15 words"),
        ("La canción empieza con un bajo que camina despacio, como quien no quiere llegar a casa, y luego entra la voz.", "x", "fetched", "language es"),
        ("I went to the shops and it rained all day, and then I came home and slept for a while.", "Interview: nobody", "english", "an interview"),
        ("I went to the shops and it rained all day, and then I came home and slept for a while.", "Thoughts on rain", "one song", "no song found"),
        ("I went to the shops and it rained all day, and then I came home and slept for a while.", "Tin Harbour – “Slow Ladder”", "matched", "no sentence is left"),
    ],
)  # fmt: skip
def test_posts_are_dropped_with_a_reason(text: str, headline: str, step: str, reason: str) -> None:
    found = of(text, headline)
    assert (found.step, found.reason) == (step, reason)


def test_a_source_that_names_the_song_is_believed() -> None:
    found = of(
        "Over a warm bed of synths, Moth Choir sound close enough to touch, and the drums glow and glow.",
        "?",
        artist="Moth Choir",
        song="Run",
    )
    assert found.subject is not None
    assert found.subject.song == Song("Moth Choir", "Run")
