"""`deephypebot mentions`: which songs are posts about?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deephypebot.errors import InputError, shown
from deephypebot.types import Link

EPILOG = """A line of the file: {"id": "1", "text": "♫ Slowdive – Alison", "links": [{"url": ..., "title": ..., "site": ...}]}; other fields
are ignored. A line of the result: {"id": "1", "songs": [{"artist": "Slowdive", "title": "Alison"}]}. No network is asked."""


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("mentions", help="find songs in posts", description=__doc__, epilog=EPILOG)
    parser.add_argument("file", metavar="POSTS.JSONL", help="a post a line; - is stdin")
    parser.add_argument("--out", type=Path, metavar="FILE", help="(default: stdout)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """A line of songs for each post."""
    from deephypebot.cli.output import emit
    from deephypebot.cli.songs_file import open_songs
    from deephypebot.mentions import find_mentions
    from deephypebot.services.embedded import EmbeddedCatalogue

    catalogue = EmbeddedCatalogue()
    lines = []
    with open_songs(args.file) as file:
        for name, text, links in read_posts(file, args.file):
            found = find_mentions(text, links, lambda artist: catalogue.find(artist) is not None)
            songs = [{"artist": mention.song.artist, "title": mention.song.title} for mention in found]
            line = json.dumps({"id": name, "songs": songs}, ensure_ascii=False)
            lines.append(line) if args.out else emit(line)
    if args.out:
        args.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return 0


def read_posts(file: Any, name: str) -> Iterator[tuple[object, str, list[Link]]]:
    """Id, text and links of each post. Raises InputError that names the line."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}:{number}: is {shown(line.strip())}; allowed is a JSON object") from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise InputError(
                f"{name}:{number}: text is {shown(row.get('text') if isinstance(row, dict) else row)}; allowed is a text"
            )
        yield row.get("id"), row["text"], _links(row.get("links") or [], f"{name}:{number}")


def _links(links: object, where: str) -> list[Link]:
    if not isinstance(links, list):
        raise InputError(f"{where}: links is {shown(links)}; allowed is a list of objects")
    return [Link(*(_text(link, key, where) for key in ("url", "title", "site", "description"))) for link in links]


def _text(link: object, key: str, where: str) -> str:
    value = link.get(key) if isinstance(link, dict) else None
    if not isinstance(link, dict) or not isinstance(value, str | None):
        raise InputError(
            f"{where}: links.{key} is {shown(value if isinstance(link, dict) else link)}; allowed is a text"
        )
    return value or ""
