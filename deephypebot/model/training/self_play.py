"""A model plays against itself: its own drafts are the worse texts, those of the corpus the better ones (Chen et al. 2024, SPIN,
arXiv 2401.01335). What gives a draft away, a sentence that does not hold together above all, becomes less likely, and the model no
longer needs a low temperature to hide it. Drafts that a reader would mark high against ones that it would mark low are further pairs.

Shapes: B texts, Z latent size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deephypebot.model.condition import drop_attributes
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.network.latent import reparameterize
from deephypebot.model.network.posterior import posterior
from deephypebot.model.network.sampler import Draft, sample_drafts
from deephypebot.model.training.preferences import Pair
from deephypebot.types import Attributes, Sentence

Mark = Callable[[Draft], float]
PARTS = {"cpu": 256, "cuda": 4096}  # drafts that are written together, by device


@dataclass(frozen=True)
class PlayConfig:
    """How the drafts of a round are drawn: each at a temperature between the two, `planned` of them with a plan."""

    coolest: float = 0.5
    warmest: float = 1.0
    planned: float = 0.6
    seed: int = 0


def corpus_pairs(model: TextCVAE, sentences: Sequence[Sentence], config: PlayConfig) -> list[Pair]:
    """Each sentence, against a draft from its own plan and attributes; drafts that do not end, or are the sentence, give no pair."""
    rng = np.random.default_rng((config.seed, 1))
    c, mu_logvar = model.config, posterior(model, sentences)
    z = reparameterize(*mu_logvar, torch.from_numpy(rng.standard_normal(mu_logvar[0].shape, np.float32)))
    asked = [drop_attributes(s.attributes, rng, c.attribute_dropout, c.unconditional) for s in sentences]
    planned, drafts = write(model, asked, z, config, rng)
    rows = zip(sentences, asked, z, planned.tolist(), drafts, strict=True)
    return [Pair(a, own, told, s.text, d.text) for s, a, own, told, d in rows if d.finished and d.text not in ("", s.text)]


def marked_pairs(
    model: TextCVAE, asked: Sequence[Attributes], mark: Mark, config: PlayConfig, each: int = 6, apart: float = 0.5
) -> list[Pair]:
    """The best against the worst of `each` drafts from the prior, for each of the attributes, where their marks are that far apart."""
    rng = np.random.default_rng((config.seed, 2))
    inputs = model.prior_inputs(asked)
    prior = model.prior.cpu()
    eps = torch.from_numpy(rng.standard_normal((len(asked), model.config.latent_dim), np.float32))
    with torch.no_grad():
        z = prior.middle(inputs) + 0.8 * eps @ prior.chol.T
    model.prior.to(model.device)
    planned = torch.from_numpy((rng.random(len(asked)) < config.planned).astype(np.float32))
    rows = [a for a in asked for _ in range(each)]
    _, drafts = write(model, rows, z.repeat_interleave(each, 0), config, rng, planned.repeat_interleave(each))
    pairs = []
    groups = [drafts[at : at + each] for at in range(0, len(drafts), each)]
    for a, own, told, group in zip(asked, z, planned.tolist(), groups, strict=True):
        marks = [mark(d) if d.finished else 0.0 for d in group]
        best, worst = int(np.argmax(marks)), int(np.argmin(marks))
        if marks[best] - marks[worst] >= apart and group[worst].text:
            pairs.append(Pair(a, own, told, group[best].text, group[worst].text))
    return pairs


def write(
    model: TextCVAE,
    asked: Sequence[Attributes],
    z: Tensor,
    config: PlayConfig,
    rng: np.random.Generator,
    planned: Tensor | None = None,
) -> tuple[Tensor, list[Draft]]:
    """Whether each is told of its plan, (B,), and the drafts."""
    model.eval()
    if planned is None:
        planned = torch.from_numpy((rng.random(len(asked)) < config.planned).astype(np.float32))
    temperature = torch.from_numpy(rng.uniform(config.coolest, config.warmest, len(asked)).astype(np.float32))
    generator = torch.Generator(model.device).manual_seed(int(rng.integers(2**31)))
    drafts, part = [], PARTS.get(model.device.type, 1024)
    for at in range(0, len(asked), part):
        own = slice(at, at + part)
        drafts += sample_drafts(model, asked[own], z[own], planned[own], temperature[own], generator)
    return planned, drafts
