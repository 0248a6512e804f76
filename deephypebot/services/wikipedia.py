"""Wikipedia: what articles on songs and albums say of the music (mediawiki.org/wiki/API:Categorymembers and
mediawiki.org/wiki/Extension:TextExtracts)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from deephypebot.errors import InputError, Limited, Refused, shown
from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_song, as_text
from deephypebot.services.archived import LONGEST_ADDRESS, as_name, as_number, as_prose, read_what
from deephypebot.types import Document

API, LICENCE = "https://{language}.wikipedia.org/w/api.php", "CC BY-SA 4.0"
PAUSE_S, WAIT_S = 1.0, 60.0  # one request after the other, no limit for reading (mediawiki.org/wiki/API:Etiquette)
LANGUAGE = re.compile(r"[a-z]{2,12}(?:-[a-z]{2,12})*")
HEADING = re.compile(r"^(={2,6})([^=\n]+)={2,6}[ \t]*$", re.MULTILINE)
WANTED = re.compile(r"\b(?:composition|recording|music|musical|style|reception|legacy)\b", re.IGNORECASE)
UNWANTED = re.compile(r"\b(?:videos?|charts?|track listing|personnel|accolades|awards|certifications)\b", re.IGNORECASE)
NO_ARTICLE = re.compile(r"(?:Lists?|Index) of .*|.* (?:discography|\(disambiguation\))", re.IGNORECASE)
SONGS = ("song", "single", "track", "ballad", "instrumental")
KINDS = "|".join((*SONGS, "album", "EP", "mixtape", "soundtrack"))
NAMED = re.compile(rf"(?P<name>.+?) \((?:(?P<artist>.*\D.*) |\d+ )?(?P<kind>{KINDS})\)")
LEAD = re.compile(
    rf"\b(?:is|was) (?:an?|the)\b[^.\n]{{0,100}}?\b(?P<kind>{KINDS})\b[^.\n]{{0,120}}?"
    r"(?<!written)(?<!composed)(?<!produced) by (?P<artist>[^\n]{1,120}?)"
    r"(?=,(?! the [A-Z]| [A-Z]\w+ (?:&|and) )|[;(]|(?<!Dr)(?<!Mr)(?<!Mrs)(?<!St)\.\s|\.?$"
    r"| (?:from|featuring|released|recorded|which|that|with|as|in|on|taken|and (?:was|is|the|his|her|their))\b"
    r"| for (?:her|his|their|its|the)\b)",
    re.MULTILINE,
)
ROLE = (
    "(?:singer-songwriter|singer|songwriter|rapper|musician|producer|supergroup|group|band|duo|trio|quartet|artist|"
    "vocalist|collective|project|composer|guitarist|pianist|act|outfit|(?<=[a-zA-Z] )DJ)"
)
ROLES = re.compile(rf"[^,]*?\b{ROLE}(?:(?:/| and | )(?:[a-z-]+ )*?{ROLE})* (?=\S)")
OTHERS = re.compile(rf" and [A-Z][\w-]* (?:[a-z-]+ )*{ROLE} ")


class Wikipedia:
    """Implements services.Archive: one article a look. what: "category:NAME" or "page:TITLE".

    Of English articles the lead and the sections on the music, of others the lead.
    """

    def __init__(self, http: Http, what: str, language: str = "en", api: str = API) -> None:
        if not LANGUAGE.fullmatch(language):
            raise InputError(f"language is {shown(language)}; allowed are codes such as en and pt-br")
        self.http, self.language, self.api = http, language, api.replace("{language}", language)
        self.kind, self.name = read_what(what, "category:NAME", "page:TITLE")

    def look(self, cursor: str | None) -> Haul:
        """The cursor: gcmcontinue, as the API gave it. Raises ServiceError."""
        answer = self._ask({**self._which(), **({"gcmcontinue": cursor} if cursor else {})})
        pages = as_dicts(as_dict(answer.get("query")).get("pages"))
        documents = tuple(document for page in pages if (document := parse_article(page, self.language)))
        following = as_text(as_dict(answer.get("continue")).get("gcmcontinue")) if self.kind == "category" else ""
        is_last = following in ("", cursor) or len(following) > LONGEST_ADDRESS
        return Haul(documents, cursor=None if is_last else following)

    def _which(self) -> dict[str, str | int]:
        """A category as a generator: a request brings one whole article at most, so a list first is no faster."""
        if self.kind == "page":
            return {"titles": self.name, "redirects": 1}
        title = f"Category:{self.name.removeprefix('Category:')}"
        return {"generator": "categorymembers", "gcmtitle": title, "gcmtype": "page", "gcmlimit": 1}

    def _ask(self, which: Mapping[str, str | int]) -> Mapping[str, Any]:
        """An error comes with status 200."""
        text: dict[str, str | int] = {"explaintext": 1, "exsectionformat": "wiki", "exlimit": 1}
        fixed: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2}
        answer = as_dict(
            self.http.get_json(
                self.api, {**fixed, "prop": "extracts|pageprops", "ppprop": "disambiguation", **text, **which}
            )
        )
        code = as_name(as_dict(answer.get("error")).get("code"))
        if code in ("ratelimited", "maxlag"):
            raise Limited("wikipedia asks to wait", WAIT_S)
        if code:
            raise Refused(f"wikipedia does not answer: {shown(code)}")
        return answer


def parse_article(page: Mapping[str, Any], language: str) -> Document | None:
    """None for lists, disambiguations and what is no article."""
    title, extract = as_name(page.get("title")), as_prose(page.get("extract"))
    is_other = "disambiguation" in as_dict(page.get("pageprops")) or NO_ARTICLE.fullmatch(title) is not None
    lead = HEADING.split(extract, maxsplit=1)[0].strip()
    if not title or not lead or is_other or as_number(page.get("ns")) != 0 or "may refer to:" in lead[:300]:
        return None
    artist, song = parse_names(title, lead)
    host = f"{language}.wikipedia.org"
    return Document(
        f"https://{host}/wiki/{quote(title.replace(' ', '_'), safe='/:(),')}",
        title,
        music_sections(extract),
        "Wikipedia contributors",
        host,
        language=language,
        licence=LICENCE,
        source="wikipedia",
        artist=artist,
        song=song,
    )


def music_sections(extract: str) -> str:
    """The lead and what is said of the music, without headings. A section that is wanted brings those below it."""
    lead, *rest = HEADING.split(extract)  # lead, then marks, heading and text of each section
    kept, above = [lead.strip()], 9
    for marks, heading, text in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        level = len(marks)
        above = 9 if level <= above else above
        if UNWANTED.search(heading) or not (WANTED.search(heading) or level > above):
            continue
        above = min(above, level)
        kept.append(text.strip())
    return "\n\n".join(part for part in kept if part)


def parse_names(title: str, lead: str) -> tuple[str, str]:
    """Artist and song: of "Alison (Slowdive song)", or of "Alison" is a song by Slowdive. "" for what is unknown."""
    named, said = NAMED.fullmatch(title), LEAD.search(lead[:600])
    kind = named["kind"] if named else said["kind"] if said else ""
    artist = (named["artist"] if named else "") or (_artist(said["artist"]) if said else "")
    found = as_song(artist, named["name"] if named else title)
    song = (found.title if found else named["name"] if named else title) if kind in SONGS else ""
    return found.artist if found else "", song


def _artist(text: str) -> str:
    """ "Slowdive" of "English rock band Slowdive"; the first of several."""
    text = ROLES.sub("", text, count=1) if ROLES.match(text) else text
    return OTHERS.split(text, maxsplit=1)[0].strip(" .")
