"""The pages that curators work on: one item at a time, the outbox, the history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from deephypebot.bot.merge import attributes_of
from deephypebot.errors import Conflict, InputError, shown
from deephypebot.songs import build_song, parse_genres
from deephypebot.store.items import Shown, facts_by_name
from deephypebot.types import FEATURES, STYLES
from deephypebot.web.place import REASONS, Place, place_of
from deephypebot.web.session import Session, checked_form, signed_in

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Reader = Annotated[Session, Depends(signed_in)]
Writer = Annotated[Session, Depends(checked_form)]
WAITING = ("unknown", "sending", "scheduled", "failed")


@router.get("/")
def show_queue(request: Request, session: Reader, after: Annotated[int, Query(ge=0, le=2**62)] = 0) -> HTMLResponse:
    """The first item that waits. after: pass over those up to this one, for now."""
    place = place_of(request)
    queue = place.store.items.queue()
    numbers = [item.id for item in queue]
    rest = numbers[numbers.index(after) + 1 :] if after in numbers else numbers
    if not rest:
        return place.page(request, "empty.html", waiting=len(queue), counts=place.store.items.counts())
    return show(request, place.store.items.get(rest[0]), len(queue))


@router.get("/item/{item_id}")
def show_item(request: Request, session: Reader, item_id: Id) -> HTMLResponse:
    """Any item, whatever its state."""
    place = place_of(request)
    return show(request, place.store.items.get(item_id), len(place.store.items.queue()))


def show(
    request: Request, item: Shown, waiting: int, fault: str = "", status: int = 200, text: str = ""
) -> HTMLResponse:
    """The page of an item. text: as somebody has begun to edit it."""
    place = place_of(request)
    first = item.candidates[0] if item.candidates else None
    own = text or (first.text if first else "")
    likes = place.store.posts.likes_of([post.id for post in item.posts])
    told = attributes_of(item.facts, place.settings.look_up.catalogues, item.item.wish)
    return place.page(
        request,
        "item.html",
        status,
        shown=item,
        facts=facts_by_name(item.facts),
        told=told,
        features=[(name, value) for name in FEATURES if (value := getattr(told, name)) is not None],
        rooms=place.curation.rooms(item, own),
        own=own,
        first=first,
        waiting=waiting,
        fault=fault,
        reasons=REASONS,
        styles=STYLES,
        likes={post_id: counts[-1]._mapping["count"] if counts else None for post_id, counts in likes.items()},
        zone=place.settings.queue.time_zone,
    )


@router.post("/item/{item_id}/{action}")
async def decide(request: Request, session: Writer, item_id: Id, action: str) -> Response:
    """Approve, reject, skip, more, fix, undo, correct or delete; then the next one."""
    place, form = place_of(request), {name: str(value) for name, value in (await request.form()).items()}
    networks = [str(name) for name in (await request.form()).getlist("network")]
    item = place.store.items.get(item_id)
    try:
        act(place, session.curator, item, action, form, networks)
    except (InputError, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        waiting = len(place.store.items.queue())
        return show(request, place.store.items.get(item_id), waiting, str(error), status, form.get("text", ""))
    stays = action in ("undo", "correct", "delete")
    return RedirectResponse(f"/item/{item_id}" if stays else "/", 303)


def act(place: Place, curator: str, item: Shown, action: str, form: dict[str, Any], networks: list[str]) -> None:
    """One decision. Raises InputError and Conflict, and then nothing has changed."""
    curation, decisions = place.curation, place.store.decisions
    who = curation.who(item, curator, _whole(form, "version") or item.item.version)
    match action:
        case "approve":
            candidate, text = chosen(item, form)
            curation.approve(who, item, text, candidate, due(place, form), networks if "choose" in form else None)
        case "reject":
            decisions.reject(who, form.get("reason", "").strip() or "no reason")
        case "skip":
            decisions.skip(who)
        case "more":
            decisions.more(who, wish_of(form))
        case "fix":
            genres = parse_genres(form["genres"]) if form.get("genres", "").strip() else ()
            decisions.fix(who, build_song(form.get("artist", ""), form.get("title", "")), genres)
        case "undo":
            decisions.undo(who)
        case "correct":
            curation.correct(who, item, _whole(form, "post") or 0, form.get("text", ""))
        case "delete":
            curation.delete(who, item, _whole(form, "post") or 0)
        case _:
            raise InputError(
                f"action is {shown(action)}; allowed are approve, reject, skip, more, fix, undo, correct, delete"
            )


def chosen(item: Shown, form: dict[str, Any]) -> tuple[int | None, str]:
    """The candidate and its text. Without scripts the text stays that of the first one while another is picked; then it is the pick's own."""
    texts = {candidate.id: candidate.text for candidate in item.candidates}
    pick, shown_of, text = (
        _whole(form, "candidate"),
        _whole(form, "text_of"),
        form.get("text", "").replace("\r\n", "\n").strip(),
    )
    if pick is not None and pick not in texts:
        raise InputError(f"candidate is {pick}; item {item.item.id} has none of this number")
    is_untouched = text == texts.get(shown_of or 0, "").strip() or not text
    return pick, texts[pick] if pick is not None and is_untouched else text


