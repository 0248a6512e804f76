"""Is a sentence commentary on music? What it says of sound and of the song counts for it, what it says of dates, lives, shows, shops and
videos against it. Pure; the words are in musical_words.py."""

from __future__ import annotations

import re
from collections import Counter

from deephypebot.corpus.musical_words import groups_of

THRESHOLD = 2.0
WORD = re.compile(r"\{?[\w&]+(?:[-'’][\w&]+)*\}?")
DATE = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)|(?:jan|feb|mar|apr|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s\d{1,2}\b|\d{1,2}\s(?:of\s)?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)|\d{1,2}[/.]\d{1,2}|20[012]\d)\b",
    re.IGNORECASE,
)
OUT = re.compile(
    r"\b(?:out|available|due|released|drops?|arrives?|lands?|coming|comes)\s+(?:out\s+)?(?:now|today|tomorrow|this|next|on|via|in|later|soon|everywhere|for|through)\b|\b(?:via|through|on)\s+(?:[A-Z][\w'&.]*\s?){1,4}(?:Records|Recordings|Music|Recs)\b|"
    r"\b(?:set|scheduled|slated|expected)\s+(?:for|to)\b|\bpre-?order\b|\b(?:upcoming|forthcoming)\s+(?:\w+[\s-]){0,3}(?:album|ep|lp|record|release|full-length|debut)",
    re.IGNORECASE,
)
POINTS = re.compile(
    r"\b(?:below|(?:listen|stream|watch|see|check|hear|heard|play|player|video|track|song|it|download)\s+(?:\w+\s){0,3}(?:above|here)\b|check\s+(?:it|them|him|her|that|this|out|the|his)\b|give\s+(?:it|this|that|the\s\w+|them)\s+a\s+(?:\w+\s)?(?:listen|spin|go|try|shot)|have\s+a\s+listen|"
    r"take\s+a\s+(?:\w+\s)?listen|press\s+play|hit\s+play|be\s+sure\s+to|make\s+sure\s+(?:to|you)|stay\s+tuned|keep\s+(?:an?|your)\s+(?:eye|ear|eyes|ears)|keep\s+up\s+with|look\s+out\s+for|let\s+(?:us|me)\s+know|head\s+over|"
    r"grab\s+(?:it|a|your|the)|click|follow\s+(?:him|her|them|us|\{artist\})|you\s+can\s+(?:find|stream|listen|hear|download|buy|purchase|catch|pre|get|check|grab|watch|read)|stream\s+(?:it|the|this|more)|listen\s+(?:to\s+)?(?:it|the\s+(?:track|song|full|single))|(?:more|better)\s+(?:info|about\s+\{artist\})|"
    r"for\s+free|free\s+download|download\s+(?:it|the|here|now)|our\s+(?:playlist|newsletter|site|blog|podcast|interview|mailing)|like\s+what\s+you|if\s+you\s+(?:like|dig|enjoy)\b|go\s+(?:buy|get|listen|stream|check)|don['’]t\s+(?:forget|miss)|tune\s+in)",
    re.IGNORECASE,
)
LIVES = re.compile(
    r"\b(?:\d+|[a-z]+teen|twenty\S*)[\s-]year[\s-]old\b|\b[A-Z][\w.]+-based\b|\bbased\s+(?:in|out\s+of)\b|\bhail(?:s|ing)\s+from\b|\b(?:grew|growing)\s+up\b|\b(?:signed|signing)\s+to\b|\bwho\s+(?:has|have)\s+(?:previously\s)?worked\s+with\b|"
    r"\b(?:made|make|consists?|consisting|comprised|comprising)\s+(?:up\s+)?of\b|\bformed\s+in\b|\b(?:million|thousand|\d+k|\d{1,3},\d{3})\s+(?:\w+\s)?(?:streams|plays|views|listens)|\bhype\s*m(?:achine)?\b|\bcharts?\b|\bthe\s+project\s+of\b|\bside[\s-]project\b",
    re.IGNORECASE,
)
SPEAKS = re.compile(
    r"\b(?:\{artist\}|he|she|they|singer|band|duo|producer|\w+)\s+(?:says?|said|explains?|explained|told|tells|states?|stated|comments?|commented|adds?|added|shared|admits?|recalls?|reveals?|describes?)\b.{0,60}(?::|$)|had\s+this\s+to\s+say|\bin\s+(?:his|her|their|\w+['’]s?)\s+(?:own\s+)?words\b|"
    r"according\s+to|in\s+a\s+(?:press\s+)?(?:statement|release|interview)|press\s+(?:release|notes)|speaking\s+(?:about|on|of|to)|talking\s+about\s+the",
    re.IGNORECASE,
)
REASONS = {  # of what a sentence is about, where it is not music
    "pointing": "points to a player, a shop or a site",
    "shows": "tour dates and shows",
    "release": "release news",
    "life": "life of the artist",
    "video": "about the video",
    "says": "introduces a quotation",
}


def find_other_subject(text: str) -> str | None:
    """Why a sentence with slots is no commentary on music, None where it is."""
    counts = count_groups(text)
    against = weigh_against(text, counts)
    sound, praise, genre = min(3, counts["sound"]), min(3, counts["praise"]), min(2, counts["genre"])
    speaks_of_song = counts["about"] + text.count("{title}") > 0
    score = 1.5 * sound + 0.8 * praise + 0.6 * genre + (0.8 if speaks_of_song else 0.0) - sum(against.values())
    if against["pointing"] >= 3 and sound < 3:
        return REASONS["pointing"]
    is_about_music = sound > 0 or (speaks_of_song and praise + genre > 0)
    if score >= THRESHOLD and is_about_music:
        return None
    worst = max(against, key=lambda name: against[name])
    return REASONS[worst] if against[worst] >= 1 else "no commentary on music"


def count_groups(text: str) -> Counter[str]:
    """How many words of the text are of each group."""
    return Counter(group for word in WORD.findall(text.lower()) for group in groups_of(word))


def weigh_against(text: str, counts: Counter[str]) -> dict[str, float]:
    """What speaks against commentary, by subject."""
    dates = len(DATE.findall(text))
    return {
        "pointing": 3.0 * len(POINTS.findall(text)) + 0.7 * counts["pointing"],
        "shows": 1.2 * counts["shows"] + 0.8 * dates * (counts["shows"] > 0),
        "release": 1.5 * len(OUT.findall(text)) + 0.45 * counts["release"] + 0.8 * dates,
        "life": 1.3 * len(LIVES.findall(text)) + 0.5 * counts["life"],
        "video": 1.2 * counts["video"],
        "says": 2.0 * len(SPEAKS.findall(text)) + 0.6 * counts["says"],
    }
