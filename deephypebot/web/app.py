"""The application: all routes, and how faults are told."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from deephypebot import __version__
from deephypebot.bot.curate import Curation
from deephypebot.bot.writer import SharedWriter
from deephypebot.errors import Conflict, DeepHypeBotError, InputError, Limited, shown
from deephypebot.settings import Settings
from deephypebot.store import Store
from deephypebot.web import api, exchange, health, pages, service, session
from deephypebot.web.limits import Shield
from deephypebot.web.place import FOLDER, Place

DESCRIPTION = "Writes about songs (`/v1/write`, and `/generate` and `/demo` as in 2018), and lets a bot's queue be curated (`/api`)."
IS_API = ("/api/", "/v1/", "/generate", "/demo")


def create_app(
    settings: Settings, store: Store, curation: Curation, writer: SharedWriter | None = None, token: str | None = None
) -> FastAPI:
    """writer: None where nothing is to be written here; token: of the page, by default that of the settings or one that is made."""
    app = FastAPI(title="deephypebot", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.place = Place(settings, store, curation, token or session.load_token(settings), writer)
    app.state.door = session.Door()
    app.state.meters = health.Meters(store)
    app.add_middleware(Shield)
    for routes in (session, pages, exchange, api, service, health):
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    for kind, told in (
        (DeepHypeBotError, _tell),
        (RequestValidationError, _tell_invalid),
        (session.SignInNeeded, _show_door),
    ):
        app.add_exception_handler(kind, told)
    app.add_exception_handler(StarletteHTTPException, _tell_http)
    return app


def status_of(error: DeepHypeBotError) -> int:
    """What an error is in HTTP."""
    match error:
        case Conflict():
            return 409
        case InputError():
            return 404 if "there is none of this number" in str(error) else 422
        case Limited():
            return 429
        case _:
            return 503


async def _tell(request: Request, error: Exception) -> Response:
    assert isinstance(error, DeepHypeBotError)
    headers = {"Retry-After": str(int(error.retry_after_s))} if isinstance(error, Limited) else {}
    return _answer(request, status_of(error), str(error), headers)


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _tell_invalid(request: Request, error: Exception) -> Response:
    """The first fault: key, value, what is allowed."""
    assert isinstance(error, RequestValidationError)
    fault: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0])
    value = "" if fault["type"] in ("missing", "json_invalid") else f" is {shown(fault.get('input'))}"
    return _answer(request, 422, f"{where}{value}; {fault['msg']}", {})


async def _show_door(request: Request, error: Exception) -> Response:
    return RedirectResponse("/login", 303)


def _answer(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    detail = detail.encode("utf-8", "replace").decode()
    is_browser = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(IS_API)
    if not is_browser:
        return JSONResponse({"detail": detail}, status, headers)
    place: Place = request.app.state.place
    response = place.page(request, "fault.html", status, detail=detail)
    response.headers.update(headers)
    return response
