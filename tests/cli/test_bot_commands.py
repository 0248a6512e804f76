"""The bot's commands: mentions, queue, run --once, doctor, and what they say of bad input."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deephypebot.cli import main
from deephypebot.store import Store
from tests.store.flow import proposed


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A bot over an empty store."""
    path = tmp_path / "bot.toml"
    path.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/bot.db"\n[feeds.f]\nkind = "file"\npath = "{tmp_path}/posts"\n',
        encoding="utf-8",
    )
    (tmp_path / "posts").write_text("good morning\n", encoding="utf-8")
    return path


@pytest.fixture
def item(tmp_path: Path) -> int:
    """One that waits."""
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    number = int(proposed(store).item.id)
    store.close()
    return number


def states(tmp_path: Path) -> dict[str, int]:
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    counts = store.items.counts()
    store.close()
    return counts


def test_mentions_are_found_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts = tmp_path / "posts.jsonl"
    link = {"url": "https://www.youtube.com/watch?v=1", "title": "Low - Lazy (Official Video)", "site": None}
    rows = [
        {"id": "a", "text": "♫ Slowdive – Alison", "more": 1},
        {"id": "b", "text": "good morning"},
        {"id": "c", "text": "this", "links": [link]},
    ]
    posts.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    out = tmp_path / "pred.jsonl"
    assert main(["mentions", str(posts), "--out", str(out)]) == 0
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    song = {"artist": "Slowdive", "title": "Alison"}
    assert found == [
        {"id": "a", "songs": [song]},
        {"id": "b", "songs": []},
        {"id": "c", "songs": [{"artist": "Low", "title": "Lazy"}]},
    ]
    assert main(["mentions", str(posts)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == found[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "allowed is a JSON object"),
        ('{"text": 5}', "text is 5"),
        ('{"text": "x", "links": [5]}', "links.url is 5"),
    ],
)
def test_a_bad_post_is_told_with_its_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    posts, out = tmp_path / "posts.jsonl", tmp_path / "out.jsonl"
    posts.write_text(f'{{"text": "x"}}\n{line}\n', encoding="utf-8")
    assert main(["mentions", str(posts), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert f"{posts}:2" in said
    assert message in said
    assert not out.exists()


def test_the_queue_on_the_command_line(
    tmp_path: Path, settings: Path, item: int, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--settings", str(settings)]
    assert main(["queue", "list", *own]) == 0
    assert capsys.readouterr().out == f"{item}  Slowdive – Alison\n"
    assert main(["queue", "show", str(item), *own]) == 0
    assert "  2 The guitars hum like text 1." in capsys.readouterr().out
    assert main(["queue", "skip", str(item), *own]) == main(["queue", "undo", str(item), *own]) == 0
    assert main(["queue", "edit", str(item), "2", "--text", "My own.", "--when", "now", *own]) == 0
    assert states(tmp_path) == {"approved": 1}
    capsys.readouterr()
    assert main(["run", "post", "--once", *own]) == 0
    assert capsys.readouterr().out == "My own.\n"
    assert main(["queue", "reject", str(item), *own]) == 1
    assert "is approved; this can be done while it is proposed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["show", "99"], "item is 99; there is none"),
        (["approve", "1", "9"], "candidate is 9; item 1 has 3"),
        (["approve", "1", "--when", "soon"], "--when is 'soon'"),
        (["approve", "1", "--when", "2026-12-01T18:00"], "with its zone"),
        (["approve", "1", "--network", "x"], "network is 'x'; allowed for this item are console"),
        (["show", "0"], "'0' is given"),
    ],
)
def test_bad_decisions_say_what_is_allowed(
    settings: Path, item: int, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    assert main(["queue", *flags, "--settings", str(settings)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[feeds.a]\nkind = 'rss'", "feeds.a; a feed of kind rss needs url"),
        ("[nonsense]\na = 1", "nonsense is not a setting"),
        ("[queue]\ntime_zone = 'Mars'", "queue.time_zone is 'Mars'"),
        ("[bluesky]\npassword = 5", "bluesky.password; Input should be a valid string"),
        ("[store]\nurl = 5", "store.url; "),
        ("= =", "allowed is TOML"),
    ],
)
def test_bad_settings_name_the_key_and_never_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], toml: str, message: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(toml, encoding="utf-8")
    assert main(["run", "--once", "--settings", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deephypebot.settings import load_settings

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/mastodon__token").write_text("from-file\n")
    (tmp_path / "bot.toml").write_text("[mastodon]\nserver = 'https://m.test'\n")
    monkeypatch.setenv("DEEPHYPEBOT_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("DEEPHYPEBOT_BLUESKY__PASSWORD", "from-environment")
    settings = load_settings(tmp_path / "bot.toml")
    assert settings.mastodon.token.get_secret_value() == "from-file"
    assert settings.mastodon.server == "https://m.test"
    assert settings.bluesky.password.get_secret_value() == "from-environment"
    assert "from-" not in repr(settings)


def test_the_doctor_and_an_unknown_stage(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--settings", str(settings)]) == 0
    assert "well  console: posts are printed" in capsys.readouterr().out
    assert main(["run", "dance", "--settings", str(settings)]) == 2
    assert "stage is 'dance'; allowed are watch, read" in capsys.readouterr().err


def test_run_stops_cleanly_when_it_is_told_to(settings: Path, tmp_path: Path) -> None:
    import signal

    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}[web]\nport = 0\ntoken = "t-secret"\n', encoding="utf-8")
    command = [sys.executable, "-m", "deephypebot", "run", "--settings", str(settings)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stderr is not None
    said = b""
    end = time.monotonic() + 60
    while b"running" not in said and time.monotonic() < end:
        said += process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, rest = process.communicate(timeout=30)
    assert process.returncode == 0, said + rest
    assert b"t-secret" not in out + said + rest
