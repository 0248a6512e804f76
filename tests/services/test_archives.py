"""Archives: each one's real client against a server that answers as it does, and as it should not."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.http import LARGEST, Http
from deephypebot.services import Archive, Haul
from deephypebot.services.bandcamp import Bandcamp, parse_bandcamp
from deephypebot.services.hype_machine import HypeMachine, parse_posts
from deephypebot.services.musiccaps import MusicCaps, parse_aspects
from deephypebot.services.soundcloud import SoundCloud
from deephypebot.services.tumblr import Tumblr
from deephypebot.services.wikipedia import Wikipedia, music_sections, parse_names
from deephypebot.types import Document
from tests.fakes.sites import Act, Asked, Site, in_turn, site

Make = Callable[[Http, Site], Archive]

MAKE: dict[str, Make] = {
    "hypem": lambda http, one: HypeMachine(http, "popular", "key-secret", one.url),
    "hypem-blog": lambda http, one: HypeMachine(http, "blog:The 405", "key-secret", one.url),
    "hypem-feed": lambda http, one: HypeMachine(http, "tag:dream pop", feeds=f"{one.url}/feed"),
    "tumblr-blog": lambda http, one: Tumblr(http, "blog:staff", "key-secret", one.url),
    "tumblr-tag": lambda http, one: Tumblr(http, "tag:shoegaze", "key-secret", one.url),
    "soundcloud": lambda http, one: SoundCloud(http, "search:dub", "id", "pass-secret", one.url, f"{one.url}/token"),
    "soundcloud-user": lambda http, one: SoundCloud(
        http, "user:odesza", "id", "pass-secret", one.url, f"{one.url}/token"
    ),
    "bandcamp": lambda http, one: Bandcamp(http, [f"{one.url}/album/a", f"{one.url}/track/b"]),
    "wikipedia": lambda http, one: Wikipedia(http, "category:Shoegaze songs", api=one.url),
    "musiccaps": lambda http, one: MusicCaps(http, one.url),
}


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http("me@a.test", sleep=lambda seconds: None)
    yield http
    http.close()


def look_at_all(make: Make, http: Http, act: Act, most: int = 30) -> tuple[list[Haul], list[Asked]]:
    """Looks until there is no more."""
    hauls, cursor = list[Haul](), None
    with site(act) as one:
        archive = make(http, one)
        while len(hauls) < most:
            hauls.append(archive.look(cursor))
            cursor = hauls[-1].cursor
            if cursor is None:
                break
        return hauls, one.asked


def documents_of(hauls: list[Haul]) -> list[Document]:
    return [document for haul in hauls for document in haul.documents]


# Hype Machine


def track(url: object) -> dict[str, object]:
    return {"itemid": "2aq57", "artist": "Slowdive", "title": "Alison", "siteid": 10441, "posturl": url}


def test_hypem_with_a_key_pages_to_the_end(http: Http) -> None:
    act = in_turn([track("https://a.test/1"), track("https://b.test/2")], [track("https://a.test/1"), track(7)], [])
    hauls, asked = look_at_all(MAKE["hypem"], http, act)
    assert [haul.pages for haul in hauls] == [("https://a.test/1", "https://b.test/2"), ("https://a.test/1",), ()]
    assert [(one.path, one.query["page"], one.query["mode"]) for one in asked] == [
        ("/popular", str(page), "now") for page in (1, 2, 3)
    ]
    assert asked[0].query["key"] == "key-secret"


@pytest.mark.parametrize(
    ("what", "paths"),
    [
        ("latest", ["/tracks"]),
        ("tag:drum/bass", ["/tags/drum%2Fbass/tracks"]),
        ("blog:The 405", ["/blogs", "/blogs/10441/tracks"]),
        ("blog:thefourohfive.com", ["/blogs", "/blogs/10441/tracks"]),
        ("blog:77", ["/blogs/77/tracks"]),
    ],
)
def test_hypem_asks_for_what_is_wanted(http: Http, what: str, paths: list[str]) -> None:
    blogs = [{"siteid": "1", "sitename": "The 405"}, {"sitename": "x"}, 5]
    known = {"siteid": 10441, "sitename": "The 405", "siteurl": "http://www.thefourohfive.com"}

    def act(asked: Asked) -> object:
        return [*blogs, known] if asked.path == "/blogs" else [track("https://a.test/1")]

    with site(act) as one:
        archive = HypeMachine(http, what, "k", one.url)
        assert archive.look(None) == Haul(pages=("https://a.test/1",), cursor="2")
        assert archive.look("4").cursor == "5"
        assert [asked.path for asked in one.asked] == [*paths, paths[-1]]


def test_hypem_knows_no_such_blog(http: Http) -> None:
    with pytest.raises(Refused, match="no blog 'The 405'"):
        look_at_all(MAKE["hypem-blog"], http, lambda asked: [{"siteid": 3, "sitename": "Other", "siteurl": "http://["}])


FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Hype Machine</title>
<item><title>Slowdive - Alison</title><link>https://hypem.com/track/2aq57/Slowdive+-+Alison</link>
<description><![CDATA[Such a song... <a href="https://hypem.com/blog/the+405/10441">The 405</a>
<a href="https://the405.test/alison?a=1&amp;b=2">read more</a>]]></description></item>
<item><title>No post</title><link>https://hypem.com/track/x</link></item>
<item><title>Straight</title><link>https://blog.test/straight</link></item>
</channel></rss>"""


