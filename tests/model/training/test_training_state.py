"""A training state comes back whole or is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from deephypebot.errors import CheckpointError
from deephypebot.model.training.training_state import NAME, load_state, save_state
from tests.full_disk import disk_of

SETTINGS = {"lr": 0.1, "latent_dim": 4}


def make(seed: int, size: int = 3) -> tuple[dict[str, nn.Parameter], torch.optim.AdamW]:
    torch.manual_seed(seed)
    model = nn.Linear(size, 2)
    return dict(model.named_parameters()), torch.optim.AdamW(model.parameters(), lr=0.1)


def step(parameters: dict[str, nn.Parameter], optimizer: torch.optim.AdamW) -> None:
    torch.autograd.backward([(p**3).sum() for p in parameters.values()])
    optimizer.step()
    optimizer.zero_grad()


def test_a_resumed_optimizer_takes_the_same_steps(tmp_path: Path) -> None:
    parameters, optimizer = make(0)
    step(parameters, optimizer)
    save_state(tmp_path, parameters, optimizer, {"settings": SETTINGS, "at": 1})
    step(parameters, optimizer)
    other, again = make(1)
    assert load_state(tmp_path, other, again, SETTINGS) == {"settings": SETTINGS, "at": 1}
    step(other, again)
    assert all(torch.equal(other[name], p) for name, p in parameters.items())
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert load_state(tmp_path / "none", *make(0), SETTINGS) is None


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    save_state(tmp_path, *make(0), {"settings": SETTINGS})
    with pytest.raises(CheckpointError, match=r"begun with latent_dim 4, not 8; ") as caught:
        load_state(tmp_path, *make(0), SETTINGS | {"latent_dim": 8})
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_state_of_before_settings_were_stored_goes_on(tmp_path: Path) -> None:
    save_state(tmp_path, *make(0), {"config": {"lr": 0.1, "minutes": 3.0}})
    assert load_state(tmp_path, *make(0), SETTINGS) is not None
    with pytest.raises(CheckpointError, match=r"begun with lr 0\.1, not 0\.2"):
        load_state(tmp_path, *make(0), SETTINGS | {"lr": 0.2})


def test_a_state_of_another_shape_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, *make(0), {"settings": SETTINGS})
    with pytest.raises(CheckpointError, match="not a training state of this model"):
        load_state(tmp_path, *make(0, size=4), SETTINGS)


@pytest.mark.parametrize("spoilt", [b"", b"half", None])
def test_a_spoilt_file_is_refused(tmp_path: Path, spoilt: bytes | None) -> None:
    if spoilt is None:
        save_file({"x": torch.zeros(1)}, tmp_path / NAME, metadata={"state": json.dumps([])})
    else:
        (tmp_path / NAME).write_bytes(spoilt)
    with pytest.raises(CheckpointError, match=NAME):
        load_state(tmp_path, *make(0), SETTINGS)


def test_a_full_disk_leaves_the_older_state(tmp_path: Path) -> None:
    folder, model = tmp_path / "run", make(0, size=1000)
    with disk_of(1000), pytest.raises(CheckpointError, match=r"run: the training state cannot be written"):
        save_state(folder, *model, {"settings": SETTINGS, "at": 0})
    assert not folder.exists()
    save_state(folder, *model, {"settings": SETTINGS, "at": 1})
    with disk_of(1000), pytest.raises(CheckpointError, match="cannot be written"):
        save_state(folder, *model, {"settings": SETTINGS, "at": 2})
    assert [path.name for path in folder.iterdir()] == [NAME]
    state = load_state(folder, *model, SETTINGS)
    assert state is not None
    assert state["at"] == 1
