"""A post as it came, to its song and its sentences: kept, or dropped with a reason. Pure: the same post gives the same result anywhere.

blocks -> language -> kind of post -> song -> sentences, masked -> kept or dropped
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from deephypebot.corpus.addresses import blog_of
from deephypebot.corpus.blocks import Block, read_blocks
from deephypebot.corpus.language import is_surely_other, language_of
from deephypebot.corpus.round_up import find_other_kind
from deephypebot.corpus.sentences import Piece, find_fault, split_block
from deephypebot.corpus.slots import Masker
from deephypebot.corpus.subject import Subject, find_subject
from deephypebot.errors import InputError
from deephypebot.songs import build_song
from deephypebot.types import Document

LANGUAGE = "en"  # the rules for sentences and headlines are those of English
LEAST_WORDS = 15  # of a post
MOST_SENTENCES = 200
NAMELESS = ("musiccaps",)  # sources that describe music and name no song
END = re.compile(
    r"^(?:related(?:\s+posts?|\s+articles?)?|you\s+(?:may|might)\s+also\s+like|comments?|leave\s+a\s+(?:reply|comment)|\d+\s+comments?|share\s+this|more\s+from|tour\s+dates?|live\s+dates?|lyrics?(?:\s+of\b.{0,60}|\s+to\b.{0,60})?|track\s?-?list(?:ing)?|upcoming\s+shows)\s*:?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Line:
    """A sentence of a post. text: with slots; original: as it stands there; reason: why it is dropped, "" where it is kept."""

    text: str
    original: str
    reason: str = ""


@dataclass(frozen=True)
class Cleaned:
    """A post that was read. reason: why it is dropped whole, "" where it is not; step: how far it came, in STEPS."""

    step: str
    reason: str = ""
    subject: Subject | None = None
    lines: tuple[Line, ...] = ()


STEPS = ("fetched", "english", "one song", "matched", "kept")  # of the funnel, after "found"


def clean(post: Document, knows: Callable[[str], bool]) -> Cleaned:
    """Sentences of a post with slots for its song. knows: whether a name is that of an artist."""
    blocks = before_end(read_blocks(post.text, post.is_html))
    text = "\n".join(block.text for block in blocks if block.kind != "heading")
    if len(text.split()) < LEAST_WORDS:
        return Cleaned("fetched", "fewer than 15 words")
    found = language_of(text)
    if found != LANGUAGE:
        return Cleaned("fetched", f"language {found or 'unknown'}")
    if kind := find_other_kind(post.title, blocks):
        return Cleaned("english", kind)
    subject = subject_of(post, blocks, knows)
    if subject is None and post.source not in NAMELESS:
        return Cleaned("one song", "no song found")
    masker = Masker(subject, post.author, site_of(post), blocks)
    lines = without_mixed([_line(piece, masker) for piece in pieces_of(blocks)])
    is_kept = any(not line.reason for line in lines)
    return Cleaned("kept" if is_kept else "matched", "" if is_kept else "no sentence is left", subject, tuple(lines))


def before_end(blocks: list[Block]) -> list[Block]:
    """Without what stands below the article: related posts, comments, lyrics, dates."""
    for number, block in enumerate(blocks):
        if number and block.kind in ("heading", "paragraph") and END.match(block.text):
            return blocks[:number]
    return blocks


def subject_of(post: Document, blocks: list[Block], knows: Callable[[str], bool]) -> Subject | None:
    """The song that the source names, else the one that the post is about."""
    if post.artist and post.song:
        try:
            return Subject(build_song(post.artist[:300], post.song[:300]))
        except InputError:
            pass
    return find_subject(post.title, post.url, site_of(post), blocks, knows)


def site_of(post: Document) -> str:
    """The host that it stands on."""
    return post.site or blog_of(post.url)


def without_mixed(lines: list[Line]) -> list[Line]:
    """Where a post has sentences in another language, each of the others is looked at more closely."""
    if not any(line.reason == "other language" for line in lines):
        return lines
    doubtful = [not line.reason and is_surely_other(line.text, even_if_plain=True) for line in lines]
    return [
        replace(line, reason="other language") if is_other else line
        for line, is_other in zip(lines, doubtful, strict=True)
    ]


def pieces_of(blocks: list[Block]) -> list[Piece]:
    """All sentences, in their order."""
    pieces: list[Piece] = []
    for block in blocks:
        pieces += split_block(block)
        if len(pieces) >= MOST_SENTENCES:
            break
    return pieces[:MOST_SENTENCES]


def _line(piece: Piece, masker: Masker) -> Line:
    masked = masker.mask(piece.text)
    return Line(masked, piece.text, find_fault(piece, masked) or "")