@pytest.mark.parametrize(
    ("what", "path"),
    [
        ("popular", "popular/now"),
        ("latest", "latest/all"),
        ("tag:dream pop", "tags/dream%20pop"),
        ("blog:a/../b", "a%2F..%2Fb"),
    ],
)
def test_hypem_without_a_key_reads_the_feeds(http: Http, what: str, path: str) -> None:
    with site(in_turn(FEED, (404, "", {}))) as one:
        archive = HypeMachine(http, what, feeds=f"{one.url}/feed")
        first = archive.look(None)
        assert first == Haul(pages=("https://the405.test/alison?a=1&b=2", "https://blog.test/straight"), cursor="2")
        assert archive.look(first.cursor) == Haul()  # beyond the last page
        assert [asked.path for asked in one.asked] == [f"/feed/{path}/{page}/feed.xml" for page in (1, 2)]


def test_a_feed_is_never_the_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(FEED, encoding="utf-8")
    assert parse_posts(str(path).encode()) == []
    assert parse_posts(b"") == parse_posts(b"<rss>" * 2000) == []


# Tumblr


def post(kind: str, at: int = 100, **more: object) -> dict[str, object]:
    url = f"https://staff.tumblr.com/post/{at}"
    named = {"blog_name": "staff", "post_url": url, "timestamp": at, "date": "2012-12-17 02:49:00 GMT"}
    return {"type": kind, "format": "html", "tags": ["Shoegaze", "my cat", 5], "id": 1, **named, **more}


POSTS = [
    post("text", 100, title="Alison", body="<p>A <b>song</b>.</p>"),
    post("link", 99, title="Read", description="<p>There.</p>", url="https://x.test"),
    post("audio", 98, caption="<p>Loud.</p>", artist="Slowdive", track_name="Alison", album="Souvlaki"),
    post("video", 97, caption="*Live*", format="markdown", source_title="vimeo"),
    post("photo", 96, caption="<p>No words on music.</p>"),
    post("text", 95, body=None),
]


def test_tumblr_posts_are_documents(http: Http) -> None:
    answer = {"meta": {"status": 200}, "response": {"blog": {}, "posts": POSTS, "total_posts": 6}}
    hauls, asked = look_at_all(MAKE["tumblr-blog"], http, lambda asked: answer)
    text, link, audio, video = documents_of(hauls)
    assert text == Document(
        "https://staff.tumblr.com/post/100",
        "Alison",
        "<p>A <b>song</b>.</p>",
        "staff",
        "staff.tumblr.com",
        "2012-12-17 02:49:00 GMT",
        source="tumblr",
        genres=("shoegaze",),
        is_html=True,
    )
    assert (link.title, link.text, link.artist) == ("Read", "<p>There.</p>", "")
    assert (audio.artist, audio.song, audio.text) == ("Slowdive", "Alison", "<p>Loud.</p>")
    assert (video.title, video.text, video.is_html) == ("vimeo", "*Live*", False)
    assert asked[0].path == "/blog/staff.tumblr.com/posts"
    assert {"filter": "raw", "npf": "false", "api_key": "key-secret", "offset": "0"}.items() <= asked[0].query.items()


