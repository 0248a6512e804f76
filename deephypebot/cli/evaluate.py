"""`deephypebot evaluate`: what a checkpoint is worth, each measure beside that of held-out corpus text."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deephypebot.cli.flags import add_checkpoint
from deephypebot.cli.output import emit, note
from deephypebot.config import shipped_checkpoint
from deephypebot.errors import InputError
from deephypebot.types import Attributes, Song

QUICK = 0.05
TITLES = ("Harbour", "The Long Way", "Glass", "Second Summer", "Hold Still", "Marigold", "North", "Give It Time")


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("evaluate", help="measure a checkpoint", description=__doc__)
    add_checkpoint(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a line a measure")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the texts: minutes, and rough figures")
    parser.add_argument("--only", metavar="A,B", help="some parts of it, such as texts,choice")
    parser.add_argument(
        "--against", type=Path, action="append", default=[], metavar="FILE", help="others' texts, one a line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the measures; how far it is goes to stderr."""
    from deephypebot.corpus.text_files import read_text
    from deephypebot.model.evaluation.evaluate import Evaluation, evaluate

    against = {path.stem: [sentence.text for sentence in read_text(path)] for path in args.against}
    if empty := [path for path in args.against if not against[path.stem]]:
        raise InputError(f"--against {empty[0]} holds no text; allowed is a file with one text a line")
    only = [] if args.only is None else [part.strip() for part in args.only.split(",")]
    folder, scale = args.checkpoint or shipped_checkpoint(), QUICK if args.quick else 1.0
    evaluation = Evaluation(folder, sample_songs(), note, scale, against)
    measures = evaluate(evaluation, only)
    lines = [json.dumps(measures, ensure_ascii=False, indent=1)] if args.json else flatten(measures)
    for line in lines:
        emit(line)
    return 0


def sample_songs(number: int = 100) -> list[tuple[Song, Attributes]]:
    """Songs of artists from all over the catalogue, the same ones every time."""
    from deephypebot.services.embedded import EmbeddedCatalogue

    artists = EmbeddedCatalogue().matches()
    chosen = artists[:: max(1, len(artists) // number)][:number]
    return [(Song(m.name, TITLES[i % len(TITLES)]), Attributes(genres=m.genres)) for i, m in enumerate(chosen)]


def flatten(value: Any, name: str = "") -> Iterator[str]:
    """A line for each number or text in a tree of dicts and lists: "latent.kl 16.02"."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield from flatten(part, f"{name}.{key}" if name else str(key))
    else:
        yield f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
