"""The stage that answers by itself: what somebody asked for is approved without a curator, where the owner switched that on."""

from __future__ import annotations

from deephypebot.bot.curate import Curation
from deephypebot.errors import Conflict, InputError
from deephypebot.store import Store

CURATOR = "automatic"


class Answer:
    """Approves the best candidate of each item that was asked for on a network with automatic answers."""

    name = "answer"

    def __init__(self, store: Store, curation: Curation) -> None:
        self.store, self.curation = store, curation

    def step(self, owner: str) -> bool:
        """Answer what waits; False where there is nothing."""
        settings = self.curation.settings
        asked = [item for item in self.store.items.queue() if item.asks_us]
        return sum(self._answer(item.id) for item in asked if settings.posting(item.network).automatic_answers) > 0

    def _answer(self, item_id: int) -> bool:
        shown = self.store.items.get(item_id)
        if not shown.candidates:
            return False
        best = shown.candidates[0]
        who = self.curation.who(shown, CURATOR)
        try:
            self.curation.approve(who, shown, best.text, best.id, "now")
        except Conflict:
            return False
        except InputError as error:  # the mention has its answer, or the text says what is blocked
            self.store.decisions.reject(who, str(error))
        return True
