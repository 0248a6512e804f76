"""Facts that a text about a song claims and the input does not give: nobody can vouch for them, so no such text is posted.

Sound may be described freely, for that is what a listener can check by ear. Who made a song, where, when, on which label and with
what success is a fact of the world, and the model knows none.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from deephypebot.songs import SLOT

PRONOUN_WORDS = {
    "he": frozenset("he him his himself".split()),
    "she": frozenset("she her hers herself".split()),
}
GENDERED = PRONOUN_WORDS["he"] | PRONOUN_WORDS["she"]
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
OPENS = re.compile(r"(?:^|[.!?…:]|[.!?…]['\"”’)])\s*['\"“‘(]*$")  # what stands before the first word of a sentence
CAPITAL = frozenset("i ok tv a b c d e f g".split())  # as people write them, and keys: "in C minor"
INSTRUMENTS = frozenset(  # makers whose name is the sound: "a Rhodes"
    "hammond rhodes wurlitzer moog mellotron farfisa telecaster stratocaster fender rickenbacker leslie clavinet auto tune dj mc".split()
)
MACHINES = re.compile(r"\b(?:[38]08|909|303|12-string|[2-9]/[48]|12/8)s?\b")
NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|hundreds?|thousands?|millions?|dozens?)"
ORDINAL = r"(?:first|second|third|fourth|fifth|last|latest|new|debut|sophomore|previous|next)"
RECORD = r"(?:albums?|singles?|eps?|lps?|mixtapes?|releases?)"
CLAIMS: tuple[tuple[str, str], ...] = (
    ("a count", rf"{NUMBER}(?:[ -]\w+)? (?:years?|months?|weeks?|days|hours|minutes?|seconds?|albums?|singles|copies|fans|takes|languages)"),
    ("a count", r"the (?:nineteen )?(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)"),
    ("a release", rf"{ORDINAL} (?:\w+ )?{RECORD}|debuts?|sophomore|out now|re-?leased?|reissue[ds]?|(?:came|comes|is|was) out (?:on|in|last|this)"),
    ("a recording", r"(?:recorded|produced|mixed|mastered|written|filmed|shot|demoed) (?:in|at|by|on|for|during|over|after|with)|co-?wr\w+|producers?"),
    ("a label", r"(?:record )?labels?|signed|imprint"),
    ("a chart", r"charts?|charted|charting|number one|top (?:ten|forty)|awards?|grammys?|nominat\w+|platinum|hit single|radio hit"),
    ("a life", r"born|grew up|raised|hometown|childhood|based in|hails?|hailing|toured|tours?|touring|interviews?|decades?"),
    ("people", r"brothers?|sisters?|siblings?|duo|trio|(?<!string )quartet|quintet|sextet|wife|husband|widow|feat|featuring|guest(?: \w+)?|covers? of|remix(?:ed|es)?"),
    ("a subject", r"(?:sings?|sang|sung|singing|raps?|rapped|rapping|rhymes?|writes?|wrote|song|songs|tells?) of|(?:tales?|stor(?:y|ies)) of"),
    ("a subject", r"(?<!something )(?<!nothing )(?<!everything )(?<!just )about (?!to\b|as\b|half\b|it\b|(?:a|the) (?:same|half|third|quarter)\b)"),
    ("a time", r"(?:last|this|next) (?:year|month|week|summer|winter|spring|autumn|fall)|years? ago|since (?:the|last)|anniversary"),
)  # fmt: skip
PLAYS = re.compile(  # who plays what
    r"\{artist\} (?:\w+ly )?(?:(?:plays?|played) (?!with\b|it\b|along\b)|(?:strum|pluck|bow|drum)(?:s|med|ked|ed)? )\S+",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[\"“]([^\"“”]*)[\"”]")
VOCABLES = frozenset(  # what voices do without words: sound, and no lyrics
    "ah aah ay aye da dee do doo eh ha hah hey hi hm hmm ho hoo huh la lalala mm mmm na nah no nope o oh ooh ow sh shh uh um wah whoa wo woah "
    "woo wow ya yah yay yeah yes yo yow yup bom bop bum ba bam one two three four go come on".split()
)
PATTERNS = [(name, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for name, pattern in CLAIMS]


def find_claim(text: str, given: Collection[str], words: Collection[str], pronouns: str | None = None) -> str | None:
    """What a text claims that the input does not give, or None. text: slots unfilled; given: words of the input, case folded,
    which may be named; words: those known in small letters, so that a capital at the start of a sentence tells nothing; pronouns:
    what the artist is called."""
    if found := PLAYS.search(text):
        return f"claims a player ({found[0]!r})"
    bare = SLOT.sub("\ue000", text)
    for name, pattern in PATTERNS:
        if (found := pattern.search(bare)) and not _words(found[0]) <= {*given}:
            return f"claims {name} ({found[0]!r})"
    for quoted in QUOTED.finditer(bare):
        if not _words(quoted[1]) <= VOCABLES | {*given}:
            return f"claims words ({quoted[0]!r})"
    if digits := re.search(r"\S*\d\S*", MACHINES.sub("", bare)):
        return f"claims a number ({digits[0]!r})"
    wrong = wrong_pronouns(pronouns)
    for match in WORD.finditer(bare):
        if match[0].casefold() in wrong:
            return f"calls somebody {match[0]!r}"
        if _is_name(match, given, words):
            return f"names {match[0]!r}"
    return None


def wrong_pronouns(pronouns: str | None) -> frozenset[str]:
    """Words that nobody is called by."""
    return GENDERED - PRONOUN_WORDS.get(pronouns or "", frozenset())


def _is_name(match: re.Match[str], given: Collection[str], words: Collection[str]) -> bool:
    """Whether a word is written as a name, and is none of the input's."""
    bare = re.sub(r"['’](?:s|m|d|ll|ve|re)$", "", match[0]).casefold()
    if match[0][0].islower() or bare in CAPITAL or bare in INSTRUMENTS or bare in given or not match[0][0].isalpha():
        return False
    return not (OPENS.search(match.string[: match.start()]) and bare in words)


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}