def test_tumblr_pages_by_offset_and_by_time(http: Http) -> None:
    answer = {"response": {"posts": POSTS, "total_posts": 45}}
    hauls, asked = look_at_all(MAKE["tumblr-blog"], http, lambda asked: answer)
    assert [one.query["offset"] for one in asked] == ["0", "20", "40"]
    assert hauls[-1].cursor is None
    older = [post("text", 50, body="x"), {"timestamp": 10**400}]
    hauls, asked = look_at_all(MAKE["tumblr-tag"], http, in_turn({"response": POSTS}, {"response": older}))
    assert [one.query.get("before") for one in asked] == [None, "95", "50"]  # nothing older than 50: the end
    assert {(one.path, one.query["tag"]) for one in asked} == {("/tagged", "shoegaze")}


def test_a_blog_with_a_domain(http: Http) -> None:
    with site(lambda asked: {"response": {}}) as one:
        assert Tumblr(http, "blog:blog.a.test", "k", one.url).look("20") == Haul()
        assert one.asked[0].path == "/blog/blog.a.test/posts"


# SoundCloud

LONG = "This bass line never lets go of me, it is wonderful."


def sound(number: int, **more: object) -> dict[str, object]:
    named = {"title": f"Track {number}", "permalink_url": f"https://soundcloud.com/odesza/{number}", "genre": "Techno"}
    user = {"id": 18604897, "username": "ODESZA"}
    return {"id": number, "urn": f"soundcloud:tracks:{number}", "user": user, **named, "description": "Made.", **more}


def comment(number: int, body: object = LONG) -> dict[str, object]:
    return {"kind": "comment", "id": number, "body": body, "user": {"username": "aquazombie"}, "created_at": "2017"}


def soundcloud(asked: Asked) -> object:
    base = f"http://{asked.headers['host']}"
    if asked.path == "/token":
        assert (asked.headers["authorization"], asked.body) == (
            "Basic aWQ6cGFzcy1zZWNyZXQ=",
            b"grant_type=client_credentials",
        )
        return {"access_token": "t", "expires_in": 3599, "refresh_token": "r", "token_type": "bearer"}
    assert asked.headers["authorization"] == "OAuth t"
    match asked.path, asked.query.get("page"):
        case "/resolve", _:
            assert asked.query["url"] == "https://soundcloud.com/odesza"
            return 302, "", {"location": f"{base}/users/5"}
        case "/users/5", _:
            return {"kind": "user", "id": 5, "urn": "soundcloud:users:5", "username": "ODESZA"}
        case (("/tracks" | "/users/soundcloud:users:5/tracks"), None):
            rows = [sound(1), sound(2, comment_count=0), sound(3, description=None), sound(4, commentable=False), 7]
            return {"collection": rows, "next_href": f"{base}{asked.path}?page=2&linked_partitioning=true"}
        case (("/tracks" | "/users/soundcloud:users:5/tracks"), "2"):
            return {"collection": [sound(5, urn=None)], "next_href": None}
        case "/tracks/soundcloud:tracks:1/comments", None:
            rows = [comment(11), comment(12, "Nice!"), comment(13, 5), None]
            return {"collection": rows, "next_href": f"{base}{asked.path}?page=2"}
        case "/tracks/soundcloud:tracks:1/comments", "2":
            return {"collection": [comment(14)], "next_href": "https://evil.test/tracks?page=3"}
        case "/tracks/soundcloud:tracks:3/comments", _:
            return 404, {}, {}
        case "/tracks/5/comments", _:
            return [comment(15)]
    raise AssertionError(asked.path)


@pytest.mark.parametrize("name", ["soundcloud", "soundcloud-user"])
def test_soundcloud_reads_tracks_and_their_comments(http: Http, name: str) -> None:
    hauls, asked = look_at_all(MAKE[name], http, soundcloud)
    ends = [document.url.removeprefix("https://soundcloud.com/odesza/") for document in documents_of(hauls)]
    assert ends == ["1", "2", "4", "1/comment-11", "1/comment-14", "5", "5/comment-15"]
    assert [one.path for one in asked].count("/token") == 1
    found = documents_of(hauls)
    assert found[0] == Document(
        "https://soundcloud.com/odesza/1",
        "Track 1",
        "Made.",
        "ODESZA",
        "soundcloud.com",
        source="soundcloud",
        artist="ODESZA",
        song="Track 1",
        genres=("techno",),
    )
    written = replace(
        found[0], url=f"{found[0].url}/comment-11", title="", text=LONG, author="aquazombie", published="2017"
    )
    assert found[3] == written


