"""Posts as files and on the console; the contract of all publishers that need no account."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import pytest

from deephypebot.errors import InputError, Refused
from deephypebot.services import Publisher
from deephypebot.services.console import Console
from deephypebot.services.fake import FakeNetwork, FakePublisher
from deephypebot.services.publications import Publication

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script> & *bold* [x](javascript:y) \x00 ]]>"
MAKE: dict[str, Callable[[Path], Publisher]] = {
    "console": lambda folder: Console(),
    "fake": lambda folder: FakePublisher(FakeNetwork(folder / "n.db")),
    **{
        name: (lambda folder, name=name: Publication(name, folder / "posts", "A & B"))
        for name in ("rss", "json", "markdown")
    },  # type: ignore[misc]
}


@pytest.fixture(params=MAKE)
def publisher(request: pytest.FixtureRequest, tmp_path: Path) -> Publisher:
    return MAKE[request.param](tmp_path)


def test_freezing_is_pure_and_can_be_kept(publisher: Publisher) -> None:
    payload = publisher.freeze("Text.", 7, NOON, {"did": "x"})
    assert payload == publisher.freeze("Text.", 7, NOON, {"did": "x"}) == json.loads(json.dumps(payload))
    with pytest.raises(InputError, match="allowed are at most"):
        publisher.freeze("x" * (publisher.longest + 1), 7, NOON)


def test_sending_twice_makes_one_post_that_can_be_changed_and_deleted_twice(publisher: Publisher) -> None:
    payload = publisher.freeze("Text.", 7, NOON)
    sent = publisher.send(payload)
    assert publisher.send(payload) == sent
    assert publisher.find(payload, NOON) in (sent, None)
    assert publisher.edit(sent.uri, publisher.freeze("Better.", 8, NOON)).uri == sent.uri
    publisher.delete(sent.uri)
    publisher.delete(sent.uri)
    assert publisher.check()
    assert publisher.likes(["nothing:1"]) == {}


def test_files_have_the_newest_first_and_everything_escaped(tmp_path: Path) -> None:
    for name in ("rss", "json", "markdown"):
        one = Publication(name, tmp_path / name / "posts", "A & B")
        for number, text in enumerate(("First.", EVIL)):
            one.send(one.freeze(text, number, NOON + timedelta(hours=number)))
    items = ElementTree.parse(tmp_path / "rss/posts").findall("channel/item")
    assert [item.findtext("description") for item in items] == [EVIL.replace("\x00", ""), "First."]
    assert [item["content_text"] for item in json.loads((tmp_path / "json/posts").read_text())["items"]] == [
        EVIL,
        "First.",
    ]
    page = (tmp_path / "markdown/posts").read_text()
    assert "<script>" not in page
    assert "](" not in page


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    def write(start: int) -> None:
        one = Publication("json", tmp_path / "posts", "T")
        for number in range(start, start + 10):
            one.send(one.freeze(f"Text {number}.", number, NOON))

    threads = [Thread(target=write, args=[start]) for start in range(0, 40, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads((tmp_path / "posts").read_text())["items"]) == 40


def test_a_file_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = Publication("rss", tmp_path / "file" / "posts", "T")
    with pytest.raises(Refused, match="rss"):
        one.send(one.freeze("Text.", 1, NOON))
    two = Publication("rss", tmp_path / "posts", "T")
    (tmp_path / ".posts.posts.json").write_text("{")
    with pytest.raises(Refused, match="mend or remove it"):
        two.find(two.freeze("Text.", 1, NOON), NOON)


def test_the_console_prints(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.send(console.freeze("A line.", 1, NOON))
    assert capsys.readouterr().out == "A line.\n"
