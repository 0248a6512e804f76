"""The planner of a harvest: which page is read next, and what comes of each. One harvest at a time for a database.

Its whole memory is the store: a page is `new` until its answer is there, and an answer goes into the store in one transaction.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from deephypebot.corpus.harvest.article import NoArticle, read_article, read_feed, read_opml, read_sitemap
from deephypebot.corpus.harvest.fetcher import Fetcher, Job, Result
from deephypebot.corpus.harvest.rules import (
    Rules,
    delay_s,
    read_licence,
    read_robots,
    why_not,
    why_not_train,
    why_page_does_not_train,
)
from deephypebot.corpus.harvest.sources import ARCHIVES, WEB, SourceName, parse_source_name
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.corpus.shard import address_of
from deephypebot.errors import InputError
from deephypebot.settings import CorpusSettings
from deephypebot.store import Store
from deephypebot.store.harvest import NewPage, document_of
from deephypebot.types import Document

MOST_HOPS, MOST_TRIES_OF_SOURCE = 5, 5
REDIRECTS, GONE = (301, 302, 303, 307, 308), (404, 410, 451)
WAIT_S = 0.5
CHUNK = 500
ARCHIVE = "the archive of dead pages"  # a host of its own


@dataclass
class Tally:
    """What this run did: answers of pages, sources that were looked into, and whether it was stopped before all was read."""

    pages: int = 0
    looks: int = 0
    unfinished: bool = False


class Harvester:
    """store: of the corpus; spool: a folder for answers on their way; path: the settings' file, which the fetcher reads too."""

    def __init__(
        self, store: Store, settings: CorpusSettings, path: Path | None, spool: Path, note: Callable[[str], None]
    ) -> None:
        self.store, self.settings, self.note = store.harvest, settings, note
        self.fetcher = Fetcher(spool, path)
        self.busy: dict[str, Job] = {}  # by host; sources under way by their number
        self.looking: dict[int, Any] = {}
        self.pages: dict[int, Any] = {}
        self.ready_at: dict[str, datetime] = {}  # when a host may be asked again
        self.hosts = deque(self.store.hosts_to_read())
        self.tally = Tally()

    def run(self, most_pages: int | None = None, minutes: float | None = None) -> Tally:
        """Until everything that is due has been read, or so many pages, or so long."""
        until = now_utc() + timedelta(minutes=minutes) if minutes else None
        try:
            for left in self.fetcher.left_over():
                self._take(left)
            while True:
                over = (until is not None and now_utc() >= until) or (
                    most_pages is not None and self.tally.pages >= most_pages
                )
                while not over and self._ask(most_pages):
                    pass
                is_idle = not self.busy and not self.looking
                waits = self._wait_until() if is_idle else None
                if is_idle and (over or waits is None):
                    self.tally.unfinished = self.store.next_due() is not None
                    return self.tally
                nap = min(WAIT_S, max(0.005, (waits - now_utc()).total_seconds())) if waits else WAIT_S
                if (answer := self.fetcher.answer(min(nap, self._until_ready()))) is not None:
                    self._take(answer)
                    self._tell()
        finally:
            self.fetcher.close()

    def _until_ready(self) -> float:
        """Seconds until a host may be asked again, if there is room for it."""
        if len(self.busy) >= self.settings.at_once:
            return WAIT_S
        now = now_utc()
        waits = [(at - now).total_seconds() for host, at in self.ready_at.items() if host not in self.busy]
        return min([WAIT_S, *(max(0.005, one) for one in waits)])

    def _wait_until(self) -> datetime | None:
        """When something is due, as far as that is worth waiting for."""
        due = self.store.next_due()
        if due is None:
            return None
        soon = now_utc() + timedelta(seconds=self.settings.longest_pause_s + 1)
        return due if due <= soon else None

    def _tell(self) -> None:
        if self.tally.pages and self.tally.pages % 50 == 0:
            self.note(f"{self.tally.pages} pages read")

    def _ask(self, most_pages: int | None) -> bool:
        """Begin with one thing that is due and has a place."""
        now = now_utc()
        if not self.looking and (source := self.store.source_due(now)) is not None:
            self._look(source, now)
            return True
        left = self.settings.at_once if most_pages is None else most_pages - self.tally.pages
        if len(self.busy) >= min(self.settings.at_once, left):
            return False
        if ARCHIVE not in self.busy and (dead := self.store.dead_due(now)) is not None:
            self._begin(ARCHIVE, Job("archive", dead.id, dead.url), dead)
            return True
        for _ in range(len(self.hosts)):
            host = self.hosts.popleft()
            if host in self.busy or self.ready_at.get(host, now) > now:
                self.hosts.append(host)
            elif (page := self.store.page_due(host, now)) is not None:
                self.hosts.append(host)
                self._ask_page(page, now)
                return True
            elif (due := self.store.next_due_of(host)) is not None:
                self.hosts.append(host)
                self.ready_at[host] = due
            else:
                self.ready_at.pop(host, None)
        return False

    def _look(self, source: Any, now: datetime) -> None:
        """Sources that are lists or addresses are read here; archives are asked by the fetcher."""
        try:
            name = parse_source_name(source.name)
        except InputError as error:
            self.store.source_failed(source.id, str(error), None, now)
            return
        if name.kind in ARCHIVES:
            self.looking[source.id] = source
            self.fetcher.ask(Job("look", source.id, source.name, cursor=source.cursor))
            return
        self.tally.looks += 1
        if name.kind == "file":
            self._read_file(source, name, now)
            return
        try:
            found = pages_of(name)
        except InputError as error:
            self.store.source_failed(source.id, str(error), None, now)
            return
        self.store.looked(source, (), found, None, now)
        self._meet(found)

    def _read_file(self, source: Any, name: SourceName, now: datetime) -> None:
        """Posts of a file, in chunks; the cursor is the number of rows that were read."""
        start = int(source.cursor or 0)
        chunk: list[Document] = []
        number = start
        for number, row in enumerate(read_posts(Path(name.what))):
            if number < start or isinstance(row, Unreadable):
                continue
            own = replace(row, source=row.source or "file", url=row.url or f"{name}#{number}")
            chunk.append(own)
            if len(chunk) == CHUNK:
                self.store.looked(source, chunk, (), str(number + 1), now)
                return
        self.store.looked(source, chunk, (), None, now)

    def _ask_page(self, page: Any, now: datetime) -> None:
        rules = self._rules(page.host, now)
        if rules is None:
            self._begin(page.host, Job("robots", page.id, urljoin(page.url, "/robots.txt")), page)
        elif rules.licence and not rules.opt_out:
            self._begin(page.host, Job("licence", page.id, rules.licence), page)
        elif reason := self._why_not(rules, page.url):
            self.store.page_read(page, "dropped", reason, now=now)
        else:
            self._begin(page.host, Job("page", page.id, page.url, page.etag, page.modified), page)

    def _begin(self, host: str, job: Job, page: Any) -> None:
        self.busy[host], self.pages[page.id] = job, page
        self.fetcher.ask(job)

    def _rules(self, host: str, now: datetime) -> Rules | None:
        row = self.store.rules(host, now - timedelta(days=self.settings.rules_days))
        return None if row is None else Rules(**row)

    def _why_not(self, rules: Rules, url: str) -> str:
        """Robots are obeyed always; opt-outs of training unless the settings say that nothing is trained."""
        return why_not(rules, url) or (why_not_train(rules, url) if self.settings.opt_outs == "respect" else "")

    def _take(self, result: Result) -> None:
        """What an answer means, into the store; after that it may go from the spool."""
        job, now = result.job, now_utc()
        if job.kind == "look":
            self._take_look(result, now)
        elif (page := self.pages.pop(job.id, None) or self.store.page(job.id)) is not None:
            host = page.host if job.kind != "archive" else ARCHIVE
            self.busy.pop(host, None)
            {
                "robots": self._take_robots,
                "licence": self._take_licence,
                "page": self._take_page,
                "archive": self._take_archived,
            }[job.kind](page, result, now)
            rules = self._rules(page.host, now) or Rules()
            pause = min(
                delay_s(rules, self.settings.pause_s), max(self.settings.longest_pause_s, self.settings.pause_s)
            )
            self.ready_at[page.host] = max(self.ready_at.get(page.host, now), now + timedelta(seconds=pause))
        self.fetcher.taken(job)

    def _meet(self, found: Iterable[NewPage]) -> None:
        """Hosts of pages that were found."""
        known = set(self.hosts)
        for page in found:
            if page.host not in known:
                known.add(page.host)
                self.hosts.append(page.host)

    def _take_look(self, result: Result, now: datetime) -> None:
        source = self.looking.pop(result.job.id, None) or next(
            (one for one in self.store.sources() if one.id == result.job.id), None
        )
        if source is None or source.cursor != result.job.cursor or source.state != "new":
            return  # it was taken before, or the source was begun anew meanwhile
        self.tally.looks += 1
        if result.outcome != "done":
            again = result.outcome in ("limited", "unsure") and source.tries + 1 < MOST_TRIES_OF_SOURCE
            wait = result.retry_after_s or self.settings.retry_s * 2**source.tries
            self.store.source_failed(source.id, result.reason, now + timedelta(seconds=wait) if again else None, now)
            self.note(f"{source.name}: {result.reason}")
            return
        documents = [Document(**{**row, "genres": tuple(row["genres"])}) for row in result.data["documents"]]
        found = new_pages(result.data["pages"])
        self.store.looked(source, documents, found, result.data["cursor"], now)
        self._meet(found)

    def _take_robots(self, page: Any, result: Result, now: datetime) -> None:
        if result.outcome in ("limited", "unsure") and page.tries + 1 < self.settings.tries:
            self._try_later(page, result, now)
            return
        status = result.status if result.outcome == "done" else 404 if "no page:" in result.reason else 0
        rules = read_robots(status, result.body, result.job.url)
        if result.outcome != "done" and status == 0:
            rules = Rules(closed=f"robots.txt cannot be had: {result.reason}")
        if result.outcome == "done" and result.status in REDIRECTS:
            rules = self._moved_robots(page, result)
        self.store.keep_rules(page.host, rules.as_json(), now)

    def _moved_robots(self, page: Any, result: Result) -> Rules:
        """A robots.txt that has moved is not followed to other hosts; what it would say is not known, so nothing is read (RFC 9309 lets
        crawlers follow five hops; sites that do this move their whole host, and then their pages lead to the new one)."""
        where = urljoin(result.job.url, result.headers.get("location", ""))
        moved = urlsplit(where).path in ("/robots.txt", "/", "")
        return Rules() if moved else Rules(closed="robots.txt leads elsewhere")

    def _take_licence(self, page: Any, result: Result, now: datetime) -> None:
        rules = self._rules(page.host, now) or Rules()
        why = (
            read_licence(result.status, result.body)
            if result.outcome == "done"
            else f"RSL licence cannot be had: {result.reason}"
        )
        self.store.keep_rules(
            page.host, replace(rules, licence="" if not why else rules.licence, opt_out=why).as_json(), now
        )

    def _take_page(self, page: Any, result: Result, now: datetime) -> None:
        if page.state != "new":
            return  # taken before this process was killed
        self.tally.pages += 1
        match result.outcome:
            case "limited" | "unsure":
                self._try_later(page, result, now)
            case "refused":
                self.store.page_read(page, "dropped", result.reason, now=now)
            case _ if result.status in REDIRECTS:
                self._follow(page, result, now)
            case _ if result.status in GONE:
                self._is_gone(page, f"{result.status}: gone", now)
            case _ if result.status == 304:
                self.store.page_read(
                    page, "kept" if page.document else "done", page.reason, now=now
                ) if not page.document else self._unchanged(page, now)
            case _ if result.status != 200:
                self.store.page_read(page, "dropped", f"answers {result.status}", now=now, status=result.status)
            case _:
                self._read(page, result, now)

    def _unchanged(self, page: Any, now: datetime) -> None:
        """As it was read before."""
        document = document_of(page.document) if page.document else None
        self.store.page_read(page, "kept" if document else "done", page.reason, document, now=now)

    def _try_later(self, page: Any, result: Result, now: datetime) -> None:
        """Again after a while; after some tries a page counts as gone."""
        wait = min(result.retry_after_s or self.settings.retry_s * 2**page.tries, 86_400.0)
        if page.tries + 1 < self.settings.tries:
            self.store.page_waits(page.id, result.reason, now + timedelta(seconds=wait))
        elif page.state == "dead":
            self.store.page_read(page, "dropped", result.reason, now=now)
        else:
            self._is_gone(page, result.reason, now)
        if result.outcome == "limited":
            self.ready_at[page.host] = now + timedelta(seconds=min(wait, 3600.0))

    def _is_gone(self, page: Any, reason: str, now: datetime) -> None:
        """A dead page is looked for in the archive, if there is one."""
        if self.settings.archive and page.kind == "page":
            self.store.page_read(page, "dead", reason, now=now, due_at=now, tries=0)
        else:
            self.store.page_read(page, "dropped", reason, now=now)

    def _follow(self, page: Any, result: Result, now: datetime) -> None:
        """A redirect is a page of its own: where it leads has rules of its own."""
        where = urljoin(page.url, result.headers.get("location", ""))
        found = [_apart(one, page) for one in new_pages([where], page.kind, page.hops + 1)]
        if page.hops >= MOST_HOPS:
            self.store.page_read(page, "dropped", f"moved more than {MOST_HOPS} times", now=now, status=result.status)
        elif not found:
            self.store.page_read(
                page, "dropped", f"moved to what is no address of the web: {where[:80]}", now=now, status=result.status
            )
        else:
            self.store.page_read(page, "moved", f"to {found[0].url[:300]}", found=found, now=now, status=result.status)
            self._meet(found)

    def _read(self, page: Any, result: Result, now: datetime) -> None:
        etag, modified = result.headers.get("etag", "")[:300], result.headers.get("last-modified", "")[:100]
        values: dict[str, Any] = {"status": 200, "etag": etag, "modified": modified, "now": now}
        if page.kind == "index":
            self._read_index(page, result, values)
            return
        self._keep_article(page, result, page.url, values)

    def _read_index(self, page: Any, result: Result, values: dict[str, Any]) -> None:
        why = why_page_does_not_train(result.headers, b"")
        if why and self.settings.opt_outs == "respect":
            self.store.page_read(page, "dropped", why, **values)
            return
        found, documents = read_index(result.body, page.url, page.source)
        told = f"{len(found)} addresses, {len(documents)} posts in full"
        self.store.page_read(page, "done", told, found=found, documents=documents, **values)
        self._meet(found)

    def _keep_article(self, page: Any, result: Result, url: str, values: dict[str, Any]) -> None:
        why = why_page_does_not_train(result.headers, result.body)
        if why and self.settings.opt_outs == "respect":
            self.store.page_read(page, "dropped", why, **values)
            return
        try:
            document = read_article(result.body, result.headers, page.url, page.source)
        except NoArticle as error:
            self.store.page_read(page, "dropped", str(error), **values)
            return
        rules = self._rules(page.host, values["now"]) or Rules()
        opted_out = why or why_not_train(rules, page.url)
        licence = f"{document.licence or 'unknown'}; {opted_out}" if opted_out else document.licence
        self.store.page_read(
            page,
            "kept",
            "" if url == page.url else f"from {url}",
            replace(document, licence=licence),
            robots=opted_out,
            **values,
        )

    def _take_archived(self, page: Any, result: Result, now: datetime) -> None:
        if page.state != "dead":
            return
        if result.outcome in ("limited", "unsure"):
            self._try_later(page, result, now)
        elif result.outcome == "refused" or result.status != 200:
            self.store.page_read(
                page, "dropped", f"{page.reason}; {result.reason or f'archive answers {result.status}'}", now=now
            )
        else:
            self._keep_article(page, result, result.data["address"], {"status": 200, "now": now})


