"""The services that the settings name, opened."""

from __future__ import annotations

from deephypebot.bot.clock import Clock
from deephypebot.errors import Limited
from deephypebot.services import Publisher
from deephypebot.services.opened import open_publisher
from deephypebot.settings import Settings
from deephypebot.store import Store

MIDNIGHT_S = 3600.0  # how long to wait when the day's money is spent


def has_account(network: str, settings: Settings) -> bool:
    """Whether the settings have an account there."""
    match network:
        case "bluesky":
            return bool(settings.bluesky.handle and settings.bluesky.password.get_secret_value())
        case "mastodon":
            return bool(settings.mastodon.server and settings.mastodon.token.get_secret_value())
        case "x":
            return bool(settings.x.access_token.get_secret_value())
        case _:
            return False


def open_publishers(settings: Settings) -> dict[str, Publisher]:
    """Those that are posted to, and those with an account, where who asks is answered. Not yet signed in."""
    accounts = [network for network in ("bluesky", "mastodon", "x") if has_account(network, settings)]
    names = dict.fromkeys([*settings.queue.publish, *accounts])
    return {name: open_publisher(name, settings) for name in names}


class StorePurse:
    """A services.Purse whose money is counted in the store, so that all workers share it."""

    def __init__(self, store: Store, service: str, dollars_a_day: float, clock: Clock) -> None:
        self.store, self.service, self.limit, self.clock = store, service, dollars_a_day, clock

    def reserve(self, dollars: float) -> None:
        """Raises Limited where that is more than is left of the day's money."""
        if not self.store.switches.spend(self.service, self._day(), dollars, self.limit):
            left = self.limit - self.store.switches.spent(self.service, self._day())
            raise Limited(f"{self.service} would cost ${dollars:.3f}, and ${left:.3f} are left for today", MIDNIGHT_S)

    def settle(self, reserved: float, spent: float) -> None:
        """Give back what was not spent."""
        self.store.switches.spend(self.service, self._day(), spent - reserved, None)

    def _day(self) -> str:
        return self.clock().date().isoformat()
