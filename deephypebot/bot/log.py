"""The log: one line an event on stderr, JSON unless a person reads along. Secrets never get here: settings keep them wrapped."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_log(as_json: bool | None = None) -> None:
    """as_json: by default where stderr is no terminal."""
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for chatty in (
        "httpx",
        "httpx2",
        "httpcore",
        "httpcore2",
        "tweepy",
        "urllib3",
    ):  # they log addresses, and keys stand in some
        logging.getLogger(chatty).setLevel(logging.WARNING)
