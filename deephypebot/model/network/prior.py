"""p(z | a), what writing draws z from: a Gaussian around a linear map of the attributes, fitted after training.

Training prices z against N(0, I). Its posteriors then lie where the attributes of their sentences point: a plan for doom metal
has other words than one for bossa nova. A ridge regression of their means on the attributes finds the middle, what it leaves
and the posteriors' own variance make one covariance for all (the moments of the aggregate posterior given a).

Shapes: N sentences, A attribute inputs, Z latent size; all costs in nats.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RIDGE = 0.3  # penalty for each sentence, on inputs of variance 1


class AttributePrior(nn.Module):
    """N(mean + map a, chol chol^T); N(0, I) until it is fitted."""

    map: Tensor
    mean: Tensor
    chol: Tensor

    def __init__(self, inputs: int, latent_dim: int) -> None:
        super().__init__()
        self.register_buffer("map", torch.zeros(latent_dim, inputs))
        self.register_buffer("mean", torch.zeros(latent_dim))
        self.register_buffer("chol", torch.eye(latent_dim))

    @torch.no_grad()
    def fit(self, inputs: Tensor, mu: Tensor, logvar: Tensor, ridge: float = RIDGE) -> None:
        """Set it from the posteriors mu, logvar (N, Z) of sentences with attribute inputs (N, A)."""
        inputs, target = inputs.double(), mu.double()
        centre, spread = inputs.mean(0), inputs.std(0, correction=0)
        x = torch.where(spread > 1e-6, (inputs - centre) / spread.clamp_min(1e-6), 0.0)
        gram = x.T @ x + ridge * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        weight = torch.linalg.solve(gram, x.T @ (target - target.mean(0)))
        rest = target - target.mean(0) - x @ weight
        covariance = rest.T @ rest / len(rest) + torch.diag(logvar.double().exp().mean(0))
        raw = torch.where(spread > 1e-6, 1 / spread.clamp_min(1e-6), 0.0).unsqueeze(1) * weight
        self.map.copy_(raw.T)
        self.mean.copy_(target.mean(0) - centre @ raw)
        self.chol.copy_(torch.linalg.cholesky(covariance))

    def middle(self, inputs: Tensor) -> Tensor:
        """(N, A) -> (N, Z)"""
        return self.mean + inputs @ self.map.T

    def kl(self, mu: Tensor, logvar: Tensor, inputs: Tensor) -> Tensor:
        """KL(N(mu, exp(logvar)) || p(z | a)), of mu and logvar (N, Z) and inputs (N, A): (N,)"""
        precision = torch.cholesky_inverse(self.chol)
        away = mu - self.middle(inputs)
        trace = (logvar.exp() * precision.diagonal()).sum(-1)
        log_det = 2 * self.chol.diagonal().log().sum()
        return 0.5 * (trace + ((away @ precision) * away).sum(-1) - mu.shape[-1] + log_det - logvar.sum(-1))

    def log_prob(self, z: Tensor, inputs: Tensor) -> Tensor:
        """log p(z | a) of z (..., Z) and inputs (..., A): (...,)"""
        away = torch.linalg.solve_triangular(self.chol, (z - self.middle(inputs)).unsqueeze(-1), upper=False).squeeze(
            -1
        )
        log_det = self.chol.diagonal().log().sum()
        log_density: Tensor = -0.5 * (away.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi)) - log_det
        return log_density
