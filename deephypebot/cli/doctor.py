"""`deephypebot doctor`: is everything there that the settings need?"""

from __future__ import annotations

import argparse
from typing import Any

from deephypebot.cli.output import emit
from deephypebot.cli.run import add_settings


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("doctor", help="check settings, keys, networks, database, model and clock")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """A line a part; 1 where one is not well."""
    from deephypebot.bot.doctor import examine
    from deephypebot.settings import load_settings

    settings, is_well = load_settings(args.settings), True
    for finding in examine(settings, _date_of(settings)):
        is_well &= finding.is_well
        emit(f"{'well' if finding.is_well else 'ILL '}  {finding.part}: {finding.says}")
        if finding.advice:
            emit(f"      {finding.advice}")
    return 0 if is_well else 1


def _date_of(settings: Any) -> Any:
    """The Date header of a server that the settings name, None where they name none."""
    address = settings.mastodon.server or (settings.bluesky.service if settings.bluesky.handle else "")
    if not address:
        return None

    def date_of() -> str | None:
        from deephypebot.http import Http

        http = Http(settings.look_up.contact)
        try:
            return http.get(address).headers.get("date")
        finally:
            http.close()

    return date_of
