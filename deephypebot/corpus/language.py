"""Which language a text is in, by lingua (Rust), which works on single sentences."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

LEAST_SURE = 0.75  # that a sentence is not English: sentences are short, and full of names
LONGEST = 1500  # characters of a post that are read
LANGUAGES = (
    "ENGLISH FRENCH GERMAN SPANISH PORTUGUESE ITALIAN DUTCH SWEDISH DANISH BOKMAL FINNISH POLISH CZECH TURKISH RUSSIAN JAPANESE KOREAN CHINESE "
    "INDONESIAN ROMANIAN HUNGARIAN GREEK ARABIC CATALAN"
).split()


FUNCTION_WORDS = frozenset(
    "the and of to a an in is it it's its that this with for on as by from at are was be has have her his their our your you we i he she they but not so or which who".split()
)
PLAIN = 0.22  # of the words of a text that is plainly English are among these
WORD = re.compile(r"[\w'’]+")


def is_plainly_english(text: str) -> bool:
    """Whether it is English beyond doubt, by its small words: lingua, which is slower, need not be asked."""
    words = WORD.findall(text.lower())
    return len(words) >= 5 and sum(word in FUNCTION_WORDS for word in words) >= PLAIN * len(words)


@cache
def _detector() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    chosen = [getattr(Language, name) for name in LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()


def language_of(text: str) -> str:
    """ISO 639-1 of a post, "" where it has no words."""
    if is_plainly_english(text[:LONGEST]):
        return "en"
    values = _detector().compute_language_confidence_values(text[:LONGEST])
    return str(values[0].language.iso_code_639_1.name.lower()) if values and values[0].value > 0 else ""


def is_surely_other(sentence: str, even_if_plain: bool = False) -> bool:
    """Whether a sentence is surely not English. even_if_plain: ask lingua also where the small words are English."""
    if not even_if_plain and is_plainly_english(sentence):
        return False
    values = _detector().compute_language_confidence_values(sentence)
    return bool(values) and values[0].language.name != "ENGLISH" and values[0].value >= LEAST_SURE
