"""Learning from pairs of texts, of which one is better: direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290).

    -log sigmoid(beta (r(better) - r(worse))) + anchor * cost of the better text,  r(x) = log p(x | z, a) - log p_before(x | z, a)

The anchor (in nats a token, as in Pang et al. 2024, arXiv 2404.19733) keeps the better texts from becoming unlikely too. Words'
vectors in the plan stay, so that z means what it meant. Shapes: N pairs, B pairs of a batch, Z latent size.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from deephypebot.errors import InputError
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.training.training_state import load_state, save_state
from deephypebot.types import Attributes, Sentence

WARMUP = 20  # steps
LEAST = 0.1  # of the learning rate, at the end
SAVE_EVERY = 60.0  # seconds


@dataclass(frozen=True)
class Pair:
    """Two texts, slots unfilled, for the same attributes and z (Z,); planned: 1 where the writer is told of z, else 0."""

    attributes: Attributes
    z: Tensor
    planned: float
    better: str
    worse: str


@dataclass(frozen=True)
class PreferenceConfig:
    """How to learn from pairs."""

    beta: float = 0.1
    anchor: float = 0.2
    lr: float = 1e-4
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("beta", "lr", "batch_size"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)}; allowed is more than 0")
        if not 0 <= self.anchor < math.inf:
            raise InputError(f"anchor is {self.anchor}; allowed is 0 or more")


def log_probs(model: TextCVAE, pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, int]:
    """log p(x | z, a) of the better and the worse texts, each (B,), and the tokens of the better ones."""
    told = [Sentence(pair.better, "", pair.attributes) for pair in pairs]
    told += [Sentence(pair.worse, "", pair.attributes) for pair in pairs]
    batch = model.collate(told)
    planned = torch.tensor([pair.planned for pair in pairs]).repeat(2).to(model.device)
    z = torch.stack([pair.z for pair in pairs]).repeat(2, 1).to(model.device)
    told_of = -model.recon_nll(replace(batch, planned=planned), z)
    better, worse = told_of[: len(pairs)], told_of[len(pairs) :]
    return better, worse, int((batch.targets[: len(pairs)] >= 0).sum())


@torch.no_grad()
def margins(model: TextCVAE, pairs: Sequence[Pair], size: int = 64) -> Tensor:
    """log p(better) - log p(worse) of each pair: (N,), on the CPU"""
    model.eval()
    found = []
    for at in range(0, len(pairs), size):
        better, worse, _ = log_probs(model, pairs[at : at + size])
        found.append((better - worse).cpu())
    return torch.cat(found)


def train_preferences(
    model: TextCVAE, pairs: Sequence[Pair], config: PreferenceConfig, folder: Path | None = None
) -> None:
    """One pass over the pairs, in place; nothing is dropped out. folder: of the state, so that a pass that was cut off goes on.

    Raises CheckpointError where the state cannot be written, or is of another run.
    """
    before, order = margins(model, pairs), _by_length(pairs, config)
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad and not n.startswith("plan.")}
    parameters = [*trained.values()]
    optimizer = torch.optim.AdamW(parameters, lr=config.lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    settings = {
        **asdict(config),
        "pairs": hashlib.sha256(repr([(p.better, p.worse) for p in pairs]).encode()).hexdigest(),
    }
    state = load_state(folder, trained, optimizer, settings) if folder else None
    begin, saved = (state["step"] if state else 0), time.monotonic()
    for step in tqdm(
        range(begin, len(order)), initial=begin, total=len(order), desc="pairs", file=sys.stderr, mininterval=5
    ):
        rows = order[step]
        share = LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * step / len(order)))
        for group in optimizer.param_groups:
            group["lr"] = config.lr * min(1.0, (step + 1) / WARMUP) * share
        better, worse, tokens = log_probs(model, [pairs[i] for i in rows])
        gained = better - worse - before[rows].to(model.device)
        loss = -F.logsigmoid(config.beta * gained).mean() - config.anchor * better.sum() / tokens
        loss.backward()  # type: ignore[no-untyped-call]
        if torch.isfinite(nn.utils.clip_grad_norm_(parameters, 1.0)):
            optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if folder and time.monotonic() - saved > SAVE_EVERY:
            save_state(folder, trained, optimizer, {"settings": settings, "step": step + 1})
            saved = time.monotonic()


def _by_length(pairs: Sequence[Pair], config: PreferenceConfig) -> list[list[int]]:
    """Batches of pairs of like length, in random order."""
    rng = np.random.default_rng(config.seed)
    length = np.array([max(len(pair.better), len(pair.worse)) for pair in pairs]) + rng.uniform(-4, 4, len(pairs))
    rows = np.argsort(length, kind="stable")
    groups = [rows[at : at + config.batch_size].tolist() for at in range(0, len(rows), config.batch_size)]
    return [groups[i] for i in rng.permutation(len(groups))]
