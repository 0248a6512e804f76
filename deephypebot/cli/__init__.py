"""The command line: one file a command, heavy imports inside the commands; the only place that phrases errors for people.

Exit codes: 0 done; 1 the world is not as it should be; 2 the user gave something that is not allowed; 130 interrupted; 141 the
reader of the output went away.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from deephypebot import __version__
from deephypebot.cli import (
    corpus,
    demo,
    doctor,
    evaluate,
    explore,
    fetch,
    mentions,
    queue,
    run,
    serve,
    topics,
    train,
    write,
)
from deephypebot.cli.flags import Parser
from deephypebot.cli.output import abandon_stdout, complain, flush_stdout, use_utf8
from deephypebot.errors import DeepHypeBotError

TRACEBACK = "DEEPHYPEBOT_TRACEBACK"  # set: an error that nobody foresaw shows where it came from
COMMANDS = (write, demo, run, queue, serve, mentions, doctor, corpus, train, topics, evaluate, explore, fetch)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, never raises. argv: the arguments, by default those of the process."""
    use_utf8()
    try:
        code = _run(argv)
        flush_stdout()
    except BaseException as error:
        abandon_stdout()
        if os.environ.get(TRACEBACK):
            raise
        message, code = phrase(error)
        complain(message)
    return code


def build_parser() -> Parser:
    """The parser of all commands; a parsed command has its function in `run`."""
    parser = Parser(prog="deephypebot", description="Writes short music commentary about a song.")
    parser.add_argument("--version", action="version", version=f"deephypebot {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def phrase(error: BaseException) -> tuple[str, int]:
    """What a person reads of an error, "" for nothing, and the exit code."""
    match error:
        case DeepHypeBotError():
            return str(error), error.exit_code
        case BrokenPipeError():
            return "", 141
        case KeyboardInterrupt():
            return "interrupted", 130
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return f"{place}{error.strerror or error or type(error).__name__}", 1
        case ModuleNotFoundError(name="torch" | "sklearn"):
            return f"this command needs {error.name}; installing deephypebot with the extra 'evaluate' brings it", 1
        case MemoryError():
            return "out of memory", 1
        case ImportError() if _was_interrupted(error):
            return "interrupted", 130
        case _:
            return f"{type(error).__name__}: {error} (unforeseen; {TRACEBACK}=1 shows where)", 1


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C lies behind it: compiled modules that are interrupted while they load say so in their own way."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as exit_:  # --help and --version; mistakes are InputError
        return int(exit_.code or 0)
    code: int = args.run(args)
    return code
