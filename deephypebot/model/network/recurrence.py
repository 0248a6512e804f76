"""GRU layers that train fast on a CPU: the loop over time holds only what must wait for the step before it.

Same function as torch.nn.GRU, same parameters (gates in the order reset, update, new) and same gradients. What torch
adds up step by step in the backward pass is one matrix product here, layers that do not wait for each other go through the
loop together, and products may run in bf16 where the processor is faster at it.
Shapes: D layers side by side, T steps, B rows, I inputs, H hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def linear(x: Tensor, layer: nn.Linear, dtype: torch.dtype) -> Tensor:
    """The layer with its product in `dtype`; fp32 out."""
    bias = None if layer.bias is None else layer.bias.to(dtype)
    return F.linear(x.to(dtype), layer.weight.to(dtype), bias).float()


class GruLayer(nn.Module):
    """One direction of a GRU over time-first input."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, 3 * hidden)
        self.recur = nn.Linear(hidden, 3 * hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def forward(
        self, x: Tensor, state: Tensor, constant: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """States (T, B, H) after each step of x (T, B, I), from `state` (B, H).

        constant (B, 3H) joins the gates at each step; dtype is that of the matrix products.
        """
        gates = linear(x, self.enter, dtype)
        return scan([self], [gates if constant is None else gates + constant], state, dtype)[0]


def side_by_side(layers: Sequence[GruLayer], inputs: Sequence[Tensor], state: Tensor, dtype: torch.dtype) -> Tensor:
    """States (D, T, B, H) of D layers, each over its own input (T, B, I), all from `state` (B, H)."""
    return scan(layers, [linear(x, layer.enter, dtype) for layer, x in zip(layers, inputs, strict=True)], state, dtype)


def scan(layers: Sequence[GruLayer], gates: Sequence[Tensor], state: Tensor, dtype: torch.dtype) -> Tensor:
    """States (D, T, B, H) of D layers; gates: (T, B, 3H) of each."""
    weight = torch.stack([layer.recur.weight for layer in layers]).to(dtype)
    bias = torch.stack([layer.recur.bias for layer in layers]).to(dtype).unsqueeze(1)
    first = state.expand(len(layers), -1, -1)
    states: Tensor = _Scan.apply(torch.stack([*gates]), first, weight, bias)  # type: ignore[no-untyped-call]
    return states


class _Scan(torch.autograd.Function):
    """gates (D, T, B, 3H), state (D, B, H), weight (D, 3H, H), bias (D, 1, 3H) -> states (D, T, B, H)."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, state: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        (layers, steps, rows), hidden = gates.shape[:3], state.shape[-1]
        across = weight.transpose(1, 2)
        reset_update = gates.new_empty(steps, layers, rows, 2 * hidden)
        new = gates.new_empty(steps, layers, rows, hidden)
        recurrent, states, first = torch.empty_like(new), gates.new_empty(layers, steps, rows, hidden), state
        for t in range(steps):
            told = _times(state.to(weight.dtype), across).add_(bias)
            torch.add(gates[:, t, :, : 2 * hidden], told[..., : 2 * hidden], out=reset_update[t]).sigmoid_()
            recurrent[t] = told[..., 2 * hidden :]
            reset, update = reset_update[t].chunk(2, dim=-1)
            torch.addcmul(gates[:, t, :, 2 * hidden :], reset, recurrent[t], out=new[t]).tanh_()
            state = torch.lerp(new[t], state, update)
            states[:, t] = state
        ctx.save_for_backward(first, states, reset_update, new, recurrent, weight)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        (grad,) = grads
        first, states, reset_update, new, recurrent, weight = ctx.saved_tensors
        reset, update = reset_update.chunk(2, dim=-1)
        layers, steps, rows, hidden = states.shape
        before = torch.cat([first.unsqueeze(1), states[:, :-1]], dim=1)
        to_new = (1 - update) * (1 - new.square())  # d h / d (sum inside the tanh)
        to_update = (before.transpose(0, 1) - new) * update * (1 - update)
        to_reset = recurrent * reset * (1 - reset)  # d (sum inside the tanh) / d (sum inside the reset gate)
        entered = states.new_empty(layers, steps, rows, 3 * hidden)
        recurred = torch.empty_like(entered, dtype=weight.dtype)
        state_grad = torch.zeros_like(states[:, 0])
        for t in reversed(range(steps)):
            state_grad = state_grad + grad[:, t]
            reset_part, update_part, new_part = entered[:, t].chunk(3, dim=-1)
            torch.mul(state_grad, to_new[t], out=new_part)
            torch.mul(state_grad, to_update[t], out=update_part)
            torch.mul(new_part, to_reset[t], out=reset_part)
            recurred[:, t, :, : 2 * hidden] = entered[:, t, :, : 2 * hidden]
            torch.mul(new_part, reset[t], out=recurred[:, t, :, 2 * hidden :])
            state_grad = torch.addcmul(_times(recurred[:, t], weight).float(), state_grad, update[t])
        flat = recurred.flatten(1, 2)
        to_weight = _times(flat.transpose(1, 2), before.flatten(1, 2).to(weight.dtype))
        return entered, state_grad, to_weight, flat.float().sum(1, keepdim=True).to(weight.dtype)


def _times(left: Tensor, right: Tensor) -> Tensor:
    """Matrix products of D pairs; of one pair as a plain product, which all cores share."""
    return torch.bmm(left, right) if len(left) > 1 else torch.mm(left[0], right[0]).unsqueeze(0)
