"""Titles in quotation marks: “Title” by Artist, Artist's “Title”, Artist – “Title”, Artist Shares New Song “Title”, Artist “Title”."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deephypebot.mentions.guess import Guess, guess
from deephypebot.mentions.names import clean_artist, is_caseless, is_name
from deephypebot.mentions.phrase import name_at_end, name_at_start
from deephypebot.mentions.text import Line, Post
from deephypebot.mentions.words import ABOUT_SONG, LABEL_WORDS, OTHER_WORK, SHARES, SPEECH, any_of

MOST_SPANS = 12
SPAN = re.compile(
    r"""(?:(?<!\w)(?:
        ["“”„‟]\s?([^"“”„‟\n]{1,150}?)\s?["“”](?!\w) | «\s?([^«»\n]{1,150}?)\s?» | ['‘‚‹](?=\S)((?:[^'‘’‚‹›\n]|(?<=\w)['’](?=\w)){1,150}?)(?<=\S)['’›](?!\w)
    ) | 「([^「」\n]{1,150})」 | 『([^『』\n]{1,150})』 | 《([^《》\n]{1,150})》)""",
    re.VERBOSE,
)
BY = re.compile(
    r"^\s*(?:\([^()]{0,60}\)\s*)?,?\s*(?:(?:is\s+|was\s+)?(?:the|a|this|that)\s+(?:(?:new|latest|debut|first|great|brand|lovely|song|single|track|tune|one)\s+)*)?(?:by|de|von|par|di|od|por|af|av|van|przez|от)\s+(?=\S|$)",
    re.IGNORECASE,
)
FROM = re.compile(
    r"^\s*,?\s*(?:(?:is|was)\s+)?(?:(?:the|a|another|their)\s+)?(?:(?:new|latest|debut|first|brand|great|song|single|track|one)\s+)*from\s+",
    re.IGNORECASE,
)
DASHED = re.compile(r"^\s*(?:\([^()]{0,60}\)\s*)?[-–—|/~]{1,2}\s+(?=\S)")
OWNED = re.compile(
    r"""['’]s?\s+(?P<gap>(?:(?:brand|all|is|was|called|titled|entitled|named|forthcoming|upcoming|excellent|superb|recent|new|newest|old|older|latest|debut|classic|own|first|second|great|lovely|song|single|track|tune|one|video|
        cover|of|for|b-side|lead|title|hit|official|music|lyric|ballad|anthem|version|remix|demo|opener|closer|gorgeous|perfect|album|ep|lp|record|
        film|book|novel|tour|documentary|memoir)\s*)*)[:,]?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
