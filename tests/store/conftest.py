"""Every test of the store runs on SQLite and on PostgreSQL."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from deephypebot.store import Store
from tests.postgres import REQUIRED, is_installed, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL that lives as long as the tests."""
    if not is_installed():
        if os.environ.get(REQUIRED) == "required":
            pytest.fail("PostgreSQL is not installed; Debian's package postgresql-15 brings it")
        pytest.skip("PostgreSQL is not installed")
    with postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.db"
    address: str = request.getfixturevalue("server")
    name = f"bot_{uuid.uuid4().hex}"
    engine = create_engine(f"{address}postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address + name


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A fresh store."""
    store = Store(url)
    yield store
    store.close()
