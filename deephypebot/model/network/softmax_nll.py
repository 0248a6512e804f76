"""The cost of words under a softmax over the whole vocabulary, with its gradient, in one pass over the logits.

What torch's cross_entropy keeps (logits, log-probabilities and their gradient, all in fp32) is most of the time of a
small model on a CPU; here one matrix in the dtype of the products holds the logits and then the residual p - 1[target].
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

CHUNK = 64  # rows that are in fp32 at a time: they fit the cache


def softmax_nll(hidden: Tensor, rows: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(hidden rows^T + bias)[target], nats: (N, E), (V, E), (V,), (N,) -> (N,) fp32.

    hidden and rows share the dtype of the products; bias is fp32.
    """
    nll: Tensor = _SoftmaxNll.apply(hidden, rows, bias, targets)  # type: ignore[no-untyped-call]
    return nll


class _SoftmaxNll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, rows: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        residual, target = F.linear(hidden, rows), targets.unsqueeze(1)
        nll = torch.empty_like(target, dtype=torch.float32)
        for part, own, cost in zip(*(torch.split(x, CHUNK) for x in (residual, target, nll)), strict=True):
            log_probs = part.float().add_(bias).log_softmax(dim=-1)
            torch.neg(log_probs.gather(1, own), out=cost)
            probs = log_probs.exp_()
            part.copy_(probs.scatter_add_(1, own, torch.full_like(cost, -1.0)))
        ctx.save_for_backward(hidden, rows, residual)
        return nll.squeeze(1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        hidden, rows, residual = ctx.saved_tensors
        grad = grads[0].to(hidden.dtype).unsqueeze(1)
        return (residual @ rows) * grad, residual.t() @ (hidden * grad), (residual.t() @ grad).squeeze(1).float(), None
