"""Does a sentence say something: has it a verb outside its side clauses? By the word classes of TextBlob's tagger, the verbs of our own
corpus, and the order of clauses."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

SLOT = re.compile(r"\{\w+\}")
NAME = "Marlowe"  # stands for a slot
SHORT = (  # contractions and what they stand for
    (re.compile(r"\b(it|that|there|here|he|she|what|who|where|how|let)['’]s\b", re.IGNORECASE), r"\1 is"),
    (re.compile(r"['’]s(?=\s(?:a|an|the|not|so|just|been)\b)"), " is"),
    (re.compile(r"\b(ca|wo|sha)n['’]t\b", re.IGNORECASE), "can not"),
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"['’]re\b"), " are"),
    (re.compile(r"['’]ve\b"), " have"),
    (re.compile(r"['’]ll\b"), " will"),
    (re.compile(r"['’]m\b"), " am"),
    (re.compile(r"['’]d\b"), " would"),
    (re.compile(r"(?<=\w)\s?['’](?:\s?s\b)?"), " 's"),
    (re.compile(r"\b(?:every\s+once\s+in\s+a\s+while|as\s+(?:such|always|usual|ever)|(?:until|before|since|like)\s+(?:then|long|now|this|that)|for\s+a\s+while)\b", re.IGNORECASE), "then"),
)  # fmt: skip
WORD = re.compile(r"'s|[\w&/-]+|[,;:().!?…–—\"“”]")
OPENS = frozenset(
    "that which who whom whose where when whenever while whilst because if though although unless whether how why what".split()
)
MAY_OPEN = frozenset(
    "as like until till since before after once than".split()
)  # prepositions too: a side clause only where a verb comes before a comma
SINGULAR = frozenset("he she it this that everyone everything nothing one who which there".split())
BARE = frozenset("i you we they".split())
PRONOUNS = BARE | {"he", "she", "it"}
OBJECT = frozenset("a an the its his her their my our your this these us me it him them you".split())
AUXILIARY = frozenset("is are was were am has have had does do did".split())
LETS = frozenset("make makes made making let lets letting help helps helped helping have has had having watch watching hear hears heard hearing see sees saw seeing feel feeling".split())  # fmt: skip
PARTICLES = frozenset("off up out down away back".split())
BETWEEN = frozenset("all both each then".split())  # may stand between a subject and its verb
MUSICAL = dict.fromkeys(
    ("single", "original", "instrumental", "vocal", "latest"), "NN"
)  # nouns here, adjectives elsewhere
ONE, MANY = frozenset(("NN", "NNP", "SLOT")), frozenset(("NNS", "NNPS", "SLOT"))
SEPARATES = frozenset(', ; : ( ) – — " “ ” . ! ? …'.split())
FREQUENT = 15
LEAST_RATE = 0.04  # of a form's uses right after a subject, to be taken for a verb
AFTER_SUBJECT = re.compile(
    r"(?:\{(?:title|artist)\}|\b(?:it|she|he|which|who|that|song|track|voice|they|we|i|you|drums|synths|guitars|strings|vocals|keys|horns|voices))\s(?:\w+ly\s)?([a-z]+)\b"
)


class Word(NamedTuple):
    """In small letters, with its class (Penn Treebank, and SLOT)."""

    text: str
    tag: str


EDGE = Word("", "")


def has_main_verb(text: str) -> bool:
    """Whether a sentence (English, names as slots) has a finite verb outside its side clauses, or bids."""
    words = _tagged(text)
    waits = ""  # what opened a side clause whose verb is still to come
    opens_loose = in_side = is_loose = (
        False  # is it set off by a comma; stood the last verb in a side clause; in such a one
    )
    for at, word in enumerate(words):
        if _opens_side(words, at):
            waits, opens_loose = word.text, at == 0 or words[at - 1].text == ","
        elif word.text in SEPARATES and waits in MAY_OPEN:
            waits = ""
        elif _is_finite(words, at):
            joined = _joined_by(words, at)
            if waits:
                waits, in_side, is_loose = "", True, opens_loose
            elif not (joined and in_side) or (is_loose and joined == ","):
                return True
    return False


def _opens_side(words: Sequence[Word], at: int) -> bool:
    word, before, after = words[at], _at(words, at - 1), _at(words, at + 1)
    if word.text == "that" and (before is EDGE or before.text in SEPARATES or before.tag == "IN"):
        return False  # "that song is", "in that moment"
    if word.text in OPENS or word.text in MAY_OPEN:
        return True
    follows_noun = at > 1 and before.tag in ONE | MANY and words[0].tag not in ("IN", "VBG", "VBN")
    return (
        word.text in PRONOUNS
        and follows_noun
        and (after.tag.startswith(("VB", "MD", "RB")) or use_of(after.text) == "verb")
    )  # "a song she wrote"


def _is_finite(words: Sequence[Word], at: int) -> bool:
    word, subject, last = words[at], _subject(words, at), _at(words, at - 1)
    if last.text == "to" or any(before.tag == "MD" for before in words[max(0, at - 2) : at]):
        return False
    if word.text in AUXILIARY or word.tag == "MD":
        return True
    if word.text in OBJECT or last.tag in ("PRP$", "POS") or (last.tag == "DT" and last.text not in SINGULAR | BETWEEN):
        return False
    if word.tag in ("VBD", "VBN"):
        return _is_past(word, subject, _at(words, at + 1))
    if last.tag == "JJ":
        return False
    if word.text.endswith("s") and not word.text.endswith("ss") and word.tag in ("VBZ", "NNS", "NN", "NNP"):
        return _is_third_person(word, subject, _at(words, at + 1))
    is_plain = (word.tag in ("VB", "VBP", "NN") or (at == 0 and word.tag == "NNP")) and LETS.isdisjoint(
        before.text for before in words[max(0, at - 6) : at]
    )
    return is_plain and _is_plural(word, subject, last, _at(words, at + 1))


def _is_past(word: Word, subject: Word, after: Word) -> bool:
    """ "caught our ear", "showed off"; but not "recorded in May", which may lean on a noun."""
    follows = subject.tag in ONE | MANY or subject.text in PRONOUNS
    if word.text.endswith("ed"):
        return subject.text in PRONOUNS or (
            follows and (after.tag not in ("IN", "TO", ",", ".") or after.text in PARTICLES)
        )
    return (word.tag == "VBD" or _takes(after)) and (follows or subject.text in SEPARATES or subject.tag == "CC")


def _is_third_person(word: Word, subject: Word, after: Word) -> bool:
    if word.tag == "VBZ":
        return True
    use = use_of(word.text)
    if subject.text in SINGULAR or subject.tag in ONE:
        return use != "noun" or _takes(after)
    return use == "verb" and (subject.text in SEPARATES or subject.tag == "CC")


def _is_plural(word: Word, subject: Word, last: Word, after: Word) -> bool:
    """Of a form without an ending: "they swirl", "drums kick in"; at the beginning a bid."""
    if subject is EDGE:
        return after.tag in ("DT", "PRP", "PRP$") or (word.tag == "VB" and after.tag in ("IN", "RB", "CC"))
    if subject.text in BARE or (subject.tag in MANY and (word.tag != "NN" or use_of(word.text) == "verb")):
        return True
    if word.tag == "NN":
        return (subject.tag in MANY and after.tag in ("DT", "PRP", "PRP$", "IN", "RB", "TO")) or (
            subject.tag in ONE and after.tag in ("DT", "PRP$")
        )
    return _takes(after) or last.tag in ("CC", "RB", "NN") or last.text in SEPARATES


def _takes(after: Word) -> bool:
    return after.text in OBJECT or after.tag == "SLOT"


def _at(words: Sequence[Word], at: int) -> Word:
    return words[at] if 0 <= at < len(words) else EDGE


def _subject(words: Sequence[Word], at: int) -> Word:
    """The word before a verb, adverbs passed over."""
    at -= 1
    while at >= 0 and (words[at].tag.startswith("RB") or words[at].text in BETWEEN):
        at -= 1
    return _at(words, at)


def _joined_by(words: Sequence[Word], at: int) -> str:
    """The comma or conjunction that ties a verb to the one before it; empty where a subject of its own stands before it."""
    before = _subject(words, at)
    return "and" if before.tag == "CC" else "," if before.text == "," else ""


def _tagged(text: str) -> list[Word]:
    for pattern, whole in SHORT:
        text = pattern.sub(whole, text)
    words = WORD.findall(SLOT.sub(f" {NAME} ", text))
    return [Word(word.lower(), _tag(word, tag)) for word, tag in zip(words, _tagger()(words), strict=True)]


def _tag(word: str, tag: str) -> str:
    if word == NAME:
        return "SLOT"
    return "NNS" if tag == "VBZ" and use_of(word) == "noun" else MUSICAL.get(word, tag)


def use_of(word: str) -> str:
    """How our own corpus uses a form: "verb", "noun" where it is frequent and hardly ever follows a subject, else ""."""
    after, every = _uses()
    if after[word] >= 2 and after[word] >= LEAST_RATE * every[word]:
        return "verb"
    return "noun" if every[word] >= FREQUENT else ""


@cache
def _uses() -> tuple[Counter[str], Counter[str]]:
    """How often each form follows a subject, and how often it occurs."""
    from deephypebot.corpus.builtin import load_builtin

    texts = [sentence.text for sentence in load_builtin()]
    after = Counter(form for text in texts for form in AFTER_SUBJECT.findall(text))
    return after, Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))


@cache
def _tagger() -> Callable[[list[str]], list[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it forgets to close its lexicon
        from textblob.en import parser

        parser.find_tags(["once"])

    return lambda words: [tag for _, tag in parser.find_tags(words)]