def pages_of(name: SourceName) -> list[NewPage]:
    """The pages that a source of the web or a list stands for. Raises InputError."""
    if name.kind == "opml" and not name.what.startswith("http"):
        return new_pages(read_opml(_read(name.what)), "index")
    if name.kind in WEB:
        return new_pages([name.what], "page" if name.kind == "page" else "index")
    lines = _read(name.what).decode("utf-8-sig", "replace").splitlines()
    return new_pages(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def new_pages(urls: Iterable[str], kind: str = "page", hops: int = 0) -> list[NewPage]:
    """Pages of the web among these addresses, each once."""
    found: dict[str, NewPage] = {}
    for url in urls:
        try:
            parts = urlsplit(url.strip())
            host = (
                f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}" if parts.hostname else ""
            )
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and host and len(url) <= 2000:
            key = address_of(url.strip()) if kind == "page" else f"{kind} {url.strip()}"
            key = (
                key
                if len(key) <= 600
                else f"{key[:500]} {hashlib.blake2b(key.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
            )
            found.setdefault(
                key,
                NewPage(parts._replace(fragment="").geturl(), key, host, kind, hops),
            )
    return list(found.values())


def _apart(found: NewPage, page: Any) -> NewPage:
    """Where a page leads to itself in another guise, https or a slash, it needs a key of its own; elsewhere one page is one page."""
    plain = page.key.split(" after ")[0]
    return replace(found, key=f"{plain} after {found.hops}") if found.key == plain else found


def read_index(body: bytes, url: str, source: str) -> tuple[list[NewPage], list[Document]]:
    """What a feed, a sitemap or an OPML leads to."""
    head = body[:3000].lower()
    if b"<opml" in head:
        return new_pages(read_opml(body), "index"), []
    if b"<urlset" in head or b"<sitemapindex" in head:
        urls, is_index = read_sitemap(body)
        return new_pages(urls, "index" if is_index else "page"), []
    urls, documents = read_feed(body, url, source)
    return new_pages(urls), documents


def now_utc() -> datetime:
    return datetime.now(UTC)
