"""The planner of a harvest: which page is read next. One harvest at a time for a database.

Its whole memory is the store: a page is `new` until its answer is there (outcomes.py). What it keeps itself is who may be asked when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from deephypebot.corpus.harvest.fetcher import Fetcher, Job, Result
from deephypebot.corpus.harvest.found import pages_of
from deephypebot.corpus.harvest.outcomes import Outcomes
from deephypebot.corpus.harvest.rules import Rules, delay_s, why_not, why_not_train
from deephypebot.corpus.harvest.sources import ARCHIVES, SourceName, parse_source_name
from deephypebot.corpus.read_posts import Unreadable, read_posts
from deephypebot.errors import InputError
from deephypebot.settings import CorpusSettings
from deephypebot.store import Store
from deephypebot.store.harvest import NewPage
from deephypebot.types import Document

WAIT_S, SHORTEST_S = 0.5, 0.005
CHUNK = 500  # posts of a file that are kept at once
ARCHIVE = "the archive of dead pages"  # a host of its own


@dataclass
class Tally:
    """What this run did: answers of pages, looks into sources, and whether it ended before all was read."""

    pages: int = 0
    looks: int = 0
    unfinished: bool = False


class Harvester:
    """store: of the corpus; spool: a folder for answers on their way; path: the settings' file, which the fetcher reads too.

    Raises InputError where another harvest of the same database is under way.
    """

    def __init__(
        self, store: Store, settings: CorpusSettings, path: Path | None, spool: Path, note: Callable[[str], None]
    ) -> None:
        self.store, self.settings, self.note = store.harvest, settings, note
        self.outcomes = Outcomes(self.store, settings, self._meet)
        self.fetcher = Fetcher(spool, path)
        self.busy: dict[str, Any] = {}  # the page that each host is asked for
        self.looking: Any = None  # the source that is looked into
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
                over = _is_over(until) or (most_pages is not None and self.tally.pages >= most_pages)
                while not over and self._ask(most_pages):
                    pass
                is_idle = not self.busy and self.looking is None
                if is_idle and (over or not self._is_worth_waiting()):
                    self.tally.unfinished = self.store.next_due() is not None
                    return self.tally
                if (answer := self.fetcher.answer(self._nap_s())) is not None:
                    self._take(answer)
        finally:
            self.fetcher.close()

    def _is_worth_waiting(self) -> bool:
        """Whether something is due soon."""
        due = self.store.next_due()
        soon = now_utc() + timedelta(seconds=self.settings.longest_wait_s)
        return due is not None and max(due, min(self.ready_at.values(), default=due)) <= soon

    def _nap_s(self) -> float:
        """Seconds until a host may be asked again, if there is room for it."""
        now = now_utc()
        waits = [(at - now).total_seconds() for host, at in self.ready_at.items() if host not in self.busy]
        is_full = len(self.busy) >= self.settings.at_once
        return WAIT_S if is_full else min([WAIT_S, *(max(SHORTEST_S, one) for one in waits)])

    def _ask(self, most_pages: int | None) -> bool:
        """Begin with one thing that is due and has a place."""
        now = now_utc()
        if self.looking is None and (source := self.store.source_due(now)) is not None:
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
        """Lists and addresses are read here; archives are asked by the fetcher."""
        try:
            name = parse_source_name(source.name)
            if name.kind in ARCHIVES:
                self.looking = source
                self.fetcher.ask(Job("look", source.id, source.name, cursor=source.cursor))
                return
            self.tally.looks += 1
            if name.kind == "file":
                self._read_file(source, name, now)
                return
            found = pages_of(name)
        except InputError as error:
            self.store.source_failed(source.id, str(error), None, now)
            return
        self.store.looked(source, (), found, None, now)
        self._meet(found)

    def _read_file(self, source: Any, name: SourceName, now: datetime) -> None:
        """Posts of a file, a chunk a look; the cursor is the number of rows that were read."""
        start, chunk = int(source.cursor or 0), list[Document]()
        for number, row in enumerate(read_posts(Path(name.what))):
            if number < start or isinstance(row, Unreadable):
                continue
            chunk.append(replace(row, source=row.source or "file", url=row.url or f"{name}#{number}"))
            if len(chunk) == CHUNK:
                self.store.looked(source, chunk, (), str(number + 1), now)
                return
        self.store.looked(source, chunk, (), None, now)

    def _ask_page(self, page: Any, now: datetime) -> None:
        """The page, or what must be known before: what its host allows. Robots are obeyed always, opt-outs unless nothing is trained."""
        rules = self.outcomes.rules(page.host, now)
        if rules is None:
            self._begin(page.host, Job("robots", page.id, urljoin(page.url, "/robots.txt")), page)
        elif rules.licence and not rules.opt_out:
            self._begin(page.host, Job("licence", page.id, rules.licence), page)
        elif rules.is_away:
            self.outcomes.is_gone(page, rules.closed, now)
        elif reason := why_not(rules, page.url) or (
            why_not_train(rules, page.url) if self.settings.opt_outs == "respect" else ""
        ):
            self.store.page_read(page, "dropped", reason, now=now)
        else:
            self._begin(page.host, Job("page", page.id, page.url, page.etag, page.modified), page)

    def _begin(self, host: str, job: Job, page: Any) -> None:
        self.busy[host] = page
        self.fetcher.ask(job)

    def _take(self, result: Result) -> None:
        """An answer goes into the store, and then from the spool."""
        if result.job.kind == "look":
            self._take_look(result)
        else:
            self._take_page(result)
        self.fetcher.taken(result.job)

    def _take_look(self, result: Result) -> None:
        source = self.looking or next((one for one in self.store.sources() if one.id == result.job.id), None)
        self.looking = None
        if source is not None and source.state == "new" and source.cursor == result.job.cursor:
            self.tally.looks += 1
            self.outcomes.take_look(source, result, now_utc())
            if result.reason:
                self.note(f"{source.name}: {result.reason}")

    def _take_page(self, result: Result) -> None:
        """Of an answer that an earlier harvest asked for, the page is in the store."""
        job, now = result.job, now_utc()
        asked = next((host for host, page in self.busy.items() if page.id == job.id), None)
        page = self.busy.pop(asked) if asked is not None else self.store.page(job.id)
        if page is None:
            return
        match job.kind:
            case "robots":
                self.outcomes.take_robots(page, result, now)
            case "licence":
                self.outcomes.take_licence(page, result, now)
            case "archive":
                self.outcomes.take_archived(page, result, now)
            case _:
                self.outcomes.take_page(page, result, now)
                self.tally.pages += 1
                if self.tally.pages % 100 == 0:
                    self.note(f"{self.tally.pages} pages read")
        rules = self.outcomes.rules(page.host, now) or Rules()
        if not rules.closed:  # of a host that is closed nothing more is asked
            pause_s = max(delay_s(rules, self.settings.pause_s), result.retry_after_s)
            self.ready_at[page.host] = now + timedelta(seconds=pause_s)

    def _meet(self, found: Iterable[NewPage]) -> None:
        """Hosts of pages that were found."""
        known = set(self.hosts)
        for host in dict.fromkeys(page.host for page in found):
            if host not in known:
                self.hosts.append(host)


def _is_over(until: datetime | None) -> bool:
    return until is not None and now_utc() >= until


def now_utc() -> datetime:
    return datetime.now(UTC)
