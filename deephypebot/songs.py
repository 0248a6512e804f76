"""Names of songs and the texts about them: reading what people wrote, filling slots, finding faults. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from deephypebot.errors import InputError, shown
from deephypebot.types import Song

MAX_NAME = 300  # characters of an artist or a title
MAX_LABEL, MAX_LABELS = 100, 16
SHORTEST, LONGEST = 40, 280  # characters of a post

SEPARATOR = re.compile(r"(?<=\s)[-‐‑‒–—―−~](?=\s)")
QUOTED = re.compile(
    r"""["“”„]([^"“”„]*)["“”]|['‘’‚]((?:[^'‘’‚]|\b['’]\b)*)['‘’]|«([^«»]*)»|「([^「」]*)」|『([^『』]*)』"""
)
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
INVISIBLE = ("Cf", "Mn", "Me", "Zs")  # categories of characters that alone make no name
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SLOT = re.compile(
    r"(?P<before>\b(?:[Tt]he|[Aa]n?)\s+)?\{(?P<slot>artist|title)\}(?:(?P<apostrophe>['’])s\b)?(?P<stop>\.)?"
)
VOWELS = ("a", "e", "i", "o", "u", "æ", "ø", "œ")
NAME = "\ue000"  # stands for a song's own names while a text is checked
SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")
OPENING = "\"'“‘([¿¡"  # may stand before the first word of a sentence
WORD = re.compile(rf"[\w{NAME}]+(?:['’]\w+)*")
DOUBLES = ("that", "had", "no", "very", "so")  # words that good prose sets twice in a row
SUNG = re.compile(r"[\"“][^\"“”]*[\"”]")  # in quotation marks "la la la" is what is sung


def parse_song(text: str) -> Song:
    """The song of "Artist – Title", any dash with spaces around it; quotation marks around the title are taken off.

    Raises InputError where there is no dash, or a name is not allowed.
    """
    parts = SEPARATOR.split(f" {text} ", maxsplit=1)
    if len(parts) != 2:
        raise InputError(f'song is {shown(text)}; allowed is "ARTIST – TITLE", or artist and title given apart')
    artist, title = parts[0], parts[1].strip()
    quoted = QUOTED.fullmatch(title)
    return build_song(artist, quoted[quoted.lastindex or 0] if quoted else title)


def build_song(artist: str, title: str) -> Song:
    """A song with names as one line of NFC text each. Raises InputError naming artist or title, its value and what is allowed."""
    return Song(_name("artist", artist, MAX_NAME), _name("title", title, MAX_NAME))


def parse_genres(text: str) -> tuple[str, ...]:
    """The labels of "dream pop, shoegaze", any label, each once, in their order. Raises InputError."""
    labels = [_name("genre", part, MAX_LABEL) for part in text.split(",") if part.strip()]
    unique: dict[str, str] = {}
    for label in labels:
        unique.setdefault(label.casefold(), label)
    if len(unique) > MAX_LABELS:
        raise InputError(f"genres has {len(unique)} labels; allowed are at most {MAX_LABELS}")
    return tuple(unique.values())


def _name(key: str, text: str, longest: int) -> str:
    bad = next((c for c in text.strip() if is_unprintable(c)), None)
    if bad is not None:
        raise InputError(f"{key} is {shown(text)}; allowed is text without control characters (it has {bad!a})")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if all(c in BLANK or unicodedata.category(c) in INVISIBLE for c in name):
        raise InputError(f"{key} is empty; allowed are 1 to {longest} characters")
    if len(name) > longest:
        raise InputError(f"{key} is {shown(text)}, {len(name)} characters; allowed are 1 to {longest}")
    return name


