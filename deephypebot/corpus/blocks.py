"""A post as blocks: HTML and markdown, broken as extraction leaves it, to plain paragraphs, headings, list items and quotations. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from deephypebot.songs import is_unprintable

MOST_CHARACTERS = 40_000  # of a post that are read
MOST_BLOCKS = 400
TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,2000}|!--.{0,2000}?--)>", re.DOTALL)
HIDDEN = re.compile(
    r"<(script|style|iframe|noscript|form|button|nav|svg)\b.{0,20000}?</\1\s*>", re.IGNORECASE | re.DOTALL
)
BREAK = re.compile(
    r"<(?:br|/?p|/?div|/?tr|/?td|/?table|/?section|/?article|/?ul|/?ol|/?figure|/?pre)\b[^<>]{0,2000}>", re.IGNORECASE
)
MARKS_OF_TAGS = (
    (re.compile(r"<h[1-6]\b[^<>]{0,500}>", re.IGNORECASE), "\n\n## "),
    (re.compile(r"</h[1-6]\s*>", re.IGNORECASE), "\n\n"),
    (re.compile(r"<li\b[^<>]{0,500}>", re.IGNORECASE), "\n\n* "),
    (re.compile(r"<blockquote\b[^<>]{0,500}>", re.IGNORECASE), "\n\n> "),
    (re.compile(r"</(?:li|blockquote)\s*>", re.IGNORECASE), "\n\n"),
    (re.compile(r"</?(?:b|strong)\b[^<>]{0,500}>", re.IGNORECASE), "**"),
    (re.compile(r"</?(?:i|em|cite)\b[^<>]{0,500}>", re.IGNORECASE), "_"),
)
IS_HTML = re.compile(r"<(?:p|br|div|a|em|strong|i|b|blockquote|span|h[1-6]|img|iframe)\b[^<>]{0,2000}>", re.IGNORECASE)
LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\((?:[^()\s]{0,2000})(?:\s+\"[^\"]{0,200}\")?\)")
REFERENCE = re.compile(r"\[([^\[\]]{0,300})\]\[[^\[\]]{0,50}\]")
RULE = re.compile(r"^[\s*_=~|.\-–—•·+#/\\]{2,}$")
BULLET = re.compile(r"^\s{0,8}(?:[*+•▪‣●–-]\s+|\\?-\s+|\d{1,3}[.)]\s+)")
HEADING = re.compile(r"^\s{0,3}#{1,6}\s+")
QUOTE = re.compile(r"^\s{0,3}>\s?")
BOLD = re.compile(r"\*\*\*?\s?(\S(?:[^*]{0,300}?\S)?)\s?\*\*\*?|__(\S(?:[^_]{0,300}?\S)?)__")
ITALIC = re.compile(r"(?<![\w*])[_*]\s?(\S(?:[^_*]{0,600}?\S)?)\s?[_*](?![\w*])")
WHOLE_ITALIC = re.compile(r"^\s*[_*]{1,3}\s?(?=\S)[^_]{20,}[_*]{1,3}\s*[.,]?\s*$", re.DOTALL)
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|])")
MARKED_CUT = re.compile(r"(?<=\w)\s+(?=['’](?:s|m|re|ve|ll|d|t)\b)")  # "Terrible 's", where html2text cut a mark off
QUOTE_MARKS = str.maketrans({"″": '"', "‟": '"', "＂": '"', "`": "'", "´": "'", "′": "'", "\u00a0": " "})
DIRT = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad\ufffc\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f]+")
MOJIBAKE = re.compile("[ÂÃâ][\u0080-\u00bf€™œž„†ˆ‰š‹Œ\u201a-\u201e\u2018-\u201d\u2020-\u2026]")


@dataclass(frozen=True)
class Block:
    """A part of a post. kind: paragraph, heading, item or quote; text: one line, without marks; named: what is set in bold or italics."""

    kind: str
    text: str
    named: tuple[str, ...] = ()


def read_blocks(text: str, is_html: bool = False) -> list[Block]:
    """The blocks of a post, in their order; at most MOST_BLOCKS. Tags are taken off also where nobody said that it is HTML."""
    text = without_dirt(text[:MOST_CHARACTERS])
    if is_html or IS_HTML.search(text):
        text = without_tags(text)
    blocks: list[Block] = []
    for chunk in re.split(r"\n[ \t]*\n+", text):
        blocks += read_chunk(chunk)
        if len(blocks) > MOST_BLOCKS:
            break
    return blocks[:MOST_BLOCKS]


def without_dirt(text: str) -> str:
    """NFC, line ends as \\n, text that was decoded wrongly set right, no invisible characters and no pictures."""
    text = unicodedata.normalize("NFC", _decoded(text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")))
    text = DIRT.sub(" ", text).translate(QUOTE_MARKS)
    return (
        "".join(" " if c != "\n" and is_unprintable(c) else c for c in text)
        if not text.isascii() or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
        else text
    )


def _decoded(text: str) -> str:
    """UTF-8 that was read as Windows-1252, "donâ€™t", as it was meant; left alone where that is not what happened."""
    if not MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return re.sub("[\u0080-\u017f\u2010-\u2122]{2,4}", _decoded_run, text)


def _decoded_run(match: re.Match[str]) -> str:
    try:
        return match[0].encode("cp1252").decode("utf-8")
    except UnicodeError:
        return match[0]


def without_tags(text: str) -> str:
    """HTML as the markdown that the rest reads. What is meant is the residue in texts; pages are read by trafilatura (harvest)."""
    text = BREAK.sub("\n\n", HIDDEN.sub(" ", text))
    for tag, mark in MARKS_OF_TAGS:
        text = tag.sub(mark, text)
    return TAG.sub(" ", text)


def read_chunk(chunk: str) -> list[Block]:
    """Lines between blank ones: a paragraph, or one block a line where they are items, headings or rows of a table."""
    lines = [line for line in chunk.split("\n") if line.strip() and not RULE.match(line)]
    if not lines:
        return []
    groups: list[tuple[str, list[str]]] = []
    for line in lines:
        kind = _kind(line)
        last = groups[-1][0] if groups else ""
        ends = (
            bool(groups) and groups[-1][1][-1].endswith("  ") and last != "quote"
        )  # two spaces: markdown's line break
        if kind in ("heading", "item") or not groups or ends or last == "heading" or (kind == "quote" != last):
            groups.append((kind, [line]))
        else:
            groups[-1][1].append(line)  # also a line without a mark after a quoted one: it is quoted too
    return [block for kind, some in groups for block in _block(kind, joined([_unmarked(line) for line in some]))]


def _kind(line: str) -> str:
    if HEADING.match(line):
        return "heading"
    if BULLET.match(line) or line.count("|") > 1:
        return "item"
    return "quote" if QUOTE.match(line) else "paragraph"


def _unmarked(line: str) -> str:
    return QUOTE.sub("", HEADING.sub("", BULLET.sub("", line, count=1), count=1), count=1)


def joined(lines: list[str]) -> str:
    """Wrapped lines as one; a word that was wrapped at its hyphen stays whole: "Brooklyn-\\nbased"."""
    text = ""
    for line in lines:
        glue = "" if re.search(r"\w-$", text) and re.match(r"[a-z]", line) else " "
        text = f"{text}{glue}{line.strip()}" if text else line.strip()
    return text


def _block(kind: str, raw: str) -> list[Block]:
    raw = raw.strip()
    if kind == "paragraph" and WHOLE_ITALIC.match(raw) and not re.search(r"[_*]\s+\w[^_*]*\s[_*]", raw.strip("_* ")):
        kind = "quote"  # a paragraph in italics is somebody's words, or a note
    named = tuple(clean for match in BOLD.finditer(raw) if (clean := plain(match[1] or match[2]))) + tuple(
        clean for match in ITALIC.finditer(BOLD.sub(" ", raw)) if (clean := plain(match[1]))
    )
    text = plain(raw)
    if kind == "paragraph" and BOLD.fullmatch(raw) and len(text.split()) < 10:
        kind = "heading"
    return [Block(kind, text, named)] if any(map(str.isalnum, text)) else []


def plain(text: str) -> str:
    """Markdown without marks: links as their words, emphasis as nothing, entities as characters, spaces where they belong."""
    text = REFERENCE.sub(r"\1", LINK.sub(r"\1", text))
    text = html.unescape(html.unescape(text)) if "&" in text else text
    for _ in range(2):
        text = BOLD.sub(lambda match: _respaced(match, match[1] or match[2]), text)
        text = ITALIC.sub(lambda match: _respaced(match, match[1]), text)
    text = re.sub(r"\*{1,3}|(?<![\w/])_{1,3}|_{1,3}(?![\w/])", " ", ESCAPED.sub(r"\1", text))
    text = MARKED_CUT.sub("", text)
    text = re.sub(r"\s+([,.;:!?)\]](?:\s|$|[\"'”’]))", r"\1", " ".join(text.split()))
    text = re.sub(r"([(\[])\s+", r"\1", text)
    return _requoted(text).strip()


def _respaced(match: re.Match[str], inner: str) -> str:
    """Emphasis within a word joins what it splits; elsewhere it keeps its spaces."""
    text, start, end = match.string, match.start(), match.end()
    left = (
        " "
        if match[0][len(match[0]) - len(match[0].lstrip("*_")) :][:1] == " " or text[start - 1 : start].isalnum()
        else ""
    )
    right = " " if text[end : end + 1].isalnum() or match[0].rstrip("*_").endswith(" ") else ""
    return f"{left}{inner}{right}"


def _requoted(text: str) -> str:
    """Spaces within straight quotation marks, which extraction leaves around emphasis, are taken off: " Ocean " is "Ocean"."""
    if text.count('"') % 2 or '"' not in text:
        return text
    parts = text.split('"')
    for i in range(1, len(parts), 2):
        parts[i] = parts[i].strip()
        if parts[i - 1] and parts[i - 1][-1].isalnum():
            parts[i - 1] += " "
        if parts[i + 1][:1].isalnum():
            parts[i + 1] = f" {parts[i + 1]}"
    return '"'.join(parts)
