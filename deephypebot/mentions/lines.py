"""Lines without quotation marks: Artist – Title, Title by Artist, chart lines, names of files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from deephypebot.mentions.guess import Guess, guess
from deephypebot.mentions.names import (
    FEATURED,
    FILE_TYPE,
    GENRES,
    VERSION,
    clean_artist,
    is_caseless,
    is_marked,
    is_name,
)
from deephypebot.mentions.phrase import name_at_start
from deephypebot.mentions.quoted import NOT_ARTISTS, SPAN
from deephypebot.mentions.text import Line, Post, spaced
from deephypebot.mentions.words import LABEL_WORDS, OTHER_WORK, any_of
from deephypebot.songs import normalise_name

DASH, MARK = re.compile(r"\s+(?:[-‐‑‒–—―−~]|--)\s+"), re.compile(r"\s+(?:[•·∙|_]|//|/)\s+")
SENTENCE = re.compile(
    r"(?<=[^\s.A-Z])([.!?…]+)\s+(?=\S)|(?<=[A-Z]{2})([.!?]+)\s+(?=\S)|\s+\((?:from|taken|off)\s|\s+[\[(]\d+\s+weeks?|:\s+\d|\s+\[|\s+\((?:19|20)\d\d\)"
)
TITLE_TRACK = re.compile(
    r"^(?P<artist>.+?)\s+(?:announces?|shares?|details?)\s+(?:new|debut)?\s*(?:album|ep|lp)\s+(?P<title>[^:,;]{2,60}):\s+(?:hear|listen|watch).*title[- ]track",
    re.IGNORECASE,
)
BY = re.compile(r"^(?P<title>.{1,120}?),?\s+by\s+(?P<artist>(?:(?!\sby\s).){2,400})$", re.IGNORECASE)
OFF = re.compile(r"\s+(?:off|from|on|via|in|at|for|is|was|has|and it)\s.*$|[.!?](?:\s.*)?$", re.IGNORECASE)
FILE = re.compile(r"^\s*(?:\d{1,3}\s*[-._]\s*)?(?P<artist>[\w' ]+?)\s*-\s*(?P<title>[\w' ]+)\.\w{3,4}$")
PROSE = any_of(
    ("is", "are", "was", "were", "be", "i", "i'm", "i’m", "we", "you", "they", "he", "she", "my", "your", "our", "this", "that", "there", "here", "have", "has", "had", "got", "get", "going", "will", "would", "can", "could", "should", "who", "what", "when", "why", "how", "not", "just", "if", "because", "please", "thanks", "tonight", "tomorrow", "yesterday", "week", "ist", "est", "es", "sono", "nie", "не", "это")
)  # fmt: skip
PLAIN, LOWER, BY_LINE, COMMA = 0.62, 0.36, 0.5, 0.45
KNOWN, LABELLED, WHOLE = 0.2, 0.15, 0.05
MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
DATE = re.compile(
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\.?\s+{MONTH}|{MONTH}\s+\d{{1,2}}(?!\d))(?:\D*\d{{4}})?\s*$", re.IGNORECASE
)
HEARD = re.compile(
    r"\b(?:listening\s+to|listen\s+to|playing|spinning|blasting|obsessed\s+with)\s+(?P<title>.{2,60}?)\s+by\s+(?P<artist>.{2,60}?)[.!?]*$",
    re.IGNORECASE,
)
MOST_TITLE_WORDS = 14
CLAUSES = re.compile(r";\s+|,\s+(?=[a-z][a-z ]{2,24}:\s)")


def read_lines(post: Post) -> list[Guess]:
    """Guesses from all lines, in their order."""
    return [one for line in post.lines for one in _read_line(line, post)]


def _read_line(line: Line, post: Post) -> list[Guess]:
    if FILE_TYPE.search(line.text) and (file := FILE.match(line.text)):
        return guess(file["artist"].replace("_", " "), file["title"].replace("_", " "), 0.75, "file")
    if head := TITLE_TRACK.match(line.text):
        return guess(head["artist"], head["title"], 0.75, "title track")
    if SPAN.search(line.text):
        return []
    if tagged := _tags(line, post):
        return tagged
    found: list[Guess] = []
    for clause in CLAUSES.split(line.text):
        found += next(
            (found for rule in (_dashed, _by, _comma, _colon) if (found := rule(clause.strip(), line, post))), []
        )
    factor = 0.5 if line.is_about_something_else else 1.0
    return [Guess(one.song, one.score * factor, one.how, one.may_be_reversed) for one in found]


def _tags(line: Line, post: Post) -> list[Guess]:
    """#NowPlaying #Slowdive #SugarForThePill"""
    names = [spaced(tag) for tag in line.tags if not LABEL_WORDS.fullmatch(spaced(tag))]
    if line.text or not line.labelled or len(names) != 2 or not post.knows(names[0]):
        return []
    return guess(names[0], names[1], 0.7, "hashtags")


