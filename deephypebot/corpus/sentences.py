"""Sentences of a post: split by sentencex, set right where names and quotations broke them; and why one is not kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deephypebot.corpus.blocks import Block
from deephypebot.corpus.commentary import find_other_subject
from deephypebot.corpus.grammar import has_main_verb
from deephypebot.corpus.language import is_surely_other

WORDS = (10, 60)  # of a sentence that is kept
LONGEST = 4000  # characters of a block that are split; of a longer one the beginning
ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:(?<!a )(?<!the )feat|ft|vs|mr|mrs|ms|dr|st|no|nos|vol|pt|prod|approx|e\.g|i\.e|etc|jr|sr|inc|est|aka|a\.k\.a|p\.s|mt|ave|min|ed|[A-Z])\.$",
    re.IGNORECASE,
)
ENDS = re.compile(r"[.!?…][\"'”’)\]]*$")
NO_END = re.compile(r"[:;,–—-]$|\b(?:and|or|but|the|a|of|to|with|by|via|in|on)[.!?]?$", re.IGNORECASE)
OPENS = re.compile(r"^[\"'“‘(\[]*(?:[A-ZÀ-Þ0-9{]|['’](?:em|cause|til|twas)\b)")
STRAIGHT, LEFT, RIGHT = '"', "“„«", "”»"
QUOTED = re.compile(r"[\"“][^\"“”]{1,900}[\"”]|(?<![\w])['‘](?=\S)[^'‘’\"]{25,900}(?<=\S)['’](?!\w)")
VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|being|am|has|have|had|do|does|did|will|would|can|could|may|might|should|must|shall|it['’]s|that['’]s|there['’]s|he['’]s|she['’]s|they['’]re|we['’]re|you['’]re|i['’]m|i['’]ve|we['’]ve|they['’]ve|what['’]s|let['’]s|\w+n['’]t|"
    r"\w{2,}(?:ed|es)|\w{2,}[^su\W]s|makes?|take|get|feel|sound|bring|keep|give|find|come|go|know|think|see|hear|love|let|got|went|made|took|came|found|felt|kept|brought|gave|set|put|become|became|build|built|sing|sang|begin|began|grow|grew|run|blend|create|need|want)\b",
    re.IGNORECASE,
)
RESIDUE = re.compile(
    r"https?:|www\.|\S+@\S+\.\w|\w\.(?:com|net|org|co\.uk|fm)\b|[|{}<>\\^~]|\]\(|_{2,}|={2,}|\*{2,}|&\w+;|\bimg\b|[\[\]]{2}|(?:\s/{1,2}\s.*){2}|�|\.(?:mp3|jpg|png)\b|\(\s*\)|#\w+.*#\w+|[A-Za-z][.!?][A-Z][a-z]+\s|\[\s*(?:embed|video|audio|via|link)|\s[+»›→]{1,2}\s",
    re.IGNORECASE,
)
JOINED = re.compile(r"[a-z]{3}[.!?][A-Z][a-z]|[a-z]{3,}[A-Z][a-z]{3,}[A-Z]?\w*\s+[a-z]+[A-Z]")
FURNITURE = re.compile(
    r"^(?:this\s+(?:entry|post)|posted|tagged|filed|categor|tags?\b|share\b|related|comments?\b|leave\s+a|reply|photos?\b|image|credit|words?\s+(?:by|of)|written\s+by|text\s+by|by\s+[A-Z]\w+\s+[A-Z]\w+$|source\b|via\s|bookmark|read\s+more|read\s+(?:the|our)|continue|about\s+the\s+author|advertis|sponsor|"
    r"buy\b|tickets?\b|track\s?list|live\s+dates|tour\s+dates|release\s+date|genre\s*:|label\s*:|artist\s*:|title\s*:|rating|for\s+fans\s+of|ffo\b|sounds\s+like\s*:|who\s*:|where\s*:|when\s*:|why\s*:|what\s*:|hype\s+machine|all\s+rights|copyright|©|privacy|cookie|newsletter|sign\s+up|"
    r"subscribe|loading|home\b.{0,30}\b(?:about|contact)|search\b|menu\b|skip\s+to|advertisement|previously\s*:|tracklist|listen\s*:|stream\s*:|download\s*:|watch\s*:|connect\b|social|website)",
    re.IGNORECASE,
)
THE_SITE = re.compile(
    r"\b(?:this\s+blog|the\s+blog|our\s+(?:blog|site|readers|newsletter|writers?|contributors?|team|inbox)|cookies|this\s+(?:site|website|post|article)|the\s+(?:site|website|newsletter)|donat(?:e|ion)|patreon|blog(?:ging)?\b.*\bcoffee|submit(?:hub|ted)?|premier(?:e|ing)\s+(?:it|here)|your\s+browser|javascript|guest\s+post|comments?\s+section|readers)\b",
    re.IGNORECASE,
)
SUNG = re.compile(
    r"(?:\s/\s?\S.*){2}|[“\"][^“”\"]*/[^“”\"]*[”\"]|\b(?:la|na|oh|ooh|yeah)(?:[\s,-]+(?:la|na|oh|ooh|yeah)){2,}",
    re.IGNORECASE,
)
SLOT = re.compile(r"\{\w+\}")
PERSON_SPEAKS = re.compile(
    r"\b(?:my\s+(?:first|last|second|third|new|debut)\s+(?:\w+\s)?(?:ep|album|single|record|song)|i\s+(?:wrote|recorded|produced|started\s+writing|wanted\s+(?:to\s+write|this\s+song))|we\s+(?:wrote|recorded|wanted\s+(?:to|the|this))|when\s+(?:i|we)\s+(?:wrote|recorded))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Piece:
    """A sentence of a post as it stands there. within: it stands in a quotation, or reaches into one."""

    text: str
    kind: str
    within: bool


def split_block(block: Block) -> Iterator[Piece]:
    """The sentences of a block."""
    import sentencex

    whole = block.text[:LONGEST]
    is_odd = (
        whole.count(STRAIGHT) % 2 == 1
    )  # one mark has no other half: what is quoted cannot be told beyond the sentence
    never_ends = is_odd and whole.startswith(STRAIGHT)  # a paragraph of a longer quotation
    depth = 0
    for text in rejoined([part.strip() for part in sentencex.segment("en", whole)]):
        starts_within = depth > 0
        depth = _depth_after(text, depth)
        yield Piece(text, block.kind, never_ends or starts_within or depth > 0)
        depth = 0 if is_odd else depth


def rejoined(parts: Sequence[str]) -> list[str]:
    """Without splits after abbreviations, within brackets, and before what goes on in small letters."""
    whole: list[str] = []
    for part in parts:
        if not part:
            continue
        before = whole[-1] if whole else ""
        opens_small = part[:1].islower() and not part.startswith(("i ", "i'"))
        if before and (
            ABBREVIATED.search(before)
            or before.count("(") > before.count(")")
            or (
                opens_small
                and (
                    before.endswith(("...", "…"))
                    or re.search(r"[.!?][\"'”’)]$", before)
                    or re.search(r"\b\w[.!?]$", before)
                )
            )
            or re.fullmatch(r"[\"”'’).!?]+", part)
        ):
            whole[-1] = f"{before}{'' if re.fullmatch(r'[^a-zA-Z0-9]+', part) else ' '}{part}"
        else:
            whole.append(part)
    return whole


def _depth_after(text: str, depth: int) -> int:
    """0 outside quotations, 1 within one."""
    for character in text:
        if character == STRAIGHT:
            depth = 0 if depth else 1
        elif character in LEFT:
            depth = 1
        elif character in RIGHT:
            depth = 0
    return depth


def find_fault(piece: Piece, masked: str) -> str | None:
    """Why a sentence is not kept, None where it is. masked: its text with slots."""
    text = piece.text
    words = text.split()
    if piece.kind == "heading":
        return "heading"
    if FURNITURE.match(text.lstrip("([*- ")) or RESIDUE.search(masked.replace("{", "").replace("}", "")):
        return "residue of the page"
    if piece.kind == "quote" or piece.within or _is_quoted(masked):
        return "quotation"
    if SUNG.search(text):
        return "lyrics"
    if not WORDS[0] <= len(words) <= WORDS[1]:
        return f"fewer than {WORDS[0]} words" if len(words) < WORDS[0] else f"more than {WORDS[1]} words"
    if piece.kind == "item":
        return "item of a list"
    if is_surely_other(SLOT.sub(" ", masked)):
        return "other language"
    if not is_complete(text, masked):
        return "incomplete"
    if re.search(r"\}['’](?!s)|(?<!\w)['‘]\{", masked):
        return "residue of the page"
    if JOINED.search(text) or _shouts(words):
        return "residue of the page"
    if THE_SITE.search(masked) or re.search(r"\{(?:site|author)\}", masked):
        return "about the site"
    if PERSON_SPEAKS.search(text):
        return "quotation"
    if _is_list(text):
        return "list of names"
    return find_other_subject(masked) or (None if has_main_verb(masked) else "no main verb")


def is_complete(text: str, masked: str) -> bool:
    """Whether it begins and ends as a sentence does, may have a verb, and its brackets and quotation marks have their other halves."""
    if not ENDS.search(text) or NO_END.search(text.rstrip(".!?…\"'”’)]")) or not OPENS.match(masked):
        return False
    if text.endswith(("...", "…")) and len(text.split()) < 14:
        return False
    if masked.count("(") != masked.count(")") or masked.count('"') % 2 or masked.count("“") != masked.count("”"):
        return False
    return VERB.search(text) is not None


def _is_quoted(text: str) -> bool:
    """Whether somebody else's words are a good part of it."""
    longest = max((len(match[0].split()) for match in QUOTED.finditer(text)), default=0)
    return longest >= 7 or (longest >= 5 and longest * 3 > len(text.split()))


def _shouts(words: Sequence[str]) -> bool:
    capitals = sum(word.isupper() and len(word) > 2 for word in words)
    return capitals >= 4 and capitals * 3 > len(words)


def _is_list(text: str) -> bool:
    """Names after names."""
    parts = [part.strip() for part in re.split(r",|;|\band\b|&", text)]
    named = [
        part for part in parts if part and all(word[:1].isupper() for word in part.split()) and len(part.split()) <= 4
    ]
    return len(named) >= 5 and 2 * sum(len(part.split()) for part in named) > len(text.split())
