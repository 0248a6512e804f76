"""`deephypebot queue`: what waits for a curator, and the same decisions as on the page."""

from __future__ import annotations

import argparse
import getpass
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deephypebot.cli.flags import whole_number
from deephypebot.cli.output import emit
from deephypebot.cli.run import add_settings
from deephypebot.errors import InputError

if TYPE_CHECKING:
    from deephypebot.bot.curate import Curation
    from deephypebot.store.items import Shown

number = whole_number(1, 2**62)


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("queue", help="decide what is posted", description=__doc__)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listing = actions.add_parser("list", help="what waits")
    listing.add_argument("--json", action="store_true", help="one JSON object an item on one line")
    for name, help_ in (
        ("show", "an item with its candidates"),
        ("skip", "perhaps another day"),
        ("undo", "back into the queue"),
    ):
        one = actions.add_parser(name, help=help_)
        one.add_argument("item", type=number)
        one.add_argument("--json", action="store_true")
    for name, help_ in (("approve", "schedule a candidate"), ("edit", "schedule a text of your own")):
        one = actions.add_parser(name, help=help_)
        one.add_argument("item", type=number)
        one.add_argument(
            "candidate", type=whole_number(1, 20), nargs="?", default=1, metavar="1..20", help="(default: 1)"
        )
        one.add_argument("--text", required=name == "edit", help="instead of the candidate's own")
        one.add_argument(
            "--when", default="slot", metavar="slot|now|TIME", help="TIME like 2026-12-01T18:00+01:00 (default: slot)"
        )
        one.add_argument(
            "--network", action="append", help="only there; may be given again (default: all of queue.publish)"
        )
    reject = actions.add_parser("reject", help="nothing of it is posted")
    reject.add_argument("item", type=number)
    reject.add_argument("--reason", default="no reason")
    for one in actions.choices.values():
        add_settings(one)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """One decision, or a look."""
    from deephypebot.bot.stages import Bot
    from deephypebot.settings import load_settings

    bot = Bot(load_settings(args.settings))
    try:
        if args.action == "list":
            for row in bot.store.items.queue(1000):
                emit(_as_line(row, args.json))
            return 0
        shown = bot.store.items.get(args.item)
        act(bot.curation, shown, args)
    finally:
        bot.close()
    return 0


def act(curation: Curation, shown: Shown, args: argparse.Namespace) -> None:
    """Raises InputError and Conflict."""
    if args.action == "show":
        _show(shown, args.json)
        return
    who = curation.who(shown, getpass.getuser())
    match args.action:
        case "approve" | "edit":
            if not 1 <= args.candidate <= len(shown.candidates):
                raise InputError(f"candidate is {args.candidate}; item {args.item} has {len(shown.candidates)}")
            chosen = shown.candidates[args.candidate - 1]
            keys = curation.approve(who, shown, args.text or chosen.text, chosen.id, _when(args.when), args.network)
            emit(f"scheduled as {', '.join(map(str, keys))}")
        case "reject":
            curation.store.decisions.reject(who, args.reason)
        case "skip":
            curation.store.decisions.skip(who)
        case "undo":
            curation.store.decisions.undo(who)


def _when(text: str) -> str | datetime:
    if text in ("slot", "now"):
        return text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InputError(
            f"--when is {text!r}; allowed are slot, now, or a time with its zone, like 2026-12-01T18:00+01:00"
        )
    return at


def _as_line(row: Any, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {"item": row.id, "artist": row.artist, "title": row.title, "asked_by": row.asked_by}, ensure_ascii=False
        )
    asked = f"  (asked for by {printable(row.asked_by)})" if row.asked_by else ""
    return f"{row.id}  {printable(row.artist)} – {printable(row.title)}{asked}"


def _show(shown: Shown, as_json: bool) -> None:
    item = shown.item
    if as_json:
        texts = [
            {"text": candidate.text, "rewards": candidate.rewards, "warnings": candidate.warnings}
            for candidate in shown.candidates
        ]
        emit(
            json.dumps(
                {"item": item.id, "state": item.state, "artist": item.artist, "title": item.title, "candidates": texts},
                ensure_ascii=False,
            )
        )
        return
    emit(f"{item.id}  {printable(item.artist)} – {printable(item.title)}  [{item.state}]")
    emit(f"    {printable(shown.entry.text[:300])}")
    for at, candidate in enumerate(shown.candidates, 1):
        notes = f"  ({'; '.join(candidate.warnings)})" if candidate.warnings else ""
        emit(f"{at:3} {printable(candidate.text)}{notes}")


def printable(text: str) -> str:
    """A foreign text that cannot tell the terminal what to do."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
