"""`deephypebot corpus`: from the web's music writing to sentences that a model can learn from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deephypebot.cli.flags import number, whole_number
from deephypebot.cli.output import emit, note
from deephypebot.config import state_dir
from deephypebot.errors import InputError

if TYPE_CHECKING:
    from deephypebot.corpus.explore import Readers
    from deephypebot.services import SongCatalogue
    from deephypebot.settings import Settings
    from deephypebot.store import Store

ENGINES = ("inline", "cores", "ray")  # corpus/engines.py has them too
SOURCES = (
    "rss:URL, opml:URL_OR_FILE, sitemap:URL, page:URL, urls:FILE, file:POSTS.JSONL, hypem:popular, hypem:latest, hypem:tag:NAME, hypem:blog:NAME, tumblr:blog:NAME, tumblr:tag:NAME, "
    "soundcloud:user:NAME, soundcloud:search:WORDS, bandcamp:URL, wikipedia:category:NAME, wikipedia:page:TITLE, musiccaps; a bare address is taken for what it looks like"
)
ADD = "Add sources to harvest. One that is there already is looked into again."
HARVEST = """Read the pages that the sources lead to, politely: robots.txt and opt-outs of training are respected. Stopped at any moment it loses
nothing; the same command goes on, and reads no page twice."""
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
    parser = actions.add_parser("add", help="add sources", description=ADD, epilog=f"Sources: {SOURCES}")
    parser.add_argument("sources", nargs="+", metavar="SOURCE")
    add_settings(parser)
    parser.set_defaults(run=run_add)
    parser = actions.add_parser("sources", help="list the sources, and how far each has been read")
    add_settings(parser)
    parser.set_defaults(run=run_sources)
    parser = actions.add_parser("harvest", help="read what the sources lead to", description=HARVEST)
    parser.add_argument("--pages", type=whole_number(1, 10**9), metavar="N", help="stop after so many")
    parser.add_argument("--minutes", type=number(0, 10**6, above=True), metavar="N", help="stop after so long")
    add_settings(parser)
    parser.set_defaults(run=run_harvest)
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


def run_add(args: argparse.Namespace) -> int:
    """Add each; all are checked before one is added."""
    from deephypebot.corpus.harvest.harvest import now_utc
    from deephypebot.corpus.harvest.sources import parse_source_name

    names = [str(parse_source_name(text)) for text in args.sources]
    with open_store(args) as (store, _):
        for name in names:
            is_new = store.harvest.add_source(name, now_utc())
            emit(f"{name}: {'added' if is_new else 'is there already, and will be looked into again'}")
    return 0


def run_sources(args: argparse.Namespace) -> int:
    """A line a source."""
    with open_store(args) as (store, _):
        for source in store.harvest.sources():
            looked = f"{source.looked_at:%Y-%m-%d %H:%M}" if source.looked_at else "never looked into"
            emit(f"{source.name}  {source.state}  {looked}  {source.error}".rstrip())
    return 0


def run_harvest(args: argparse.Namespace) -> int:
    """Harvest, and tell what there is now."""
    from deephypebot.corpus.harvest.harvest import Harvester

    with open_store(args) as (store, settings):
        harvester = Harvester(store, settings.corpus, args.settings, spool_of(settings), note)
        tally = harvester.run(args.pages, args.minutes)
        for (state, reason), number in sorted(store.harvest.counts().items(), key=lambda pair: -pair[1]):
            if state != "moved":
                emit(f"{number:>8,}  {state}{f': {reason}' if reason else ''}")
    note(
        f"{tally.pages} pages read, {tally.looks} looks into sources"
        + ("; there is more to read" if tally.unfinished else "")
    )
    return 0


def spool_of(settings: Settings) -> Path:
    """The folder for answers on their way to this database."""
    import hashlib

    url = settings.corpus.url.get_secret_value()
    return state_dir() / "harvest" / hashlib.sha256(url.encode()).hexdigest()[:16]


@contextmanager
def open_store(args: argparse.Namespace) -> Iterator[tuple[Store, Settings]]:
    """The database of the corpus, and the settings."""
    from deephypebot.settings import load_settings
    from deephypebot.store import Store

    settings = load_settings(args.settings)
    store = Store(settings.corpus.url.get_secret_value())
    try:
        yield store, settings
    finally:
        store.close()


def run_build(args: argparse.Namespace) -> int:
    """Build, and print the funnel."""
    from deephypebot.corpus.build import BuildConfig, Hooks, build, origin_of
    from deephypebot.corpus.funnel import told
    from deephypebot.corpus.harvest.harvested import harvested, origin_of_harvest, told_of_harvest
    from deephypebot.corpus.read_posts import read_posts
    from deephypebot.services.opened import open_catalogues

    columns, path = dict(args.column), Path(args.input)
    is_harvest = args.input == "harvest"
    if not is_harvest and not path.is_file():
        raise InputError(
            f"INPUT {args.input}: there is no such file; allowed is a JSONL, CSV or Parquet file, or harvest"
        )
    with open_store(args) as (store, settings):
        catalogues = [_remembered(one, store, settings) for one in open_catalogues(settings)]
        about = told_of_harvest(store.harvest) if is_harvest else [f"`{path.name}`"]
        origin = origin_of_harvest(store.harvest) if is_harvest else origin_of(path, columns)
        config = BuildConfig(args.engine, args.workers, not args.all_facts, tuple(about))
        posts = harvested(store.harvest) if is_harvest else read_posts(path, columns)
        funnel = build(lambda: posts, origin, args.out, config, Hooks(note, tell_progress, catalogues))
    emit(told(funnel))
    if funnel["dropped_posts"].get("no text") == funnel["posts"]["found"]:
        note("no row has a text where one was looked for; --column text=NAME says where it stands")
    note(f"wrote {args.out}; its card.md says whose text it is")
    return 0


def _remembered(catalogue: SongCatalogue, store: Store, settings: Settings) -> SongCatalogue:
    """A catalogue that is asked once for each song; the embedded one costs nothing."""
    from deephypebot.corpus.harvest.harvest import now_utc
    from deephypebot.corpus.remembered import Remembered

    if catalogue.name == "embedded":
        return catalogue
    return Remembered(catalogue, store.songs, settings.look_up.cache_days, now_utc)


def tell_progress(done: int, whole: int) -> None:
    """A line now and then."""
    if done in (0, whole) or done % max(1, whole // 10) == 0:
        note(f"cleaned {done} of {whole} shards")


def open_readers() -> Readers:
    """What tells of texts: the classifier of kinds, places, and the shipped topics by their commonest words."""
    from deephypebot.corpus.explore import Readers
    from deephypebot.corpus.topics import load_topics
    from deephypebot.model.evaluation.bias import places_in
    from deephypebot.model.judging.kinds import load_kinds

    topics = load_topics()
    names = [" ".join(topics.top_words(k, 6)) for k in range(topics.number)]
    return Readers(
        load_kinds("judge").kinds, places_in, lambda texts: [names[k] for k in topics.probs(texts).argmax(1)]
    )


def run_report(args: argparse.Namespace) -> int:
    """Write the page."""
    from deephypebot.corpus.report import report
    from deephypebot.corpus.topics import write_whole

    path = args.html or args.folder / "report.html"
    write_whole(path, report(args.folder, open_readers()).encode())
    note(f"wrote {path}")
    return 0