def test_the_same_cursor_gives_the_same_request(http: Http) -> None:
    with site(soundcloud) as one:
        archive = MAKE["soundcloud"](http, one)
        cursor = archive.look(None).cursor
        again = archive.look(cursor), archive.look(cursor)
        assert again[0] == again[1]
        assert one.asked[-1].path == one.asked[-2].path == "/tracks/soundcloud:tracks:1/comments"


def test_next_href_stays_on_the_host_of_the_api(http: Http) -> None:
    with site(lambda asked: {}) as other:
        for href in ("https://evil.test/x", other.url, "//evil.test/x", "@evil.test/", {}, 5):

            def act(asked: Asked, href: object = href) -> object:
                return {"access_token": "t"} if asked.path == "/token" else {"collection": [], "next_href": href}

            hauls, _ = look_at_all(MAKE["soundcloud"], http, act)
            assert hauls == [Haul()]
        assert not other.asked


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "[]", "5", '["x://a/b", [], ""]', '["", [], ""]', '["/a", [5], ""]', '["/a", [], 5]', "[" * 50_000),
        json.dumps(["/a", [{"id": "../x", "url": "", "artist": "", "song": "", "genre": ""}], ""]),
    ],
)
def test_soundcloud_takes_no_other_cursor(http: Http, cursor: str) -> None:
    with site(soundcloud) as one, pytest.raises(InputError, match="cursor is"):
        MAKE["soundcloud"](http, one).look(cursor)


@pytest.mark.parametrize("said", [{}, [], {"access_token": 5}, {"access_token": "a\nb"}, b"[" * 50_000, "x"])
def test_signing_in_may_bring_no_token(http: Http, said: object) -> None:
    with pytest.raises(Unsure, match="no token"):
        look_at_all(MAKE["soundcloud"], http, lambda asked: said)


def test_a_token_that_was_revoked_is_asked_for_anew(http: Http) -> None:
    act = in_turn({"access_token": "t"}, (401, {}, {}), {"access_token": "u", "expires_in": 10**30}, {"collection": []})
    with site(act) as one:
        archive = MAKE["soundcloud"](http, one)
        with pytest.raises(SignInRefused):
            archive.look(None)
        assert archive.look(None) == Haul()
        assert one.asked[-1].headers["authorization"] == "OAuth u"


def test_a_permalink_of_a_track_is_no_user(http: Http) -> None:
    def act(asked: Asked) -> object:
        return {"access_token": "t"} if asked.path == "/token" else {"kind": "track", "id": 5}

    with pytest.raises(Refused, match="is no user"):
        look_at_all(MAKE["soundcloud-user"], http, act)


# Bandcamp

ALBUM = {
    "@type": "MusicAlbum",
    "@id": "https://a.bandcamp.com/album/symmetry",
    "name": "Symmetry",
    "datePublished": "14 Sep 2013 00:00:00 GMT",
    "description": "Nine songs \u2013 with a </b> in them.",
    "albumRelease": [{"@type": ["MusicRelease", "Product"], "description": "Includes high-quality download."}],
    "byArtist": {"@type": "MusicGroup", "name": "Jean Jean"},
    "publisher": {"@type": "MusicGroup", "name": "Head Records"},
    "copyrightNotice": "All Rights Reserved",
    "keywords": ["Rock", "ambient", "Sept Sorts"],
    "@context": "https://schema.org",
}


def page_of(*blocks: object) -> str:
    scripts = [f'<script type="application/ld+json">\n{json.dumps(block)}\n</script>' for block in blocks]
    return f"<html><head><title>x</title>{''.join(scripts)}</head><body></body></html>"


def test_a_page_of_bandcamp() -> None:
    url = "https://a.bandcamp.com/album/symmetry"
    assert parse_bandcamp(page_of({"@type": "WebSite"}, ALBUM), url) == Document(
        url,
        "Symmetry",
        "Nine songs – with a </b> in them.",
        "Head Records",
        "a.bandcamp.com",
        "14 Sep 2013 00:00:00 GMT",
        licence="All Rights Reserved",
        source="bandcamp",
        artist="Jean Jean",
        genres=("rock", "ambient"),
    )
    free = {**ALBUM, "@type": ["MusicRecording"], "license": "https://creativecommons.org/licenses/by/3.0/"}
    found = parse_bandcamp(page_of({"@graph": [free | {"keywords": "Rock, drone"}]}), url)
    assert found is not None
    assert (found.song, found.licence) == ("Symmetry", free["license"])
    assert found.genres[0] == "rock"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "application/ld+json",
        page_of(),
        page_of([], 5, None),
        page_of({**ALBUM, "description": ["x"]}),
        page_of({**ALBUM, "name": None}),
        page_of({**ALBUM, "@type": {"a": 1}}),
        '<script type="application/ld+json">' + "[" * 100_000,
        "<script application/ld+json" * 100_000,
    ],
)
def test_other_pages_say_nothing(page: str) -> None:
    assert parse_bandcamp(page, "https://a.bandcamp.com") is None


