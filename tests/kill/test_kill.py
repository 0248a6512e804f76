"""kill -9 of any stage, two hundred times, while a hundred songs flow through: every song is handled, every approved post public once.

`make test-kill` runs it: on SQLite with one worker a stage, on PostgreSQL with four. Bluesky is a real AT Protocol network; Mastodon and X
are look-alikes that lose answers, refuse and stumble. The checkpoint is real and toy-size: a minute of training, kept in the cache.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deephypebot.bot.stages import Bot
from deephypebot.errors import DeepHypeBotError
from deephypebot.settings import load_settings
from tests.e2e.songs import FORMATS
from tests.postgres import free_port, postgresql
from tests.testnet.network import Network, Person, network

pytestmark = pytest.mark.skipif(os.environ.get("DEEPHYPEBOT_KILL") != "required", reason="`make test-kill` runs it")
ROOT = Path(__file__).parents[2]
TOY = Path(os.environ.get("DEEPHYPEBOT_TOY", Path.home() / ".cache/deephypebot/toy-gru"))
STAGES = ("watch", "read", "lookup", "propose", "post", "like")
KILLS, SONGS, SEED = int(os.environ.get("DEEPHYPEBOT_KILLS", "200")), 100, 7
NETWORKS = ("bluesky", "mastodon", "x")
PLACES = "Harbour Lantern Meadow Copper Winter Velvet Cedar Signal Quarry Ribbon".split()
THINGS = "Tide Echo Garden Engine Letter Season Window Ladder Shore Bloom".split()
PAIRS = [(f"{place} {thing}s", f"{thing} for {place}") for place in PLACES for thing in THINGS]


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    """A GRU of a minute's training."""
    if not (TOY / "config.json").exists():
        command = [
            sys.executable,
            "-m",
            "deephypebot",
            "train",
            "cvae",
            "--corpus",
            "builtin",
            "--backbone",
            "gru",
            "--minutes",
            "1",
        ]
        subprocess.run([*command, "--seed", "0", "--out", str(TOY)], cwd=ROOT, check=True, capture_output=True)
    return TOY


@contextmanager
def fake(name: str) -> Iterator[str]:
    """A look-alike in a process of its own; its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", f"tests.fakes.{name}", "--port", str(port)], cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        while True:
            try:
                tell(f"{address}/test/public", {"name": "bot"})
                break
            except OSError:
                time.sleep(0.05)
        yield address
    finally:
        process.kill()
        process.wait()


def tell(address: str, what: object) -> Any:
    """Tell a look-alike something; its answer."""
    request = urllib.request.Request(address, json.dumps(what).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty one."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/bot.db"
        return
    with postgresql() as server:
        yield f"{server}postgres"


def write_settings(
    folder: Path, url: str, net: Network, bot: Person, mastodon: str, x: str, token: str, checkpoint: Path
) -> Path:
    path = folder / "bot.toml"
    path.write_text(
        f"""
