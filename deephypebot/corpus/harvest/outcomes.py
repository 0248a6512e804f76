"""What answers mean: each goes into the store in one transaction, with all that it leads to. An answer that was taken before changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from deephypebot.corpus.harvest.article import NoArticle, read_article
from deephypebot.corpus.harvest.fetcher import AGAIN, Result
from deephypebot.corpus.harvest.found import moved_to, new_pages, read_index
from deephypebot.corpus.harvest.rules import Rules, read_licence, read_robots, why_not_train, why_page_does_not_train
from deephypebot.services.web_page import MOST_HOPS, REDIRECTS
from deephypebot.settings import CorpusSettings
from deephypebot.store.harvest import Harvest, NewPage, document_of

GONE = (404, 410, 451)
MOST_TRIES_OF_SOURCE = 5
LONGEST_WAIT_S = 86_400.0


class Outcomes:
    """meets: told of the pages that were found."""

    def __init__(self, store: Harvest, settings: CorpusSettings, meets: Callable[[list[NewPage]], None]) -> None:
        self.store, self.settings, self.meets = store, settings, meets

    def rules(self, host: str, now: datetime) -> Rules | None:
        """What a host allows, as long as that is believed."""
        row = self.store.rules(host, now - timedelta(days=self.settings.rules_days))
        return None if row is None else Rules(**row)

    def take_look(self, source: Any, result: Result, now: datetime) -> None:
        """A look into an archive."""
        if result.outcome != "done":
            again = result.outcome in AGAIN and source.tries + 1 < MOST_TRIES_OF_SOURCE
            due = now + timedelta(seconds=self._wait_s(result, source.tries)) if again else None
            self.store.source_failed(source.id, result.reason, due, now)
            return
        found = new_pages(result.data["pages"])
        documents = [document_of(row) for row in result.data["documents"]]
        self.store.looked(source, documents, found, result.data["cursor"], now)
        self.meets(found)

    def take_robots(self, page: Any, result: Result, now: datetime) -> None:
        """A robots.txt: no such file allows all, no answer nothing."""
        if result.outcome in AGAIN and page.tries + 1 < self.settings.tries:
            self._try_later(page, result, now)
            return
        if result.outcome == "done":
            rules = read_robots(result.status, result.body, result.job.url)
        else:
            rules = Rules(closed=f"robots.txt cannot be had: {result.reason}", is_away=result.outcome == "away")
        self.store.keep_rules(page.host, rules.as_json(), now)

    def take_licence(self, page: Any, result: Result, now: datetime) -> None:
        """The licence that a robots.txt names; one that permits training need not be looked at again."""
        rules = self.rules(page.host, now) or Rules()
        why = f"RSL licence cannot be had: {result.reason}"
        why = read_licence(result.status, result.body) if result.outcome == "done" else why
        known = replace(rules, licence=rules.licence if why else "", opt_out=why)
        self.store.keep_rules(page.host, known.as_json(), now)

    def take_page(self, page: Any, result: Result, now: datetime) -> None:
        """A page, a feed, a sitemap or an OPML."""
        if page.state != "new":
            return
        if result.outcome in AGAIN:
            self._try_later(page, result, now)
        elif result.outcome == "refused":
            self.store.page_read(page, "dropped", result.reason, now=now)
        elif result.status in REDIRECTS:
            self._follow(page, result, now)
        elif result.status in GONE:
            self.is_gone(page, f"{result.status}: gone", now)
        elif result.status == 304:
            document = document_of(page.document) if page.document else None
            self.store.page_read(page, "kept" if document else "done", page.reason, document, now=now)
        elif result.status != 200:
            self.store.page_read(page, "dropped", f"answers {result.status}", now=now, status=result.status)
        elif page.kind == "index":
            self._read_index(page, result, now)
        else:
            self._keep_article(page, result, "", now)

    def take_archived(self, page: Any, result: Result, now: datetime) -> None:
        """A dead page, from the archive."""
        if page.state != "dead":
            return
        if result.outcome in AGAIN and page.tries + 1 < self.settings.tries:
            self._try_later(page, result, now)
        elif result.outcome != "done" or result.status != 200:
            why = result.reason or f"archive answers {result.status}"
            self.store.page_read(page, "dropped", f"{page.reason}; {why}", now=now)
        else:
            self._keep_article(page, result, result.data["address"], now)

    def is_gone(self, page: Any, reason: str, now: datetime) -> None:
        """A dead page is looked for in the archive, if there is one."""
        is_looked_for = self.settings.archive and page.kind == "page"
        values: dict[str, Any] = {"due_at": now, "tries": 0} if is_looked_for else {}
        self.store.page_read(page, "dead" if is_looked_for else "dropped", reason, now=now, **values)

    def _try_later(self, page: Any, result: Result, now: datetime) -> None:
        """Again after a while; after some tries a page counts as gone."""
        if page.tries + 1 < self.settings.tries:
            due = now + timedelta(seconds=self._wait_s(result, page.tries))
            self.store.page_waits(page.id, result.reason, due)
        else:
            self.is_gone(page, result.reason, now)

    def _wait_s(self, result: Result, tries: int) -> float:
        return min(result.retry_after_s or self.settings.retry_s * 2.0**tries, LONGEST_WAIT_S)

    def _follow(self, page: Any, result: Result, now: datetime) -> None:
        """A redirect is a page of its own: where it leads has rules of its own."""
        where = result.headers.get("location", "")
        found = moved_to(page, where)
        if page.hops >= MOST_HOPS or not found:
            why = (
                f"moved to what is no address of the web: {where[:80]}"
                if not found
                else f"moved more than {MOST_HOPS} times"
            )
            self.store.page_read(page, "dropped", why, now=now, status=result.status)
            return
        self.store.page_read(page, "moved", f"to {found[0].url[:300]}", found=found, now=now, status=result.status)
        self.meets(found)

    def _read_index(self, page: Any, result: Result, now: datetime) -> None:
        found = read_index(result.body, page.url)
        self.store.page_read(page, "done", f"{len(found)} addresses", found=found, now=now, **_kept_of(result))
        self.meets(found)

    def _keep_article(self, page: Any, result: Result, archived: str, now: datetime) -> None:
        """The article of a page, unless it opts out. archived: its address in the archive, "" where it is from its own."""
        rules, kept = self.rules(page.host, now) or Rules(), _kept_of(result)
        opted_out = why_page_does_not_train(result.headers, result.body) or why_not_train(rules, page.url)
        if opted_out and self.settings.opt_outs == "respect":
            self.store.page_read(page, "dropped", opted_out, now=now, **kept)
            return
        try:
            document = read_article(result.body, result.headers, page.url, page.source)
        except NoArticle as error:
            self.store.page_read(page, "dropped", str(error), now=now, **kept)
            return
        licence = f"{document.licence or 'unknown'}; {opted_out}" if opted_out else document.licence
        why = f"from {archived}" if archived else ""
        self.store.page_read(page, "kept", why, replace(document, licence=licence), now=now, robots=opted_out, **kept)


def _kept_of(result: Result) -> dict[str, Any]:
    """Of an answer, for the next time that the page is asked for."""
    headers = result.headers
    return {"status": 200, "etag": headers.get("etag", "")[:300], "modified": headers.get("last-modified", "")[:100]}