def due(place: Place, form: dict[str, Any]) -> str | datetime:
    """When it goes out: "slot", "now", or the date of the form in the zone of the settings."""
    when = form.get("when", "slot")
    if when != "date":
        return str(when)
    try:
        at = datetime.fromisoformat(form.get("date", ""))
    except ValueError as error:
        raise InputError(f"date is {shown(form.get('date'))}; allowed is one like 2026-12-01T18:00") from error
    return at if at.tzinfo else at.replace(tzinfo=place.settings.queue.zone)


def wish_of(form: dict[str, Any]) -> dict[str, Any]:
    """Genres, style and temperature that other candidates are to have."""
    wish: dict[str, Any] = {}
    if genres := form.get("genres", "").strip():
        wish["genres"] = list(parse_genres(genres))
    if style := form.get("style", ""):
        if style not in STYLES:
            raise InputError(f"style is {shown(style)}; allowed are {', '.join(STYLES)}")
        wish["styles"] = [style]
    for name, low, high in (("temperature", 0.1, 2.0), ("energy", 0.0, 1.0), ("tempo", 20.0, 300.0)):
        if value := form.get(name, "").strip():
            wish[name] = _number(name, value, low, high)
    return wish


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise InputError(f"{name} is {shown(text)}; allowed is a number from {low:g} to {high:g}")
    return value


def _whole(form: dict[str, Any], name: str) -> int | None:
    text = str(form.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@router.get("/outbox")
def show_outbox(request: Request, session: Reader) -> HTMLResponse:
    """What is on its way, what is in doubt, and what went out last."""
    place = place_of(request)
    rows = {state: place.store.outbox.rows([state], 50) for state in (*WAITING, "posted")}
    return place.page(request, "outbox.html", rows=rows, fault="")


@router.post("/outbox/{key}/{action}")
async def by_hand(request: Request, session: Writer, key: Id, action: str) -> Response:
    """Cancel, move, resend, confirm or abandon."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    handle(place_of(request), key, action, form)
    return RedirectResponse("/outbox", 303)


def handle(place: Place, key: int, action: str, form: dict[str, Any]) -> None:
    """What a person does with a row of the outbox. Raises InputError and Conflict."""
    outbox, now = place.store.outbox, place.curation.clock()
    match action:
        case "cancel":
            outbox.cancel(key)
        case "move":
            at = due(place, {"when": "date", "date": form.get("date", "")})
            assert isinstance(at, datetime)
            if at < now:
                raise InputError(f"date is {at.isoformat()}; allowed is one that is to come")
            outbox.move(key, at)
        case "resend":
            outbox.resend(key, now)
        case "confirm":
            uri = form.get("uri", "").strip() or f"{outbox.get(key).network}:confirmed:{key}"
            outbox.confirm(key, uri, uri if uri.startswith("http") else "", now)
        case "abandon":
            outbox.abandon(key)
        case _:
            raise InputError(f"action is {shown(action)}; allowed are cancel, move, resend, confirm, abandon")


@router.get("/history")
def show_history(
    request: Request,
    session: Reader,
    q: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> HTMLResponse:
    """Items of all states, searched, with the likes of their posts."""
    place = place_of(request)
    items = place.store.items.history(q.replace("\0", ""), state, 30, before)
    posts = place.store.posts.all(item_ids=[item.id for item in items])
    likes = place.store.posts.likes_of([post.id for post in posts])
    by_item: dict[int, list[Any]] = {}
    for post in posts:
        counts = [row._mapping["count"] for row in likes[post.id]]
        by_item.setdefault(post.item_id, []).append((post, counts[-1] if counts else None))
    states = place.store.items.counts()
    return place.page(request, "history.html", items=items, posts=by_item, q=q, state=state, counts=states)


@router.post("/pause")
async def pause(request: Request, session: Writer) -> Response:
    """Nothing is posted, or posting goes on."""
    place, form = place_of(request), await request.form()
    value = "yes" if form.get("paused") == "yes" else ""
    place.store.switches.turn("paused", value, session.curator, place.curation.clock())
    return RedirectResponse((request.headers.get("referer") and "/outbox") or "/", 303)
