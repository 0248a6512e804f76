"""Notices by webhook and mail, and a Google Sheet, each through its real client."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gspread
import pytest
import requests

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.http import Http
from deephypebot.services.google_sheet import GoogleSheet, harmless
from deephypebot.services.notice import Notifier
from deephypebot.settings import NoticeSettings, SheetSettings
from tests.fakes.sites import Asked, site

COLUMNS = ("candidate", "text", "mark")


@contextmanager
def mailbox(accepts: bool = True) -> Iterator[tuple[int, list[str]]]:
    """A mail server for one mail: its port, and what came."""
    came: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as lines:

            def say(text: str) -> None:
                lines.write(f"{text}\r\n".encode())
                lines.flush()

            say("220 here")
            while line := lines.readline().decode():
                word = line.split()[0].upper()
                if word == "DATA":
                    say("354 go on")
                    while (text := lines.readline().decode()) != ".\r\n":
                        came.append(text)
                say(
                    "221 bye"
                    if word == "QUIT"
                    else "250 fine"
                    if accepts or word in ("EHLO", "HELO", "RSET")
                    else "550 no"
                )
                if word == "QUIT":
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1]), came
    finally:
        thread.join(10)
        listener.close()


def test_a_webhook_and_a_mailbox_are_told() -> None:
    http = Http()
    with site(lambda asked: {}) as hook, mailbox() as (port, came):
        settings = NoticeSettings(
            webhook=hook.url, mail_to="me@a.test", mail_from="bot@a.test", mail_host="127.0.0.1", mail_port=port
        )  # type: ignore[arg-type]
        Notifier(settings, http).tell("3 songs wait", "3 songs have candidates.")
    http.close()
    assert json.loads(hook.asked[0].body) == {"text": "3 songs have candidates."}
    assert "Subject: 3 songs wait\r\n" in came
    assert "3 songs have candidates.\r\n" in came


def test_mail_that_is_not_taken_is_told() -> None:
    http = Http()
    with mailbox(accepts=False) as (port, _), pytest.raises(Refused, match="did not take it"):
        Notifier(
            NoticeSettings(mail_to="me@a.test", mail_from="b@a.test", mail_host="127.0.0.1", mail_port=port), http
        ).tell("s", "t")
    with pytest.raises(Limited, match="cannot be reached"):
        Notifier(
            NoticeSettings(mail_to="me@a.test", mail_from="b@a.test", mail_host="127.0.0.1", mail_port=1), http
        ).tell("s", "t")
    with pytest.raises(InputError, match="mail_from is missing"):
        Notifier(NoticeSettings(mail_to="me@a.test"), http)
    http.close()


class Sheets:
    """Google's API for one sheet."""

    def __init__(self) -> None:
        self.cells: list[list[str]] = []
        self.status = 200

    def __call__(self, asked: Asked) -> object:
        if self.status != 200:
            return self.status, {"error": {"code": self.status, "message": "no", "status": "NO"}}, {}
        if asked.path.endswith(":append"):
            assert asked.query["valueInputOption"] == "RAW"
            self.cells += json.loads(asked.body)["values"]
            return {"updates": {}}
        if "/values/" in asked.path:
            wanted = self.cells[:1] if asked.path.endswith("A1%3A1") else self.cells
            found = {"range": "queue!A1:Z9", "majorDimension": "ROWS"}
            return {**found, "values": wanted} if wanted else found
        grid = {"sheetId": 0, "title": "queue", "index": 0, "gridProperties": {"rowCount": 1000, "columnCount": 9}}
        return {"spreadsheetId": "k", "properties": {"title": "t"}, "sheets": [{"properties": grid}]}


class Loopback(requests.Session):
    """Leads Google's address to ours."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        return super().request(method, self.url + url.partition("googleapis.com")[2], *args, **kwargs)


@contextmanager
def sheet() -> Iterator[tuple[GoogleSheet, Sheets]]:
    api = Sheets()
    with site(api) as one, Loopback(one.url) as session:
        client = gspread.Client(None, session=session)
        yield GoogleSheet(SheetSettings(key="k"), COLUMNS, client.open_by_key("k").worksheet("queue")), api


def test_a_sheet_gets_its_header_once_and_rows_come_back() -> None:
    with sheet() as (one, api):
        assert one.rows() == []
        one.append([{"candidate": "1", "text": "=1+1", "mark": ""}])
        one.append([{"candidate": "2", "text": "Fine.", "more": "left out"}])
        assert api.cells == [list(COLUMNS), ["1", "'=1+1", ""], ["2", "Fine.", ""]]
        assert one.rows()[1] == {"candidate": "2", "text": "Fine.", "mark": ""}


@pytest.mark.parametrize(("status", "error"), [(429, Limited), (403, SignInRefused), (500, Unsure), (400, Refused)])
def test_faults_of_the_sheet_say_what_they_are(status: int, error: type[ServiceError]) -> None:
    with sheet() as (one, api):
        api.status = status
        with pytest.raises(error):
            one.rows()


def test_a_sheet_that_is_not_set_up_is_told(tmp_path: Any) -> None:
    with pytest.raises(InputError, match=r"sheet\.key or sheet\.credentials is missing"):
        GoogleSheet(SheetSettings(), COLUMNS)
    with pytest.raises(SignInRefused, match="credentials"):
        GoogleSheet(SheetSettings(key="k", credentials=tmp_path / "none.json"), COLUMNS).rows()
    assert harmless("@x") == "'@x"
