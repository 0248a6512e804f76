"""`deephypebot corpus`: from the web's music writing to sentences that a model can learn from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from deephypebot.cli.flags import whole_number
from deephypebot.cli.output import emit, note
from deephypebot.errors import InputError

ENGINES = ("inline", "cores", "ray")  # corpus/engines.py has them too
BUILD = """Clean, annotate and split posts into a corpus: sentences.parquet, dropped.parquet, funnel.json, card.md. A build that was stopped
goes on where it stood."""
BUILD_EPILOG = """A row has `text` (or content, body, caption) and may have url, title, author, site (or domain), published, language, licence, source,
artist, song and genres. `train cvae --corpus DIR` learns from what is written. Texts belong to those who wrote them: see DIR/card.md."""
REPORT = "Write one page on a corpus: the funnel, genres, kinds and topics of sentences, and what they are biased by."


def add_to(commands: Any) -> None:
    """The flags of all actions."""
    actions = commands.add_parser("corpus", help="collect and clean writing on music").add_subparsers(
        metavar="ACTION", dest="action", required=True
    )
    parser = actions.add_parser("build", help="posts to sentences", description=BUILD, epilog=BUILD_EPILOG)
    parser.add_argument("input", metavar="INPUT", help="a JSONL, CSV or Parquet file, or harvest: what was harvested")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--column",
        type=column,
        action="append",
        default=[],
        metavar="FIELD=NAME",
        help="where a field of a post stands in INPUT",
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="cores", help="where posts are cleaned (default: on all cores)"
    )
    parser.add_argument(
        "--workers", type=whole_number(1, 10_000), metavar="N", help="(default: as many as there are cores)"
    )
    parser.add_argument(
        "--all-facts",
        action="store_true",
        help="attach facts too that a model must not learn from, such as tags of MusicBrainz",
    )
    add_settings(parser)
    parser.set_defaults(run=run_build)
    parser = actions.add_parser("report", help="a page about a corpus", description=REPORT)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that `corpus build` wrote")
    parser.add_argument("--html", type=Path, metavar="FILE", help="(default: report.html in the folder)")
    parser.set_defaults(run=run_report)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """--settings, for what needs keys, catalogues or the database."""
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="a TOML file (default: deephypebot.toml here, if there is one)"
    )


def column(text: str) -> tuple[str, str]:
    """A flag's type: FIELD=NAME."""
    field, equals, name = text.partition("=")
    if not (field and equals and name):
        raise argparse.ArgumentTypeError(f"{text!r} is given; allowed is FIELD=NAME, such as text=caption")
    return field, name


def run_build(args: argparse.Namespace) -> int:
    """Build, and print the funnel."""
    from deephypebot.corpus.build import BuildConfig, Hooks, build, origin_of
    from deephypebot.corpus.funnel import told
    from deephypebot.corpus.read_posts import read_posts
    from deephypebot.services.opened import open_catalogues
    from deephypebot.settings import load_settings

    settings = load_settings(args.settings)
    columns = dict(args.column)
    path = Path(args.input)
    if not path.is_file():
        raise InputError(f"INPUT {args.input}: there is no such file; allowed is a JSONL, CSV or Parquet file")
    config = BuildConfig(args.engine, args.workers, not args.all_facts, (f"`{path.name}`",))
    hooks = Hooks(note, tell_progress, open_catalogues(settings))
    funnel = build(lambda: read_posts(path, columns), origin_of(path, columns), args.out, config, hooks)
    emit(told(funnel))
    note(f"wrote {args.out}; its card.md says whose text it is")
    return 0


def tell_progress(done: int, whole: int) -> None:
    """A line now and then."""
    if done in (0, whole) or done % max(1, whole // 10) == 0:
        note(f"cleaned {done} of {whole} shards")


def run_report(args: argparse.Namespace) -> int:
    """Write the page."""
    from deephypebot.corpus.report import report
    from deephypebot.corpus.topics import write_whole

    path = args.html or args.folder / "report.html"
    write_whole(path, report(args.folder).encode())
    note(f"wrote {path}")
    return 0
