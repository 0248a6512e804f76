"""The networks that move z: numpy as torch, steered where they are asked to, and files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from deephypebot.errors import CheckpointError
from deephypebot.model.judging.rewards import style_weights
from deephypebot.model.training.lcgan import Actor, Critic, actor_loss, critic_loss
from deephypebot.model.writing.constraints import (
    FILE,
    FORMAT,
    REWARDS,
    Constraints,
    identity,
    load_constraints,
    wish_vector,
)
from deephypebot.types import Wish

Z, C, R = 4, 3, len(REWARDS)


def networks(seed: int = 0) -> tuple[Critic, Actor]:
    torch.manual_seed(seed)
    return Critic(Z, C, R), Actor(Z, C, R)


def constraints_of(critic: Critic, actor: Actor) -> Constraints:
    named = {"critic": critic, "actor": actor}
    return Constraints({f"{n}.{k}": v.numpy() for n, net in named.items() for k, v in net.state_dict().items()})


def write_file(folder: Path, about: dict[str, str] | None = None, **changed: torch.Tensor) -> None:
    """A checkpoint folder with constraints."""
    (folder / "model.safetensors").write_bytes(b"weights")
    critic, actor = networks()
    tensors = {f"critic.{k}": v for k, v in critic.state_dict().items()}
    tensors |= {f"actor.{k}": v for k, v in actor.state_dict().items()}
    meta = {"format": FORMAT, "made_for": identity(folder), "name": "toy", "rewards": json.dumps(REWARDS)}
    save_file({k: v.half() for k, v in (tensors | changed).items()}, folder / FILE, meta | (about or {}))


def test_numpy_says_what_torch_says() -> None:
    critic, actor = networks()
    z, cond, wish = torch.randn(Z), torch.randn(C), Wish(styles=("warm", "plain"))
    found, asked = constraints_of(critic, actor), torch.from_numpy(wish_vector(style_weights(wish.styles)))
    with torch.no_grad():
        rewards = critic(z[None], cond[None])[0, 1:].sigmoid()
        moved = actor(z[None], cond[None], asked[None])[0]
    np.testing.assert_allclose(found.rewards(z.numpy(), cond.numpy()), rewards, atol=1e-5)
    np.testing.assert_allclose(found.moved(z.numpy(), cond.numpy(), wish), moved, atol=1e-5)


def test_the_slope_is_the_gradient_of_what_the_actor_is_trained_for() -> None:
    critic, actor = networks()
    z, cond = torch.randn(1, Z, requires_grad=True), torch.randn(1, C)
    wish = torch.tensor([[1.0, -0.5, 0.0, 0.3, 1.0, 0.7]])
    actor_loss(critic(z, cond), wish, z.detach(), z.detach(), 0.0).backward()
    assert z.grad is not None
    slope = constraints_of(critic, actor).slope(z.detach().numpy()[0], cond.numpy()[0], wish.numpy()[0])
    np.testing.assert_allclose(slope, -z.grad[0], atol=1e-5)


def test_without_strength_nothing_moves() -> None:
    found, rng = constraints_of(*networks()), np.random.default_rng(0)
    z, cond = rng.standard_normal(Z).astype(np.float32), np.zeros(C, np.float32)
    off = Wish(strength=0)
    np.testing.assert_array_equal(found.moved(z, cond, off), z)
    spread = 2 * np.eye(Z, dtype=np.float32)
    at = found.guided(np.ones(Z, np.float32), spread, z, cond, off, rng)
    np.testing.assert_allclose(at, 1 + 2 * z, atol=1e-6)


def learned(seed: int = 0) -> tuple[Critic, Actor]:
    """A critic, steeper than a real one, that has learned that texts are descriptive where z[0] is high, and that real z are standard normal."""
    critic, actor = networks(seed)
    adam = torch.optim.Adam(critic.parameters(), 3e-3)
    for _ in range(300):
        z, cond = 2 * torch.randn(256, Z), torch.zeros(256, C)
        real = (torch.rand(256) < (-3 / 8 * z.square().sum(1)).exp()).float()
        rewards = torch.stack([(2 * z[:, 0]).sigmoid(), *[torch.full((256,), 0.5)] * (R - 1)], dim=1)
        loss = critic_loss(critic(z, cond), real, rewards, torch.ones(256))
        adam.zero_grad()
        loss.backward()
        adam.step()
    return critic, actor


def test_guided_draws_go_where_the_critic_is_pleased_and_stay_different() -> None:
    found, cond, wish = constraints_of(*learned()), np.zeros(C, np.float32), Wish(strength=0.15)
    middle, spread = np.zeros(Z, np.float32), np.eye(Z, dtype=np.float32)
    draws = []
    for seed in range(60):
        stream = np.random.default_rng(seed)
        draws.append(found.guided(middle, spread, stream.standard_normal(Z), cond, wish, stream))
    z = np.stack(draws)
    assert z[:, 0].mean() > 0.45
    assert abs(z[:, 1:].mean()) < 0.4
    assert z[:, 1:].std() > 0.5
    assert np.linalg.norm(z, axis=1).max() < 6


def test_the_actor_learns_to_go_there_too() -> None:
    critic, actor = learned()
    adam, wish = torch.optim.Adam(actor.parameters(), 3e-3), torch.from_numpy(wish_vector({"descriptive": 1.0}))
    for _ in range(150):
        z, cond = torch.randn(128, Z), torch.zeros(128, C)
        moved = actor(z, cond, wish.expand(128, -1))
        loss = actor_loss(critic(moved, cond), wish.expand(128, -1), z, moved, 0.1)
        adam.zero_grad()
        loss.backward()
        adam.step()
    found, before = constraints_of(critic, actor), np.random.default_rng(0).standard_normal((50, Z)).astype(np.float32)
    after = np.stack([found.moved(z, np.zeros(C, np.float32), Wish()) for z in before])
    assert (after[:, 0] - before[:, 0]).mean() > 0.4
    assert np.linalg.norm(after, axis=1).max() < 6


def test_no_loss_is_without_bound_below() -> None:
    wish, z = torch.tensor([[1.0, -1.0, 0.0, 0.0]]), torch.zeros(1, Z)
    perfect = torch.tensor([[50.0, 50.0, -50.0, 0.0, 0.0]])
    assert 0 <= float(actor_loss(perfect, wish, z, z, 1.0)) < 1e-6
    assert float(actor_loss(-perfect, wish, z, z, 1.0)) == pytest.approx(150, abs=1)


def test_a_file_is_read_for_its_own_checkpoint_only(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert load_constraints(tmp_path) is None
    write_file(tmp_path)
    found = load_constraints(tmp_path)
    assert found is not None
    assert found.rewards(np.zeros(Z, np.float32), np.zeros(C, np.float32)).shape == (R,)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(CheckpointError, match=r"made for another checkpoint \('toy'\); `train constraints` makes one"):
        load_constraints(tmp_path)


@pytest.mark.parametrize(
    ("about", "changed", "said"),
    [
        ({"format": "of-2018"}, {}, "format is 'of-2018'"),
        ({"rewards": '["likes"]'}, {}, "likes"),
        ({}, {"critic.heads.bias": torch.full((1 + R,), float("nan"))}, "not finite"),
        ({}, {"critic.second.weight": torch.zeros(7, 7)}, "cannot be used"),
        ({}, {"actor.gate.bias": torch.zeros(Z + 1)}, "cannot be used"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    tmp_path: Path, about: dict[str, str], changed: dict[str, torch.Tensor], said: str
) -> None:
    write_file(tmp_path, about, **changed)
    with pytest.raises(CheckpointError, match=f"{FILE}.*{said}"):
        load_constraints(tmp_path)
    (tmp_path / FILE).write_bytes(b"no safetensors")
    with pytest.raises(CheckpointError, match=f"{FILE} cannot be used"):
        load_constraints(tmp_path)
