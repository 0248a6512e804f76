"""Taking out what was decided, and bringing in posts or texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from deephypebot.errors import InputError, shown
from deephypebot.services.file_feed import parse_line
from deephypebot.store.lease import Lease
from deephypebot.types import Entry
from deephypebot.web.place import Place, place_of
from deephypebot.web.session import Session, checked_form, signed_in

router = APIRouter(include_in_schema=False)
COLUMNS = (
    "id",
    "at",
    "kind",
    "artist",
    "title",
    "text",
    "edited",
    "reason",
    "curator",
    "candidate_id",
    "checkpoint",
    "seed",
    "shown",
    "likes",
)
FEED, MOST = "imported", 2000
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def verdicts(place: Place) -> Iterator[dict[str, Any]]:
    """Every verdict; likes: of its posts where a model may learn from them."""
    rows = place.store.decisions.all()
    posts = place.store.posts.all()
    likes = place.store.posts.likes_of([post.id for post in posts])
    by_item = {post.item_id: [row for row in likes[post.id] if row.may_train] for post in posts}
    for row in rows:
        known = {name: row._mapping[name] for name in COLUMNS if name in row._mapping}
        counts = by_item.get(row.item_id) or []
        yield {
            **known,
            "at": row.at.isoformat(),
            "likes": counts[-1]._mapping["count"] if counts and row.kind == "approve" else None,
        }


@router.get("/export.jsonl")
def export_jsonl(request: Request, session: Annotated[Session, Depends(signed_in)]) -> Response:
    """A verdict a line."""
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in verdicts(place_of(request)))
    return StreamingResponse(lines, media_type="application/jsonl", headers=_attached("verdicts.jsonl"))


@router.get("/export.csv")
def export_csv(request: Request, session: Annotated[Session, Depends(signed_in)]) -> Response:
    """The same as a table; what a spreadsheet would take for a formula is made harmless."""
    return StreamingResponse(
        _csv(place_of(request)), media_type="text/csv; charset=utf-8", headers=_attached("verdicts.csv")
    )


def _csv(place: Place) -> Iterator[str]:
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(COLUMNS)
    for row in verdicts(place):
        table.writerow([harmless(row.get(name)) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def harmless(value: object) -> str:
    """A cell that no spreadsheet computes."""
    text = "" if value is None else json.dumps(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get("/import")
def show_import(request: Request, session: Annotated[Session, Depends(signed_in)]) -> HTMLResponse:
    """The form."""
    return place_of(request).page(request, "import.html", fault="", done="")


@router.post("/import")
async def bring_in(request: Request, session: Annotated[Session, Depends(checked_form)]) -> Response:
    """Posts, one a line, go the way of any feed. All of them or, where a line is not to be understood, none."""
    place, form = place_of(request), await request.form()
    upload = form.get("file")
    text = str(form.get("posts") or "")
    if upload is not None and not isinstance(upload, str):
        text = (await upload.read()).decode("utf-8", "replace") or text
    try:
        entries = parse_posts(text)
    except InputError as error:
        return place.page(request, "import.html", 422, fault=str(error), done="")
    now = place.curation.clock()
    place.store.feeds.keep([FEED], now)
    lease = Lease(f"import by {session.curator}", now, 60.0)
    feed = place.store.feeds.claim([FEED], lease)
    if feed is None:
        return place.page(request, "import.html", 409, fault="somebody else imports just now; try again", done="")
    new = place.store.feeds.arrived(feed, lease, entries, None, now, now)
    return place.page(request, "import.html", fault="", done=f"{new} new posts of {len(entries)}")


def parse_posts(text: str) -> list[Entry]:
    """Posts as in a file that is watched. Raises InputError that names the line."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise InputError("there is no post; allowed is one a line, as text or as JSON")
    if len(lines) > MOST:
        raise InputError(f"there are {len(lines)} posts; allowed are at most {MOST} at once")
    entries = []
    for number, line in lines:
        entry = parse_line(line.encode("utf-8", "replace"), FEED)
        if entry is None:
            raise InputError(f'line {number} is {shown(line)}; allowed is a text, or JSON like {{"text": "..."}}')
        entries.append(entry)
    return entries
