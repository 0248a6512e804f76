"""Which language a text is in, by lingua (Rust), which works on single sentences."""

from __future__ import annotations

from functools import cache
from typing import Any

LEAST_SURE = 0.5  # of a post that is taken for another language than English
LEAST_SURE_SENTENCE = 0.9  # sentences are short, and full of names
LONGEST = 1500  # characters of a post that are read
LANGUAGES = (
    "ENGLISH FRENCH GERMAN SPANISH PORTUGUESE ITALIAN DUTCH SWEDISH DANISH BOKMAL FINNISH POLISH CZECH TURKISH RUSSIAN JAPANESE KOREAN CHINESE "
    "INDONESIAN ROMANIAN HUNGARIAN GREEK ARABIC CATALAN"
).split()


@cache
def _detector() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    chosen = [getattr(Language, name) for name in LANGUAGES]
    return LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()


@cache
def _careful() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES)).build()


def language_of(text: str) -> str:
    """ISO 639-1 of a post, "" where it has no words."""
    found = _detector().detect_language_of(text[:LONGEST])
    if found is None:
        return ""
    if found.name != "ENGLISH":  # look again with all that lingua knows
        best = _careful().compute_language_confidence_values(text[:LONGEST])[0]
        found = best.language if best.value >= LEAST_SURE else found
    return str(found.iso_code_639_1.name.lower())


def is_surely_other(sentence: str) -> bool:
    """Whether a sentence is surely not English."""
    values = _detector().compute_language_confidence_values(sentence)
    if not values or values[0].language.name == "ENGLISH" or values[0].value < LEAST_SURE_SENTENCE:
        return False
    best = _careful().compute_language_confidence_values(sentence)[0]
    return bool(best.language.name != "ENGLISH" and best.value >= LEAST_SURE_SENTENCE)
