"""The harvest, with its real processes, against the old web on loopback."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from deephypebot.cli import main
from deephypebot.corpus.harvest.found import new_pages
from deephypebot.corpus.harvest.harvest import Harvester, now_utc
from deephypebot.corpus.harvest.sources import parse_source_name
from deephypebot.errors import InputError
from deephypebot.settings import load_settings
from deephypebot.store import Store
from tests.fakes.old_web import HOSTILE, PRIVATE, OldWeb, old_web
from tests.fakes.old_web_pages import many_pages, old_pages


def write_settings(folder: Path, web: OldWeb, **more: object) -> Path:
    """A settings file for this web."""
    own = f"127.0.0.1:{web.port}"
    resolve = {**web.resolve(), own: own}
    values = {
        "pause_s": 0.0,
        "retry_s": 0.05,
        "contact": "test@example.org",
        "longest_s": 3.0,
        "archive": f"http://{own}",
        **more,
    }
    lines = ["[corpus]", f'url = "sqlite:///{folder}/corpus.db"']
    lines += [
        f"{name} = {repr(value) if not isinstance(value, str) else f'{value!r}'}" for name, value in values.items()
    ]
    lines += ["[corpus.resolve]", *(f'"{place}" = "{where}"' for place, where in resolve.items())]
    path = folder / "settings.toml"
    path.write_text("\n".join(lines))
    return path


def harvest(path: Path, *sources: str, most: int | None = None) -> tuple[Store, dict[str, tuple[str, str]]]:
    """Harvest these sources; pages by their address: state and reason."""
    settings = load_settings(path)
    store = Store(settings.corpus.url.get_secret_value())
    for source in sources:
        store.harvest.add_source(source, now_utc())
    Harvester(store, settings.corpus, path, path.parent / "spool", lambda text: None).run(most)
    return store, {page.url: (page.state, page.reason) for page in store.harvest.read_all()}


def test_forty_pages_by_way_of_an_opml(tmp_path: Path) -> None:
    pages = old_pages()
    assert len(pages) == 40
    with old_web(pages) as web:
        path = write_settings(tmp_path, web)
        store, found = harvest(path, "opml:http://gullsandguitars.example/feeds.opml")
        states = {page.path: found[f"http://{page.host}{page.path}"] for page in pages}
        for page in pages:
            state, reason = states[page.path]
            expected = {"noai": ("dropped", "opts out of training: noai")}
            assert (state, reason) == expected.get(page.kind, ("kept", "")), page.path
        documents = {page.url: page.document for page in store.harvest.read_all() if page.state == "kept"}
        for page in pages:
            if page.kind == "post":
                text = " ".join(documents[f"http://{page.host}{page.path}"]["text"].replace("*", "").split())
                sentence = (
                    page.paragraphs[1].split(". ")[0].encode("cp1252", "replace").decode("cp1252")
                    if page.path.startswith("/2018/05/7-")
                    else page.paragraphs[1].split(". ")[0]
                )
                assert sentence in text, page.path
                assert "cookies" not in text
                assert "Share this" not in text
        asked = Counter((one.host, one.path) for one in web.asked)
        assert max(asked.values()) == 1
        assert all("test@example.org" in one.agent for one in web.asked)
        store.close()


def test_sitemaps_feeds_redirects_and_the_archive(tmp_path: Path) -> None:
    pages = old_pages()
    gone = {"http://kitchenradio.example/gone": pages[1]}
    moved = {
        ("halfheard.example", "/old"): "http://secondsleep.example" + pages[3].path,
        ("halfheard.example", "/slash"): "/slash/",
    }
    with old_web(pages, gone=gone, moved=moved) as web:
        urls = tmp_path / "urls.txt"
        urls.write_text(
            "# a list\nhttp://kitchenradio.example/gone\nhttp://kitchenradio.example/lost\nhttp://halfheard.example/old\nhttp://halfheard.example/slash\n"
        )
        path = write_settings(tmp_path, web)
        store, found = harvest(
            path,
            f"urls:{urls}",
            "sitemap:http://lowtide.example/sitemap.xml",
            "rss:http://cassettecottage.example/atom.xml",
        )
        assert found["http://kitchenradio.example/gone"][0] == "kept"
        assert found["http://kitchenradio.example/gone"][1].startswith("from http://127.0.0.1")
        assert found["http://kitchenradio.example/lost"] == ("dropped", "404: gone; not in the archive")
        assert found["http://halfheard.example/old"][0] == "moved"
        assert found["http://secondsleep.example" + pages[3].path] == ("kept", "")
        assert found["http://halfheard.example/slash/"] == ("dropped", "404: gone; not in the archive")
        own = [page for page in pages if page.host == "lowtide.example"]
        assert all(found[f"http://{page.host}{page.path}"][0] in ("kept", "dropped") for page in own)
        assert all(
            found[f"http://{page.host}{page.path}"][0] != "new"
            for page in pages
            if page.host == "cassettecottage.example"
        )
        store.close()


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("closed.example", "robots.txt forbids it"),
        ("noai.example", "opts out of training: robots.txt shuts out GPTBot"),
        ("rsl.example", "opts out of training: RSL licence prohibits training"),
        ("signal.example", "opts out of training: Content-Signal or Content-Usage"),
        ("stumbling.example", "robots.txt cannot be had: 503: asked to wait"),
    ],
)
def test_hosts_that_say_no(host: str, reason: str, tmp_path: Path) -> None:
    with old_web([]) as web:
        path = write_settings(tmp_path, web, tries=1, longest_wait_s=0.1)
        store, found = harvest(path, f"page:http://{host}/a")
        assert found[f"http://{host}/a"] == ("dropped", reason)
        assert web.times(host, "/a") == 0
        store.close()


def test_a_page_that_opts_out_is_not_taken_from_its_feed(tmp_path: Path) -> None:
    pages = old_pages()
    noai = [page for page in pages if page.kind == "noai"]
    with old_web(pages) as web:
        store, found = harvest(write_settings(tmp_path, web), *(f"rss:http://{page.host}/atom.xml" for page in noai))
        for page in noai:
            assert found[f"http://{page.host}{page.path}"] == ("dropped", "opts out of training: noai")
        store.close()


def test_a_robots_txt_that_has_moved_is_followed(tmp_path: Path) -> None:
    with old_web([], moved={("slow.example", "/robots.txt"): "http://closed.example/robots.txt"}) as web:
        store, found = harvest(write_settings(tmp_path, web), "page:http://slow.example/a")
        assert found["http://slow.example/a"] == ("dropped", "robots.txt forbids it")
        assert web.times("slow.example", "/a") == 0
        store.close()


def test_pages_of_a_host_that_is_gone_are_looked_for_in_the_archive(tmp_path: Path) -> None:
    page = old_pages()[0]
    with old_web([], gone={"http://nowhere.invalid/a": page}) as web:
        store, found = harvest(write_settings(tmp_path, web, tries=1), "page:http://nowhere.invalid/a")
        assert found["http://nowhere.invalid/a"][0] == "kept"
        store.close()


def test_a_licence_that_permits_all(tmp_path: Path) -> None:
    page = old_pages()[0]
    with old_web([]) as web:
        web.pages["openrsl.example", "/a"] = page
        store, found = harvest(write_settings(tmp_path, web), "page:http://openrsl.example/a")
        assert found["http://openrsl.example/a"] == ("kept", "")
        store.close()


def test_opt_outs_are_recorded_where_nothing_is_trained(tmp_path: Path) -> None:
    with old_web([]) as web:
        web.pages["noai.example", "/a"] = old_pages()[0]
        path = write_settings(tmp_path, web, opt_outs="record")
        store, found = harvest(path, "page:http://noai.example/a")
        assert found["http://noai.example/a"] == ("kept", "")
        (page,) = store.harvest.read_all()
        assert "opts out of training" in page.document["licence"]
        store.close()


def test_a_hostile_server_gets_nothing_stored(tmp_path: Path) -> None:
    paths = "drip drip-headers endless gigabyte bomb badgzip hops/0 loop nul deep wide song.mp3 reset huge-header waits other".split()
    paths += [f"private/{number}" for number in range(len(PRIVATE))]
    with old_web(old_pages()) as web:
        urls = tmp_path / "urls.txt"
        urls.write_text("\n".join(f"http://{HOSTILE}/{path}" for path in paths))
        path = write_settings(tmp_path, web, longest_s=1.0, tries=2, at_once=8, longest_wait_s=2.0, archive="")
        store, found = harvest(
            path, f"urls:{urls}", "page:http://127.0.0.1:9/direct", "page:http://[::1]/", "page:http://localhost/"
        )
        reasons = {url: reason for url, (state, reason) in found.items() if state == "dropped"}
        assert not [url for url, (state, _) in found.items() if state in ("kept", "new", "dead")]
        for part, reason in (
            ("/drip", "too slow"), ("/drip-headers", "too slow"), ("/endless", "too large"), ("/gigabyte", "too large: 1073741824 bytes"), ("/bomb", "unpacks to more than"),
            ("/badgzip", "broken gzip"), ("/hops/5", "moved more than 5 times"), ("/deep", "nested too deep"), ("/song.mp3", "no page: audio/mpeg"), ("/reset", "broken answer"),
            ("/huge-header", "broken answer"), ("/waits", "429: asked to wait"), ("/nul", "no article"), ("/wide", "no article"),
        ):  # fmt: skip
            assert reasons[f"http://{HOSTILE}{part}"].startswith(reason), part
        for where in (
            "http://10.0.0.1/",
            "http://127.0.0.1:1/",
            "http://[::1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://localhost/",
        ):
            assert reasons[where].startswith(
                ("robots.txt cannot be had: private address", "robots.txt cannot be had: port")
            ), where
        assert sum(one.path.startswith("/hops/") for one in web.asked) == 6
        assert not list((tmp_path / "spool").glob("*.answer"))
        store.close()


def test_a_name_that_is_found_elsewhere_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the address that was looked at is the one that is connected to."""
    import httpcore2

    from deephypebot.errors import Refused
    from deephypebot.services import public_network

    answers = iter(["93.184.216.34", "127.0.0.1"])
    connected = []
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *args, **kw: [(2, 1, 6, "", (next(answers), 0))])
    network = public_network.PublicNetwork()
    monkeypatch.setattr(
        network.inner, "connect_tcp", lambda address, *args: connected.append(address) or httpcore2.MockStream([])
    )
    network.connect_tcp("rebinds.example", 80)
    assert connected == ["93.184.216.34"]
    with pytest.raises(Refused, match=r"private address: rebinds\.example is at 127\.0\.0\.1"):
        network.connect_tcp("rebinds.example", 80)


