"""A GRU layer that trains fast on a CPU: the loop over time holds only what must wait for the step before it.

Same function as torch.nn.GRU, same parameters (gates in the order reset, update, new) and same gradients. What torch
adds up step by step in the backward pass is one matrix product here, and products may run in bf16 where the processor
is faster at it. Shapes: T steps, B rows, I inputs, H hidden size.
"""

from __future__ import annotations

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
        if constant is not None:
            gates = gates + constant
        weight, bias = self.recur.weight.to(dtype), self.recur.bias.to(dtype)
        states: Tensor = _Scan.apply(gates, state, weight, bias)  # type: ignore[no-untyped-call]
        return states


class _Scan(torch.autograd.Function):
    """gates (T, B, 3H), state (B, H), weight (3H, H), bias (3H,) -> states (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, state: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        steps, rows, hidden = *gates.shape[:2], state.shape[1]
        reset_update, new = gates.new_empty(steps, rows, 2 * hidden), gates.new_empty(steps, rows, hidden)
        recurrent, states, first = torch.empty_like(new), torch.empty_like(new), state
        for t in range(steps):
            told = F.linear(state.to(weight.dtype), weight, bias)
            torch.add(gates[t, :, : 2 * hidden], told[:, : 2 * hidden], out=reset_update[t]).sigmoid_()
            recurrent[t] = told[:, 2 * hidden :]
            torch.addcmul(gates[t, :, 2 * hidden :], reset_update[t, :, :hidden], recurrent[t], out=new[t]).tanh_()
            state = torch.lerp(new[t], state, reset_update[t, :, hidden:], out=states[t])
        ctx.save_for_backward(first, states, reset_update, new, recurrent, weight)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        (grad,) = grads
        first, states, reset_update, new, recurrent, weight = ctx.saved_tensors
        reset, update = reset_update.chunk(2, dim=-1)
        before = torch.cat([first.unsqueeze(0), states[:-1]])
        to_new = (1 - update) * (1 - new.square())  # d h / d (sum inside the tanh)
        to_update = (before - new) * update * (1 - update)
        to_reset = recurrent * reset * (1 - reset)  # d (sum inside the tanh) / d (sum inside the reset gate)
        steps, rows, hidden = states.shape
        entered = states.new_empty(steps, rows, 3 * hidden)
        recurred = torch.empty_like(entered, dtype=weight.dtype)
        state_grad = torch.zeros_like(first)
        for t in reversed(range(steps)):
            state_grad = state_grad + grad[t]
            reset_part, update_part, new_part = entered[t].chunk(3, dim=-1)
            torch.mul(state_grad, to_new[t], out=new_part)
            torch.mul(state_grad, to_update[t], out=update_part)
            torch.mul(new_part, to_reset[t], out=reset_part)
            recurred[t, :, : 2 * hidden] = entered[t, :, : 2 * hidden]
            torch.mul(new_part, reset[t], out=recurred[t, :, 2 * hidden :])
            state_grad = torch.addcmul(torch.mm(recurred[t], weight).float(), state_grad, update[t])
        flat = recurred.flatten(0, 1)
        return (
            entered,
            state_grad,
            flat.t() @ before.flatten(0, 1).to(weight.dtype),
            flat.float().sum(0).to(weight.dtype),
        )
