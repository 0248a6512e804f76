"""Where a name begins and where it ends within a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

from deephypebot.mentions.names import EDGES, FEATURED, MOST_WORDS, clean_artist, is_marked, is_name
from deephypebot.mentions.words import CONNECTORS, LABEL_WORDS, OPENING, SPEECH

STOPS = ".!?;:,"
LEADS_ON = frozenset("on at from for with to".split())  # in few names; those that are known are found all the same
CLOCK = re.compile(r"\d+:\d\d")
ABBREVIATIONS = frozenset("st. dr. mr. mrs. ms. jr. sr. vs. feat. ft. no. vol.".split())
QUOTED_NAME = re.compile(r"^[\"“'‘«]([^\"”'’»]{1,60})[\"”'’»]")
DIVIDER = re.compile(r"\s+(?:\|{1,2}|//)\s+")


def name_at_start(text: str, knows: Callable[[str], bool]) -> str:
    """The name that a text begins with, "" where it begins with none. A known name may have a comma or small letters in it."""
    text = text.lstrip()
    if quoted := QUOTED_NAME.match(text):
        return quoted[1]
    if text.startswith("@"):
        return text.split()[0].rstrip(STOPS)
    words = text.split()[: MOST_WORDS + 1]
    taken: list[str] = []
    for word in words:
        if not (
            is_marked(word) or (word.casefold().strip(STOPS) in CONNECTORS and taken) or word.casefold() in ("the", "a")
        ):
            break
        if word.casefold() in LEADS_ON and taken:
            break
        taken.append(word)
        if _ends(word, words[len(taken) : len(taken) + 1]):
            break
        if word.endswith(("'s", "’s")):  # of Kettle Parade's new record
            taken[-1] = word[:-2]
            break
    for end in range(min(len(words), MOST_WORDS), max(1, len(taken)), -1):  # "Tyler, the Creator", "Charli xcx"
        name = " ".join(words[:end]).strip(EDGES + STOPS)
        if is_marked(words[0]) and knows(name) and not knows(" ".join(words[: end - 1]).strip(EDGES + STOPS)):
            return name
    return _trimmed(taken)


def name_at_end(text: str, knows: Callable[[str], bool], whole: bool = False) -> str:
    """The name that a text ends with, "" where it ends with none. whole: it should be all of its clause."""
    clause = DIVIDER.split(FEATURED.sub(" ", text).strip().rstrip(",:;–—-|• "))[-1]
    if whole and is_name(last := clause.rpartition(": ")[2].strip()) and ". " not in last:
        return last
    words = clause.split()[-MOST_WORDS - 1 :]
    if not words:
        return ""
    if words[-1].lstrip(".").startswith("@"):
        return words[-1].lstrip(".")
    taken: list[str] = []
    for i in range(len(words) - 1, -1, -1):
        word, after = words[i], words[i + 1 : i + 2]
        if taken and _ends(word, after):
            break
        if not (is_marked(word) or word.casefold() in CONNECTORS):
            break
        taken.insert(0, word)
    name = _longest_known(words, len(taken), knows) or _trimmed(_unlabelled(taken))
    is_small = (
        len(words) <= 3
        and clause == clause.lower()
        and words[0] not in CONNECTORS
        and not {"my", "your", "this"} & {*words}
    )
    if not name and is_small and (knows(clause) or whole):
        return clause
    return "" if SPEECH.search(name) and name.isupper() else name


def _longest_known(words: list[str], taken: int, knows: Callable[[str], bool]) -> str:
    """A known name that is longer than what capitals tell: "Tyler, the Creator"."""
    for start in range(max(0, len(words) - MOST_WORDS), len(words) - taken):
        name = " ".join(words[start:]).strip(EDGES)
        if is_marked(words[start]) and not LABEL_WORDS.match(name) and knows(name):
            return name
    return ""


def _ends(word: str, after: list[str]) -> bool:
    """Whether a sentence or clause ends with this word: "Panic!" before "at" does not end one, nor does "St."."""
    if not word or word[-1] not in STOPS + ")" or word.casefold() in ABBREVIATIONS or re.fullmatch(r"(?:\w\.)+", word):
        return False
    if word[-1] == ")":
        return False
    goes_on = bool(after) and after[0].casefold() in CONNECTORS and word[-1] in "!?" and not after[0][0].isupper()
    return not goes_on


def _unlabelled(words: list[str]) -> list[str]:
    """Without "Listen to" or "Play" before the name."""
    for length in (3, 2, 1):
        if len(words) > length and LABEL_WORDS.fullmatch(" ".join(words[:length]).strip(STOPS)):
            return _unlabelled(words[length:])
    return words


def _trimmed(words: list[str]) -> str:
    """Without small words at its ends that are of the sentence, and without times."""
    while words and (CLOCK.match(words[0]) or words[0].casefold() in CONNECTORS - OPENING):
        words = words[1:]
    while words and words[-1].casefold().strip(STOPS) in CONNECTORS - {"x", "e", "y"}:
        words = words[:-1]
    name = " ".join(words).strip(EDGES + ";:,?").rstrip(".")
    if words and re.fullmatch(r"(?:\w\.)+", words[-1]):
        name = " ".join(words).strip(EDGES)
    return clean_artist(name) if is_name(name) else ""
