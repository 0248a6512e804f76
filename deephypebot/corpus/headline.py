"""What the title of a post says of its song: guesses of artist and title, in the many ways in which blogs write headlines. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from deephypebot.mentions.names import FEATURED, clean_artist, clean_title, is_marked
from deephypebot.mentions.phrase import name_at_end, name_at_start
from deephypebot.mentions.words import CONNECTORS
from deephypebot.songs import normalise_name

LONGEST = 300
SPAN = re.compile(
    r"""(?<!\w)(?:["“”„‟«]{1,2}\s?([^"“”„‟«»]{1,120}?)\s?["“”»]{1,2}|''\s?([^']{1,120}?)\s?''|['‘‚‹](?=\S)((?:[^'‘’‚‹›]|(?<=\w)['’](?=\w)|(?<=n)['’](?=\s)){1,120}?)(?<=\S)['’›](?!\w))"""
)
FURNITURE = frozenset(
    "home music blog blogs magazine mag archive archives reviews review news tracks songs singles artist art audio video videos mp3 stream streaming new "
    "track tracks of the day week song single release premiere listen watch first transmission daily weekly friday monday tuesday wednesday thursday saturday sunday "
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep oct nov dec a an "
    "pick picks now playing currently listening to introducing exclusive featured feature diggin this tune tunes download free discover discovery "
    "hear follow up post chill what s whats spotlight interview recommended fresh essential get know world heard official session live on repeat in rotation "
    "love obsession obsessed jam downtempo ambient lofi electronic indie pop folk rock hip hop rap dance house techno r b rnb remix cover cool mixtape playlist top up next one "
    "watch list check out words text photos review sotd totd tonight today tomorrow morning afternoon night weekend mood best found sound sounds alert take "
    "and with by for from our your my we i album ep lp mix hot something artist artists band bands to watch ones must know spotify soundcloud youtube vevo bandcamp "
    "to you ll enjoy meet just here heard loving playing clip lyric lyrics visuals visualizer rising emerging buzz unsigned uk us la nyc london berlin sweden".split()
)
PART = re.compile(r"\s+[|•·»«]+\s+|\s+::\s+|\s+::?\s*$|\s*\|\|\s*|\s+//\s+|\s+///\s+|\s*>>\s*|\s\|(?=\S)|(?<=\w)\s\|")
DASH = re.compile(r"\s+(?:[-–—~]{1,3}|[−‒―])\s+|\s+[–—]|[–—]\s+|\s+-(?=[\"“‘'])|(?<=[\"”’'])-\s+")
COLON = re.compile(r"(?<=[^\s:]):\s+|::\s*")
BRACKETED = re.compile(r"\s*[\[(【{]([^\[\](){}【】]{0,60})[\])】}]\s*")
YEAR = re.compile(r"\s*\(?(?:19|20)\d\d\)?\s*$")
TAG = re.compile(r"\s+#\w+")
TAIL = re.compile(
    r"""\s*(?:[-–—:,|/(\[]+\s*)(?:an?\s+)?(?:(?:song|single|track|album|ep|music|video|official|new|premiere|world|exclusive|free|download|stream(?:ing)?|audio|listen|watch|mp3|review|now|
        feature|visuals?|out|lyrics?|track\sof\sthe\sday|song\sof\sthe\sday)\s*)+[\])]?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
BY = re.compile(r"^\s*(?:\([^()]{0,60}\)\s*)?,?\s*(?:by|von|par|de)\s+", re.IGNORECASE)
PLAIN_BY = re.compile(r"^(?P<title>.{1,80}?)\s+by\s+(?P<artist>.{2,60})$")
OWNED = re.compile(r"^(?P<before>.{0,120}?[^\s'’])['’](?:s\b)?(?:\s+(?P<between>.{0,90}))?$", re.DOTALL)
ROLES = (
    "duo|trio|band|quartet|quintet|producer|singer|songwriter|singer-songwriter|singer/songwriter|artist|rapper|outfit|group|collective|newcomers?|vocalist|musician|beatmaker|dj|"
    "members?|dj/producer|producer/dj|supergroup|siblings|brothers|sisters|act|project|pop star|popstar|multi-instrumentalist|composer|engineer|meet|discover|introducing|watch|listen to|hear|stream"
)
SMALL_WORD = re.compile(r"(?:^|\s)(?=[a-zà-ÿ][a-zà-ÿ'’]{2,}(?:\s|$))")
VERBS = re.compile(
    r"\s+(?:shares?|goes|drops?|unveils?|reveals?|releases?|returns?|debuts?|premieres?|announces?|offers?|delivers?|is|are|gives?|takes?|gets?|goes|feels?|feel|team|teams|link|links|join|joins|"
    r"produces|roll|rolls|back|presents?|serves?|pens?|channels?|explores?|releasing|unleash(?:es)?|makes?|brings?|keeps?|sings?|teases?|soundtracks?|spits|ropes|offer|talks?|"
    r"wants?|turns?|finds?|has|have|share|release|drop|unveil|return|announce|debut|link|enlists?|recruits?|tap|taps|covers?|remix(?:es)?|reworks?|reimagines?|samples?|comes?|"
    r"flips?|new|latest|dazzles?|impress(?:es)?|charms?|soars?|shines?|continues?|embrace[sd]?|stuns?|kills?|hits?|go|shows?|puts?|looks?|lets?|dives?|launch(?:es)?|"
    r"tells?|creates?|crafts?|conjures?|stays?|moves?|spins?|opens?|follows?|proves?|previews?|set|sets|blend|blends|mixes|mesmeri[sz]es?|captures?|connects?|ushers?|enchants?|anticipates?|unfurls?|traverses?|strikes?|imagines?|bounces?|invites?|celebrates?|faces?|asks?|leads?|provides?|battles?|ponders?|details?)(?=\s|$)",
    re.IGNORECASE,
)
ALBUM_AFTER = re.compile(
    r"^\W*(?:(?:debut|new|second|their|his|her)\s+)*(?:album|ep|lp|mixtape|record)\b", re.IGNORECASE
)
ALBUM_BEFORE = re.compile(r"(?:album|ep|lp|mixtape|tour)\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Headline:
    """A guess from a title. artist or title may be "" where the headline has only one of the two; prior: how likely it is, 0..1."""

    artist: str
    title: str
    prior: float
    guests: tuple[str, ...] = ()


def read_headline(text: str, site: str, knows: Callable[[str], bool]) -> list[Headline]:
    """Guesses from a post's title, likely ones first. site: the host that it stands on."""
    text = TAG.sub("", " ".join(text[:LONGEST].split()))
    guests = guests_of(text)
    parts = parts_of(text, site)
    found: list[Headline] = []
    for part in parts:
        found += _quoted(part, knows)
    for part in parts if not found else ():
        found += _plain(part, knows)
    if len(parts) > 1 and not any(one.artist and one.title for one in found):
        found.append(_cleaned(parts[0], parts[1], 0.5))
        found.append(_cleaned(parts[1], parts[0], 0.2))
    kept = [one for one in found if one.artist or one.title]
    return [Headline(one.artist, one.title, one.prior, guests) for one in kept]


def parts_of(text: str, site: str) -> list[str]:
    """What stands between bars, without the name of the site, the series and labels such as "Song of the Day"."""
    own = site_key(site)
    parts = [part.strip(" -–—:,") for part in PART.split(text) if part and part.strip(" -–—:,")]
    kept = [part for part in parts if not is_site(part, own)]
    kept = [shorter for part in kept or parts if (shorter := _without_ends(part, own))]
    named = [part for part in kept if not is_furniture(part)]
    return named or kept[:1]


def _without_ends(text: str, own: str) -> str:
    """Dashed or coloned ends that are the site's name or a label."""
    text = re.sub(r"^\s*(?:[\[(【{*][^\[\](){}【】*]{1,40}[\])】}*]\s*:?\s*)+(?=\S)", _unless_name, text)
    for _ in range(3):
        before = text
        pieces = [*DASH.finditer(text), *COLON.finditer(text), *re.finditer(r",\s+", text)]
        pieces.sort(key=lambda match: match.start())
        if pieces and is_furniture(text[: pieces[0].start()]) and text[pieces[0].end() :].strip():
            text = text[pieces[0].end() :]
        elif pieces and (is_site(text[pieces[-1].end() :], own) or _is_tail(text[pieces[-1].end() :], pieces[-1][0])):
            text = text[: pieces[-1].start()]
        text = YEAR.sub("", TAIL.sub("", text)) if SPAN.search(text) or DASH.search(text) else YEAR.sub("", text)
        if text == before:
            break
    return text.strip(" :|/")


def _unless_name(match: re.Match[str]) -> str:
    return "" if is_furniture(match[0]) else match[0]


def _is_tail(piece: str, mark: str) -> bool:
    return (
        is_furniture(piece)
        and len(piece.split()) <= 4
        and "," not in mark
        and len(piece) > 2
        and not SPAN.search(piece)
    )


def is_furniture(text: str) -> bool:
    """Whether all its words are those of labels, dates and series."""
    words = re.findall(r"[\w]+", text.casefold())
    return all(word in FURNITURE or word.isdigit() or re.fullmatch(r"\d+(?:st|nd|rd|th)", word) for word in words)


def site_key(site: str) -> str:
    """ "www.indieshuffle.com" is "indieshuffle"."""
    parts = [part for part in site.casefold().split(".") if part not in ("www", "blog", "blogs", "music", "m")]
    return normalise_name(parts[0]) if parts else ""


def is_site(text: str, own: str) -> bool:
    """Whether a part of a title names the site."""
    name = normalise_name(text)
    return (
        len(own) > 3
        and len(name) > 2
        and (name.startswith(own) or own.startswith(name) or (len(name) > 5 and name in own))
    )


def read_slug(url: str, knows: Callable[[str], bool]) -> list[Headline]:
    """Guesses from the last part of an address alone, where it has two words or begins with a known artist."""
    try:
        words = unquote(urlsplit(url).path).strip("/").split("/")[-1].partition(".")[0].split("-")
    except ValueError:
        return []
    words = [word for word in words if word]
    if not 2 <= len(words) <= 8 or any(word.isdigit() for word in words):
        return []
    splits = [(" ".join(words[:i]).title(), " ".join(words[i:]).title()) for i in range(1, len(words))]
    return [Headline(a, t, 0.55 if len(words) == 2 else 0.5) for a, t in splits if len(words) == 2 or knows(a)]


def slug_of(url: str) -> str:
    """The last words of an address, as names are matched."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    pieces = [
        re.sub(r"\.(?:html?|php|aspx?)$", "", piece)
        for piece in path.split("/")
        if re.search(r"[a-z]{2}", piece, re.IGNORECASE)
    ]
    return normalise_name(" ".join(pieces[-2:]))


def guests_of(text: str) -> tuple[str, ...]:
    """Those that are featured, and who made the remix."""
    found: list[str] = []
    for match in re.finditer(
        r"(?:\b(?:featuring\b|feat\b\.?|ft\b\.?)|\bw/)\s*([^()\[\]|–—:\"“”]{2,60})", text, re.IGNORECASE
    ):
        found += re.split(r"\s*(?:,|&|\+|\band\b|\bx\b|\s-\s)\s*", match[1].strip(" '’‘"))
    for match in re.finditer(
        r"[(\[]([^()\[\]]{2,40}?)['’]?s?\s+(?:remix|rework|edit|re-edit|flip|cover|version|bootleg|dub|vip)\b",
        text,
        re.IGNORECASE,
    ):
        found.append(match[1])
    return tuple(name for one in found if len(name := clean_artist(one.strip(" '’\"”"))) > 1 and is_marked(name))


def _cleaned(artist: str, title: str, prior: float) -> Headline:
    artist = BRACKETED.sub(lambda m: "" if is_furniture(m[1]) or re.match(r"[A-Z]{2,3}$|prod", m[1]) else m[0], artist)
    return Headline(re.sub(r"(?<=s)['’]$", "", clean_artist(_straight(artist))), clean_title(_straight(title)), prior)


def _straight(name: str) -> str:
    return re.sub(r"\s+", " ", name.strip(' "“”„‟«»-–—:|,/*⚡♫♪★☆►▶♥')).strip()


def _quoted(part: str, knows: Callable[[str], bool]) -> list[Headline]:
    """Guesses where something is in quotation marks."""
    found: list[Headline] = []
    spans = list(SPAN.finditer(part))
    for i, span in enumerate(spans[:4]):
        title = next(group for group in span.groups() if group)
        before, after = part[: span.start()] if i == 0 else part[spans[i - 1].end() : span.start()], part[span.end() :]
        is_album = ALBUM_AFTER.match(after) is not None or ALBUM_BEFORE.search(before) is not None
        prior = (0.3 if is_album else 0.75) - 0.1 * i
        if i and not re.search(r"\w", re.sub(r"\b(?:and|x)\b|[/&+,]", "", before)):
            before = part[: spans[0].start()]
        if match := BY.match(after):
            found.append(_cleaned(name_at_start(after[match.end() :], knows) or after[match.end() :], title, prior))
        elif artist := _before(before, knows):
            found.append(_cleaned(artist, title, prior))
        elif re.match(r"\s*[-–—|:,/]+\s*\S", after):
            found.append(_cleaned(FEATURED.sub("", after.strip(" -–—|:,/")), title, prior - 0.05))
        elif (
            is_furniture(before)
            and re.match(r"^\s*(?:is|are)\b", after) is None
            and (name := name_at_start(after, knows))
        ):
            found.append(_cleaned(name, title, prior - 0.3))
        found.append(Headline("", clean_title(title), prior - 0.25))
    return found


def _before(before: str, knows: Callable[[str], bool]) -> str:
    """The artist in what stands before a quoted title."""
    before = before.rstrip()
    clause = "" if is_furniture(before) else re.split(r"(?<=[^\s:]):\s+|[?!]\s+(?=[A-Z])", before.rstrip(" :"))[-1]
    bare = clause.rstrip(" -–—:,|([")
    if not bare:
        return ""
    if bare != clause.rstrip() and len(bare.split()) <= 6 and not VERBS.search(bare):
        return bare  # Artist – “Title”
    if owner := _owner(before, knows):
        return owner
    verb = VERBS.search(f" {clause}")
    if verb and verb.start() > 1 and (subject := without_role(clause[: verb.start() - 1].strip())):
        return subject if len(subject.split()) <= 4 else name_at_end(subject, knows) or subject
    if verb:
        rest = clause[max(0, verb.end() - 1) :].lstrip()
        return (
            without_role(rest) if len(rest.split()) < 6 and is_marked(rest[:1] or " ") else name_at_start(rest, knows)
        )
    if (small := SMALL_WORD.search(bare)) and small.start() > 0 and is_marked(bare.split()[0]):
        head = bare[: small.start()].strip()
        return head if head.split()[-1].casefold() not in CONNECTORS else name_at_end(bare, knows)
    return without_role(bare) if len(bare.split()) <= 5 else name_at_end(bare, knows)


def _owner(before: str, knows: Callable[[str], bool]) -> str:
    """Young Fathers' new video for “Toy”; in "Copenhagen's MATTIS" nobody owns a song."""
    match = OWNED.match(before)
    if (
        match is None
        or (match["between"] or "")[:1].isupper()
        or len((match["between"] or "").split()) > 9
        or re.search("[.!?]", (match["between"] or ""))
    ):
        return ""
    return name_at_end(match["before"], knows)


def without_role(name: str) -> str:
    """ "Liverpudlian duo Her's" and "Copenhagen's MATTIS" without who they are."""
    if (match := re.match(rf"^(?:[\w'’.-]+\s+){{0,4}}?(?:{ROLES})s?,?\s+(?=\S)", name, re.IGNORECASE)) and is_marked(
        name[match.end() :].split()[0]
    ):
        return name[match.end() :]
    if (match := re.match(r"^[A-Z][\w.]+['’]s\s+(?=[A-Z])", name)) and not match[0].startswith("Let"):
        return name[match.end() :]
    return name


def _plain(part: str, knows: Callable[[str], bool]) -> list[Headline]:
    """Guesses where nothing is in quotation marks."""
    sides = [side.strip() for side in DASH.split(part) if side and side.strip()]
    if len(sides) >= 2:
        return [_cleaned(sides[0], sides[1], 0.66), _cleaned(sides[1], sides[0], 0.26)]
    sides = [side.strip() for side in COLON.split(part) if side and side.strip()]
    if len(sides) == 2 and len(sides[0].split()) <= 6:
        return [
            _cleaned(sides[0], sides[1], 0.6),
            _cleaned(sides[1], sides[0], 0.2),
            Headline(clean_artist(sides[1]), "", 0.4),
        ]
    if match := PLAIN_BY.match(part):
        return [_cleaned(match["artist"], match["title"], 0.6), _cleaned(part, "", 0.1)]
    comma = [side.strip() for side in re.split(r",\s+", part)]
    if len(comma) == 2 and all(len(side.split()) <= 7 for side in comma):
        return [_cleaned(comma[0], comma[1], 0.5), _cleaned(comma[1], comma[0], 0.2)]
    lead = part[: verb.start()] if (verb := VERBS.search(part)) else ""
    name = lead if lead and is_marked(lead.split()[0]) and len(lead.split()) <= 5 else ""
    return [Headline(clean_artist(name or part), "", 0.3), Headline("", clean_title(part), 0.3)] if part else []
