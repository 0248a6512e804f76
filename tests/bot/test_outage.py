"""One network is down for an hour, another asks to wait, a third has thrown the account out: the others go on, and everybody is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from deephypebot.bot.doctor import examine
from deephypebot.errors import SignInRefused
from deephypebot.services import Payload, Sent
from deephypebot.services.fake import FakeNetwork, FakePublisher
from deephypebot.services.mastodon import Mastodon
from deephypebot.services.x import X
from deephypebot.settings import MastodonSettings, XSettings
from deephypebot.web.app import create_app
from tests.bot.conftest import NOON, Trial, post
from tests.fakes.mastodon import mastodon
from tests.fakes.x import x
from tests.postgres import free_port

TOKEN = "letmein-letmein"


class Gone(FakePublisher):
    """A network whose account was deleted."""

    def send(self, payload: Payload) -> Sent:
        raise SignInRefused("bluesky: signing in: 400 AccountTakedown Account has been taken down")


def test_the_others_go_on(tmp_path: Path) -> None:
    port = free_port()
    with x() as x_server:
        keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_secret"), "9000-k")
        publishers = {
            "console": FakePublisher(FakeNetwork(tmp_path / "console.db"), "console"),
            "mastodon": Mastodon(MastodonSettings(server=f"http://127.0.0.1:{port}", token="token-bot")),  # type: ignore[arg-type]
            "x": X(XSettings(**keys, api=x_server.url)),  # type: ignore[arg-type]
            "bluesky": Gone(FakeNetwork(tmp_path / "bluesky.db"), "bluesky"),
        }
        trial = Trial(tmp_path, publishers=publishers)  # type: ignore[arg-type]
        trial.with_settings(queue={"publish": list(publishers)}, store={"url": f"sqlite:///{tmp_path}/bot.db"})
        trial.clock.now = datetime.now(UTC)
        for item in trial.propose(
            *(post(f"♫ Band {name} – Song {name}", posted_at=NOON) for name in ("Ash", "Elm", "Oak"))
        ):
            trial.approve(item)
        until = trial.clock.now + timedelta(seconds=30)
        x_server.fault = lambda method, path, number: "429" if trial.clock.now < until else None
        stage = trial.bot.stage("post")
        assert stage is not None
        for _ in range(60):
            stage.step("me")
            trial.clock.turn(minutes=1)
        assert len(publishers["console"]._network.public()) == 3
        assert len(x_server.public()) == 3
        assert x_server.asked.count("POST /2/tweets") <= 3 + 3
        waiting = {(row.network, row.error) for row in trial.store.outbox.rows(["scheduled"])}
        assert {network for network, _ in waiting} == {"mastodon", "bluesky"}
        assert ("mastodon", "mastodon cannot be reached") in waiting
        bot = trial.bot
        client = TestClient(
            create_app(bot.settings, bot.store, bot.curation, None, TOKEN), headers={"accept": "text/html"}
        )
        client.post("/login", data={"token": TOKEN})
        page = client.get("/outbox").text
        assert "mastodon cannot be reached" in page
        assert "Account has been taken down" in page
        with mastodon(port=port) as server:
            server.account("bot")
            for _ in range(20):
                stage.step("me")
                trial.clock.turn(minutes=1)
            assert len(server.public("bot")) == 3
    assert trial.store.outbox.counts() == {"posted": 9, "scheduled": 3}


def test_the_doctor_sees_a_server_that_is_away(tmp_path: Path) -> None:
    settings = (
        Trial(tmp_path)
        .with_settings(
            queue={"publish": ["mastodon"]},
            mastodon={"server": "http://127.0.0.1:1", "token": "secret"},
            store={"url": f"sqlite:///{tmp_path}/bot.db"},
        )
        .settings
    )
    found = {finding.part: finding for finding in examine(settings)}
    assert not found["mastodon"].is_well
    assert found["mastodon"].says == "mastodon cannot be reached"
    assert "it is tried again" in found["mastodon"].advice
