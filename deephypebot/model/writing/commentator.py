"""The writer: a song and its attributes in, finished texts out. Loads no torch.

A candidate is made from its own seed alone: z, the words, everything. So a seed names a text on one machine, whatever else is
written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from deephypebot.config import cache_dir, shipped_checkpoint
from deephypebot.errors import CheckpointError, shown
from deephypebot.model.judging.copying import load_runs
from deephypebot.model.judging.freshness import load_freshness
from deephypebot.model.judging.reader import load_reader
from deephypebot.model.judging.realism import load_realism
from deephypebot.model.judging.rewards import topic_reward
from deephypebot.model.settings import read_settings
from deephypebot.model.writing.choose import Choice
from deephypebot.model.writing.constraints import Constraints, load_constraints
from deephypebot.model.writing.decode import ALLOWED, Sampling
from deephypebot.model.writing.desk import Desk, open_desk
from deephypebot.model.writing.drafts import Drafts, Engine
from deephypebot.model.writing.wording import Wording
from deephypebot.types import Attributes, Candidate, Commission, Song, Wish

MAX_TRIES_A_TEXT = 12


def load(checkpoint: Path | None = None, threads: int = 2) -> Commentator:
    """The writer of a checkpoint folder, by default the one that ships with the package.

    Raises CheckpointError or BackboneError. The first call fetches the backbone and builds the inference graph.
    """
    return Commentator(checkpoint or shipped_checkpoint(), threads)


def open_engine(checkpoint: Path, settings: dict[str, Any], threads: int) -> Engine:
    """The engine for the format of a checkpoint. Raises CheckpointError or BackboneError."""
    match settings.get("format"):
        case "deephypebot-gru-1":
            from deephypebot.model.writing.engine_gru import GruEngine

            return GruEngine(checkpoint)
        case "deephypebot-cvae-2":
            from deephypebot.model.backbone import fetch_backbone
            from deephypebot.model.writing.engine import Engine as BackboneEngine

            name = settings.get("backbone")
            if not isinstance(name, str) or not name:
                raise CheckpointError(
                    f"checkpoint {checkpoint}: backbone is {shown(name)}; allowed is smollm2, a folder or a model id"
                )
            backbone = fetch_backbone(name)
            return BackboneEngine(checkpoint, backbone, threads=threads, cache=cache_dir() / "engines")
        case other:
            allowed = "deephypebot-cvae-2, deephypebot-gru-1"
            raise CheckpointError(f"checkpoint {checkpoint}: format is {other!r}; allowed are {allowed}")


def _read_defaults(checkpoint: Path, defaults: object) -> Sampling:
    if not isinstance(defaults, dict) or not defaults.keys() <= ALLOWED.keys():
        allowed = f"an object with any of {', '.join(ALLOWED)}"
        raise CheckpointError(f"checkpoint {checkpoint}: defaults is {shown(defaults)}; allowed is {allowed}")
    try:
        return Sampling(**defaults)
    except ValueError as error:
        raise CheckpointError(f"checkpoint {checkpoint}: defaults: {error}") from error


class Commentator:
    """Writes about songs with one checkpoint; see `load`."""

    def __init__(self, checkpoint: Path, threads: int = 2) -> None:
        settings = read_settings(checkpoint)
        self.folder = checkpoint
        self.name = str(settings.get("name", checkpoint.name))
        self.defaults = _read_defaults(checkpoint, settings.get("defaults", {}))
        self.words = settings.get("words", [])
        if not isinstance(self.words, list) or not all(isinstance(word, str) for word in self.words):
            raise CheckpointError(f"checkpoint {checkpoint}: words is {shown(self.words)}; allowed is a list of texts")
        self.engine = open_engine(checkpoint, settings, threads)

    def write(
        self,
        song: Song,
        attributes: Attributes | None = None,
        n: int = 5,
        seed: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        wish: Wish | None = None,
        recent: Sequence[str] = (),
    ) -> list[Candidate]:
        """n finished texts of 40 to 280 characters, none like another or like a recent one, with the rewards that they were chosen
        by; fewer if so many drafts had to be dropped that it gave up.

        Without a seed one is drawn; a text's own seed gives it again with n=1 and no recent ones. Raises InputError for a name
        that is not allowed, and n, seed, temperature or top_p out of range, a topic that does not exist, or a constraint that the
        checkpoint lacks.
        """
        known = attributes or Attributes()
        return self.write_many([Commission(song, known, n, seed, temperature, top_p, wish, tuple(recent))])[0]

    def write_many(self, commissions: Sequence[Commission]) -> list[list[Candidate]]:
        """The texts of each commission, as `write` alone gives them, in less time: they share batches.

        Raises InputError as `write` does, before anything is written.
        """
        desks = [self._opened(commission) for commission in commissions]
        for _ in range(MAX_TRIES_A_TEXT):
            missing = [(desk, piece) for desk in desks for piece in desk.missing()]
            for (desk, piece), chosen in zip(missing, self.drafts.best([p for _, p in missing]), strict=True):
                desk.take(piece, chosen, self.name)
        return [desk.found for desk in desks]

    def check(self, commission: Commission) -> None:
        """Raises InputError where `write` would."""
        self._opened(commission)

    def _opened(self, commission: Commission) -> Desk:
        desk = open_desk(commission, self.defaults)
        topic_reward(desk.first.wish)
        self.drafts.way(desk.first.wish)
        return desk

    @cached_property
    def drafts(self) -> Drafts:
        """Writes drafts and chooses among them. Raises CheckpointError for a file of the folder that cannot be used."""
        return self.drafts_with(load_constraints(self.folder))

    def drafts_with(self, constraints: Constraints | None) -> Drafts:
        """The same with other constraints, or none."""
        size = self.engine.heard.shape[1]
        realism, reader = load_realism(self.folder, size), load_reader(self.folder, size)
        choice = Choice(self.engine, self.words, load_runs(self.folder), realism, reader, load_freshness(self.folder))
        return Drafts(self.engine, self.wording, choice, constraints)

    @cached_property
    def wording(self) -> Wording:
        """The words that this checkpoint may use. Raises CheckpointError where its tokenizer lacks them."""
        outputs = {int(token): output for output, token in enumerate(self.engine.ids)}
        texts = [self.engine.decode([token]) for token in outputs]
        try:
            return Wording(texts, self.words, lambda word: [outputs[token] for token in self.engine.encode(word)])
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"checkpoint {self.name}: words in config.json do not fit its tokenizer") from error
