"""`train self-play`: a model plays against itself. Its own drafts are the worse texts, those of the corpus the better ones (Chen et
al. 2024, SPIN, arXiv 2401.01335), and drafts that a reader would mark high are better than ones that it would mark low. What gives a
draft away, a sentence that does not hold together above all, becomes less likely, so that the model need not hide it behind a low
temperature. One round: a second one, against the drafts of the first, undid it (dev/LOG.md).

Shapes: N texts, Z latent size.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.condition import drop_attributes
from deephypebot.model.judging.reader import Reader, load_reader
from deephypebot.model.network.checkpoint import load_checkpoint, save_checkpoint
from deephypebot.model.network.checkpoint_folder import check_place
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.network.latent import reparameterize
from deephypebot.model.network.posterior import posterior
from deephypebot.model.network.sampler import Draft, sample_drafts
from deephypebot.model.settings import read_settings
from deephypebot.model.training.device import pick_device
from deephypebot.model.training.preferences import Pair, PreferenceConfig, margins, train_preferences
from deephypebot.model.training.train_cvae import evaluate_bound
from deephypebot.types import Attributes, Sentence

Say = Callable[[str], None]
PARTS = {"cpu": 256, "cuda": 4096}  # drafts that are written together, by device
EACH = 6  # drafts, of which the best and the worst by their marks make a pair
APART = 0.5  # marks, at least
LATENT_TEMPERATURE = 0.8  # of the prior, for drafts that are marked
WARMEST_MARKED = 0.8


@dataclass(frozen=True)
class PlayConfig:
    """A round. sentences: of the corpus, each against a draft; marked: requests whose drafts are marked; drafts are drawn at temperatures
    between the two, `planned` of them told of their plan."""

    sentences: int = 8000
    marked: int = 3000
    coolest: float = 0.5
    warmest: float = 1.0
    planned: float = 0.6
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sentences < 1 or self.marked < 0:
            raise InputError(f"sentences is {self.sentences}, marked {self.marked}; allowed are 1 or more, 0 or more")


def self_play(checkpoint: Path, split: Split, out: Path, config: PlayConfig, device: str, say: Say) -> dict[str, float]:
    """A round with the model of a checkpoint, which stays; into the folder `out`. A run that was cut off goes on where it stood.

    Returns the share of held-out pairs whose margin grew ("held_out_gained"), by how many nats, and the held-out bound. Raises
    CheckpointError, InputError where the corpus is empty, the checkpoint has no z or no pretrained backbone, or there is no such device.
    """
    check_place(out)
    if out.resolve() == checkpoint.resolve():
        raise InputError(f"out is {out}, the checkpoint that plays; allowed is another folder")
    model = _model(checkpoint, device)
    if not split.train or not split.valid:
        raise InputError("the corpus is empty; allowed is one with sentences to train on and held-out ones")
    reader = load_reader(checkpoint, model.norm.numel())
    if config.marked and reader is None:
        raise InputError(
            f"checkpoint {checkpoint} has no reader to mark drafts; `train reader` fits one, or give --marked 0"
        )
    pairs = corpus_pairs(model, _some(split.train, config.sentences, config.seed), config)
    if reader is not None and config.marked:
        asked = [s.attributes for s in _some(split.train, config.marked, config.seed + 1)]
        pairs += marked_pairs(model, asked, reader, config)
    held_out = corpus_pairs(model, split.valid, replace(config, seed=config.seed + 2))
    if not pairs or not held_out:
        raise CheckpointError(
            f"checkpoint {checkpoint}: none of its drafts ended by itself; it needs more training first"
        )
    say(f"{len(pairs)} pairs")
    before, state = margins(model, held_out), out.with_name(f"{out.name}.training")
    train_preferences(model, pairs, PreferenceConfig(seed=config.seed), state)
    gained = margins(model, held_out) - before
    bound = evaluate_bound(model, split.valid)
    metrics = {"held_out_gained": float((gained > 0).float().mean()), "nats_gained": float(gained.mean())}
    metrics |= {f"valid_{name}": value for name, value in bound.items()}
    training = read_settings(checkpoint).get("training", {})
    save_checkpoint(model, out, metrics, {**training, "self_play": vars(config)})
    shutil.rmtree(state, ignore_errors=True)
    return metrics


def _model(checkpoint: Path, device: str) -> TextCVAE:
    """The model of a checkpoint, on a device."""
    place = pick_device(device)
    model = load_checkpoint(checkpoint)
    if not model.config.latent_dim or model.config.condition != "vectors":
        raise InputError(f"checkpoint {checkpoint} has no z; allowed is a conditional VAE")
    return model.to_device(place)


def _some(sentences: Sequence[Sentence], number: int, seed: int) -> list[Sentence]:
    rows = np.random.default_rng((seed, 0)).choice(len(sentences), min(number, len(sentences)), replace=False)
    return [sentences[i] for i in rows]


def corpus_pairs(model: TextCVAE, sentences: Sequence[Sentence], config: PlayConfig) -> list[Pair]:
    """Each sentence, against a draft from its own plan and attributes; drafts that do not end, or are the sentence, give no pair."""
    rng = np.random.default_rng((config.seed, 1))
    c, mu_logvar = model.config, posterior(model, sentences)
    z = reparameterize(*mu_logvar, torch.from_numpy(rng.standard_normal(mu_logvar[0].shape, np.float32)))
    asked = [drop_attributes(s.attributes, rng, c.attribute_dropout, c.unconditional) for s in sentences]
    planned, drafts = write(model, asked, z, config, rng)
    rows = zip(sentences, asked, z, planned.tolist(), drafts, strict=True)
    return [
        Pair(a, own, told, s.text, d.text) for s, a, own, told, d in rows if d.finished and d.text not in ("", s.text)
    ]


def marked_pairs(model: TextCVAE, asked: Sequence[Attributes], reader: Reader, config: PlayConfig) -> list[Pair]:
    """The best against the worst of EACH drafts from the prior, for each of the attributes, where their marks are APART."""
    rng = np.random.default_rng((config.seed, 2))
    inputs = model.prior_inputs(asked).to(model.device)
    eps = torch.from_numpy(rng.standard_normal((len(asked), model.config.latent_dim), np.float32)).to(model.device)
    with torch.no_grad():
        z = (model.prior.middle(inputs) + LATENT_TEMPERATURE * eps @ model.prior.chol.T).cpu()
    planned = torch.from_numpy((rng.random(len(asked)) < config.planned).astype(np.float32))
    rows, cooler = [a for a in asked for _ in range(EACH)], replace(config, warmest=WARMEST_MARKED)
    _, drafts = write(model, rows, z.repeat_interleave(EACH, 0), cooler, rng, planned.repeat_interleave(EACH))
    groups = [drafts[at : at + EACH] for at in range(0, len(drafts), EACH)]
    pairs = []
    for a, own, told, group in zip(asked, z, planned.tolist(), groups, strict=True):
        whole = [d for d in group if d.finished and d.text]
        marks = [reader(d.text, d.heard.numpy()) for d in whole]
        if marks and max(marks) - min(marks) >= APART:
            best, worst = int(np.argmax(marks)), int(np.argmin(marks))
            pairs.append(Pair(a, own, told, whole[best].text, whole[worst].text))
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
    for at in tqdm(range(0, len(asked), part), desc="drafts", file=sys.stderr, mininterval=5):
        own = slice(at, at + part)
        drafts += sample_drafts(model, asked[own], z[own], planned[own], temperature[own], generator)
    return planned, drafts
