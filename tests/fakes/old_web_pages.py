"""Forty pages in the shapes that music blogs have, with the furniture around them. The texts are our own: posts of the built-in corpus with
invented names in their slots."""

from dataclasses import dataclass
from functools import cache

from deephypebot.corpus.builtin import load_builtin
from deephypebot.songs import fill_slots
from deephypebot.types import Song

FIRST = "Gull Copper Velvet Marlow Saffron Juniper Tin Harbour Ember Lantern Moth Orchard Paper Quill Rook Salt Tallow Umber Willow Yarrow".split()
SECOND = "Static Parade Weather Choir Department Engines Motel Kites Arithmetic Season".split()
TITLES = "Slow Ladder|Kitchen Radio|Half the Night|Borrowed Coats|Northbound|Paper Moons|Second Sleep|The Long Exhale|Lemon Tree Line|Glass Elbow".split(
    "|"
)


@dataclass(frozen=True)
class OldPage:
    """A page. kind: post, round-up, other language, noai, thin, interview; paragraphs: of its article; html: as bytes of its encoding."""

    host: str
    path: str
    headline: str
    song: Song
    paragraphs: tuple[str, ...]
    html: bytes
    kind: str = "post"
    content_type: str = "text/html; charset=utf-8"


@cache
def articles() -> list[tuple[str, ...]]:
    """Posts of three sentences or more, by their order."""
    posts: dict[str, list[str]] = {}
    for sentence in load_builtin():
        posts.setdefault(sentence.post, []).append(sentence.text)
    return [tuple(texts) for texts in posts.values() if len(texts) >= 4]


def song_of(number: int) -> Song:
    name = f"{FIRST[number % len(FIRST)]} {SECOND[(number // len(FIRST) + number) % len(SECOND)]}"
    return Song(name, TITLES[number % len(TITLES)])


def paragraphs_of(number: int, song: Song) -> tuple[str, ...]:
    """Two paragraphs about a song."""
    texts = [fill_slots(text, song) for text in articles()[(number * 7) % len(articles())]]
    middle = (len(texts) + 1) // 2
    return " ".join(texts[:middle]), " ".join(texts[middle:])


def headline_of(number: int, song: Song) -> str:
    """As different blogs write them."""
    a, t = song.artist, song.title
    forms = (
        f"{a} – “{t}”",
        f"{a} - {t}",
        f"“{t}” by {a}",
        f"Stream: {a}, '{t}'",
        f"{a}: {t}",
        f"{a} shares new single “{t}”",
        f"Track of the Day: {a}'s “{t}”",
    )
    return forms[number % len(forms)]


def body_of(paragraphs: tuple[str, ...], song: Song) -> str:
    """An article with what stands within it: a player, a caption, a link."""
    first, *others = paragraphs
    player = f'<iframe src="https://player.example/{abs(hash(song.title)) % 1000}" title="player"></iframe>'
    return f"<p>{first.replace(song.artist, f'<strong>{song.artist}</strong>', 1)}</p>{player}" + "".join(
        f"<p>{text}</p>" for text in others
    )


