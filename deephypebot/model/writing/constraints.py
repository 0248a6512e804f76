"""Latent constraints: z moved, before a word is written, to where texts are what a wish asks for (Engel et al. 2018, arXiv 1711.05772).

A critic reads z and the attributes and tells what rewards the text will have. Two ways lead where it is pleased: an actor, trained
against it, moves z in one step (LC-GAN); or z is drawn from p(z | a) times the critic's opinion, by Langevin steps along its gradient
(as in Nie et al. 2021, arXiv 2110.10873, and Liu et al. 2022, LatentOps, arXiv 2208.00638). Neither touches the attributes.
lcgan.py has the same networks in torch, train_lcgan.py trains them. numpy alone; row by row, so that no text hangs on those beside it.

Shapes: Z latent size, C inputs of the condition, W width, R rewards.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import safe_open

from deephypebot.errors import CheckpointError, shown
from deephypebot.model.beside import read_beside
from deephypebot.model.condition import known_inputs
from deephypebot.model.judging.rewards import style_weights
from deephypebot.types import Attributes, Wish

Array = np.ndarray[Any, Any]
FILE = "constraints.safetensors"
FORMAT = "deephypebot-constraints-2"
REWARDS = ("descriptive", "unwanted", "warm", "vivid", "reader", "fresh")
STANDING = {"reader": 1.5, "fresh": 1.0}  # weights of what every wish wishes
STEPS, STEP = 40, 0.1  # of Langevin, in units of the prior's spread
PULL = 40.0  # of the critic's opinion against p(z | a), at strength 1
HEAT = 1.15  # spread of the noise there: what is pulled to one side is kept from growing alike


class Prior(Protocol):
    """What a condition is made of."""

    latent_dim: int

    def prior(self, attributes: Attributes, eps: Array) -> Array: ...


def condition(engine: Prior, attributes: Attributes) -> Array:
    """What the networks know of a song: the middle of p(z | a), and features and kind: (C,)"""
    middle = engine.prior(attributes, np.zeros((1, engine.latent_dim), np.float32))[0]
    return np.concatenate([middle, known_inputs(attributes)]).astype(np.float32)


def wish_vector(weights: Mapping[str, float]) -> Array:
    """(R,) in the order of REWARDS, with what every wish wishes."""
    return np.array([weights.get(name, STANDING.get(name, 0.0)) for name in REWARDS], np.float32)


@dataclass(frozen=True)
class Constraints:
    """The networks of a checkpoint."""

    weights: Mapping[str, Array]

    def rewards(self, z: Array, cond: Array) -> Array:
        """The rewards that the critic expects of a text at z (Z,): (R,) in 0..1"""
        logits, _ = self._critic(np.concatenate([z, cond]))
        result: Array = 1 / (1 + np.exp(-np.clip(logits[1:], -60, 60)))
        return result

    def moved(self, z: Array, cond: Array, wish: Wish) -> Array:
        """z (Z,) -> z' (Z,), as far towards what the actor proposes as the wish is strong."""
        asked = wish_vector(style_weights(wish.styles))
        hidden = self._trunk("actor", np.concatenate([z, cond, asked]))
        gate = 1 / (1 + np.exp(-np.clip(self._linear("actor.gate", hidden), -60, 60)))
        result: Array = z + np.float32(wish.strength) * gate * self._linear("actor.way", hidden)
        return result

    def guided(
        self, middle: Array, spread: Array, eps: Array, cond: Array, wish: Wish, stream: np.random.Generator
    ) -> Array:
        """z (Z,) drawn for a wish. middle (Z,), spread (Z, Z): of p(z | a); eps (Z,): standard normal, where to begin."""
        asked, pull = wish_vector(style_weights(wish.styles)), np.float32(PULL * wish.strength)
        stiffness = np.float32((1 + (HEAT - 1) * wish.strength) ** -2)
        eps = eps.astype(np.float32)
        for _ in range(STEPS if pull else 0):
            slope = spread.T @ self.slope(middle + spread @ eps, cond, asked)
            noise = stream.standard_normal(len(eps)).astype(np.float32)
            eps = eps + np.float32(STEP / 2) * (pull * slope - stiffness * eps) + np.float32(math.sqrt(STEP)) * noise
        result: Array = middle + spread @ eps
        return result

    def slope(self, z: Array, cond: Array, asked: Array) -> Array:
        """The gradient of what the critic thinks of z (Z,), for weights asked (R,) of the rewards and for realism: (Z,)"""
        logits, (first, second) = self._critic(np.concatenate([z, cond]))
        weights = np.concatenate([[1.0], asked]).astype(np.float32)
        towards = np.sign(weights)
        back = (
            np.abs(weights) * towards / (1 + np.exp(np.clip(towards * logits, -60, 60)))
        )  # of |w| log sigmoid(sign(w) logit)
        back = (self.weights["critic.heads.weight"].T @ back) * _silu_slope(second)
        back = (self.weights["critic.second.weight"].T @ back) * _silu_slope(first)
        result: Array = (self.weights["critic.first.weight"].T @ back)[: len(z)]
        return result

    def _critic(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        """x (Z + C,) -> logits (1 + R,), realism first, and what the layers gave before their activations."""
        first = self._linear("critic.first", x)
        second = self._linear("critic.second", _silu(first))
        return self._linear("critic.heads", _silu(second)), (first, second)

    def _trunk(self, name: str, x: Array) -> Array:
        return _silu(self._linear(f"{name}.second", _silu(self._linear(f"{name}.first", x))))

    def _linear(self, name: str, x: Array) -> Array:
        result: Array = self.weights[f"{name}.weight"] @ x + self.weights[f"{name}.bias"]
        return result


def load_constraints(checkpoint: Path) -> Constraints | None:
    """Those of a checkpoint folder, None where it has none.

    Raises CheckpointError for a file that cannot be used, or was made for another checkpoint.
    """
    found = read_beside(checkpoint, FILE, _read)
    if found is None:
        return None
    weights, about = found
    if about.get("made_for") != identity(checkpoint):
        raise CheckpointError(
            f"checkpoint {checkpoint}: {FILE} was made for another checkpoint ({shown(about.get('name'))}); "
            "`train constraints` makes one for this"
        )
    return Constraints(weights)


def _read(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The networks, and what the file says of itself."""
    with safe_open(path, framework="np") as file:
        about: dict[str, str] = file.metadata() or {}
        weights = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    _check(weights, about)
    return weights, about


def identity(checkpoint: Path) -> str:
    """Changes with the weights of a checkpoint."""
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()


def _check(weights: Mapping[str, Array], about: Mapping[str, str]) -> None:
    """Raises ValueError or KeyError where the networks do not fit together."""
    if about.get("format") != FORMAT or json.loads(about.get("rewards", "[]")) != list(REWARDS):
        told = f"format is {shown(about.get('format'))} with rewards {shown(about.get('rewards'))}"
        raise ValueError(f"{told}; allowed is {FORMAT} with {', '.join(REWARDS)}, and `train constraints` makes it")
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        raise ValueError("it holds numbers that are not finite")
    whole = Constraints(weights)
    latent = len(weights["actor.gate.bias"])
    cond = np.zeros(weights["critic.first.weight"].shape[1] - latent, np.float32)
    z = whole.moved(np.zeros(latent, np.float32), cond, Wish())
    if whole.slope(z, cond, wish_vector({})).shape != (latent,):
        raise ValueError("its layers do not fit together")


def _silu(x: Array) -> Array:
    result: Array = x / (1 + np.exp(-np.clip(x, -60, 60)))
    return result


def _silu_slope(x: Array) -> Array:
    s = 1 / (1 + np.exp(-np.clip(x, -60, 60)))
    result: Array = s * (1 + x * (1 - s))
    return result
