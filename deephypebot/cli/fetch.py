"""`deephypebot fetch`: the backbone into the cache, so that everything else works offline."""

from __future__ import annotations

import argparse
from typing import Any

from deephypebot.cli.output import emit


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("fetch", help="fetch the pretrained backbone", description=__doc__)
    parser.add_argument("backbone", nargs="?", default="smollm2", metavar="NAME", help="(default: smollm2)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the folder that it lies in."""
    from deephypebot.model.backbone import fetch_backbone

    emit(str(fetch_backbone(args.backbone)))
    return 0
