"""Names of artists and titles: what is put around them is taken off, and what cannot be one is told."""

from __future__ import annotations

import re
import unicodedata

from deephypebot.mentions.words import CONNECTORS, OPENING

MOST_WORDS = 9  # of an artist; a title may have a few more
FEATURED = re.compile(r"\s*[\[(]?\s*(?<!\w)(?:feat\.?|ft\.?|featuring|w/)\s+[^\])]*[\])]?", re.IGNORECASE)
VERSION = re.compile(
    r"""\s*[\[(【][^\])】]*\b(?:
        official|video|audio|visuali[sz]er|lyrics?|m/?v|hd|hq|4k|remaster(?:ed)?|mono|stereo|live|explicit|demo|acoustic|
        (?:album|single|radio|original)\s(?:version|edit|mix)|single|premiere|out\snow|free\sdownload|from|taken|prod\.?|
        clip|version\soriginale?|extrait|aus|del?\s+[aá]lbum|sessions?|instrumental|recorded|yes|now|(?:19|20)\d\d|dir(?:\.|ected)|mixed|posted|w/|tiny\sdesk|kexp|npr|colors
    )\b[^\])】]*[\])】]\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
YEAR = re.compile(r"\s*[\[(](?:c\.\s*)?(?:19|20)\d\d[\])]\s*$")
GENRES = re.compile(r"\s*\[[^\]]*\]\s*(?=$|\()")
TAIL = re.compile(
    r"""\s+[-–—|]\s+(?:(?:\d{4}\s)?(?:digital\s)?remaster(?:ed)?.*|(?:mono|stereo|album|single|radio|live|demo|acoustic|original|explicit)
        (?:\s(?:version|edit|mix).*)?|live\s(?:at|from|in|on)\b.*|official\s.*|lyrics?|topic|youtube|spotify|bandcamp)\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
FILE_TYPE = re.compile(r"\.(?:mp3|m4a|flac|wav|ogg|aiff?|mp4|mov)\s*$", re.IGNORECASE)
QUOTES = "\"'“”„‟‘’‚«»‹›「」『』"
EDGES = " \t,;:·•|~–—-♪♫♬→>…"


ALIAS = re.compile(r"(?<=\S)\s+[(\[（][^()\[\]（）]*[)\]）]$")  # "BTS (방탄소년단)", "Kettle Parade (UK)"


def clean_artist(name: str) -> str:
    """Without guests, a leading number, handles' marks and punctuation around it."""
    name = re.sub(r"\s+-\s+Topic$", "", FEATURED.sub("", name).strip(EDGES))
    name = re.sub(r"^\(?\d{1,2}[.)]\s+", "", name)
    name = ALIAS.sub("", name)
    if name.startswith("@"):
        name = _spaced(name[1:])
    return _unquoted(name.strip(EDGES).removesuffix(".") if not re.search(r"\b\w\.$|\w\.\w\.$", name) else name)


def clean_title(title: str) -> str:
    """Without guests, notes on the version, the year, genres in brackets, and quotation marks."""
    title = FILE_TYPE.sub("", title.strip(EDGES))
    for _ in range(4):
        before = title
        title = TAIL.sub("", YEAR.sub("", VERSION.sub("", GENRES.sub("", title)))).strip(EDGES)
        title = FEATURED.sub("", title).strip(EDGES) if title != before or FEATURED.search(title) else title
        if title == before:
            break
    return _unquoted(title or before).strip(EDGES).removesuffix(",")


def _unquoted(text: str) -> str:
    if len(text) > 2 and text[0] in QUOTES and text[-1] in QUOTES:
        return text[1:-1].strip()
    return text


def _spaced(handle: str) -> str:
    """ "ChappellRoan" is two words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", handle.partition(".")[0].partition("@")[0].replace("_", " "))


def is_name(text: str, most_words: int = MOST_WORDS) -> bool:
    """Whether this may be an artist: few words, each with a capital, a digit or of a script without capitals, but for small words."""
    words = text.strip(EDGES).split()
    if not 1 <= len(words) <= most_words or len(text) > 80:
        return False
    if words[0].casefold() in CONNECTORS - OPENING:
        return False
    return any(map(is_marked, words)) and all(is_marked(word) or word.casefold() in CONNECTORS for word in words)


def is_marked(word: str) -> bool:
    """Whether a word is written as those of names are."""
    letters = [c for c in word if c.isalpha()]
    if not letters:
        return bool(word.strip(",;:"))
    return (
        any(c.isupper() for c in letters)
        or all(c.lower() == c.upper() for c in letters)
        or any(c.isdigit() for c in word)
    )


def is_caseless(text: str) -> bool:
    """Whether a text is of a script without capitals."""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(unicodedata.category(c) == "Lo" for c in letters)
