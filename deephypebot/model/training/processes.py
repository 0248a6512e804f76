"""The processes of one training run: alone, or several that `torchrun` started, joined by gloo."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn


class Processes:
    """This process among them. rank: its number, 0 is the first; world: how many there are."""

    def __init__(self) -> None:
        self.rank, self.world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        if self.world > 1 and not distributed.is_initialized():
            distributed.init_process_group("gloo", timeout=timedelta(hours=12))

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first goes through before the others, who find in the caches what it left there."""
        if self.rank:
            distributed.barrier()
        yield
        if self.world > 1 and not self.rank:
            distributed.barrier()

    def agreed(self, *values: float) -> list[float]:
        """The values of the first process, so that all decide alike."""
        if self.world == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(told, 0)
        result: list[float] = told.tolist()
        return result

    def start_alike(self, parameters: Sequence[nn.Parameter]) -> None:
        """Give all the parameters of the first."""
        for parameter in parameters if self.world > 1 else ():
            distributed.broadcast(parameter.data, 0)

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Give each parameter the sum of its gradients; a process without one adds zeros."""
        if self.world == 1:
            return
        grads: list[Tensor] = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flat = torch.cat([grad.flatten() for grad in grads])
        distributed.all_reduce(flat)
        for parameter, part in zip(parameters, torch.split(flat, [grad.numel() for grad in grads]), strict=True):
            parameter.grad = part.view_as(parameter)
