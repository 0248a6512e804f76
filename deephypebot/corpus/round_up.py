"""Posts on more than one song, and posts that are no text on one: round-ups, mixtapes, interviews, live reviews. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deephypebot.corpus.blocks import Block
from deephypebot.corpus.headline import DASH, SPAN
from deephypebot.songs import normalise_name

HEADLINE = (
    (re.compile(r"\b(?:playlist|mix\s?tape|podcast|radio\s+show|dj\s+mix|guest\s+mix|hump\s+day\s+mix|essential\s+mix|in\s+the\s+mix)\b", re.IGNORECASE), "a playlist or mix"),
    (re.compile(r"\b(?:top|best)\s+(?:\d+|ten|five|twenty|fifty|songs|tracks|albums|new\s+(?:songs|tracks|music))\b|\b\d+\s+(?:new\s+)?(?:songs|tracks|albums|artists|bands)\b|\b(?:round[- ]?up|weekly\s+(?:mix|digest|wrap)|songs\s+of\s+the\s+(?:week|month|year)|tracks\s+of\s+the\s+(?:week|month)|singles?\s+round|new\s+music\s+friday|weekend\s+(?:mix|list)|albums\s+of\s+the|releases\s+of\s+the)\b", re.IGNORECASE), "more than one song"),
    (re.compile(r"\binterview(?:s|ed)?\b|\bq\s?&\s?a\b|\bin\s+conversation\b", re.IGNORECASE), "an interview"),
    (re.compile(r"\b(?:live\s+(?:review|report)|concert\s+review|show\s+review|gig\s+review|festival\s+(?:review|preview)|photo\s+gallery|tour\s+dates\b(?!.*(?:song|single|track|new)))\b", re.IGNORECASE), "a live report"),
    (re.compile(r"\balbum\s+(?:review|stream)\b|\breview:\s.{0,60}\b(?:album|lp)\b|\balbum\s+of\s+the\s+(?:week|month|year)\b", re.IGNORECASE), "an album"),
)  # fmt: skip
QUESTION = re.compile(r"^(?:q|question|[A-Z]{2,4}|[A-Z][\w ]{2,24})\s?[:.]\s?.{8,300}\?\s*$")
MOST_SONGS = 3  # headings, items or lines that name a song each


def find_other_kind(headline: str, blocks: Sequence[Block]) -> str | None:
    """What a post is, where it is no text on one song: "a playlist or mix", ...; else None."""
    for pattern, kind in HEADLINE:
        if pattern.search(headline):
            return kind
    asked = sum(block.text.endswith("?") and 4 <= len(block.text.split()) <= 40 for block in blocks)
    if asked >= 3 or sum(bool(QUESTION.match(block.text)) for block in blocks) >= 3:
        return "an interview"
    if len(_named_songs(blocks)) >= MOST_SONGS and not _is_track_list(blocks):
        return "more than one song"
    return None


def _named_songs(blocks: Sequence[Block]) -> set[str]:
    """Headings that read as "Artist – Title", each followed by text."""
    found = set[str]()
    for block, after in zip(blocks, [*blocks[1:], None], strict=False):
        words = len(block.text.split())
        if block.kind != "heading" or words > 14 or after is None or after.kind not in ("paragraph", "quote"):
            continue
        if (DASH.search(block.text) or SPAN.search(block.text)) and len(after.text.split()) >= 8:
            found.add(normalise_name(block.text))
    return found


def _is_track_list(blocks: Sequence[Block]) -> bool:
    return any(re.match(r"track\s?-?list", block.text, re.IGNORECASE) for block in blocks)