[store]
url = "{url}"
patience = 0.04
[writer]
checkpoint = "{checkpoint}"
candidates = 2
threads = 1
[bluesky]
service = "{net.pds}"
handle = "{bot.handle}"
password = "hunter2-hunter2"
[mastodon]
server = "{mastodon}"
token = "{token}"
[x]
api = "{x}"
consumer_key = "k"
consumer_secret = "k"
access_token = "9000-k"
access_secret = "k"
[feeds.bluesky]
kind = "bluesky-home"
every_s = 2
[feeds.mastodon]
kind = "mastodon-home"
every_s = 2
[queue]
publish = ["bluesky", "mastodon", "x"]
[post.bluesky]
a_day = 1000
[post.mastodon]
a_day = 1000
[post.x]
a_day = 1000
""",
        encoding="utf-8",
    )
    return path


class Herd:
    """The workers: each a process with one stage, started again whenever one is killed."""

    def __init__(self, settings: Path, workers: int, log: Path) -> None:
        self.settings, self.log = settings, log.open("ab")
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        self.workers = [(stage, self.start(stage)) for stage in STAGES for _ in range(workers)]

    def start(self, stage: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "deephypebot", "run", stage, "--settings", str(self.settings)]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log)

    def kill_one(self, chance: random.Random) -> str:
        """kill -9 of one of them, and a new one in its place."""
        number = chance.randrange(len(self.workers))
        stage, process = self.workers[number]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.workers[number] = (stage, self.start(stage))
        return stage

    def stop(self) -> None:
        for _, process in self.workers:
            process.send_signal(signal.SIGTERM)
        for _, process in self.workers:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()


def approve(bot: Bot, stopping: threading.Event) -> None:
    """A tireless curator: approves whatever waits, at once, everywhere."""
    while not stopping.is_set():
        for row in bot.store.items.queue():
            shown = bot.store.items.get(row.id)
            if shown.item.state == "proposed" and shown.candidates:
                text = f"{shown.candidates[0].text[:200]} ({shown.item.artist})"
                try:
                    bot.curation.approve(bot.curation.who(shown, "harness"), shown, text, None, "now")
                except DeepHypeBotError as error:
                    print("not approved:", error)
        stopping.wait(0.3)


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 1), ("postgresql", 4)])
def test_every_approved_post_is_public_once(tmp_path: Path, checkpoint: Path, kind: str, workers: int) -> None:
    chance = random.Random(SEED)
    with network() as net, fake("mastodon") as mastodon, fake("x") as x, database(kind, tmp_path) as url:
        bot_account, radio = net.person("bot"), net.person("radio")
        bot_account.client.follow(radio.did)
        token = tell(f"{mastodon}/test/account", {"name": "bot"})
        tell(f"{mastodon}/test/faults", {"each": 7, "kinds": ["lost", "429", "500", "replay-500", "garbage"]})
        tell(f"{x}/test/faults", {"each": 5, "kinds": ["lost", "500", "lost-500", "429"]})
        settings = write_settings(tmp_path, url, net, bot_account, mastodon, x, token, checkpoint)
        bot = Bot(load_settings(settings))
        stopping = threading.Event()
        curator = threading.Thread(target=approve, args=[bot, stopping])
        curator.start()
        herd = Herd(settings, workers, tmp_path / "log")
        killed: Counter[str] = Counter()
        try:
            for number in range(max(KILLS, SONGS)):
                if number < SONGS:
                    artist, title = PAIRS[number]
                    text = FORMATS[number % 3](artist, title)
                    radio.say(text) if number % 2 else tell(f"{mastodon}/test/say", {"name": "ann", "text": text})
                if number < KILLS:
                    time.sleep(chance.uniform(0.2, 2.0))
                    killed[herd.kill_one(chance)] += 1
            settled = wait_until_settled(bot, 300)
        finally:
            herd.stop()
            stopping.set()
            curator.join()
        rows = bot.store.outbox.rows(["posted", "unknown", "failed", "scheduled", "sending", "abandoned"], 1000)
        states = Counter((row.network, row.state) for row in rows)
        print(f"{kind}: {sum(killed.values())} kills {dict(killed)}; {bot.store.items.counts()}; {dict(states)}")
        wanted = sorted(row.text for row in rows if row.network == "bluesky")
        net.sync()
        assert settled, (bot.store.entries.counts(), bot.store.items.counts(), states)
        assert bot.store.entries.counts() == {"read": SONGS}
        assert bot.store.items.counts() == {"approved": SONGS}
        assert sorted(bluesky_texts(bot_account)) == wanted
        assert len(set(wanted)) == SONGS
        assert sorted(strip(text) for text in tell(f"{mastodon}/test/public", {"name": "bot"})) == sorted(
            map(strip, wanted)
        )
        on_x = Counter(tell(f"{x}/test/public", {}))
        assert max(on_x.values()) == 1
        x_rows = [row for row in rows if row.network == "x"]
        assert {row.text for row in x_rows if row.state == "posted"} <= on_x.keys() <= {row.text for row in x_rows}
        assert {row.state for row in x_rows} <= {"posted", "unknown"}
        assert states["bluesky", "posted"] == states["mastodon", "posted"] == SONGS
        bot.close()


def wait_until_settled(bot: Bot, seconds: float) -> bool:
    """Until every song is approved, and every row of the outbox posted, or unknown and left to people."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = bot.store.outbox.rows(["scheduled", "sending", "unknown"], 1000)
        open_rows = [row for row in rows if row.network != "x" or row.state != "unknown"]
        if bot.store.items.counts() == {"approved": SONGS} and not open_rows:
            return True
        time.sleep(1)
    return False


def bluesky_texts(person: Person) -> list[str]:
    """All that somebody has posted."""
    from atproto import models

    texts, cursor = list[str](), None
    while True:
        where = {"repo": person.did, "collection": "app.bsky.feed.post", "limit": 100, "cursor": cursor}
        answer = person.client.com.atproto.repo.list_records(models.ComAtprotoRepoListRecords.Params(**where))
        texts += [record.value.text for record in answer.records]
        cursor = answer.cursor
        if not cursor or not answer.records:
            return texts


def strip(text: str) -> str:
    """Of HTML and its escapes, the letters."""
    import html
    import re

    return "".join(c for c in html.unescape(re.sub(r"<[^>]*>", "", text)) if c.isalnum())