def is_unprintable(character: str) -> bool:
    """Control characters, lone surrogates, line separators, and marks that turn the direction of what follows."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BIDI_CONTROLS


def normalise_name(name: str) -> str:
    """What names are matched by: letters and digits alone ("Jay-Z" is "jayz"), no accents or case, & as and, no leading "the".

    A name without letters and digits ("!!!") stays as it is.
    """
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name)
    words = " ".join(plain.casefold().replace("&", " and ").split())
    counts = str.isalnum if name.isascii() else _counts
    return "".join(filter(counts, words.removeprefix("the "))) or words


def _counts(character: str) -> bool:
    """Letters, digits, and the vowel signs of scripts that write vowels as marks; accents are marks that combine."""
    is_mark = unicodedata.category(character).startswith("M")
    return character.isalnum() or (is_mark and not unicodedata.combining(character))


def fill_slots(text: str, song: Song) -> str:
    """The text with {artist} and {title} filled, right in possessive, article and capital.

    Names that end in s take the apostrophe alone; "the {artist}" with The Beatles is "the Beatles"; a or an goes by the
    name's first letter. What stands inside a name is never filled again.
    """
    return SLOT.sub(lambda match: _filled(match, song), text)


def _filled(match: re.Match[str], song: Song) -> str:
    name = song.artist if match["slot"] == "artist" else song.title
    before, stop = match["before"] or "", match["stop"] or ""
    if before and name.casefold().startswith("the "):
        name = name[4:]
    if before.startswith(("a", "A")):
        before = before[0] + ("n " if normalise_name(name).startswith(VOWELS) else " ")
    if not before and name.startswith("the ") and _opens_sentence(match.string[: match.start()]):
        name = f"T{name[1:]}"
    if match["apostrophe"]:
        name += match["apostrophe"] + ("" if name.endswith(("s", "S")) else "s")
    elif name.endswith((".", "!", "?", "…")):
        stop = ""
    return f"{before}{name}{stop}"


def _opens_sentence(before: str) -> bool:
    before = before.rstrip(f" {OPENING}")
    return not before or SENTENCE_END.search(before) is not None


def find_fault(text: str, song: Song) -> str | None:
    """Why a filled text is not a finished post, or None. The song's own names may hold anything."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"has {len(text)} characters; allowed are {SHORTEST} to {LONGEST}"
    masked = _masked(text, song)
    return next((reason for reason, is_faulty in FAULTS if is_faulty(masked)), None)


def _masked(text: str, song: Song) -> str:
    """The text with each name of the song as one character, and the mark that ends the name; longer names first."""
    names = {
        song.artist,
        song.title,
        *(name[4:] for name in (song.artist, song.title) if name.lower().startswith("the ")),
    }
    names |= {f"T{name[1:]}" for name in names if name.startswith("the ")}
    pattern = "|".join(re.escape(name) for name in sorted(names - {""}, key=len, reverse=True)) or "(?!)"
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda name: NAME + name[0][-1] * (name[0][-1] in ".!?…"), text)


def _breaks_off(text: str) -> bool:
    return SENTENCE_END.search(text) is None


def _opens_small(text: str) -> bool:
    first = text.lstrip(OPENING)[:1]
    return not (first.isupper() or first.isdigit() or first == NAME or _has_no_case(first))


def _has_no_case(character: str) -> bool:
    return character.isalpha() and character.upper() == character.lower()


def _is_unbalanced(text: str) -> bool:
    pairs = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"))
    return text.count('"') % 2 == 1 or any(text.count(left) != text.count(right) for left, right in pairs)


def _has_double_word(text: str) -> bool:
    doubles = re.finditer(r"\b(\w+)\s+\1\b", SUNG.sub('""', text), re.IGNORECASE)
    return any(double[1].casefold() not in DOUBLES for double in doubles)


def _has_double_run(text: str) -> bool:
    words = [word.casefold() for word in WORD.findall(text)]
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    return len(set(runs)) < len(runs)


FAULTS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("has a placeholder left", lambda text: re.search(r"[{}]", text) is not None),
    ("has a control character", lambda text: "\ufffd" in text or any(map(is_unprintable, text))),
    ("does not end as a sentence", _breaks_off),
    ("does not begin as a sentence", _opens_small),
    ("has a quotation mark or bracket without its other half", _is_unbalanced),
    ("has stray white space", lambda text: re.search(r"\s{2}|\s[,.;:!?](?!\.)", text) is not None),
    ("says a word twice in a row", _has_double_word),
    ("says four words twice", _has_double_run),
)
