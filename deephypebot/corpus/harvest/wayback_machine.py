"""Where the Wayback Machine keeps a page that is gone, by its client, which keeps to the limits of its index (24 questions a minute)."""

from __future__ import annotations

from functools import cache
from typing import Any

from deephypebot.errors import Limited, Refused, Unsure

ARCHIVE = "https://web.archive.org"
AWAY_S = 300.0


def find_memento(url: str, archive: str, agent: str) -> str:
    """The address of the newest good copy. Raises Refused where there is none, Limited and Unsure."""
    from requests import RequestException
    from wayback.exceptions import BlockedByRobotsError, BlockedSiteError, RateLimitError, WaybackException

    try:
        found = list(_client(archive, agent).search(url, limit=-1, fast_latest=True, filter_field="statuscode:200"))
    except (BlockedByRobotsError, BlockedSiteError) as error:
        raise Refused("not in the archive: it is blocked there") from error
    except RateLimitError as error:
        raise Limited("the archive asks to wait", float(error.retry_after or AWAY_S)) from error
    except (WaybackException, RequestException, OSError, ValueError) as error:
        raise Unsure(f"no answer of the archive ({type(error).__name__})") from error
    if not found:
        raise Refused("not in the archive")
    return f"{archive.rstrip('/')}/web/{found[-1].timestamp:%Y%m%d%H%M%S}id_/{url}"


@cache
def _client(archive: str, agent: str) -> Any:
    import wayback
    from wayback import _client as module

    if archive.rstrip("/") != ARCHIVE:  # a copy of the archive, as tests have one: the client knows one place only
        module.CDX_SEARCH_URL = f"{archive.rstrip('/')}/cdx/search/cdx"
    return wayback.WaybackClient(wayback.WaybackSession(retries=1, timeout=30, user_agent=agent))