def wordpress(headline: str, body: str, site: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><title>{headline} | {site}</title><meta property="og:title" content="{headline}">
<meta name="author" content="Tess Ober"><meta property="article:published_time" content="2018-05-04T10:00:00+00:00"></head><body class="single">
<div id="cookie-law">This site uses cookies to improve your experience. <button>Accept</button></div>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About</a></li><li><a href="/contact">Contact</a></li></ul></nav></header>
<main><article class="post type-post hentry"><h1 class="entry-title">{headline}</h1><div class="entry-meta">Posted on May 4, 2018 by <span class="author">Tess Ober</span></div>
<div class="entry-content">{body}<div class="sharedaddy"><h3>Share this:</h3><ul><li>Twitter</li><li>Facebook</li></ul></div></div></article>
<section id="comments"><h2>3 thoughts on “{headline}”</h2><p>first!!! love this blog, keep it up, what a wonderful song you found there</p></section></main>
<aside id="secondary"><h3>Recent Posts</h3><ul><li>Another band nobody knows</li></ul><div class="tagcloud"><a>indie</a> <a>pop</a></div></aside>
<footer>Proudly powered by WordPress</footer></body></html>"""


def blogger(headline: str, body: str, site: str) -> str:
    return f"""<html><head><title>{site}: {headline}</title></head><body><div class="header"><h1>{site}</h1></div>
<div class="post hentry"><h3 class="post-title entry-title">{headline}</h3><div class="post-body entry-content">{body}<div style="clear: both;"></div></div>
<div class="post-footer">Posted by <span class="fn">Ivo Lamb</span> at <a class="timestamp-link">Friday, May 4, 2018</a> <a>Email This</a> <a>BlogThis!</a> Labels: <a rel="tag">indie</a></div></div>
<div class="sidebar"><h2>Blog Archive</h2><ul><li>2018 (34)</li><li>2017 (120)</li></ul><h2>About Me</h2><p>I like records.</p></div></body></html>"""


def tumblr(headline: str, body: str, site: str) -> str:
    return f"""<!DOCTYPE html><html><head><title>{site} — {headline}</title></head><body><section id="posts"><article class="post text"><h2>{headline}</h2>{body}
<ul class="tags"><li>#indie</li><li>#new music</li></ul><p class="notes">172 notes</p><ol class="notes"><li>somebody liked this</li><li>another reblogged this</li></ol></article></section>
<nav id="pagination"><a>Previous</a><a>Next</a></nav></body></html>"""


def squarespace(headline: str, body: str, site: str) -> str:
    return f"""<!doctype html><html><head><title>{headline} — {site}</title></head><body><header id="header"><nav><a>BLOG</a><a>SHOWS</a><a>ABOUT</a></nav></header>
<section id="page"><article class="blog-item"><h1 class="BlogItem-title">{headline}</h1><div class="sqs-block html-block"><div class="sqs-block-content">{body}</div></div>
<div class="BlogItem-share">Facebook0 Twitter Pinterest0 0 Likes</div></article></section><div class="newsletter-block"><h2>Subscribe</h2><p>Sign up with your email address to receive news and updates.</p></div></body></html>"""


def ghost(headline: str, body: str, site: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><title>{headline}</title><meta name="generator" content="Ghost 5.2">
<script type="application/ld+json">{{"@type": "Article", "headline": "{headline.replace('"', "'")}", "author": {{"name": "Bea Quarr"}}}}</script></head>
<body class="post-template"><div class="site-wrapper"><main><article class="article post"><header><h1 class="article-title">{headline}</h1></header><section class="gh-content">{body}</section></article>
<aside class="read-more"><h3>You might also like</h3><article><h4>Five records for rain</h4><p>Paid-members only</p></article></aside></main></div></body></html>"""


def hand_made(headline: str, body: str, site: str) -> str:
    return f"""<HTML><HEAD><TITLE>{site} :: {headline}</TITLE></HEAD><BODY BGCOLOR="#FFFFCC"><TABLE WIDTH="760"><TR><TD WIDTH="140" VALIGN="top"><FONT SIZE="1"><A HREF="/">home</A><BR><A HREF="/links.htm">links</A><BR>
<A HREF="/guest.htm">guestbook</A></FONT></TD><TD><FONT FACE="Verdana"><H2>{headline}</H2>{body}<HR><I>you are visitor number 00312</I></FONT></TD></TR></TABLE></BODY></HTML>"""


SITES = (
    ("gullsandguitars.example", "Gulls & Guitars", wordpress),
    ("kitchenradio.example", "Kitchen Radio", blogger),
    ("halfheard.example", "Half Heard", tumblr),
    ("secondsleep.example", "Second Sleep", squarespace),
    ("lowtide.example", "Low Tide", ghost),
    ("cassettecottage.example", "Cassette Cottage", hand_made),
)
GERMAN = "Die neue Single beginnt mit einer Gitarre, die klingt, als stünde sie im Regen. Danach setzt der Gesang ein, und plötzlich ist alles hell, obwohl sich an den Akkorden nichts geändert hat. Wer abends noch einmal vor die Tür geht, sollte dieses Lied dabeihaben."
SPANISH = "La canción empieza con un bajo que camina despacio, como quien no quiere llegar a casa. Luego entra la voz y todo el estribillo se abre como una ventana en agosto. Es de esas piezas que uno pone otra vez antes de que termine."
FRENCH = "Le morceau s'ouvre sur une basse qui marche lentement, comme quelqu'un qui ne veut pas rentrer. Puis la voix arrive et le refrain s'ouvre comme une fenêtre au mois d'août. On remet la chanson au début avant même la fin."


def old_pages() -> tuple[OldPage, ...]:
    """All forty."""
    pages = [_post(number) for number in range(28)]
    for number, (text, name) in enumerate(((GERMAN, "de"), (SPANISH, "es"), (FRENCH, "fr"))):
        pages.append(_special(30 + number, (text, text), "other language", f"/{name}/{number}"))
    for number in range(3):
        pages.append(_round_up(40 + number))
    for number in range(2):
        pages.append(
            _special(
                50 + number,
                paragraphs_of(50 + number, song_of(50 + number)),
                "noai",
                f"/noai/{number}",
                head='<meta name="robots" content="index, noai">',
            )
        )
    twin = paragraphs_of(60, song_of(60))
    pages.append(_special(60, twin, "post", "/twin/1"))
    pages.append(_special(60, (twin[0], f"{twin[1]} So there."), "post", "/twin/2"))
    pages.append(_special(62, ("Nothing here yet.",), "thin", "/thin"))
    questions = (
        "Where does the band meet?",
        "In a kitchen, mostly.",
        "And the songs?",
        "They come when the kettle does.",
        "What is next for you?",
        "A long walk, and then a record about it.",
    )
    pages.append(_special(63, questions, "interview", "/interview"))
    return tuple(pages)


def _post(number: int) -> OldPage:
    host, site, shape = SITES[number % len(SITES)]
    song = song_of(number)
    paragraphs, headline = paragraphs_of(number, song), headline_of(number, song)
    html = shape(headline, body_of(paragraphs, song), site)
    path = f"/2018/05/{number}-{song.artist}-{song.title}".lower().replace(" ", "-")
    if number == 7:  # Windows-1252 that calls itself UTF-8
        return OldPage(host, path, headline, song, paragraphs, html.encode("cp1252", "replace"))
    if number == 8:  # UTF-8 that says nothing
        return OldPage(host, path, headline, song, paragraphs, html.encode(), content_type="text/html")
    return OldPage(host, path, headline, song, paragraphs, html.encode())


def _special(number: int, paragraphs: tuple[str, ...], kind: str, path: str, head: str = "") -> OldPage:
    host, site, shape = SITES[number % len(SITES)]
    song = song_of(number)
    headline = f"Interview: {song.artist}" if kind == "interview" else headline_of(number, song)
    html = shape(headline, "".join(f"<p>{text}</p>" for text in paragraphs), site)
    return OldPage(
        host,
        path,
        headline,
        song,
        paragraphs,
        html.replace("<head>", f"<head>{head}").replace("<HEAD>", f"<HEAD>{head}").encode(),
        kind,
    )


def _round_up(number: int) -> OldPage:
    host, site, shape = SITES[number % len(SITES)]
    songs = [song_of(number * 3 + i) for i in range(4)]
    texts = [paragraphs_of(number * 3 + i, song)[0] for i, song in enumerate(songs)]
    body = "".join(
        f"<h3>{song.artist} – {song.title}</h3><p>{text}</p>" for song, text in zip(songs, texts, strict=True)
    )
    html = shape("Weekly round-up: 4 songs", body, site)
    return OldPage(
        host, f"/round-up/{number}", "Weekly round-up: 4 songs", songs[0], tuple(texts), html.encode(), "round-up"
    )


def many_pages(number: int) -> tuple[OldPage, ...]:
    """So many plain pages on eight hosts."""
    found = []
    for i in range(number):
        song = song_of(i)
        paragraphs, headline = paragraphs_of(i, song), f"{headline_of(i, song)}"
        html = ghost(
            headline,
            body_of((*paragraphs, f"That was number {i} of a long list of songs which nobody has heard."), song),
            "Many",
        )
        found.append(OldPage(f"many{i % 8}.example", f"/post/{i}", headline, song, paragraphs, html.encode()))
    return tuple(found)
