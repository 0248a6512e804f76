"""The two networks of the latent constraints (Engel et al. 2018, arXiv 1711.05772), in torch; constraints.py runs them in numpy.

The 2018 system called them LCGAN_D and LCGAN_G. The condition is read, and never written: an actor that may change it learns to
forget what was asked for.

Shapes: B rows, Z latent size, C inputs of the condition, R rewards.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 256
GATE_START = -2.0  # the actor begins by leaving z nearly as it is


class Critic(nn.Module):
    """Tells posterior z from any other (head 0), and what rewards a text at z will have (the rest)."""

    def __init__(self, latent_dim: int, cond_dim: int, rewards: int) -> None:
        super().__init__()
        self.first = nn.Linear(latent_dim + cond_dim, WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH)
        self.heads = nn.Linear(WIDTH, 1 + rewards)

    def forward(self, z: Tensor, cond: Tensor, dropout: float = 0.0) -> Tensor:
        """z (B, Z), cond (B, C) -> logits (B, 1 + R)"""
        hidden = F.dropout(F.silu(self.first(torch.cat([z, cond], dim=1))), dropout)
        logits: Tensor = self.heads(F.dropout(F.silu(self.second(hidden)), dropout))
        return logits


class Actor(nn.Module):
    """Moves z to where the critic is pleased, for the weights that a wish gives to each reward.

    Engel et al. mix z with a place of their own, z + gate (place - z), which draws all z together, and their texts; here z is shifted.
    """

    def __init__(self, latent_dim: int, cond_dim: int, rewards: int) -> None:
        super().__init__()
        self.first = nn.Linear(latent_dim + cond_dim + rewards, WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH)
        self.gate = nn.Linear(WIDTH, latent_dim)
        self.way = nn.Linear(WIDTH, latent_dim)
        nn.init.constant_(self.gate.bias, GATE_START)

    def forward(self, z: Tensor, cond: Tensor, wish: Tensor) -> Tensor:
        """z (B, Z), cond (B, C), wish (B, R) -> z' (B, Z)"""
        hidden = F.silu(self.second(F.silu(self.first(torch.cat([z, cond, wish], dim=1)))))
        moved: Tensor = z + self.gate(hidden).sigmoid() * self.way(hidden)
        return moved


def critic_loss(logits: Tensor, real: Tensor, rewards: Tensor, labelled: Tensor) -> Tensor:
    """Cross-entropy of realism and, where labelled (B,), of the rewards (B, R) in 0..1, but for those that are nan: not known; real (B,)."""
    realism = F.binary_cross_entropy_with_logits(logits[:, 0], real)
    known = labelled[:, None] * ~rewards.isnan()
    told = F.binary_cross_entropy_with_logits(logits[:, 1:], rewards.nan_to_num(), reduction="none") * known
    return realism + (told.sum(0) / known.sum(0).clamp_min(1)).mean()


def actor_loss(logits: Tensor, wish: Tensor, z: Tensor, moved: Tensor, distance_weight: float) -> Tensor:
    """-w log v for what is wanted and -|w| log(1 - v) for what is not, both bounded below by 0; realism; and the distance penalty
    distance_weight log(1 + |z' - z|^2). logits (B, 1 + R) of the critic at z'."""
    wanted = (wish.abs() * F.softplus(-wish.sign() * logits[:, 1:])).sum(1)
    realism = F.softplus(-logits[:, 0])
    distance = torch.log1p((moved - z).square().sum(1))
    return (wanted + realism + distance_weight * distance).mean()