def test_two_harvests_of_one_database_are_one_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with old_web(many_pages(8), delay_s=0.3) as web:
        path = write_settings(tmp_path, web)
        settings = load_settings(path)
        store = Store(settings.corpus.url.get_secret_value())
        first = Harvester(store, settings.corpus, path, tmp_path / "spool", lambda text: None)
        with pytest.raises(Exception, match="another harvest is under way"):
            Harvester(store, settings.corpus, path, tmp_path / "spool", lambda text: None)
        first.fetcher.close()
        store.close()


def test_addresses_that_are_none() -> None:
    assert not new_pages(
        ["javascript:alert(1)", "", "http://", "http://[", "mailto:a@b", "ftp://x/", "http://" + "a" * 3000]
    )
    assert [
        page.host for page in new_pages(["https://A.example/x#y", "https://a.example/x", "http://www.a.example/x/"])
    ] == ["a.example:443"]


PAGES, KILLS, DELAY_S = (400, 30, 0.8) if os.environ.get("DEEPHYPEBOT_KILL") == "required" else (48, 4, 0.2)


def test_killed_again_and_again_it_reads_each_page_once(tmp_path: Path) -> None:
    pages = many_pages(PAGES)
    with old_web(pages, delay_s=DELAY_S) as web:
        path = write_settings(tmp_path, web)
        urls = tmp_path / "urls.txt"
        urls.write_text("\n".join(f"http://{page.host}{page.path}" for page in pages))
        assert main(["corpus", "add", f"urls:{urls}", "--settings", str(path)]) == 0
        environment = {**os.environ, "DEEPHYPEBOT_STATE": str(tmp_path / "state")}
        command = [sys.executable, "-m", "deephypebot", "corpus", "harvest", "--settings", str(path)]
        draw = random.Random(0)
        kills = 0
        while kills < KILLS:
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=draw.uniform(0.9, 2.2))
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
        subprocess.run(command, env=environment, check=True, capture_output=True)
        store = Store(f"sqlite:///{tmp_path}/corpus.db")
        states = Counter(page.state for page in store.harvest.read_all())
        asked = Counter((one.host, one.path) for one in web.asked)
        print(f"{kills} kills, {len(web.asked)} requests, {states}")
        assert kills
        assert states == {"kept": PAGES}
        assert max(asked.values()) == 1
        texts = {page.url: page.document["text"] for page in store.harvest.read_all()}
        store.close()
        (tmp_path / "whole").mkdir()
        web.delay_s = 0.0
        whole = write_settings(tmp_path / "whole", web)
        other, _ = harvest(whole, f"urls:{urls}")
        assert {page.url: page.document["text"] for page in other.harvest.read_all()} == texts
        other.close()
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("http://[::1", "no address"),
        ("tumblr:blog:", "allowed are"),
        ("file:///etc/passwd", "allowed are files that end in"),
        ("urls:/nowhere", "no such file"),
        ("javascript:alert(1)", "allowed are"),
        ("rss:x", "allowed is an address"),
    ],
)
def test_sources_that_are_none(name: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_source_name(name)