SEPARATED = re.compile(r"\s*(?:(?<=\S)\s?[:,]|\s[-–—|•·~/_]{1,2}|\s(?:with|mit|avec|con|met|med|z))\s*$")
COVERS = re.compile(
    r"\s+(?:covers?|reworks?|reimagines?|remix(?:es)?|takes?\s+on|ha(?:s|ve)\s+covered)\s+(?P<of>[^,;:]{2,60}?)(?:['’]s?)?(?:\s+(?:song|classic))?[:,]?\s*$",
    re.IGNORECASE,
)
HEADLINE = re.compile(rf"\s+(?:{SHARES})(?!\w)", re.IGNORECASE)
BARE = re.compile(r"\s*(?:(?:the|their|his|her|its|a|new|surprise|for)\s*)*:?\s*", re.IGNORECASE)
OTHER_MEDIA = any_of(
    (
        "watched",
        "watching",
        "saw",
        "seen",
        "read",
        "reading",
        "finished",
        "accept",
        "binged",
        "rewatched",
        "film",
        "movie",
        "book",
        "novel",
    )
)
OTHER_MEDIA_AFTER = any_of(
    (
        "imax",
        "cinema",
        "film",
        "movie",
        "novel",
        "novelist",
        "author",
        "book",
        "documentary",
        "memoir",
        "exhibition",
        "episode",
        "paperback",
        "in theaters",
        "in cinemas",
        "streaming now",
        "box office",
        "directed",
        "director",
    )
)
ON = re.compile(
    r"^(?P<artist>.+?)\s+(?P<verb>[a-z][\w']+s)\s(?:.*\s)?(?:on|with|in)\s*(?:new\s+|their\s+|his\s+|her\s+)?(?:song|single|track)?\s*$"
)
IS_ALBUM = re.compile(
    rf"^\W*(?:(?:their|his|her|its|the|a|an|is)\s+)*(?:\w+\s+)?(?:{OTHER_WORK.pattern})", re.IGNORECASE
)
AND = re.compile(r"^\s*(?:,|;|/|&|\+|,?\s*(?:and|y|et|und|e|og|och|i|ve|и|plus|then))?\s*$", re.IGNORECASE)
SAID = any_of(("is", "are", "was", "were", "would", "will", "can", "should", "must", "has", "have"))
SCORES_WITH = re.compile(rf"^\s*,\s*(?P<artist>[^,]{{2,60}}?)\s+(?:{SHARES})(?!\w)", re.IGNORECASE)
NO_AFTER_ALL = re.compile(r"\?\s*(?:no|wait|sorry|nope|non|nein)\b", re.IGNORECASE)
NOT_ARTISTS = any_of(
    (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "tomorrow",
        "noon",
        "midnight",
        "accident",
        "the way",
        "a mile",
    )
)
NOT_NAMES = any_of(
    (
        "breaking",
        "update",
        "reminder",
        "question",
        "poll",
        "psa",
        "confession",
        "hot take",
        "spoiler",
        "fun fact",
        "note",
        "ps",
        "edit",
        "help",
        "trivia",
    )
)
NOT_ON = any_of(
    (
        "appears?",
        "talks?",
        "guests?",
        "performs?",
        "plays?",
        "speaks?",
        "reflects?",
        "interview",
        "tv",
        "podcast",
        "stars?",
        "cast",
    )
)
PERSON_SPEAKS = re.compile(r"^(?:i|i['’]\w+|we|we['’]\w+|you|my|the|it|it['’]s)$", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A quotation with what stands before it, back to the one before, and after it."""

    title: str
    before: str
    after: str
    following: str = ""
    head: str = ""
    is_east_asian: bool = False


def read_quoted(post: Post) -> list[Guess]:
    """Guesses from all lines, in their order."""
    found: list[Guess] = []
    for number, line in enumerate(post.lines):
        above = post.lines[number - 1] if number else None
        found += _read_line(line, above, post)
    return [_resolved(one, found) for one in found]


def spans_of(text: str) -> Iterator[Span]:
    """The quotations of a line."""
    matches = list(SPAN.finditer(text))[:MOST_SPANS]
    for i, match in enumerate(matches):
        start = matches[i - 1].end() if i else 0
        end = matches[i + 1].start() if i + 1 < len(matches) else len(text)
        following = _inner(matches[i + 1]) if i + 1 < len(matches) else ""
        head = text[: verb.start()] if (verb := HEADLINE.search(text)) else ""
        yield Span(
            _inner(match),
            text[start : match.start()],
            text[match.end() : end],
            following,
            head,
            match[0][0] in "「『《",
        )


def _inner(match: re.Match[str]) -> str:
    return match[match.lastindex or 0].strip()


def _read_line(line: Line, above: Line | None, post: Post) -> list[Guess]:
    found, waiting, artist = list[Guess](), list[str](), ""
    for span in spans_of(line.text):
        if BY.fullmatch(span.before):  # the artist is in quotation marks too
            continue
        one = _read_span(span, above, post)
        if not one and artist and AND.match(span.before):
            one = guess(artist, span.title, 0.75, "another title")
        if not one and (not waiting or AND.match(span.before)):
            waiting.append(span.title)
            continue
        if one and one[0].how == "by" and waiting and AND.match(span.before):
            found += [
                earlier for title in waiting for earlier in guess(one[0].song.artist, title, 0.7, "another title")
            ]
        waiting = []
        artist = one[0].song.artist if one else ""
        found += [] if NO_AFTER_ALL.search(span.after) and one else one
    factor = 0.55 if line.is_about_something_else else 1.0
    return [Guess(one.song, one.score * factor, one.how) for one in found]


def _read_span(span: Span, above: Line | None, post: Post) -> list[Guess]:
    """The first rule that finds an artist."""
    if _is_speech(span) or IS_ALBUM.match(span.after):
        return []
    for rule in (
        _by,
        _covered,
        _owned,
        _headline,
        _separated,
        _beside,
        _from,
        _dashed_after,
        _under,
        _on,
        _bracketed,
        _behind,
    ):
        if artist := rule(span, above, post):
            surer = 0.1 if post.knows(clean_artist(artist)) else 0.0
            return guess(artist, span.title.rstrip(","), SCORES[rule.__name__] + surer, rule.__name__.strip("_"))
    return []


def _by(span: Span, above: Line | None, post: Post) -> str:
    match = BY.match(span.after)
    if not match or (OTHER_WORK.search(_near(span.before)) and not ABOUT_SONG.search(_near(span.before))):
        return ""
    rest = span.after[match.end() :]
    if NOT_ARTISTS.match(rest):
        return ""
    if not rest.strip():
        return span.following
    return name_at_start(rest, post.knows)


def _covered(span: Span, above: Line | None, post: Post) -> str:
    """Who covers a song is who it is about."""
    match = COVERS.search(span.before)
    return name_at_end(span.before[: match.start()], post.knows) if match else ""


def _owned(span: Span, above: Line | None, post: Post) -> str:
    match = OWNED.search(span.before)
    if not match or (OTHER_WORK.search(match["gap"]) and not ABOUT_SONG.search(match["gap"])):
        return ""
    return name_at_end(span.before[: match.start()], post.knows)


def _headline(span: Span, above: Line | None, post: Post) -> str:
    """Artist Announces Album, Shares Song: what stands after the last verb tells what is quoted."""
    verbs = list(HEADLINE.finditer(span.before))
    if not verbs:
        return ""
    artist, gap = span.before[: verbs[0].start()].strip(), span.before[verbs[-1].end() :]
    if artist.strip(" ,;").casefold() in ("", "and", "then", "also"):  # announced an album, “A”, and shared “B”
        artist = span.head
    works, songs = ([m.start() for m in words.finditer(gap)] for words in (OTHER_WORK, ABOUT_SONG))
    speaks_of_song = bool(songs) and (not works or songs[-1] > works[-1])
    is_bare = not works and BARE.fullmatch(gap) is not None
    if not (speaks_of_song or is_bare):
        return ""
    return artist if is_name(artist) and ":" not in artist else name_at_end(artist, post.knows)


def _separated(span: Span, above: Line | None, post: Post) -> str:
    match = SEPARATED.search(span.before)
    if not match or not match[0].strip():
        return ""
    before = span.before[: match.start()]
    if ":" in match[0] and (len(span.title.split()) > 7 or PERSON_SPEAKS.match(span.title.split()[0])):
        return ""
    if (
        LABEL_WORDS.fullmatch(before.strip(" :!"))
        or NOT_NAMES.fullmatch(before.strip(" :!"))
        or OTHER_WORK.search(_near(before))
    ):
        return ""
    return name_at_end(before, post.knows, whole=True)


def _beside(span: Span, above: Line | None, post: Post) -> str:
    """An artist and nothing else: Panic! at the Disco 'Nine in the Afternoon'."""
    before = span.before.strip()
    if not before or SPEECH.search(before) or OTHER_WORK.search(before) or LABEL_WORDS.fullmatch(before.strip(" :!")):
        return ""
    east = re.split(r"[、。：:]", before)[-1].strip()
    if east and is_caseless(east) and len(east.split()) <= 3:
        return east
    if len(before.split()) == 1 and not before.isupper() and not post.knows(before):
        return ""  # "Watching “Severance”"
    return (
        before
        if is_name(before, 7)
        and not before.endswith((",", ":", "."))
        and clean_artist(name_at_end(before, post.knows)) == clean_artist(before)
        else ""
    )


def _from(span: Span, above: Line | None, post: Post) -> str:
    match = FROM.match(span.after)
    return (
        name_at_start(span.after[match.end() :], post.knows)
        if match and not OTHER_WORK.match(span.after[match.end() :])
        else ""
    )


def _dashed_after(span: Span, above: Line | None, post: Post) -> str:
    match = DASHED.match(span.after)
    if not match or span.before.strip(" :–—-") or _is_sentence(span.title):
        return ""
    artist = name_at_start(span.after[match.end() :], post.knows)
    return "" if re.search(r"\sor\s", artist) and not post.knows(artist) else artist


def _under(span: Span, above: Line | None, post: Post) -> str:
    """The artist on a line, the title on the next."""
    alone = not span.before.strip() and not span.after.strip(" .!,")
    return above.text if alone and above is not None and is_name(above.text) else ""


def _on(span: Span, above: Line | None, post: Post) -> str:
    """A headline of its own making: Orla Fenwick pours one out on “Kettle On”."""
    match = ON.match(span.before)
    is_last = not span.after.strip(" .:!|") and len(post.lines) == 1
    if not match or not is_last or NOT_ON.search(span.before):
        return ""
    return match["artist"] if is_name(match["artist"], 6) else ""


def _bracketed(span: Span, above: Line | None, post: Post) -> str:
    """“Blinding Lights” (The Weeknd)"""
    match = re.match(r"\s*\(([^()]{2,60})\)", span.after)
    return (
        match[1]
        if match
        and is_name(match[1], 6)
        and not re.search(r"\d{4}|\b(?:live|demo|remix|version|official|feat)\b", match[1], re.IGNORECASE)
        else ""
    )


def _behind(span: Span, above: Line | None, post: Post) -> str:
    """新曲「夜に駆ける」YOASOBI"""
    is_alone = not span.before.strip(" :：") or LABEL_WORDS.fullmatch(span.before.strip(" :：")) is not None
    name = span.after.strip()
    return name if span.is_east_asian and is_alone and is_name(name, 4) and not re.search(r"[、。，！？]", name) else ""


def _then(span: Span, above: Line | None, post: Post) -> str:
    """With “The Giver”, Chappell Roan scores her first number one."""
    match = (
        SCORES_WITH.match(span.after)
        if re.fullmatch(r"\s*(?:with|on|for|via|mit|avec|con)\s*", span.before, re.IGNORECASE)
        else None
    )
    return match["artist"] if match and is_name(match["artist"], 6) else ""


SCORES = {
    "_then": 0.7,
    "_behind": 0.6,
    "_bracketed": 0.6,
    "_on": 0.6,
    "_by": 0.85,
    "_covered": 0.8,
    "_owned": 0.85,
    "_headline": 0.8,
    "_separated": 0.8,
    "_beside": 0.72,
    "_from": 0.58,
    "_dashed_after": 0.75,
    "_under": 0.7,
}


def _near(before: str) -> str:
    """The last few words before a quotation."""
    return " ".join(before.split()[-3:])


def _is_speech(span: Span) -> bool:
    """Whether somebody says it, rather than sings it."""
    last = re.sub(r"[^\w\s]", " ", span.before).split()[-1:]
    is_apart = SEPARATED.search(span.before) is not None  # "Caroline Says – “Faded and Golden”"
    is_named = bool(last) and last[0].casefold() in ("called", "titled", "entitled", "named", "like")
    says = bool(last) and not is_apart and not is_named and SPEECH.fullmatch(last[0]) is not None
    if (last and OTHER_MEDIA.fullmatch(last[0])) or OTHER_MEDIA_AFTER.search(span.after[:90]):
        return True
    spoken = re.match(r"\s*,?\s*(?:says?|said|sagt|dit|dice|sings|yells)\b", span.after) is not None
    return says or spoken or len(span.title.split()) > 14 or (span.title.endswith(",") and spoken)


def _is_sentence(title: str) -> bool:
    """Whether it is something that somebody has said: “Without music, life would be a mistake.” – Nietzsche"""
    words = title.split()
    return len(words) >= 4 and (
        title.endswith((".", "!")) or ". " in title or (len(words) >= 8 and SAID.search(title) is not None)
    )


def _resolved(one: Guess, found: list[Guess]) -> Guess:
    """Daphne is Daphne Oyelaran where the post has named her in full."""
    for other in found:
        if other.song.artist.startswith(f"{one.song.artist} ") and " " not in one.song.artist:
            return Guess(type(one.song)(other.song.artist, one.song.title), one.score, one.how)
    return one
