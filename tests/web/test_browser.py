"""The page in a real browser: Debian's Chromium through Playwright. `make browser` brings what it needs."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bot.conftest import Trial, post
from tests.postgres import free_port
from tests.web.conftest import TOKEN, build_app

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := Path("/usr/bin") / name).exists()), None)
REQUIRED = os.environ.get("DEEPHYPEBOT_BROWSER") == "required"
AXE = Path(os.environ.get("DEEPHYPEBOT_AXE", Path.home() / ".cache/deephypebot/axe-core/package/axe.min.js"))
SHOTS = os.environ.get("DEEPHYPEBOT_SHOTS")  # a folder: pictures of the pages are left there, to be looked at
pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED, reason="Chromium is not installed; `make browser` installs it"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets"),
]
EVIL = "♫ Ash – Elm\n<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202egnp"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    assert CHROMIUM is not None, "Chromium is not installed"
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def address(trial: Trial) -> Iterator[str]:
    """The page, served."""
    port = free_port()
    config = uvicorn.Config(build_app(trial), "127.0.0.1", port, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def visit(browser: Browser, address: str, **options: object) -> Page:
    """Signed in; whatever the browser complains of is kept in page.complaints."""
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)  # type: ignore[attr-defined]
    page.goto(f"{address}/login")
    page.fill("input[name=name]", "Ann")
    page.fill("input[name=token]", TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    return page


def shoot(page: Page, name: str) -> None:
    """Leave a picture, if somebody wants to look."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_a_curator_needs_no_more_than_five_keys_an_item(browser: Browser, address: str, trial: Trial) -> None:
    first, second = trial.propose(post("♫ Ash – Elm", 1), post("♫ Oak – Yew", 2))
    page = visit(browser, address)
    page.reload()
    page.keyboard.press("3")  # pick
    page.keyboard.press("e")  # edit
    page.keyboard.type(" Yes.")
    shoot(page, "edit")
    page.keyboard.press("Control+Enter")  # approve, and the next one comes
    page.get_by_role("heading", name="Oak").wait_for()
    [verdict] = trial.store.items.get(first).verdicts
    pick = trial.store.items.get(first).candidates[2]
    assert (verdict.text, verdict.candidate_id, verdict.curator) == (f"{pick.text} Yes.", pick.id, "Ann")
    page.keyboard.press("a")
    page.get_by_role("heading", name="Nothing waits").wait_for()
    assert trial.store.items.get(second).verdicts[0].text == trial.store.items.get(second).candidates[0].text
    assert page.complaints == []  # type: ignore[attr-defined]


def test_reject_skip_undo_and_fix_by_key(browser: Browser, address: str, trial: Trial) -> None:
    first, second = trial.propose(post("♫ Ash – Elm", 1), post("♫ Oak – Yew", 2))
    page = visit(browser, address)
    page.reload()
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.get_by_role("heading", name="Oak").wait_for()
    assert trial.store.items.get(first).item.reason == "wrong song"
    page.keyboard.press("s")
    page.get_by_role("heading", name="Nothing waits").wait_for()
    page.goto(f"{address}/item/{first}")
    page.keyboard.press("u")
    page.get_by_text("Text that goes out").wait_for()
    page.keyboard.press("f")
    page.keyboard.press("Control+A")
    page.keyboard.type("Robyn")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing waits").wait_for()
    assert trial.store.items.get(first).item.artist == "Robyn"
    assert trial.store.items.get(second).item.state == "skipped"


def test_counters_live_with_the_text(browser: Browser, address: str, trial: Trial) -> None:
    trial.publishers["console"].unit = "graphemes"
    trial.propose(post())
    page = visit(browser, address)
    page.reload()
    page.fill("#text", "👩‍👩‍👧‍👦" * 3)
    assert page.locator(".room output").first.evaluate("output => output.value") == "3"
    page.fill("#text", "x" * 501)
    assert "over" in (page.locator(".room").first.get_attribute("class") or "")


def test_all_works_without_scripts(browser: Browser, address: str, trial: Trial) -> None:
    [item] = trial.propose(post())
    page = visit(browser, address, java_script_enabled=False)
    page.goto(address)
    page.locator(".candidate").nth(1).click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Nothing waits").wait_for()
    shown = trial.store.items.get(item)
    assert shown.verdicts[0].text == shown.candidates[1].text


def test_a_hostile_post_runs_nothing(browser: Browser, address: str, trial: Trial) -> None:
    trial.propose(post(EVIL, author="<script>document.title='owned'</script>", url="javascript:document.title='owned'"))
    page = visit(browser, address)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for place in ("/", "/history", "/item/1"):
        page.goto(address + place)
        assert "owned" not in page.title()
        assert page.locator("blockquote img, blockquote script").count() == 0
    assert dialogs == []
    assert page.complaints == []  # type: ignore[attr-defined]


PAGES = {
    "login": "/login",
    "queue": "/",
    "outbox": "/outbox",
    "history": "/history",
    "import": "/import",
    "docs": "/docs",
}


def fill(trial: Trial) -> None:
    """Something of everything."""
    trial.network_with("mastodon", 0.0, lambda kind, number: "broken")
    items = trial.propose(
        *(post(f"♫ {'Longnamedband' * 3} {i} – {'Songtitle' * 6}", i, url="https://a.test/p") for i in range(4))
    )
    trial.approve(items[0])
    trial.step("post", "like")
    trial.approve(items[1])
    trial.store.decisions.reject(trial.curation.who(trial.store.items.get(items[2]), "ann"), "dull")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_pages_fit_a_phone_and_have_no_serious_fault_of_access(
    browser: Browser, address: str, trial: Trial, name: str, width: int, scheme: str
) -> None:
    fill(trial)
    page = visit(browser, address, viewport={"width": width, "height": 760}, color_scheme=scheme, bypass_csp=True)
    page.goto(address + PAGES[name])
    for box in page.locator("summary").all():
        box.click()
    shoot(page, f"{name}-{width}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if not AXE.exists() and not REQUIRED:
        pytest.skip("axe-core is not there; `make browser` fetches it")
    page.add_script_tag(path=str(AXE))
    faults = page.evaluate("axe.run().then(found => found.violations)")
    serious = {
        fault["id"]: [node["html"][:120] for node in fault["nodes"][:3]]
        for fault in faults
        if fault["impact"] in ("serious", "critical")
    }
    assert serious == {}
