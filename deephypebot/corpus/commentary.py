"""Is a sentence commentary on music? What it says of sound and of the song counts for it, what it says of dates, lives, shows, shops and
videos against it, each with its weight, as in a logistic regression. The weights are round numbers, set by hand; dev/score_commentary.py
says how they do on sentences that were read and marked. Pure; the words are in musical_words.py."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from deephypebot.corpus.musical_words import groups_of

THRESHOLD = 0.63  # of the probability
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
    r"for\s+free|free\s+download|download\s+(?:it|the|here|now)|our\s+(?:playlist|newsletter|site|blog|podcast|interview|mailing)|like\s+what\s+you|if\s+you\s+(?:like|dig|enjoy)\b|go\s+(?:buy|get|listen|stream|check)|don['’]t\s+(?:forget|miss)|\btune\s+in\b)",
    re.IGNORECASE,
)
LIVES = re.compile(
    r"\b(?:\d+|[a-z]+teen|twenty\S*)[\s-]year[\s-]old\b|\b[A-Z][\w.]+-based\b|\bbased\s+(?:in|out\s+of)\b|\bhail(?:s|ing)\s+from\b|\b(?:grew|growing)\s+up\b|\b(?:signed|signing)\s+to\b|\bwho\s+(?:has|have)\s+(?:previously\s)?worked\s+with\b|"
    r"\b(?:made|make|consists?|consisting|comprised|comprising)\s+(?:up\s+)?of\b|\bformed\s+in\b|\b(?:million|thousand|\d+k|\d{1,3},\d{3})\s+(?:\w+\s)?(?:streams|plays|views|listens)|\bhype\s*m(?:achine)?\b|\bcharts?\b|\bthe\s+project\s+of\b|\bside[\s-]project\b|\bmeeting\s+(?:in|at|during|through|online)\b|\b(?:met|bonded|bonding)\s+(?:in|at|over|through|while|quickly|during)\b|\b(?:band|duo|trio|quartet|group|project|act)\s+from\s+[A-Z]|\bwas\s+(?:born|raised)\b|\bborn\s+(?:to|in|and)\b|\b(?:high\s+school|college|university)\b|\bcritical(?:ly)?\s+acclaim(?:ed)?\b|\bcult\s+\w+|\bwas\s+(?:written|recorded)\s+(?:last|in|during|on|while|at|over)\b|\ba\s+total\s+of\b|\bcompilation\s+features\b|\b(?:studied|studying|graduated|earned\s+(?:her|his|their|an?))\b|\bdaughter\s+of\b|\bson\s+of\b|\bsampled\s+by\b|\bspent\s+(?:\w+\s){1,4}(?:time|months|years)\b|\b(?:his|her|their)\s+(?:debut|first|second|third|sophomore)\s+(?:album|ep|lp|record|full-length)\b|\b(?:awards?|nominated|grammy|platinum)\b|\bback\s+in\s+(?:20|19)\d\d|\bat\s+(?:the\s+)?age\b",
    re.IGNORECASE,
)
CREDITS = re.compile(
    r"\b(?:features?|featuring|with)\s(?:\S+\s){1,6}on\s(?:lead\s|backing\s)?(?:guitars?|bass|drums|vocals|keys|keyboards|piano|synths?|saxophone|trumpet|violin|cello|production|the\smic)\b|\bon\s(?:production|mixing|mastering)(?:\sdut(?:y|ies))?\b|"
    r"\bproduction\s(?:from|by|courtesy)\b|\benlist(?:ed|s|ing)\b|\bhelped\s(?:out\s)?by\b|\bteam(?:ed|s|ing)\s+up\b|\bjoin(?:ed|s)\s+forces\b|\b(?:mixed|mastered|engineered)\s(?:\w+\s)?by\b|\(\s?(?:guitars?|bass|drums|vocals|keys|piano|synths?|saxophone|production|strings)\b",
    re.IGNORECASE,
)
BIDS = re.compile(
    r"^(?:so\s+)?(?:go|never|don['’]t|do|put|get|grab|pick|turn|buy|dig|enjoy|expect|stream|check|watch|follow|download|catch|see|find|head|join|read|listen)\s",
    re.IGNORECASE,
)
NEWS = re.compile(
    r"\b(?:has|have|had)\s(?:just|recently|finally|now)\s(?:been\s)?(?:released?|dropped|shared|unveiled|announced|premiered|signed)\b|\b(?:is|was|comes|are)\s(?:pulled|taken|lifted|culled|plucked)\s(?:from|off)\b|\bdropped\s+off\b|\bhopefully\s+we['’]ll\b|\brecently[\s-]released\b|\breturns?\s+on\b|\bnew(?:est)?\s+release\b",
    re.IGNORECASE,
)
SPEAKS = re.compile(
    r"\b(?:\{artist\}|he|she|they|singer|band|duo|producer|\w+)\s+(?:says?|said|explains?|explained|told|tells|states?|stated|comments?|commented|adds?|added|shared|admits?|recalls?|reveals?|describes?)\b.{0,60}(?::|$)|had\s+this\s+to\s+say|\bin\s+(?:his|her|their|\w+['’]s?)\s+(?:own\s+)?words\b|"
    r"according\s+to|in\s+a\s+(?:press\s+)?(?:statement|release|interview)|press\s+(?:release|notes)|speaking\s+(?:about|on|of|to)|talking\s+about\s+the",
    re.IGNORECASE,
)
DESCRIBES = re.compile(
    r"(?:\{title\}(?:['’]s\s\w+)?|\b(?:the|this|her|his|their|its|a)\s(?:[\w-]+\s){0,3}?(?:songs?|tracks?|single|tune|cut|lyrics?|chorus|beats?|production|music|vocals?|voice|melody|melodies|sound|arrangement|instrumentation|guitars?|synths?|bass\w*|drums?|"
    r"rhythms?|verses?|hooks?|remix|ballad|number|banger|jam|result|opener|intro|outro|bridge))\s(?:\w+ly\s|also\s|then\s|just\s|really\s|will\s|that\s|is\s)?(?:is|are|was|feels?|sounds?|has|have|builds?|swells?|captures?|explores?|tells?|speaks?|deals?|evokes?|starts?|begins?|"
    r"opens?|ends?|shows?|proves?|makes?|takes?|brings?|moves?|grows?|unfolds?|arrives?|hits?|keeps?|offers?|blends?|combines?|mixes|showcases?|drifts?|floats?|soars?|glides?|pulses?|carries|carry|creates?|gives?|transports?|conjures?|remains?|stays?|sits?|revolves|boasts?|features?|"
    r"sees|finds?|lets?|packs?|leaves?|gets?|stuck|rings?|shines?|bursts?|burns?|comes?|plays?|flows?|sparkles?|glows?|melts?|sways?|rolls?|drives?|pushes|pulls?|lifts?|wraps?|reminds?|recalls?|channels?|marks?|pairs?)\b",
    re.IGNORECASE,
)
ROLES = re.compile(
    r"\b(?:guitarist|bassist|drummer|vocalist|singer|frontman|frontwoman|keyboardist|keyboards|producer|guitar|bass|drums|vocals|synths?)\s?[,(/:&]?\s?\(?[A-Z][a-z]+|[A-Z][a-z]+\s\((?i:guitar|bass|drums|vocals|synth|keys|vox)",
    re.UNICODE,
)
OWN_WORK = re.compile(
    r"\b(?:i|we)(?:['’](?:ve|d|m|re))?\s(?:\w+\s){0,2}?(?:wrote|written|writing|recorded|recording|produced|programmed|played|play|perform\w*|made\s+(?:the|this)|make\s+music|wanted\s+(?:to|this|the|it)|want\s+to\s+(?:make|write|put)|sing|sang|learned|started\s+(?:to|out|making|writing))\b|"
    r"\bmy\s+(?:\w+\s)?(?:music|voice|songs?|songwriting|sound|guitar|saxophone|lyrics|band|ep|album|records?|production|producer|fans?|first\s+single|style)\b|\bas\s+an?\s+(?:person|creator|musician|producer|artist|songwriter|band)\b|\bsessions?\s+(?:i|we)\b|\bour\s+(?:music|songs?|sound|album|ep|band|fans|lyrics|record)\b|"
    r"\b(?:i|we)\s+(?:feel\s+like\s+everyone|love\s+bright|had\s+there)\b|\bput\s+(?:this|that|these|it|those)\s+(?:\w+\s)?into\s+a\s+song\b|\bpush(?:es)?\s+me\b|\bfor\s+me\s+music\b|\b(?:fun|hard|easy)\s+to\s+perform\b|\bexpress\s+myself\b|\bi\s+(?:felt|could|constantly)\b.{0,40}\b(?:writing|experiment|express|explore)\b|\bwhen\s+writing\b",
    re.IGNORECASE,
)
PERSON = re.compile(r"\b(?:i|i['’]ve|i['’]m|i['’]d|my|me|myself)\b", re.IGNORECASE)
THE_SONG = re.compile(
    r"\{title\}|\{artist\}|\b(?:this|the|that|his|her|their|its|latest|new)\s(?:[\w-]+\s){0,2}(?:track|song|single|tune|record|album|ep|one|beat|music|sound|voice|vocals?|remix|cover|lyrics|melody|chorus|guitar\w*|synth\w*|bass\w*|drums?|opening|production|vibes?)\b|\bit\b|\bher\b|\bhis\b|\btheir\b",
    re.IGNORECASE,
)
REASONS = {  # of what a sentence is about, where it is not music; by the features that tell
    "pointing": "points to a player, a shop or a site",
    "shows": "tour dates and shows",
    "release": "release news",
    "life": "life of the artist",
    "video": "about the video",
    "says": "introduces a quotation",
    "own work": "somebody speaks of themselves",
    "first person": "somebody speaks of themselves",
}
CAPITAL = re.compile(r"(?<=\s)[A-Z][a-z]+")
PRESENTS = re.compile(
    r"(?:\b(?:is|are|was)|['’]s)\s(?:called|titled|entitled|named)\b|(?:\b(?:is|are|was)|['’]s)\s(?:the|their|his|her|a|one\sof)\s(?:\w+\s)?(?:new|newest|latest|first|second|third|current|lead|debut|follow-up)\s(?:single|song|track|excerpt|release|cut|offering|in\sa|to|from|off)\b|"
    r"\b(?:courtesy\sof|follow(?:s|ing)?\s(?:on|up)|newest|today|this\sweek|weeks?|signing|excerpt|sign\sof\s(?:things|what)|newly\sreleased|placeholder|(?:delighted|happy|excited|stoked)\sto\s(?:share|premiere|present)|returns?\swith\sanother|last\ssingle|so\sfar|accompany(?:ing)?)\b",
    re.IGNORECASE,
)
BACKGROUND = re.compile(
    r"\b(?:was|were|been)\s(?:\w+ly\s)?(?:written|recorded|created|made|formed|pieced|conceived|released|born|inspired|crafted)\b|\b(?:up-?and-?coming|upcoming|emerging|rising)\s(?:\w+\s)?(?:artist|musician|star|producer|act|talent|band)|"
    r"\bis\s(?:an?|the)\s(?:[\w-]+\s){0,4}(?:project|quartet|trio|duo|band|group|producer|singer|songwriter|artist|rapper|musician|moniker|alias)\b|\b(?:last|this|that)\syear\b|\bin\s20\d\d\b|"
    r"\b(?:history|helmed|surfaced|career|upbringing|heritage|formed\sby|co-?written|co-?produced|production\sduo|his\slife|her\slife|cut\s\w+\steeth|bandmates?|as\sa\s(?:teenager|kid|child)|described?\sas|previously|went\ssolo|credits?|known\s(?:for|as)|played\s(?:guitar|in)|been\s(?:using|working|making)|musicians?|success|name\sis|\d+\+?\syears?)\b",
    re.IGNORECASE,
)
BLOGGER = re.compile(
    r"\b(?:blog\w*|please|pick(?:ed)?\s(?:it\s|them\s|this\s)?up|featured?\son|posted?|remember|anticipation)\b",
    re.IGNORECASE,
)
SONG_FIRST = re.compile(
    r"(?:\w+\s){0,3}(?:\{title\}|it|track|song|single|tune|beat|vocals?|voice|melody|chorus|production|synths?|guitars?|drums?|bass|lyrics|sound)\b",
    re.IGNORECASE,
)
LISTENER = re.compile(r"\b(?:you|your|listeners?)\b", re.IGNORECASE)
PAST = re.compile(r"\b(?:was|were|had|did)\b", re.IGNORECASE)
WEIGHTS = {
    "bias": -1.5, "sound": 1.4, "praise": 0.85, "genre": 0.4, "song": 0.6, "describes": 0.9, "title": 1.0, "artist": -0.8, "pointing": -0.7, "shows": -0.6, "release": -1.0,
    "life": -0.9, "video": -2.5, "says": -0.3, "own work": -5.0, "first person": -2.0, "presents": -1.8, "background": -1.5, "blogger": -1.7, "begins with a name": 0.4,
    "begins with the song": 0.6, "listener": 0.7, "past": -0.6, "joins": 0.35, "names": -0.4, "asks or cries": -1.0,
}  # fmt: skip


def find_other_subject(text: str) -> str | None:
    """Why a sentence with slots is no commentary on music, None where it is."""
    found = measure(text)
    if probability(found) >= THRESHOLD:
        return None
    worst = max(REASONS, key=lambda name: found[name])
    return REASONS[worst] if found[worst] >= 1 else "no commentary on music"


def probability(found: Mapping[str, float]) -> float:
    """That a sentence of these features is commentary on music."""
    odds = sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))


def measure(text: str) -> dict[str, float]:
    """The features of a sentence with slots, by name."""
    counts = Counter(group for word in WORD.findall(text.lower()) for group in groups_of(word))
    dates = len(DATE.findall(text))
    return {
        "bias": 1.0,
        "sound": min(3, counts["sound"]),
        "praise": min(3, counts["praise"]),
        "genre": min(2, counts["genre"]),
        "song": counts["about"] + text.count("{title}") > 0,
        "describes": min(2, len(DESCRIBES.findall(text))),
        "title": "{title}" in text,
        "artist": "{artist}" in text,
        "pointing": 3.0 * len(POINTS.findall(text)) + 1.5 * len(BIDS.findall(text)) + 0.7 * counts["pointing"],
        "shows": 1.2 * counts["shows"] + 0.8 * dates * (counts["shows"] > 0),
        "release": 1.5 * len(OUT.findall(text))
        + 1.3 * len(NEWS.findall(text))
        + 0.45 * counts["release"]
        + 0.8 * dates,
        "life": 1.3 * len(LIVES.findall(text))
        + 2.0 * len(CREDITS.findall(text))
        + 0.5 * counts["life"]
        + 1.2 * max(0, len(ROLES.findall(text)) - 1),
        "video": 1.2 * counts["video"],
        "says": 2.0 * len(SPEAKS.findall(text)) + 0.6 * counts["says"],
        "own work": OWN_WORK.search(text) is not None,
        "first person": PERSON.search(text) is not None and not THE_SONG.search(text),
        "presents": len(PRESENTS.findall(text)),
        "background": len(BACKGROUND.findall(text)),
        "blogger": len(BLOGGER.findall(text)),
        "begins with a name": text.startswith(("{", '"', "'", "“")),
        "begins with the song": SONG_FIRST.match(text) is not None,
        "listener": LISTENER.search(text) is not None,
        "past": len(PAST.findall(text)),
        "joins": min(3, text.count(" and ")),
        "names": 10 * len(CAPITAL.findall(text)) / max(1, len(text.split())),
        "asks or cries": "?" in text or "!" in text,
    }
