"""What the OpenAPI page says holds, whatever is sent: no 5xx (schemathesis, over the application itself)."""

import tempfile
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from deephypebot.web import service
from deephypebot.web.limits import Pace
from tests.bot.conftest import Trial, post
from tests.web.conftest import TOKEN, build_app


def _app():  # type: ignore[no-untyped-def]
    trial = Trial(Path(tempfile.mkdtemp(prefix="deephypebot-schema-")))
    trial.with_settings(web={"token": TOKEN})
    for item in trial.propose(*(post(f"♫ Band {name} – Song {name}") for name in ("Ash", "Elm", "Oak", "Yew"))):
        trial.approve(item) if item % 2 else None
    return build_app(trial)


SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", _app())


@pytest.fixture(autouse=True)
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PACE", Pace(10**9, 1.0))


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_request_breaks_the_service(case: schemathesis.Case) -> None:
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(checks=[not_a_server_error, status_code_conformance, response_schema_conformance])
