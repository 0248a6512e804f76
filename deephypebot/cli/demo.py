"""`deephypebot demo`: candidates for three songs of different genre and mood."""

from __future__ import annotations

import argparse
from typing import Any

from deephypebot.cli.draw import Draw
from deephypebot.cli.flags import add_checkpoint
from deephypebot.cli.output import emit, note
from deephypebot.cli.request import Request, look_up
from deephypebot.types import UNIT_FEATURES, Attributes, Song

SEED = 2018
SONGS = (
    (Song("Slowdive", "Alison"), Attributes(energy=0.4, valence=0.2, danceability=0.3, acousticness=0.2, tempo=98.0)),
    (
        Song("A Tribe Called Quest", "Electric Relaxation"),
        Attributes(energy=0.5, valence=0.7, danceability=0.8, acousticness=0.3, tempo=97.0),
    ),
    (
        Song("Bomba Estéreo", "Fuego"),
        Attributes(energy=0.9, valence=0.9, danceability=0.9, acousticness=0.1, tempo=105.0),
    ),
)


def add_to(commands: Any) -> None:
    """The command's flags."""
    parser = commands.add_parser("demo", help="write about three songs", description=__doc__)
    add_checkpoint(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the songs, their attributes and five candidates each, the same ones every time."""
    from deephypebot.model.writing import commentator
    from deephypebot.services.embedded import EmbeddedCatalogue

    writer, catalogue, complete = commentator.load(args.checkpoint), EmbeddedCatalogue(), True
    for song, attributes in SONGS:
        request, draw = look_up(song, attributes, catalogue), Draw(n=5, seed=SEED).for_song(song)
        emit(f"{song.artist} – {song.title}\n{describe(request)}\n")
        candidates = draw.candidates(writer, request, note)
        emit("".join(f"  {i}. {candidate.text}\n" for i, candidate in enumerate(candidates, 1)))
        complete = complete and len(candidates) == draw.n
    return 0 if complete else 1


def describe(request: Request) -> str:
    """The attributes on one line."""
    known = request.attributes
    features = [f"{name} {getattr(known, name):g}" for name in UNIT_FEATURES if getattr(known, name) is not None]
    tempo = [] if known.tempo is None else [f"{known.tempo:g} BPM"]
    return " · ".join([", ".join(known.genres) or "no genre", *features, *tempo])
