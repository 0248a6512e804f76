"""The latent variable z: its rate, what of it is used, and the bounds. Pure functions on tensors, all in nats.

Shapes: B sentences of a batch, N sentences of a data set, D latent dimensions, K samples of z a sentence.
A posterior is q(z | x) = N(mu, exp(logvar)), diagonal; the prior is N(0, I) (Kingma & Welling 2014, arXiv 1312.6114).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def kl_to_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each dimension: (B, D) -> (B, D)."""
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


def reparameterize(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    """z = mu + sigma eps, with eps ~ N(0, I); all of one shape. logvar is log sigma^2, here as in the KL."""
    return mu + torch.exp(0.5 * logvar) * eps


def rate_loss(kl: Tensor, target_kl: float, floor: float, price: float = 1.0) -> Tensor:
    """The controlled rate of a batch, a scalar: what the KL costs above `target_kl`, plus dead dimensions. kl: (B, D).

    price: of a nat above the target; 1 is the bound's own, more holds the rate down where z is worth its price (beta-VAE, Higgins
    et al. 2017).

    max(total, target_kl) has no gradient while z is cheap (free bits on the total: Li et al. 2019, arXiv 1909.00868);
    the floor pulls up each dimension whose mean over the batch is less than `floor` (the batch mean, not each
    sentence: Kingma et al. 2016, arXiv 1606.04934). Sums over dimensions, means over sentences.
    """
    dimension = kl.mean(dim=0)
    above = (dimension.sum() - target_kl).relu()
    return target_kl + price * above + (floor - dimension).relu().sum()


def active_units(mu: Tensor, threshold: float = 0.01) -> int:
    """How many dimensions of mu (N, D) vary more than `threshold` over x (Burda et al. 2016, arXiv 1509.00519).

    Raises ValueError for fewer than two sentences.
    """
    if len(mu) < 2:
        raise ValueError(f"mu has {len(mu)} rows; active_units needs 2 or more")
    return int((mu.var(dim=0) > threshold).sum())


def log_normal(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(z; mu, exp(logvar)), summed over the last dimension; the shapes broadcast."""
    square = (z - mu).square() * torch.exp(-logvar)
    return -0.5 * (square + logvar + math.log(2 * math.pi)).sum(dim=-1)


@torch.no_grad()
def mutual_information(
    mu: Tensor, logvar: Tensor, generator: torch.Generator | None = None, samples: int = 1, chunk: int = 64
) -> float:
    """I(x; z) under q, in nats, from N posteriors (N, D): the mean KL minus KL(q(z) || p(z)).

    q(z) is the mixture of all N posteriors, by log-sum-exp (He et al. 2019, arXiv 1901.05534). Both KLs take the same
    `samples` of z a sentence, so the prior cancels and 0 (all posteriors alike) comes out exactly; log N is the most
    that N sentences can show. `chunk` sentences at a time meet all N: the memory is chunk * N * D floats.
    """
    total = 0.0
    for _ in range(samples):
        eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype).to(mu.device)
        log_q = log_normal(z := reparameterize(mu, logvar, eps), mu, logvar)
        for own_z, own_log_q in zip(torch.split(z, chunk), torch.split(log_q, chunk), strict=True):
            log_mixture = log_normal(own_z.unsqueeze(1), mu, logvar).logsumexp(dim=1) - math.log(len(mu))
            total += float((own_log_q - log_mixture).sum())
    return total / (len(mu) * samples)


def importance_weighted_bound(log_p_x_given_z: Tensor, log_p_z: Tensor, log_q_z_given_x: Tensor) -> Tensor:
    """A lower bound of log p(x) from K samples z ~ q(z | x), tighter as K grows (arXiv 1509.00519): (K, B) -> (B,)."""
    log_weight = log_p_x_given_z + log_p_z - log_q_z_given_x
    return log_weight.logsumexp(dim=0) - math.log(len(log_weight))
