"""Which stages there are, and what each needs: the bot, put together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from deephypebot.bot.answer import Answer
from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.curate import Curation
from deephypebot.bot.like import Like
from deephypebot.bot.lookup import LookUp
from deephypebot.bot.notify import Notify
from deephypebot.bot.open import open_publishers
from deephypebot.bot.post import Post
from deephypebot.bot.propose import Propose
from deephypebot.bot.read import Read
from deephypebot.bot.sheet import COLUMNS, SheetCuration
from deephypebot.bot.tidy import Tidy
from deephypebot.bot.watch import Watch
from deephypebot.bot.worker import Stage
from deephypebot.bot.writer import Writer, WriterProcess
from deephypebot.services import Publisher
from deephypebot.settings import Settings
from deephypebot.store import Store

STAGES = ("watch", "read", "lookup", "propose", "answer", "post", "like", "sheet", "notify", "tidy")


class Bot:
    """Opens each part when it is first needed, so that a stage alone opens no more than its own."""

    def __init__(
        self,
        settings: Settings,
        store: Store | None = None,
        writer: Writer | None = None,
        publishers: Mapping[str, Publisher] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.store = store or Store(settings.store.url.get_secret_value())
        self._writer, self._publishers = writer, publishers

    @cached_property
    def writer(self) -> Writer:
        return self._writer or WriterProcess(self.settings.writer.checkpoint, self.settings.writer.threads)

    @cached_property
    def publishers(self) -> Mapping[str, Publisher]:
        return open_publishers(self.settings) if self._publishers is None else self._publishers

    @cached_property
    def curation(self) -> Curation:
        return Curation(self.store, self.settings, self.publishers, self.clock)

    def stage(self, name: str) -> Stage | None:
        """A stage by its name, None where the settings have no use for it."""
        store, settings, clock = self.store, self.settings, self.clock
        match name:
            case "watch":
                return Watch(store, settings, clock=clock)
            case "read":
                from deephypebot.services.embedded import EmbeddedCatalogue

                known = EmbeddedCatalogue()
                return Read(store, settings, lambda artist: known.find(artist) is not None, clock)
            case "lookup":
                from deephypebot.services.opened import open_catalogues

                return LookUp(store, settings, open_catalogues(settings), clock)
            case "propose":
                return Propose(store, settings, self.writer, self.publishers, clock)
            case "answer":
                return Answer(store, self.curation)
            case "post":
                return Post(store, settings, self.publishers, clock)
            case "like":
                return Like(store, self.publishers, settings.queue.likes_every_min, clock)
            case "tidy":
                return Tidy(store, settings, clock)
            case "sheet" if settings.sheet.key:
                from deephypebot.services.opened import open_sheet

                return SheetCuration(store, self.curation, open_sheet(settings, COLUMNS), clock)
            case "notify" if settings.notice.webhook.get_secret_value() or settings.notice.mail_to:
                from deephypebot.services.opened import open_notice

                return Notify(store, settings, open_notice(settings), clock)
            case _:
                return None

    def close(self) -> None:
        """End the writer and close the store."""
        if "writer" in self.__dict__:
            self.writer.close()
        self.store.close()
