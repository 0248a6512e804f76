"""Sentences through the latent space: reconstruction and interpolation (torch encodes, the engine writes)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from deephypebot.config import shipped_checkpoint
from deephypebot.errors import InputError
from deephypebot.model.network.checkpoint import load_checkpoint
from deephypebot.model.network.gru import FORMAT, GruCVAE
from deephypebot.model.settings import read_settings
from deephypebot.model.writing.commentator import load
from deephypebot.model.writing.decode import Sampling, sample
from deephypebot.types import Attributes, Sentence

MAX_CHARACTERS = 400
GREEDY = Sampling(temperature=0.0)


def load_model(folder: Path) -> Any:
    """The torch model of a checkpoint folder of either backbone, ready to evaluate. Raises CheckpointError or BackboneError."""
    if read_settings(folder).get("format") == FORMAT:
        return GruCVAE.load(folder)
    return load_checkpoint(folder)


class Explorer:
    """Encodes with the torch model and writes with the engine of one checkpoint."""

    def __init__(self, checkpoint: Path | None = None) -> None:
        folder = checkpoint or shipped_checkpoint()
        self.writer = load(folder)
        self.model = load_model(folder)
        if not self.model.config.latent_dim:
            raise InputError(f"checkpoint {folder} has no latent space (latent_dim is 0)")

    @torch.no_grad()
    def encode(self, text: str) -> np.ndarray[Any, Any]:
        """The mean of q(z | text): (Z,)"""
        if not 0 < len(text.strip()) <= MAX_CHARACTERS:
            raise InputError(f"sentence has {len(text)} characters; allowed are 1 to {MAX_CHARACTERS}")
        mu, _ = self.model.encode(self.model.collate([Sentence(text.strip(), "")]))
        mean: np.ndarray[Any, Any] = mu[0].numpy()
        return mean

    def decode(self, z: np.ndarray[Any, Any], attributes: Attributes | None = None) -> list[str]:
        """The most likely text at each z (N, Z)."""
        engine = self.writer.engine
        streams = [np.random.default_rng(0) for _ in z]
        z = z.astype(np.float32)
        prefix = engine.prefix(attributes or Attributes(), z)
        rows = sample(engine, prefix, z, engine.ids, engine.eos, streams, GREEDY)
        return [engine.decode(row.ids).strip() for row in rows]


def reconstruct(checkpoint: Path | None, text: str) -> str:
    """What the model writes at the mean of q(z | text), with no attributes told."""
    explorer = Explorer(checkpoint)
    return explorer.decode(explorer.encode(text)[None])[0]


def interpolate(checkpoint: Path | None, first: str, second: str, steps: int = 7) -> list[str]:
    """Texts on the great circle between two sentences, both ends included (White 2016, arXiv 1609.04468)."""
    if not 2 <= steps <= 50:
        raise InputError(f"steps is {steps}; allowed is 2 to 50")
    return interpolate_with(Explorer(checkpoint), first, second, steps)


def interpolate_with(explorer: Explorer, first: str, second: str, steps: int) -> list[str]:
    """The same with a model that is open already."""
    return explorer.decode(slerp(explorer.encode(first), explorer.encode(second), steps))


def slerp(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], steps: int) -> np.ndarray[Any, Any]:
    """(steps, Z) points from a (Z,) to b (Z,): angles evenly spaced, lengths too."""
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    cosine = np.clip(a @ b / max(length_a * length_b, 1e-9), -1.0, 1.0)
    angle, t = float(np.arccos(cosine)), np.linspace(0.0, 1.0, steps)[:, None]
    if angle < 1e-4 or np.pi - angle < 1e-4:
        points: np.ndarray[Any, Any] = (1 - t) * a + t * b
    else:
        unit = (np.sin((1 - t) * angle) * a / length_a + np.sin(t * angle) * b / length_b) / np.sin(angle)
        points = unit * ((1 - t) * length_a + t * length_b)
    return points
