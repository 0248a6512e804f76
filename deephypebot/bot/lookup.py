"""The stage that looks songs up: items found -> looked up, with attributes; or dropped, where no catalogue bears a guess out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.compose import is_blocked_artist
from deephypebot.bot.merge import UNSURE, facts_of, found_song
from deephypebot.corpus.remembered import Remembered
from deephypebot.errors import ServiceError
from deephypebot.mentions import THRESHOLD
from deephypebot.services import Finding, SongCatalogue
from deephypebot.settings import Settings
from deephypebot.store import Store
from deephypebot.store.lease import Found, Lease
from deephypebot.types import Song

AT_ONCE = 4
MOST_TRIES = 4  # of a song whose catalogues do not answer; then it goes on with what is known
HOPELESS = 12  # tries after which it must be the song, not the catalogues
CERTAIN = ("scrobble", "curator")  # guesses that are none
AMBIGUOUS = 0.9  # guesses below it may have artist and title the wrong way round


class LookUp:
    """Asks the catalogues in their order, each at most once in the days that the settings say."""

    name, lease_s = "lookup", 300.0

    def __init__(
        self, store: Store, settings: Settings, catalogues: Sequence[SongCatalogue], clock: Clock = utc_now
    ) -> None:
        self.store, self.settings, self.clock = store, settings, clock
        days = settings.look_up.cache_days
        self.catalogues = [Remembered(one, store.songs, days, clock) for one in catalogues]

    def step(self, owner: str) -> bool:
        """Look some songs up; False where there are none."""
        lease = Lease(owner, self.clock(), self.lease_s * self.settings.store.patience)
        rows = self.store.items.claim("found", lease, AT_ONCE)
        for row in rows:
            if row.tries > HOPELESS:
                self.store.items.dropped(row, lease, f"looking it up has failed {HOPELESS} times")
            else:
                self._look_up(row, lease)
        return bool(rows)

    def _look_up(self, item: Found, lease: Lease) -> None:
        song = Song(item.artist, item.title)
        if is_blocked_artist(song.artist, self.settings.queue.blocked_artists):
            self.store.items.dropped(item, lease, "the artist is on the block-list")
            return
        links = self._links(item)
        findings, silent = self.ask(song, links)
        if found_song(findings) is None and item.how not in CERTAIN and item.score < AMBIGUOUS:
            other, also_silent = self.ask(Song(song.title, song.artist), links)
            silent += also_silent
            if found_song(other) is not None:
                findings = other
        if silent and found_song(findings) is None and item.tries < MOST_TRIES:
            wait = timedelta(seconds=30.0 * 4 ** (item.tries - 1))
            self.store.items.postponed(item, lease, "; ".join(silent), lease.now + wait)
            return
        self._settle(item, lease, findings, bool(silent))

    def _settle(self, item: Found, lease: Lease, findings: Sequence[Finding], is_incomplete: bool) -> None:
        song = found_song(findings)
        if item.how == "curator" or song is None:
            song = Song(item.artist, item.title)
        is_sure = item.how in CERTAIN or found_song(findings) is not None or not self._can_verify() or is_incomplete
        if not is_sure and item.score * UNSURE < THRESHOLD:
            self.store.items.dropped(item, lease, "no catalogue knows a song of this artist and title")
        elif is_blocked_artist(song.artist, self.settings.queue.blocked_artists):
            self.store.items.dropped(item, lease, "the artist is on the block-list")
        else:
            self.store.items.looked_up(item, lease, song, facts_of(findings))

    def ask(self, song: Song, ids: Mapping[str, str]) -> tuple[list[Finding], list[str]]:
        """What the catalogues know of a song, and why some did not answer. ids: what is known of it already."""
        findings, silent, known = list[Finding](), list[str](), dict(ids)
        for catalogue in self.catalogues:
            try:
                finding = catalogue.find_song(song, known)
            except ServiceError as error:
                silent.append(f"{catalogue.name}: {error}")
                continue
            if finding is not None:
                findings.append(finding)
                known |= {name: value for name, value in finding.ids.items() if name not in known}
        return findings, silent

    def _links(self, item: Found) -> dict[str, str]:
        """The first link of the post, for the catalogue that knows songs by their links."""
        links = self.store.items.get(item.id).entry.links
        return {"url": links[0]["url"]} if links else {}

    def _can_verify(self) -> bool:
        """Whether there is a catalogue that knows songs, not artists alone."""
        return any(catalogue.name != "embedded" for catalogue in self.catalogues)
