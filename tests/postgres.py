"""A PostgreSQL of our own on a free port of the loopback, gone when the tests end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
REQUIRED = "DEEPHYPEBOT_POSTGRES"  # "required": its absence is a failure, not a reason to skip


def is_installed() -> bool:
    """Whether there are server programs; PostgreSQL's own package puts them outside the PATH."""
    return bool(BINARIES)


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database, of SQLAlchemy's form but for the database's name: "postgresql+psycopg://bot@127.0.0.1:PORT/"."""
    folder = Path(tempfile.mkdtemp(prefix="deephypebot-pg-"))
    data, port = folder / "data", free_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run("initdb", "-D", str(data), "-U", "bot", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        _run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgresql+psycopg://bot@127.0.0.1:{port}/"
    finally:
        if (data / "postmaster.pid").exists():
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(program: str, *arguments: str) -> None:
    """As the user postgres where we are root: the server refuses to run as root."""
    command = [str(BINARIES[-1] / program), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, capture_output=True, cwd="/")
