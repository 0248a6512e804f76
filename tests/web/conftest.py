"""The page over a bot on trial."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from deephypebot.bot.writer import SharedWriter
from deephypebot.web.app import create_app
from tests.bot.conftest import Trial

TOKEN = "letmein-letmein"


@dataclass
class Visit:
    """A browser without a screen, signed in unless it is sent away first."""

    trial: Trial
    app: FastAPI
    client: TestClient

    def csrf(self, page: str = "/outbox") -> str:
        """The word that our own forms carry."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.client.get(page).text)
        assert found is not None
        return found[1]

    def send(self, path: str, **form: object):  # type: ignore[no-untyped-def]
        """A form of our own page."""
        return self.client.post(path, data={"csrf": self.csrf(), **form}, follow_redirects=False)


def build_app(trial: Trial) -> FastAPI:
    """The application over the trial's parts."""
    bot = trial.bot
    return create_app(bot.settings, bot.store, bot.curation, SharedWriter(trial.writer), TOKEN)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A bot on trial, that posts on two networks."""
    one = Trial(tmp_path)
    one.network_with("mastodon", 3000.0, lambda kind, number: None)
    one.with_settings(queue={"publish": ["console", "mastodon"]}, web={"token": TOKEN})
    return one


@pytest.fixture
def visit(trial: Trial) -> Visit:
    """Signed in."""
    app = build_app(trial)
    client = TestClient(app, headers={"accept": "text/html"})
    assert client.post("/login", data={"token": TOKEN, "name": "Ann"}, follow_redirects=False).status_code == 303
    return Visit(trial, app, client)


@pytest.fixture
def stranger(visit: Visit) -> TestClient:
    """Not signed in."""
    return TestClient(visit.app, headers={"accept": "text/html"})
