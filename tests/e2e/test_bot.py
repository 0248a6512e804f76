"""The whole bot on a real AT Protocol network: three accounts post sixty songs, a curator approves them in a browser, likes come back.

`make test-e2e` runs it; it takes two to three minutes, most of them for the writer.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from deephypebot.store import Store
from tests.e2e.songs import FORMATS, PAIRS
from tests.postgres import free_port
from tests.testnet.network import Network, Person, network

pytestmark = pytest.mark.skipif(os.environ.get("DEEPHYPEBOT_E2E") != "required", reason="`make test-e2e` runs it")
SHOTS = Path(os.environ.get("DEEPHYPEBOT_SHOTS", "/tmp/deephypebot-shots"))
TOKEN, EDIT = "letmein-letmein", " Play it loud."
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with network() as net:
        yield net


def write_settings(folder: Path, net: Network, bot: Person, port: int) -> Path:
    """The one file of settings, as an owner would write it."""
    path = folder / "deephypebot.toml"
    path.write_text(
        f"""
[store]
url = "sqlite:///{folder}/bot.db"
[bluesky]
service = "{net.pds}"
handle = "{bot.handle}"
[feeds.home]
kind = "bluesky-home"
every_s = 1
[feeds.asked]
kind = "bluesky-notifications"
every_s = 1
[queue]
publish = ["bluesky"]
likes_every_min = 0.05
[post.bluesky]
a_day = 100
[web]
port = {port}
token = "{TOKEN}"
""",
        encoding="utf-8",
    )
    return path


def wait(until, seconds: float, what: str) -> None:  # type: ignore[no-untyped-def]
    """Until it is so. Fails after so many seconds."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.fill("input[name=name]", "Ann")
    page.fill("input[name=token]", TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def test_sixty_songs_come_in_and_go_out_and_are_liked(net: Network, tmp_path: Path) -> None:
    begun, port = time.monotonic(), free_port()
    SHOTS.mkdir(parents=True, exist_ok=True)
    bot = net.person("bot")
    people = [net.person(name) for name in ("radio", "diary", "blog")]
    for person in people:
        bot.client.follow(person.did)
    for number, (artist, title) in enumerate(PAIRS):
        people[number % 3].say(FORMATS[number % 3](artist, title))
    net.sync()
    settings = write_settings(tmp_path, net, bot, port)
    environment = {**os.environ, "DEEPHYPEBOT_BLUESKY__PASSWORD": "hunter2-hunter2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "deephypebot", "run", "--settings", str(settings)]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)
    store = None
    try:
        wait(
            lambda: (tmp_path / "bot.db").exists() and b"page at" in (tmp_path / "log").read_bytes(),
            30,
            "the bot starts",
        )
        store = Store(f"sqlite:///{tmp_path}/bot.db")
        wait(lambda: store.items.counts().get("proposed", 0) >= 1, 60, "the first song has candidates")
        approve_all(f"http://127.0.0.1:{port}", store)
        wait(lambda: len(store.posts.all()) == len(PAIRS), 60, "all are posted")
        first = store.posts.all()[-1]
        assert first.text.endswith(EDIT)
        texts = [view.post.record.text for view in bot.client.get_author_feed(bot.handle, limit=100).feed]
        net.sync()
        texts = [view.post.record.text for view in bot.client.get_author_feed(bot.handle, limit=100).feed]
        assert sorted(texts) == sorted(post.text for post in store.posts.all())
        assert len(set(texts)) == len(PAIRS)
        post = people[0].client.get_posts([first.uri]).posts[0]
        for person in people:
            person.client.like(post.uri, post.cid)
        net.sync()
        wait(
            lambda: any(row._mapping["count"] == 3 for row in store.posts.likes_of([first.id])[first.id]),
            60,
            "three likes are read",
        )
        look_around(f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        log.close()
        if store is not None:
            store.close()
    said = (tmp_path / "log").read_text()
    assert "hunter2" not in said
    assert "stage failed" not in said
    assert time.monotonic() - begun < 180


def approve_all(address: str, store: Store) -> None:
    """As a curator would: the first with an edit, the others as they are, all by keyboard."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        sign_in(page, address)
        page.screenshot(path=SHOTS / "queue.png", full_page=True)
        page.keyboard.press("2")
        page.keyboard.press("e")
        page.keyboard.type(EDIT)
        page.screenshot(path=SHOTS / "edit.png", full_page=True)
        page.keyboard.press("Control+Enter")
        end = time.monotonic() + 150
        while sum(store.items.counts().get(state, 0) for state in ("approved",)) < len(PAIRS):
            assert time.monotonic() < end, store.items.counts()
            page.goto(f"{address}/")
            if page.locator("#approve").count():
                with page.expect_navigation():
                    page.keyboard.press("a")
            else:
                time.sleep(0.5)
        browser.close()


def look_around(address: str) -> None:
    """Pictures of what there is to see now."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        sign_in(page, address)
        for name in ("outbox", "history"):
            page.goto(f"{address}/{name}")
            page.screenshot(path=SHOTS / f"{name}.png")
        page.goto(f"{address}/history?q=loud")
        assert page.get_by_text("3 likes").count() == 1
        browser.close()