def _dashed(text: str, line: Line, post: Post) -> list[Guess]:
    separator = DASH if DASH.search(text) else MARK
    parts = [part.strip() for part in separator.split(text)]
    if len(parts) < 2:
        return []
    labelled, artist = _unlabelled(parts[0])
    title = _title(parts[1:])
    line = replace(line, labelled=line.labelled or labelled)
    is_score = re.search(r"\b\d{1,2}$", artist) and re.match(r"\d{1,2}\b", title)
    if is_score or _is_other(title) or not _may_be_title(title):
        return []
    score = _score(artist, title, line, post, is_mark=separator is MARK)
    if score <= 0:
        return []
    known = [post.knows(clean_artist(name)) for name in (artist, title)]
    if known == [False, True] or normalise_name(title) in map(normalise_name, line.tags):
        artist, title = title, artist
        score += KNOWN
    elif known[0]:
        score += KNOWN
    elif line.charted:  # charts put the title first
        artist, title = title, artist
    titles = _two_titles(title) if separator is DASH else [title]
    return [one for name in titles for one in guess(artist, name, score, "dashed", may_be_reversed=not known[0])]


def _unlabelled(artist: str) -> tuple[bool, str]:
    """Whether something before a colon labels the artist, and the artist."""
    label, colon, name = artist.rpartition(": ")
    if colon and len(label.split()) <= 8 and name.strip():
        return True, name.strip()
    return False, artist


def _score(artist: str, title: str, line: Line, post: Post, is_mark: bool) -> float:
    """How sure it is that both sides are names; 0 where they are not."""
    knows = post.knows(clean_artist(artist))
    words = artist.split()
    if len(words) > 9 or len(artist) > 90 or (PROSE.search(artist) and not knows and not is_name(artist)):
        return 0.0
    if artist.endswith((".", ",", ":", ";")) and not knows and not re.search(r"\b[A-Z]\w{0,2}\.$", artist):
        return 0.0
    if is_name(artist) and (is_marked(title.split()[0]) or is_caseless(title)):
        score = PLAIN - (0.12 if is_mark and not line.labelled and not is_caseless(title) else 0.0)
    elif artist == artist.lower() and len(words) <= 5 and not PROSE.search(artist):
        score = LOWER
    elif is_name(artist):
        score = LOWER + 0.1
    else:
        return LOWER if knows else 0.0
    return score + (LABELLED if line.labelled else 0.0) + (WHOLE if len(post.lines) == 1 else 0.0)


def _title(parts: list[str]) -> str:
    """Without the sentence that follows it, and without further parts that are notes."""
    title = (
        parts[0]
        if len(parts) == 1
        else f"{parts[0]} - {parts[1]}"
        if re.match(r"(?i)(?:mono|stereo|live|remaster|\d{4}|radio|single|album|feat|acoustic|demo)", parts[1])
        else parts[0]
    )
    title = re.sub(r"\s+[x×]\s?\d+\s*$", "", FEATURED.sub("", title))
    title = next((title[: cut.start()] for cut in SENTENCE.finditer(title) if _is_outside(title, cut.start())), title)
    return title.rstrip(" .,…") if not re.search(r"(?:\b\w\.)+$", title) else title


def _is_outside(text: str, at: int) -> bool:
    """Not within brackets."""
    return text.count("(", 0, at) <= text.count(")", 0, at)


