"""`deephypebot write`: candidates for one song, or for a file of songs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deephypebot.cli.draw import Draw, as_line
from deephypebot.cli.flags import add_checkpoint, number, seed, whole_number
from deephypebot.cli.output import emit, note
from deephypebot.cli.request import ATTRIBUTES, Request, look_up
from deephypebot.cli.songs_file import open_songs
from deephypebot.cli.write_file import FileWriter
from deephypebot.errors import InputError
from deephypebot.types import (
    CONSTRAINTS,
    KINDS,
    MAX_BEST_OF,
    PRONOUNS,
    STYLES,
    TEMPO_RANGE_BPM,
    UNIT_FEATURES,
    Attributes,
    Song,
    Wish,
)

if TYPE_CHECKING:
    from deephypebot.model.writing.commentator import Commentator

EPILOG = """A line of a songs file: {"artist": "Slowdive", "title": "Alison", "genres": ["shoegaze"], "energy": 0.3}
with any attributes; those given as flags hold where a line leaves them open. Each line becomes one line of JSON."""


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("write", help="write about a song", description=__doc__, epilog=EPILOG)
    parser.add_argument("song", nargs="?", metavar='"ARTIST – TITLE"')
    parser.add_argument("--artist")
    parser.add_argument("--title")
    parser.add_argument("--file", metavar="SONGS.JSONL", help="many songs, one JSON object a line; - is stdin")
    parser.add_argument("--genres", metavar='"A, B"', help="any labels (default: those of the embedded catalogue)")
    for name in UNIT_FEATURES:
        parser.add_argument(f"--{name}", type=number(0, 1), metavar="0..1")
    parser.add_argument("--tempo", type=number(*TEMPO_RANGE_BPM), metavar="BPM")
    parser.add_argument("--kind", choices=KINDS, metavar="KIND", help=f"of sentence: {', '.join(KINDS)}")
    parser.add_argument(
        "-n", type=whole_number(1, 100), default=5, metavar="1..100", help="candidates a song (default: 5)"
    )
    parser.add_argument("--seed", type=seed, help="the same seed gives the same texts on the same machine")
    parser.add_argument("--temperature", type=number(0.1, 2), metavar="0.1..2")
    parser.add_argument("--top-p", type=number(0, 1, above=True), metavar="0..1")
    add_wish(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a song on one line")
    add_checkpoint(parser)
    parser.add_argument("--threads", type=whole_number(1, 256), default=2, help="(default: 2)")
    parser.set_defaults(run=run)


def add_wish(parser: argparse.ArgumentParser) -> None:
    """Flags for what kind of text is wanted, and for the choice among drafts."""
    parser.add_argument("--style", metavar="A,B", help=f"of {', '.join(STYLES)}, or several (default: descriptive)")
    parser.add_argument(
        "--constraint",
        choices=CONSTRAINTS,
        help="how z is moved there (default: guided for --style warm, wild or plain)",
    )
    parser.add_argument("--strength", type=number(0, 1), default=1.0, metavar="0..1", help="of the wish (default: 1)")
    parser.add_argument(
        "--topic", metavar="N=WEIGHT,...", help="wanted (to 1) and unwanted (to -1) topics; `topics show` lists them"
    )
    parser.add_argument(
        "--topics", type=Path, metavar="FILE", help="what `topics fit` wrote (default: the shipped ones)"
    )
    parser.add_argument("--pronouns", choices=PRONOUNS, help="what the artist is called (default: nothing is assumed)")
    parser.add_argument(
        "--best-of",
        type=whole_number(1, MAX_BEST_OF),
        metavar="1..100",
        help="drafts for each text (default: the checkpoint's, 8 of the shipped one)",
    )
    parser.add_argument("--recent", type=Path, metavar="FILE", help="earlier posts, one a line, that none may be like")


def parse_wish(args: argparse.Namespace) -> Wish:
    """What kind of text is wanted. A kind of sentence other than a description is a wish of its own."""
    default = () if args.kind not in (None, "description") else ("descriptive",)
    styles = default if args.style is None else tuple(part.strip() for part in args.style.split(","))
    topics = () if args.topic is None else parse_topics(args.topic)
    if args.topics is not None and not topics:
        raise InputError("--topics is given without --topic; allowed are both")
    return Wish(styles, args.constraint, args.strength, args.pronouns, args.best_of, topics, args.topics)


def parse_topics(text: str) -> tuple[tuple[int, float], ...]:
    """Numbers and weights of topics, from "3=1,0=-0.5"."""
    try:
        pairs = [part.split("=") for part in text.split(",")]
        return tuple((int(number), float(weight)) for number, weight in pairs)
    except ValueError as error:
        raise InputError(
            f"--topic is {text!r}; allowed is N=WEIGHT, or several with commas, like 3=1,0=-0.5"
        ) from error


def read_recent(path: Path | None) -> tuple[str, ...]:
    """Earlier posts. Raises InputError for a file that cannot be read."""
    from deephypebot.corpus.text_files import read_text

    return () if path is None else tuple(sentence.text for sentence in read_text(path))


def refuse_topics(wish: Wish | None) -> None:
    """InputError for a topic or a file of topics that cannot be used, before any song is read."""
    if wish and wish.topics:
        from deephypebot.model.judging.rewards import topic_reward

        topic_reward(wish)


def run(args: argparse.Namespace) -> int:
    """Write what is asked; 1 where a song came to nothing."""
    from deephypebot.services.embedded import EmbeddedCatalogue

    draw = Draw(args.n, args.seed, args.temperature, args.top_p, parse_wish(args), read_recent(args.recent))
    attributes = parse_attributes(args)
    refuse_topics(draw.wish)
    if args.file is None:
        return write_song(args, look_up(parse_names(args), attributes, EmbeddedCatalogue()), draw)
    refuse_song_flags(args)
    with open_songs(args.file) as file:
        return FileWriter(args.file, load_writer(args), attributes, EmbeddedCatalogue(), draw).run(file)


def write_song(args: argparse.Namespace, request: Request, draw: Draw) -> int:
    """Print the candidates of one song."""
    writer = load_writer(args)
    if not args.json or request.genres_from == "none":
        note(request.remark())
    candidates = draw.candidates(writer, request, note)
    for line in [as_line(request, candidates)] if args.json else [candidate.text for candidate in candidates]:
        emit(line)
    return 0 if candidates else 1


def load_writer(args: argparse.Namespace) -> Commentator:
    """The writer of --checkpoint."""
    from deephypebot.model.writing import commentator

    return commentator.load(args.checkpoint, args.threads)


def parse_attributes(args: argparse.Namespace) -> Attributes:
    """The attributes that are given as flags."""
    from deephypebot.songs import parse_genres

    known = {name: getattr(args, name) for name in ATTRIBUTES if name != "genres"}
    genres = () if args.genres is None else parse_genres(args.genres)
    if args.genres is not None and not genres:
        raise InputError(f"--genres is {args.genres!r}; allowed are labels with commas between them")
    return Attributes(genres=genres, **known)


def parse_names(args: argparse.Namespace) -> Song:
    """The song, from "ARTIST – TITLE" or from --artist and --title."""
    from deephypebot.songs import build_song, parse_song

    if args.song is not None:
        if args.artist is not None or args.title is not None:
            raise InputError('the song is given twice; allowed is "ARTIST – TITLE" or --artist and --title')
        return parse_song(args.song)
    if args.artist is None or args.title is None:
        raise InputError('the song is missing; give "ARTIST – TITLE", or --artist and --title, or --file')
    return build_song(args.artist, args.title)


def refuse_song_flags(args: argparse.Namespace) -> None:
    """A songs file leaves no place for another song."""
    for name, flag in (("song", '"ARTIST – TITLE"'), ("artist", "--artist"), ("title", "--title")):
        if getattr(args, name) is not None:
            raise InputError(f"{flag} is not allowed together with --file")