def test_odd_fields_of_a_page_are_left_out() -> None:
    odd = {**ALBUM, "byArtist": [1], "publisher": "x", "keywords": {"a": 1}, "datePublished": 5, "license": 7}
    found = parse_bandcamp(page_of(odd), "https://a.bandcamp.com/x")
    assert found is not None
    assert (found.artist, found.author, found.genres, found.published) == ("", "", (), "")


def test_bandcamp_looks_at_one_page_a_look(http: Http) -> None:
    hauls, asked = look_at_all(MAKE["bandcamp"], http, in_turn((410, "", {}), page_of(ALBUM)))
    assert [one.path for one in asked] == ["/album/a", "/track/b"]
    assert [len(haul.documents) for haul in hauls] == [0, 1]
    assert [haul.cursor for haul in hauls] == ["1", None]
    assert Bandcamp(http, []).look(None) == Bandcamp(http, []).look("9") == Haul()


# Wikipedia

EXTRACT = (
    '"Alison" is a song by English rock band Slowdive, released in 1993.\n\n\n'
    "== Background ==\nThey met.\n\n\n=== Recording ===\nIn a room.\n\n\n== Composition and lyrics ==\nSlow.\n\n\n"
    "=== Structure ===\nIt has two chords.\n\n\n== Music video ==\nSea.\n\n\n== Critical reception ==\nLoved.\n\n\n"
    "=== Accolades ===\nA table.\n\n\n== Charts ==\n"
)


def article(title: str = "Alison (Slowdive song)", **more: object) -> dict[str, object]:
    return {"pageid": 1, "ns": 0, "title": title, "extract": EXTRACT, **more}


def test_wikipedia_reads_a_category_article_by_article(http: Http) -> None:
    def going_on(page: object, cursor: str) -> dict[str, object]:
        return {"continue": {"gcmcontinue": cursor, "continue": "gcmcontinue||"}, "query": {"pages": [page]}}

    others = [article("List of songs"), article("X (disambiguation)"), article("A", pageprops={"disambiguation": ""})]
    others += [article("Talk", ns=1), article("Gone", missing=True, extract=None)]
    answers = [going_on(page, f"page|{at}") for at, page in enumerate(others)]
    act = in_turn(*answers, {"batchcomplete": True, "query": {"pages": [article()]}})
    hauls, asked = look_at_all(MAKE["wikipedia"], http, act)
    assert documents_of(hauls) == [
        Document(
            "https://en.wikipedia.org/wiki/Alison_(Slowdive_song)",
            "Alison (Slowdive song)",
            '"Alison" is a song by English rock band Slowdive, released in 1993.\n\nIn a room.\n\nSlow.\n\n'
            "It has two chords.\n\nLoved.",
            "Wikipedia contributors",
            "en.wikipedia.org",
            language="en",
            licence="CC BY-SA 4.0",
            source="wikipedia",
            artist="Slowdive",
            song="Alison",
        )
    ]
    assert [one.query.get("gcmcontinue") for one in asked] == [None, *(f"page|{at}" for at in range(5))]
    assert asked[0].query["gcmtitle"] == "Category:Shoegaze songs"
    assert asked[0].query["exsectionformat"] == "wiki"


def test_wikipedia_reads_a_page(http: Http) -> None:
    with site(lambda asked: {"continue": {"gcmcontinue": "x"}, "query": {"pages": [article()]}}) as one:
        found = Wikipedia(http, "page:Alison", "de", one.url).look(None)
        assert (one.asked[0].query["titles"], found.cursor) == ("Alison", None)
        assert found.documents[0].url.startswith("https://de.wikipedia.org/wiki/")


