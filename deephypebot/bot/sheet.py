"""The stage that curates in a sheet, as in 2018: candidates are appended, and a row that somebody marked comes back as a verdict."""

from __future__ import annotations

from datetime import timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.curate import Curation
from deephypebot.errors import Conflict, InputError
from deephypebot.services import Sheet
from deephypebot.store import Store

COLUMNS = ("candidate", "item", "artist", "title", "genres", "source", "text", "edited", "mark")
REJECTS = frozenset(("no", "reject", "-"))  # as a mark; any other mark approves
EVERY_S = 60.0


class SheetCuration:
    """mark: what a person writes into the last column; edited: the text as they would have it, empty for the text as it is."""

    name = "sheet"

    def __init__(self, store: Store, curation: Curation, sheet: Sheet, clock: Clock = utc_now) -> None:
        self.store, self.curation, self.sheet, self.clock = store, curation, sheet, clock
        self.due_at = clock()

    def step(self, owner: str) -> bool:
        """Read the marks, then append what is new; False where it is not time yet."""
        if self.clock() < self.due_at:
            return False
        self.due_at = self.clock() + timedelta(seconds=EVERY_S)
        rows = self.sheet.rows()
        for row in rows:
            if row.get("mark", "").strip():
                self._decide(row)
        self._append({row.get("candidate", "") for row in rows})
        return True

    def _append(self, known: set[str]) -> None:
        new = []
        for item in self.store.items.queue():
            shown = self.store.items.get(item.id)
            genres = [label for fact in shown.facts if fact.name == "genres" for label in fact.value]
            about = {"item": str(item.id), "artist": item.artist, "title": item.title, "source": shown.entry.url}
            for candidate in shown.candidates:
                if str(candidate.id) not in known:
                    own = {"candidate": str(candidate.id), "text": candidate.text, "genres": ", ".join(genres[:5])}
                    new.append({**about, **own, "edited": "", "mark": ""})
        if new:
            self.sheet.append(new)

    def _decide(self, row: dict[str, str]) -> None:
        """What was decided already, or has changed since, is left as it is."""
        try:
            shown = self.store.items.get(int(row["item"]))
            candidate = next(c for c in shown.candidates if str(c.id) == row["candidate"])
        except (InputError, KeyError, ValueError, StopIteration):
            return
        if shown.item.state != "proposed":
            return
        who = self.curation.who(shown, "sheet")
        try:
            if row["mark"].strip().casefold() in REJECTS:
                self.store.decisions.reject(who, "marked in the sheet")
            else:
                self.curation.approve(who, shown, row.get("edited", "").strip() or candidate.text, candidate.id)
        except (Conflict, InputError):
            return
