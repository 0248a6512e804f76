"""Catalogues: each one's real client against a server that answers as it does, and as it should not."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from deephypebot.errors import InputError, Limited, ServiceError, SignInRefused
from deephypebot.http import LARGEST, Http
from deephypebot.services import Finding, SongCatalogue
from deephypebot.services.answers import as_features, as_genres
from deephypebot.services.deezer import Deezer
from deephypebot.services.embedded import EmbeddedCatalogue
from deephypebot.services.itunes import ITunes
from deephypebot.services.lastfm import LastFm
from deephypebot.services.listenbrainz import ListenBrainz
from deephypebot.services.musicbrainz import MusicBrainz, escape
from deephypebot.services.odesli import Odesli
from deephypebot.services.opened import open_catalogues
from deephypebot.services.reccobeats import ReccoBeats
from deephypebot.services.spotify import Spotify
from deephypebot.settings import Settings
from deephypebot.types import Song
from tests.fakes.sites import Asked, Site, in_turn, site

ALISON = Song("Slowdive", "Alison")
IDS = {"url": "https://open.spotify.com/track/0123456789abcdef", "spotify": "0123456789abcdef"}
MBID = "0f1e2d3c-0000-4000-8000-000000000000"


def answers(artist: str = "Slowdive", title: str = "Alison") -> Callable[[Asked], object]:
    """All of them, by their paths; the first hit is another song."""
    other = "Alison Moyet"

    def answer(asked: Asked) -> object:
        match asked.path:
            case "/1/metadata/lookup/":
                tags = {
                    "recording": [{"tag": "shoegaze", "count": 5}, {"tag": "my favourites", "count": 9}, {"tag": 5}],
                    "artist": "x",
                }
                return {
                    "artist_credit_name": artist,
                    "recording_name": title,
                    "recording_mbid": MBID,
                    "metadata": {"tag": tags},
                }
            case "/recording":
                credit = [{"name": artist, "artist": {"name": artist, "id": MBID}}]
                first = {"title": title, "artist-credit": [{"name": other, "artist": {"name": other}}], "id": "x"}
                return {
                    "recordings": [first, 7, {"title": title, "artist-credit": credit, "id": MBID, "isrcs": ["GB1"]}]
                }
            case "/artist/0f1e2d3c-0000-4000-8000-000000000000":
                return {"genres": [{"name": "dream pop", "count": 2}, {"name": "shoegaze", "count": 9}]}
            case "/2.0/":
                if asked.query["method"] == "track.getInfo":
                    return {"track": {"name": title, "artist": {"name": artist}, "url": "https://last.fm/x"}}
                return {
                    "toptags": {
                        "tag": [
                            {"name": "shoegaze", "count": 100},
                            {"name": "seen live", "count": 90},
                            {"name": "pop", "count": 1},
                        ]
                    }
                }
            case "/search" if "entity" in asked.query:
                row = {
                    "artistName": artist,
                    "trackName": title,
                    "trackId": 5,
                    "primaryGenreName": "Alternative",
                    "trackViewUrl": "https://a",
                }
                return {"results": [{"artistName": other, "trackName": title}, row]}
            case "/search" if "type" in asked.query:
                assert asked.headers["authorization"] == "Bearer t"
                row = {
                    "id": IDS["spotify"],
                    "name": title,
                    "artists": [{"name": artist, "genres": None}],
                    "external_urls": None,
                }
                return {"tracks": {"items": [{"name": title, "artists": [{"name": other}]}, None, row]}}
            case "/search":
                row = {"id": 7, "title": title, "artist": {"name": artist}, "album": {"id": 8}, "link": "https://d"}
                return {"data": [{"title": title, "artist": {"name": other}}, row]}
            case "/track/7":
                return {"bpm": 96.5, "isrc": "GB1"}
            case "/album/8":
                return {"genres": {"data": [{"name": "Alternative"}]}}
            case "/token":
                return {"access_token": "t", "expires_in": 3600}
            case "/links":
                entity = {
                    "artistName": artist,
                    "title": title,
                    "type": "song",
                    "apiProvider": "spotify",
                    "id": IDS["spotify"],
                }
                return {
                    "entityUniqueId": "S",
                    "pageUrl": "https://song.link/x",
                    "entitiesByUniqueId": {"S": entity, "D": 5},
                }
            case "/track":
                return {
                    "content": [
                        {"id": "aaaaaaaaaaaa", "href": "x"},
                        {"id": "bbbbbbbbbbbb", "href": f"https://s/{IDS['spotify']}"},
                    ]
                }
            case "/track/bbbbbbbbbbbb/audio-features":
                return {
                    "energy": 0.4,
                    "valence": 1.7,
                    "tempo": 96,
                    "danceability": "x",
                    "loudness": -7.5,
                    "acousticness": None,
                }
        return 404, {}, {}

    return answer


MAKE: dict[str, Callable[[Http, Site], Any]] = {
    "listenbrainz": lambda http, one: ListenBrainz(http, "t", one.url),
    "musicbrainz": lambda http, one: MusicBrainz(http, one.url),
    "lastfm": lambda http, one: LastFm(http, "key-secret", f"{one.url}/2.0/"),
    "deezer": lambda http, one: Deezer(http, one.url),
    "itunes": lambda http, one: ITunes(http, one.url),
    "spotify": lambda http, one: Spotify(http, "id", "secret", one.url, f"{one.url}/token"),
    "odesli": lambda http, one: Odesli(http, one.url),
    "reccobeats": lambda http, one: ReccoBeats(http, one.url),
}


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http("me@a.test", sleep=lambda seconds: None)
    yield http
    http.close()


def find(name: str, http: Http, act: Callable[[Asked], object], song: Song = ALISON) -> Finding | None:
    with site(act) as one:
        catalogue: SongCatalogue = MAKE[name](http, one)
        assert catalogue.name == name
        return catalogue.find_song(song, IDS)


@pytest.mark.parametrize(
    ("name", "genres", "ids", "features"),
    [
        ("listenbrainz", ("shoegaze",), {"mbid": MBID}, {}),
        ("musicbrainz", ("shoegaze", "dream pop"), {"mbid": MBID, "isrc": "GB1"}, {}),
        ("lastfm", ("shoegaze",), {}, {}),
        ("deezer", ("alternative",), {"deezer": "7", "isrc": "GB1"}, {"tempo": 96.5}),
        ("itunes", ("alternative",), {"itunes": "5"}, {}),
        ("spotify", (), {"spotify": IDS["spotify"]}, {}),
        ("odesli", (), {"spotify": IDS["spotify"]}, {}),
        ("reccobeats", (), {"reccobeats": "bbbbbbbbbbbb"}, {"energy": 0.4, "tempo": 96.0, "loudness": -7.5}),
    ],
)
def test_each_finds_the_song_behind_the_first_hit(
    http: Http, name: str, genres: tuple[str, ...], ids: dict[str, str], features: dict[str, float]
) -> None:
    found = find(name, http, answers())
    assert found is not None
    assert (found.genres, dict(found.ids), dict(found.features)) == (genres, ids, features)
    assert found.song == (None if name == "reccobeats" else ALISON)
    assert found.licence
    assert not found.may_train


@pytest.mark.parametrize("name", sorted(set(MAKE) - {"reccobeats"}))
@pytest.mark.parametrize(
    ("artist", "title"),
    [("Alison Moyet", "Alison"), ("Slowdive", "Alison (Some Remix)"), ("Alison", "Slowdive"), ("", "")],
)
def test_another_song_is_no_song(http: Http, name: str, artist: str, title: str) -> None:
    assert find(name, http, answers(artist, title)) is None


ODD: list[object] = [
    [],
    {},
    None,
    5,
    b'"text"',
    {"recordings": 5, "results": {}, "data": None, "track": [], "tracks": 7, "content": "x"},
]


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_are_no_song(http: Http, name: str, odd: object) -> None:
    def act(asked: Asked) -> object:
        return {"access_token": "t"} if asked.path == "/token" else odd if odd is not None else b"null"

    assert find(name, http, act) is None


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize(
    "answer",
    ["<html>down</html>", b"[" * 50_000, b"x" * (LARGEST + 1), (500, "", {}), (429, "", {"retry-after": "99"})],
)
def test_broken_answers_are_told(http: Http, name: str, answer: object) -> None:
    with (
        pytest.raises(ServiceError)
        if name not in ("lastfm", "odesli", "reccobeats")
        else suppress(ServiceError) as caught
    ):
        assert find(name, http, in_turn(answer)) is None
    if caught is not None:
        assert "secret" not in str(caught.value)
        assert not isinstance(caught.value, Limited) or caught.value.retry_after_s == 99


def test_what_services_say_with_status_200(http: Http) -> None:
    with pytest.raises(SignInRefused, match="lastfm_key"):
        find("lastfm", http, lambda asked: {"error": 10})
    with pytest.raises(Limited):
        find("lastfm", http, lambda asked: {"error": 29})
    with pytest.raises(Limited):
        find("deezer", http, lambda asked: {"error": {"code": 4}})


def test_the_embedded_one_knows_artists_alone() -> None:
    found = EmbeddedCatalogue().find_song(ALISON, {})
    assert found is not None
    assert ("shoegaze" in found.genres, found.song, found.may_train, found.licence) == (True, None, True, "CC0-1.0")
    assert EmbeddedCatalogue().find_song(Song("Nobody Whatsoever", "X"), {}) is None


def test_lucene_has_no_say_in_a_title() -> None:
    assert escape('a" OR artist:"b (c) && d') == 'a\\" OR artist\\:\\"b \\(c\\) \\&& d'


def test_labels_and_numbers_are_cleaned() -> None:
    assert as_genres(["Dream Pop", None, "seen live", "dream pop", "a" * 200, "x\x00y"] + [f"g{i}" for i in range(40)])[
        :1
    ] == ("dream pop",)
    assert len(as_genres([f"g{i}" for i in range(40)])) == 16
    assert as_features({"energy": True, "tempo": 1e9, "valence": float("nan"), "liveness": 0.5}) == {"liveness": 0.5}


def test_they_are_opened_in_their_order_and_say_what_they_lack() -> None:
    settings = Settings(
        look_up={"catalogues": ["odesli", "deezer", "itunes", "listenbrainz", "reccobeats", "embedded"]}
    )  # type: ignore[arg-type]
    names = [catalogue.name for catalogue in open_catalogues(settings)]
    assert names == ["odesli", "deezer", "itunes", "listenbrainz", "reccobeats", "embedded"]
    for name, key in (("lastfm", "lastfm_key"), ("spotify", "spotify_id"), ("musicbrainz", "contact")):
        with pytest.raises(InputError, match=f"look_up.{key} is missing"):
            open_catalogues(Settings(look_up={"catalogues": [name]}))  # type: ignore[arg-type]
