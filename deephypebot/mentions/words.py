"""Words that tell what a line is about. In several languages, since music accounts write in theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable


def any_of(phrases: Iterable[str], flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Any of these phrases as whole words; a phrase may be a regular expression."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", flags)


LABELS = (  # what stands before a song and is no part of it
    r"now\s*playing", "np", r"on\s+now", r"now\s+on\s+air", r"currently\s+playing", r"just\s+played", r"just\s+hit\s+play",
    r"(?:i['’]?m\s+|i\s+am\s+)?(?:now\s+|currently\s+|still\s+)?listening\s+to", r"listen(?:\s+to)?", "listened to", "hear", "watch",
    "stream", "spin", "play", "playing", r"(?:song|track|tune|single|jam|video|cover)\s+(?:of|for)\s+(?:the\s+)?(?:day|week|night|month)",
    r"today['’]?s\s+(?:song|track|pick|tune)", r"(?:world\s+)?premi[eè]re[ds]?", "exclusive", r"new(?:\s+(?:song|single|track|music|video|release|one))?",
    "fresh", "out now", r"next\s+up", r"up\s+next", "first play", "recommended", "repeat", r"on\s+repeat", r"earworm", "throwback",
    r"current\s+(?:song|track|mood)", "mood", "today", "tonight", "official video", "scrobbled?", r"last\s+played", "loved", r"♥",
    r"escuchando", r"suena(?:\s+ahora)?", r"ahora\s+suena", r"nuev[oa]\s+(?:sencillo|single|canci[oó]n|tema)", r"canci[oó]n\s+del\s+d[ií]a",
    r"ouvindo(?:\s+agora)?", r"tocando(?:\s+agora)?", r"nova\s+m[uú]sica", r"m[uú]sica\s+do\s+dia",
    r"nouveaut[eé]", r"nouveau\s+(?:titre|single|clip|morceau)", r"en\s+[eé]coute", r"[aà]\s+[eé]couter", r"j['’][eé]coute", r"titre\s+du\s+jour",
    r"h[oö]rtipp", r"(?:ich\s+)?h[oö]re(?:\s+gerade)?", r"gerade\s+l[aä]uft", r"jetzt\s+l[aä]uft", r"es\s+l[aä]uft", r"lied\s+des\s+tages", r"neue\s+single", r"neuer\s+song",
    r"in\s+ascolto", r"ascoltando", r"nuovo\s+singolo", r"canzone\s+del\s+giorno", r"nu\s+(?:speelt|luister\w*)", r"luister(?:tip|t\s+naar)?",
    r"teraz\s+gra(?:my)?", r"s[lł]ucham", r"nowy\s+singiel", r"piosenka\s+dnia", r"[sş]u\s+an\s+[cç]al(?:[iı]yor|an)", r"dinliyorum", r"yeni\s+(?:[sş]ark[iı]|single)",
    r"lyssnar\s+p[aå]", r"h[oø]rer\s+p[aå]", r"l[aå]t\s+f[oö]r\s+dagen", r"kuuntelen", r"сейчас\s+(?:играет|слушаю)", r"слушаю", r"новый\s+сингл", r"песня\s+дня",
    r"в\s+ефірі", r"зараз\s+грає", r"지금\s+(?:재생|듣는)\s*(?:중|곡)?", r"오늘의\s*(?:노래|곡|추천곡?)", r"신곡", r"再生中", r"今(?:日|夜)の(?:一)?曲", r"聴いてる(?:曲)?", r"新曲", r"正在播放", r"今日(?:歌曲|推荐|一曲)",
    r"এখন\s+বাজছে", r"আজকের\s+গান", r"आज\s+का\s+गाना", r"अभी\s+सुन\s+रहा\s+हूँ", r"أستمع\s+(?:إلى|الآن)", r"أغنية\s+اليوم", r"يعرض\s+الآن", r"الآن", r"(?:ا?سمع|استمع)وا?", "sotd", "totd", r"the\s+(?:story|meaning)\s+(?:behind|of)", r"the\s+making\s+of", "behind", r"(?:looking\s+for\s+)?(?:songs|music|tracks|anything)\s+like", "jetzt", r"out\s+(?:today|tomorrow|\w+day|soon)", r"στο\s+ραδι[οό]φωνο", r"ακο[υύ]ω",
)  # fmt: skip
LABEL_WORDS = any_of(LABELS)

OTHER_WORK = any_of(  # a title of such a thing is no song
    (
        r"albums?", "eps?", "lps?", "mixtapes?", "playlists?", "compilation", "anthology", "box ?set", "reissue", "soundtrack", "score",
        "films?", "movies?", "documentary", "series", "episodes?", "season", "book", "novel", "short story", "poem", "painting", "essay", "memoir", "biography", "podcast", "musical", "zine",
        "magazine", "issue", "exhibition", "tours?", "festival", "residency", "livestream", "álbum", "livre",
        "buch", "roman", "kniha", "книга", "альбом", "фильм", "アルバム", "앨범", "专辑", "ألبوم", "belgeseli?", "albümü?", "płyt[aęy]",
    )
)  # fmt: skip
NO_SONG_HERE = any_of(  # what such a line is about is no song, or none that is named
    (
        "interview(?:ed|s)?", "podcast", r"album\s+of\s+the\s+(?:week|year|month)", "premature evaluation", r"(?<!track )(?<!song )(?<!single )reviews?", "in conversation", "profile",
        "obituary", "playlist", "mixtape", r"first\s+listen", r"on\s+the\s+rise", "essential releases", "albums? chart", r"billboard\s+200",
        r"official\s+albums", r"(?:whole|full|entire)\s+(?:\w+\s+)?album", r"side\s+(?:one|two|a|b)", "gatefold", "album stream", r"full\s+(?:concert|set|ep|lp)", r"fresh\s+(?:album|ep|lp|mixtape|interview)", r"\[(?:album|ep|lp)\]", "tickets?", "tour dates?",
        r"(?:live\s+)?tour\s+(?:20)?\d\d", "world tour", "sold out", "doors at", "livestream", "trailer", "making[- ]of", "ama", "discussion", "setlist", r"guest\s+list",
        "billets?", "entradas?", "konzert", "concierto", "en concert", "билеты", "концерт", "التذاكر", "حفلة", "कॉन्सर्ट", "콘서트", "ライブ", "コンサート", "演唱会",
    )
)  # fmt: skip
SPEECH = any_of(
    (
        "says?", "said", "saying", "tells?", "told", "asks?", "asked", "sings?", "sang", "yell(?:ed|s)?", "shouts?", "line", "quotes?", "lyrics?", "called",
        "goes", "like", "calls?", "word", "words", "phrase", "sign", "reads?", "wrote", "writes", "citing", "dice", "dijo", "sagt", "dit", "mówi",
    )
)  # fmt: skip
SHARES = (  # what a headline says that an artist does with a song
    r"(?:(?:has|have|had)\s+)?(?:shared|released|announced|dropped|unveiled|covered|premiered|debuted)|earns?|scores?|tops?|claims?|notches?|breaks?|extends?|shares?|releases?|drops?|unveils?|announces?|premieres?|debuts?|reveals?|returns?\s+with|previews?|teases?|offers?|delivers?|"
    r"performs?|plays?|covers?|remix(?:es)?|sings?|records?|contributes?|is\s+#?\d+\s+with|#\d+\s+with|hits?|lands?|details?|enlists?|"
    r"team(?:s)?\s+up|link(?:s)?\s+up|join(?:s)?|get(?:s)?|goes|back\s+with|is\s+back\s+with|presents?|publica|estrena|lanza|lança|presenta|"
    r"ver[oö]ffentlicht|veröffentlichen|sort(?:ent)?|dévoilent?|partagent?|pubblica(?:no)?|wydaje"
)
ABOUT_SONG = any_of(
    ("songs?", "singles?", "tracks?", "videos?", "visuali[sz]er", "hear", "listen", "watch", "stream", "covers?", "remix", "ballad", "anthem", "tune", "one", "canción", "sencillo", "chanson", "titre", "clip", "lied", "singolo", "performance", "demo", "b-sides?", "(?:double )?a-sides?")
)  # fmt: skip
CONNECTORS = frozenset(
    "a an the of and & + x × vs vs. with w/ feat feat. ft ft. featuring in on at to for from by de del la le les los las el y e et und und o og och i da di do du des der die das den van von san st. or no".split()
)
OPENING = frozenset("the a el la los las le les die der das x".split())  # connectors that names begin with
