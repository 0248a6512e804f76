"""A post as lines: addresses, hashtags and pictures taken off, labels told from what they label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from deephypebot.mentions.names import is_marked
from deephypebot.mentions.words import LABEL_WORDS, NO_SONG_HERE, any_of
from deephypebot.songs import is_unprintable

MOST_CHARACTERS, MOST_LINES = 5000, 40  # of a post that are read: nobody names a song further down
URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|fm|to|link|org|net|io|be)/\S+", re.IGNORECASE)
HASHTAG = re.compile(r"(?<!\w)#(\w*[^\W\d]\w*)")
PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u25b6\u23e9-\u23fa\u266a-\u266f]+")
OUTSIDE = r"[^\w\"“”‘'«»„「『《(\[]*"  # what stands around a label, and opens nothing
LABEL = re.compile(rf"^{OUTSIDE}(?:{LABEL_WORDS.pattern}){OUTSIDE}(?::|!|\s[-–—|]\s|\s|$)", re.IGNORECASE)
VIA = re.compile(
    r"\s+(?:via|on|using|auf|sur|en|su)\s+@?(?:[\w.]+\.fm|spotify|apple music|tidal|youtube|bandcamp|soundcloud|deezer|symfonium)\b.*$",
    re.IGNORECASE,
)
BRACKET = re.compile(r"^(?:\W*[\[【][^\]】]{1,30}[\]】]\s*)+")
NEEDS_MARK = any_of(
    (
        "new",
        "fresh",
        "today",
        "tonight",
        "mood",
        "repeat",
        "exclusive",
        "throwback",
        "loved",
        "next up",
        "recommended",
        "out now",
        "scrobbled?",
    )
)
CHART_MARK = re.compile(r"\((?:[+\-–−=±]\s?\d*|new|re)\)", re.IGNORECASE)
NOTES = re.compile(
    "[\u2669-\u266f\u25b6\U0001f3a7\U0001f3b5\U0001f3b6\U0001f3bc\U0001f4fb]"
)  # music is what it is about
CREDITS = re.compile(
    r"^\W*(?:photos?|words|pics?|text|directed|produced|mixed|mastered|artwork|design)\s*(?:by\b|:)", re.IGNORECASE
)
NUMBER = re.compile(
    r"^\W*(?:\d{1,2}[:.h]\d{2}(?:\s*[ap]m)?\s+(?:[-–—|]\s+)?|#?\d{1,3}[.):]\s+|#\d{1,3}\s+(?:\([^)]{0,12}\)\s*)?)"
)


@dataclass(frozen=True)
class Line:
    """One line of a post. labelled: something before it says that a song follows; tags: its hashtags."""

    text: str
    labelled: bool
    numbered: bool
    tags: tuple[str, ...]
    is_about_something_else: bool = False
    charted: bool = False


@dataclass(frozen=True)
class Post:
    """A post, read. knows: whether a name is that of an artist."""

    lines: tuple[Line, ...]
    knows: Callable[[str], bool]
    is_about_something_else: bool


def parse_post(text: str, knows: Callable[[str], bool]) -> Post:
    """The lines that say something."""
    text = "".join("\n" if c in "\r\u2028\u2029\n" else " " if is_unprintable(c) else c for c in text[:MOST_CHARACTERS])
    text = unicodedata.normalize("NFC", text)
    lines, labelled, heads = list[Line](), False, False  # heads: a line says what the lines below are about
    for raw in text.split("\n")[:MOST_LINES]:
        if lines and re.match(r"\s*by\s+\S", raw, re.IGNORECASE):  # "Title", and on the next line "by Artist"
            line = lines.pop()
            lines.append(replace(line, text=f"{line.text} {raw.strip()}"))
            continue
        line = parse_line(raw, labelled)
        if line.text or line.tags:
            lines.append(replace(line, is_about_something_else=line.is_about_something_else or heads))
            heads = heads or (line.is_about_something_else and raw.rstrip().endswith(":"))
        labelled = (line.labelled and not line.text) or (labelled and not line.text)
    return Post(tuple(lines), knows, NO_SONG_HERE.search(text) is not None)


def parse_line(raw: str, labelled: bool = False) -> Line:
    """A line without what is no text."""
    tags, other = tuple(HASHTAG.findall(raw)), NO_SONG_HERE.search(raw) is not None
    rest = PICTURES.sub(" ", URL.sub(" ", raw))
    other = other or CREDITS.match(raw) is not None
    labelled = (
        labelled
        or NOTES.search(raw) is not None
        or any(LABEL_WORDS.fullmatch(tag) or LABEL_WORDS.fullmatch(spaced(tag)) for tag in tags)
    )
    rest = CHART_MARK.sub(" ", HASHTAG.sub(" ", rest)).strip()
    if bracket := BRACKET.match(rest):
        labelled, rest = labelled or LABEL_WORDS.search(bracket[0]) is not None, rest[bracket.end() :]
    numbered, charted = NUMBER.match(rest) is not None, re.match(r"\W*#\d", rest) is not None
    rest = VIA.sub("", NUMBER.sub("", rest))
    while (label := LABEL.match(rest)) and label.end() > 0 and rest[label.end() :] != rest:
        after = rest[label.end() :].lstrip(" :!-–—|>")
        if not _is_label(rest, label, after):
            break
        labelled, rest = True, after
    return Line(" ".join(rest.split()), labelled, numbered, tags, other, charted)


def _is_label(rest: str, label: re.Match[str], after: str) -> bool:
    """A word such as "Play" is a label before a colon, at the end, or where a name follows; "Today I..." is a sentence."""
    word = label[0].strip(" :!|–—-")
    if label[0].strip() != word or not after:
        return True
    if NEEDS_MARK.fullmatch(word):
        return after[0] in "\"“‘'«„「『"
    return is_marked(after.split()[0]) or after[0] in "\"“‘'«„「『" or len(word.split()) > 1


def spaced(tag: str) -> str:
    """ "SugarForThePill" is four words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tag)
