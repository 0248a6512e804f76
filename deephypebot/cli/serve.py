"""`deephypebot serve`: the HTTP service and the page to curate on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from deephypebot.cli.flags import whole_number
from deephypebot.cli.output import note
from deephypebot.cli.run import add_settings
from deephypebot.errors import DeepHypeBotError

if TYPE_CHECKING:
    import uvicorn

    from deephypebot.bot.stages import Bot
    from deephypebot.bot.writer import SharedWriter

MOST_CONNECTIONS, IDLE_S, GRACE_S = 512, 10, 20


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("serve", help="write over HTTP", description=__doc__)
    parser.add_argument("--host", help="(default: [web] host of the settings, 127.0.0.1)")
    parser.add_argument("--port", type=whole_number(0, 65535), help="(default: [web] port of the settings, 8765)")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Until SIGINT or SIGTERM."""
    from deephypebot.bot.log import configure_log
    from deephypebot.bot.stages import Bot
    from deephypebot.bot.writer import SharedWriter, WriterProcess
    from deephypebot.settings import load_settings

    configure_log()
    bot = Bot(load_settings(args.settings))
    process = WriterProcess(bot.settings.writer.checkpoint, bot.settings.writer.threads)
    process.warm()
    writer = SharedWriter(process, bot.settings.writer.batch)
    try:
        build_server(bot, writer, args.host, args.port).run()
    finally:
        writer.close()
        bot.close()
    return 0


def build_server(
    bot: Bot, writer: SharedWriter | None = None, host: str | None = None, port: int | None = None
) -> uvicorn.Server:
    """A server of the page, not yet running. Raises DeepHypeBotError where the address is taken."""
    import socket

    import uvicorn

    from deephypebot.web.app import create_app
    from deephypebot.web.session import load_token

    web = bot.settings.web
    host, port = host or web.host, web.port if port is None else port
    app = create_app(bot.settings, bot.store, bot.curation, writer)
    config = uvicorn.Config(
        app, host, port, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
        server_header=False, limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=IDLE_S, timeout_graceful_shutdown=GRACE_S,
    )  # fmt: skip
    try:
        with socket.create_server((host, port)) as probe:
            port = probe.getsockname()[1]
    except OSError as error:
        raise DeepHypeBotError(f"{host}:{port}: {error.strerror}; give another [web] port") from error
    config.port = port
    given = bool(web.token.get_secret_value())
    note(f"page at http://{host}:{port}/ (token: {'that of the settings' if given else load_token(bot.settings)})")
    return uvicorn.Server(config)
