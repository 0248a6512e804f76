"""`deephypebot interpolate` and `deephypebot reconstruct`: sentences through the latent space."""

from __future__ import annotations

import argparse
from typing import Any

from deephypebot.cli.flags import add_checkpoint, sentence, whole_number
from deephypebot.cli.output import emit


def add_to(commands: Any) -> None:
    """The flags of both commands."""
    parser = commands.add_parser("interpolate", help="write the way between two sentences")
    parser.add_argument("first", type=sentence, metavar="SENTENCE")
    parser.add_argument("second", type=sentence, metavar="SENTENCE")
    parser.add_argument(
        "--steps", type=whole_number(2, 50), default=7, metavar="2..50", help="both ends included (default: 7)"
    )
    add_checkpoint(parser)
    parser.set_defaults(run=run_interpolate)
    parser = commands.add_parser("reconstruct", help="write a sentence again from its latent code")
    parser.add_argument("sentence", type=sentence, metavar="SENTENCE")
    add_checkpoint(parser)
    parser.set_defaults(run=run_reconstruct)


def run_interpolate(args: argparse.Namespace) -> int:
    """Print a text a step."""
    from deephypebot.model.network.explore import interpolate

    for text in interpolate(args.checkpoint, args.first, args.second, args.steps):
        emit(text)
    return 0


def run_reconstruct(args: argparse.Namespace) -> int:
    """Print the reconstruction."""
    from deephypebot.model.network.explore import reconstruct

    emit(reconstruct(args.checkpoint, args.sentence))
    return 0