@pytest.mark.parametrize(("code", "error"), [("ratelimited", Limited), ("maxlag", Limited), ("badtitle", Refused)])
def test_what_wikipedia_says_with_status_200(http: Http, code: str, error: type[ServiceError]) -> None:
    with pytest.raises(error):
        look_at_all(MAKE["wikipedia"], http, lambda asked: {"error": {"code": code, "info": "x"}})


@pytest.mark.parametrize(
    ("title", "lead", "names"),
    [
        (
            "Bad Guy (song)",
            "is a song by American singer-songwriter Adele from her",
            ("Adele", "Bad Guy"),
        ),
        (
            "X",
            "is a song by rapper and producer Tyler, the Creator.",
            ("Tyler, the Creator", "X"),
        ),
        ("September (Earth, Wind & Fire song)", "", ("Earth, Wind & Fire", "September")),
        ("Body", "is a song by indie rock band Death Cab for Cutie, released", ("Death Cab for Cutie", "Body")),
        ("Peaches (2021 song)", "is a song by singer Justin Bieber featuring X", ("Justin Bieber", "Peaches")),
        ("X", "is a song written by A B and recorded by country singer Tim McGraw.", ("Tim McGraw", "X")),
        ("X", "is a song by American rapper Dr. Dre and Canadian singer Y.", ("Dr. Dre", "X")),
        ("X", "is an instrumental by DJ Shadow.", ("DJ Shadow", "X")),
        ("X", "is a song by American DJ Diplo.", ("Diplo", "X")),
        ("Souvlaki (album)", "is the second studio album by English rock band Slowdive.", ("Slowdive", "")),
        ("Thames", "is a river.", ("", "")),
        ("X (song)", "is a song.", ("", "X")),
    ],
)
def test_names_of_articles(title: str, lead: str, names: tuple[str, str]) -> None:
    assert parse_names(title, f'"{title}" {lead}') == names


@pytest.mark.parametrize("extract", ["==" + " " * 200_000, "= " * 100_000, "is a song by " * 9000, "== a ==\n" * 9000])
def test_long_extracts_are_read_in_no_time(extract: str) -> None:
    assert len(music_sections(extract)) <= len(extract)
    parse_names("X (song)", extract)


# MusicCaps


def row(number: int, **more: object) -> dict[str, object]:
    cells = {"ytid": "-0Gj8-vB1q4", "start_s": 30, "end_s": 40, "caption": f"A sad ballad {number}.", "author_id": 4}
    aspects = "['low quality', \"rock 'n' roll\", 'Pop', 'it\\'s']"
    return {"row_idx": number, "row": {**cells, "aspect_list": aspects, **more}, "truncated_cells": []}


def test_musiccaps_pages_to_the_end(http: Http) -> None:
    answer = {"features": [], "rows": [row(0), row(1)], "num_rows_total": 202, "num_rows_per_page": 100}
    hauls, asked = look_at_all(MAKE["musiccaps"], http, lambda asked: answer)
    assert [one.query["offset"] for one in asked] == ["0", "100", "200"]
    assert (asked[0].query["dataset"], asked[0].query["length"]) == ("google/MusicCaps", "100")
    found = documents_of(hauls)[0]
    assert (found.url, found.text) == ("https://www.youtube.com/watch?v=-0Gj8-vB1q4&t=30", "A sad ballad 0.")
    assert (found.licence, found.language, "pop" in found.genres) == ("CC BY-SA 4.0", "en", True)
    assert "low quality" not in found.genres


def test_odd_rows_are_left_out(http: Http) -> None:
    rows = [5, {}, row(1, ytid="x/../y"), row(2, caption=None), {**row(3), "truncated_cells": ["caption"]}]
    hauls, _ = look_at_all(MAKE["musiccaps"], http, in_turn({"rows": [*rows, row(4, start_s="x")]}, {"rows": []}))
    assert [document.url for document in documents_of(hauls)] == ["https://www.youtube.com/watch?v=-0Gj8-vB1q4"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("['a', \"b's\", 'c\\'d']", ["a", "b's", "c'd"]),
        ("[]", []),
        ("[,]", []),
        ("['a\x00']", []),
        ("[__import__('os')]", []),
        ("[" * 300 + "]" * 300, []),
        ("-" * 3000 + "1", []),
        ("['\\d']", []),
        ("['a'" + ", 'b'" * 9000 + "]", []),
    ],
)
def test_aspects_are_data_alone(text: str, labels: list[str]) -> None:
    assert parse_aspects(text) == labels


# All of them