def _may_be_title(title: str) -> bool:
    """Words or digits, not too many, not a time or a score."""
    letters = sum(c.isalnum() for c in title)
    if re.match(r"\d{1,2}\s*/\s*\d{1,2}\b|(?:would|out\s(?:now|today|soon|on|this|in))\s|[£$€]", title) or DATE.match(
        title
    ):  # a mark, a price, a day
        return False
    return (
        bool(letters)
        and len(title.split()) <= MOST_TITLE_WORDS
        and not re.fullmatch(r"[\d:.,\s–-]+(?:am|pm|h|€|\$|£)?", title)
    )


def _is_other(title: str) -> bool:
    """Whether what is named is an album, a film or a tour: the words stand at its end or in brackets."""
    ends = re.search(r"(?:\[[^\]]*\]|\([^)]*\)|\S+\s*\S*)$", title)
    return bool(re.search(r"[\[(][^\])]*\b(?:album|ep|lp|film|book|tour)\b[^\])]*[\])]", title, re.IGNORECASE)) or (
        ends is not None
        and OTHER_WORK.search(ends[0]) is not None
        and title.split()[-1].casefold().strip(".!")
        in ("album", "ep", "lp", "tour", "documentary", "podcast", "playlist", "festival", "tickets")
    )


def _two_titles(title: str) -> list[str]:
    """Both sides of a single; "アイドル / Idol" is one title and its translation."""
    title = GENRES.sub(" ", title)
    sides = [side.strip() for side in re.split(r"\s+/{1,2}\s+", title)]
    if len(sides) == 2 and all(sides) and is_caseless(sides[0]) == is_caseless(sides[1]):
        return sides
    return [title]


def _by(text: str, line: Line, post: Post) -> list[Guess]:
    heard = HEARD.search(text)
    if heard and post.knows(heard["artist"]):
        return guess(heard["artist"], heard["title"], BY_LINE + KNOWN, "heard")
    match = BY.match(text)
    if not match:
        return []
    artist = OFF.sub("", match["artist"]).strip()
    knows: Callable[[str], bool] = post.knows
    is_plain = line.labelled and len(artist.split()) <= 5
    name = artist if knows(artist) or is_caseless(artist) or is_plain else name_at_start(match["artist"], knows)
    labelled, title = _unlabelled(match["title"].strip(" :–—-"))
    line = replace(line, labelled=line.labelled or labelled)
    if (
        not name
        or not _may_be_title(title)
        or (PROSE.search(title) and not line.labelled and not is_marked(title.split()[-1]))
    ):
        return []
    if OTHER_WORK.search(title) or not (is_marked(title.split()[0]) or line.labelled) or NOT_ARTISTS.match(name):
        return []
    comma = 0.15 if re.search(r",\s+by\s", text) else 0.0
    comma += 0.08 if len(post.lines) == 1 and is_name(title) else 0.0
    score = BY_LINE + comma + (KNOWN if knows(name) else 0.0) + (LABELLED if line.labelled else 0.0)
    return guess(name, title, score, "by line")


def _comma(text: str, line: Line, post: Post) -> list[Guess]:
    """Artist, Title. Only where a catalogue knows the artist; in charts the title comes first."""
    clause = SENTENCE.split(text)[0].rstrip(" .!")
    parts = [part.strip() for part in re.split(r",\s+", clause) if part and part.strip()]
    if len(parts) != 2 or not all(1 <= len(part.split()) <= 8 for part in parts):
        return []
    first, second = parts
    if PROSE.search(clause) or not all(is_marked(part.split()[0]) for part in parts):
        return []
    if post.knows(second) and not post.knows(first) and (line.numbered or line.labelled):
        return guess(second, first, COMMA + KNOWN, "chart line")
    if post.knows(first) and not post.knows(second) and all(is_marked(word) for word in second.split()[:1]):
        return guess(first, second, COMMA + KNOWN + (LABELLED if line.labelled else -0.05), "comma")
    return []


def _colon(text: str, line: Line, post: Post) -> list[Guess]:
    """Artist: Title (live at the station). Only where a catalogue knows the artist, and a version says that it is a song."""
    artist, colon, title = text.partition(": ")
    if colon and VERSION.search(title) and post.knows(artist) and _may_be_title(title):
        return guess(artist, title, COMMA + KNOWN, "colon")
    return []
