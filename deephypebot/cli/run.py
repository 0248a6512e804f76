"""`deephypebot run`: the bot, all stages in one process or some of them."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deephypebot.cli.output import note
from deephypebot.errors import InputError

if TYPE_CHECKING:
    from deephypebot.bot.stages import Bot
    from deephypebot.bot.worker import Worker

WEB = "web"
EPILOG = """Stages meet in the database, so they may run on several machines with one PostgreSQL: `run watch read lookup` here, `run propose`
where there are cores to spare, `run post like web` there. Ctrl-C or SIGTERM stops after the step that is under way."""


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("run", help="run the bot", description=__doc__, epilog=EPILOG)
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help="watch, read, lookup, ... (default: all, and the page)"
    )
    add_settings(parser)
    parser.add_argument("--once", action="store_true", help="do what there is to do, then end; no page")
    parser.set_defaults(run=run)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """--settings, for all commands of the bot."""
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="(default: $DEEPHYPEBOT_SETTINGS, or deephypebot.toml here)"
    )


def run(args: argparse.Namespace) -> int:
    """Until somebody stops it."""
    from deephypebot.bot.log import configure_log
    from deephypebot.bot.stages import STAGES, Bot
    from deephypebot.bot.worker import Worker
    from deephypebot.settings import load_settings

    configure_log()
    names = args.stages or [*STAGES, *([] if args.once else [WEB])]
    for name in names:
        if name not in (*STAGES, WEB):
            raise InputError(f"stage is {name!r}; allowed are {', '.join((*STAGES, WEB))}")
    bot = Bot(load_settings(args.settings))
    try:
        worker = Worker(bot.store, [stage for name in names if (stage := bot.stage(name)) is not None])
        if args.once:
            worker.run_once()
        else:
            run_until_stopped(bot, worker, WEB in names, "propose" in names)
    finally:
        bot.close()
    return 0


def run_until_stopped(bot: Bot, worker: Worker, with_page: bool, writes: bool) -> None:
    """The stages and the page, until SIGINT or SIGTERM. writes: the page's HTTP service shares the writer with the stage that proposes."""
    server = None
    if with_page:
        from deephypebot.bot.writer import SharedWriter
        from deephypebot.cli.serve import build_server

        server = build_server(bot, SharedWriter(bot.writer, bot.settings.writer.batch) if writes else None)
        page = threading.Thread(target=server.run, name=WEB)
        page.start()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: worker.stop())
    note("running; Ctrl-C stops it")
    worker.run()
    worker.stopping.wait()
    if server is not None:
        server.should_exit = True
        page.join()