DEEP: Any = [[[[{}]]]]
ODD: list[object] = [
    [],
    {},
    b"null",
    5,
    b'"text"',
    b'"\\ud800"',
    [None, 5, "x", [], {"posturl": {}, "siteid": True}],
    {"response": 5, "collection": {}, "query": [], "rows": "x", "continue": 7, "error": [], "@type": "MusicAlbum"},
    {"response": {"posts": [DEEP, {"type": ["text"], "post_url": 5}], "total_posts": "x"}, "query": {"pages": DEEP}},
    {"response": [5, {"type": "text", "body": {}, "timestamp": True}], "collection": [{"user": 5, "id": {}}]},
    {"rows": [{"row": {"ytid": 5, "caption": []}}], "num_rows_total": -1, "continue": {"gcmcontinue": {}}},
    {"query": {"pages": [{"title": 5, "extract": "x"}, {"title": "x", "extract": DEEP, "pageprops": 5, "ns": "0"}]}},
    {"collection": [{"description": "x", "permalink_url": "ftp://x"}], "next_href": "http://["},
]


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_are_nothing(http: Http, name: str, odd: object) -> None:
    def act(asked: Asked) -> object:
        return {"access_token": "t"} if asked.path == "/token" else odd

    with suppress(Refused):  # a user or blog that the answer does not name
        hauls, _ = look_at_all(MAKE[name], http, act, most=5)
        assert documents_of(hauls) == []
        assert not any(haul.pages for haul in hauls)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, "", {}), SignInRefused),
        ((429, "", {"retry-after": "99"}), Limited),
        ((500, "", {}), Unsure),
        (b"x" * (LARGEST + 1), Refused),
        (b"[" * 50_000, Unsure),
        ("<html>down</html>", Unsure),
    ],
)
def test_broken_answers_are_told(http: Http, name: str, answer: object, error: type[ServiceError]) -> None:
    is_text = name in ("bandcamp", "hypem-feed")  # they read no JSON, and of many pages one may be gone
    with suppress(error) if is_text else pytest.raises(error) as caught:
        hauls, _ = look_at_all(MAKE[name], http, in_turn(answer), most=5)
        assert hauls[0].documents == hauls[0].pages == ()
        assert error in (Refused, Unsure)
    if caught is not None:
        assert "secret" not in str(caught.value)
        assert not isinstance(caught.value, Limited) or caught.value.retry_after_s == 99


@pytest.mark.parametrize(
    "make",
    [
        lambda http, what: HypeMachine(http, what),
        lambda http, what: Tumblr(http, what, "k"),
        lambda http, what: SoundCloud(http, what, "i", "s"),
        lambda http, what: Wikipedia(http, what),
    ],
)
@pytest.mark.parametrize("what", ["", "popular:x", "tag:", "blog: ", "user", "category", "x:y", ":", "tag:a\x00b", 5])
def test_what_is_not_allowed_is_named(http: Http, make: Callable[[Http, Any], Archive], what: object) -> None:
    with pytest.raises(InputError, match=r"what is .*; allowed are .*"):
        make(http, what)


def test_names_that_lead_elsewhere_are_not_allowed(http: Http) -> None:
    for make in (
        lambda: Tumblr(http, "blog:a/../b", "k"),
        lambda: SoundCloud(http, "user:a/b", "i", "s"),
        lambda: Wikipedia(http, "page:x", "evil.test/"),
        lambda: Bandcamp(http, ["file:///etc/passwd"]),
    ):
        with pytest.raises(InputError, match="allowed"):
            make()


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "", "²", "9" * 40])
@pytest.mark.parametrize("name", ["hypem", "hypem-feed", "tumblr-blog", "tumblr-tag", "bandcamp", "musiccaps"])
def test_a_cursor_is_a_number(http: Http, name: str, cursor: str) -> None:
    with site(lambda asked: {}) as one:
        with pytest.raises(InputError, match="cursor is"):
            MAKE[name](http, one).look(cursor)
        assert not one.asked


def test_what_cannot_be_stored_is_dropped(http: Http) -> None:
    body = (
        b'{"response": [{"type": "text", "post_url": "https://a.test/1", "body": "a\\u0000b\\ud800c", "timestamp": 5}]}'
    )
    hauls, _ = look_at_all(MAKE["tumblr-tag"], http, lambda asked: body, most=2)
    assert hauls[0].documents[0].text == "abc"
