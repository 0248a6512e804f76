"""The stage that proposes: items looked up -> proposed, each with its candidates. Songs are written about in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.compose import blocked_word, compose
from deephypebot.bot.merge import attributes_of
from deephypebot.bot.writer import Writer
from deephypebot.errors import Conflict, DeepHypeBotError, InputError
from deephypebot.services import Publisher
from deephypebot.settings import Settings, WriterSettings
from deephypebot.songs import normalise_name
from deephypebot.store import Store
from deephypebot.store.items import Shown
from deephypebot.store.lease import Found, Lease
from deephypebot.store.rows import entry_of
from deephypebot.types import Candidate, Commission, Song, Wish

MOST_TRIES, LONGEST_WAIT_S = 50, 3600.0
SECOND_TRY = 2  # as many texts are asked for the second time, where too few of the first fitted


class Propose:
    """Has candidates written. publishers: of all networks where they might go, whose lengths they must keep to."""

    name, lease_s = "propose", 900.0

    def __init__(
        self,
        store: Store,
        settings: Settings,
        writer: Writer,
        publishers: Mapping[str, Publisher],
        clock: Clock = utc_now,
    ) -> None:
        self.store, self.settings, self.writer = store, settings, writer
        self.publishers, self.clock = publishers, clock

    def step(self, owner: str) -> bool:
        """Write about some songs; False where there are none."""
        lease = Lease(owner, self.clock(), self.lease_s * self.settings.store.patience)
        rows = self.store.items.claim("looked_up", lease, self.settings.writer.batch)
        shown = [self.store.items.get(row.id) for row in rows]
        fresh = [one for one in shown if not self._is_repeated(one, lease) and not self._is_hopeless(one, lease)]
        try:
            self._propose(fresh, lease)
        except DeepHypeBotError as error:  # no writer: they wait
            for one in fresh:
                wait = timedelta(seconds=min(LONGEST_WAIT_S, 60.0 * 2 ** min(one.item.tries - 1, 10)))
                with suppress(Conflict):  # some may be written about by now
                    self.store.items.postponed(one.item, lease, str(error), lease.now + wait)
            raise
        return bool(rows)

    def _is_hopeless(self, shown: Shown, lease: Lease) -> bool:
        """Whether it has failed so often that it must be the song; then the item is dropped."""
        if shown.item.tries <= MOST_TRIES:
            return False
        self.store.items.dropped(
            shown.item, lease, f"writing about it has failed {MOST_TRIES} times: {shown.item.error}"
        )
        return True

    def _is_repeated(self, shown: Shown, lease: Lease) -> bool:
        """Whether the song was written about lately; then the item is dropped, unless somebody asks for it."""
        item, days = shown.item, self.settings.writer.same_song_days
        is_asked = bool(item.asked_by) or bool(shown.verdicts)
        since = self.clock() - timedelta(days=days)
        if is_asked or not self.store.items.known_songs(since, item.id, item.song_id):
            return False
        self.store.items.dropped(item, lease, f"the same song was written about within {days:g} days")
        return True

    def _propose(self, shown: Sequence[Shown], lease: Lease) -> None:
        limit = self.settings.writer.recent_posts
        recent = [*self.store.posts.recent_texts(limit), *self.store.outbox.scheduled_texts()]
        kept: dict[int, list[Candidate]] = {one.item.id: [] for one in shown}
        for factor in (1, SECOND_TRY):
            wanting = [one for one in shown if len(kept[one.item.id]) < self.settings.writer.candidates]
            for one, candidates in zip(wanting, self._write(wanting, recent, kept, factor), strict=True):
                kept[one.item.id] += candidates
        for one in shown:
            self._keep(one, kept[one.item.id][: self.settings.writer.candidates], lease)

    def _write(
        self, shown: Sequence[Shown], recent: Sequence[str], kept: Mapping[int, list[Candidate]], factor: int
    ) -> list[list[Candidate]]:
        """Texts that may be posted, for each."""
        if not shown:
            return []
        asked = []
        for one in shown:
            lacking = self.settings.writer.candidates - len(kept[one.item.id])
            like_none = [*recent, *(candidate.text for candidate in kept[one.item.id])]
            asked.append(commission(one, self.settings, lacking * factor, like_none))
        written = self.writer.write(asked)
        return [
            [] if isinstance(texts, InputError) else [c for c in texts if self._fits(c.text, one)]
            for one, texts in zip(shown, written, strict=True)
        ]

    def _fits(self, text: str, shown: Shown) -> bool:
        """Whether it may go to every network where it might."""
        entry = entry_of(shown.entry)
        if blocked_word(text, self.settings.queue.blocked_words):
            return False
        for network, publisher in self.publishers.items():
            whole = compose(text, network, entry, self.settings.posting(network))
            if publisher.length(whole) > publisher.longest:
                return False
        return True

    def _keep(self, shown: Shown, candidates: Sequence[Candidate], lease: Lease) -> None:
        if not candidates:
            self.store.items.dropped(shown.item, lease, "the writer found nothing to say that may be posted")
            return
        song = Song(shown.item.artist, shown.item.title)
        self.store.items.proposed(shown.item, lease, [(c, warnings(c.text, song, shown.item)) for c in candidates])


def commission(shown: Shown, settings: Settings, n: int, recent: Sequence[str]) -> Commission:
    """What the writer is asked for. A curator's wishes about this item come before the settings."""
    wish, writer = shown.item.wish, settings.writer
    attributes = attributes_of(shown.facts, settings.look_up.catalogues, wish)
    return Commission(
        Song(shown.item.artist, shown.item.title),
        attributes,
        n,
        None,
        wish.get("temperature", writer.temperature),
        wish.get("top_p", writer.top_p),
        Wish(styles=styles(wish, writer)),
        tuple(recent),
    )


def styles(wish: Mapping[str, Any], writer: WriterSettings) -> tuple[str, ...]:
    """What kind of text is wanted."""
    return tuple(wish.get("styles", writer.styles))


def warnings(text: str, song: Song, item: Found) -> list[str]:
    """What a curator should look at before approving: chips, not blocks."""
    said, plain = [], normalise_name(text)
    if normalise_name(song.artist) not in plain:
        said.append("does not name the artist")
    if item.score < 0.7:
        said.append("not sure which song it is")
    return said
