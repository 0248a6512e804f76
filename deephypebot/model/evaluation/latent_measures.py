"""What z is worth on held-out sentences: rows e and f of the scoreboard (torch)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deephypebot.model.network.latent import (
    active_units,
    importance_weighted_bound,
    kl_to_standard_normal,
    log_normal,
    mutual_information,
    reparameterize,
)
from deephypebot.model.network.posterior import posterior
from deephypebot.model.training.train_cvae import evaluate_bound
from deephypebot.types import Sentence


@torch.no_grad()
def latent_measures(model: Any, sentences: Sequence[Sentence], seed: int = 0) -> dict[str, float]:
    """KL to N(0, I) and to p(z | a), mutual information, active units, and nats a sentence with z from the posterior, its mean,
    the same shuffled among the sentences, at zero and from p(z | a)."""
    generator = torch.Generator().manual_seed(seed)
    mu, logvar = posterior(model, sentences)
    inputs = model.prior_inputs([sentence.attributes for sentence in sentences])
    z = reparameterize(mu, logvar, torch.randn(mu.shape, generator=generator))
    order = torch.randperm(len(z), generator=generator)
    eps = torch.randn(z.shape, generator=generator)
    recon = {
        "posterior": recon_nll(model, sentences, z),
        "shuffled": recon_nll(model, sentences, z[order]),
        "posterior_mean": recon_nll(model, sentences, mu),
        "shuffled_mean": recon_nll(model, sentences, mu[order]),
        "zero": recon_nll(model, sentences, torch.zeros_like(z)),
        "prior": recon_nll(model, sentences, model.prior.middle(inputs) + eps @ model.prior.chol.T),
    }
    kl, kl_prior = kl_to_standard_normal(mu, logvar).sum(1), model.prior.kl(mu, logvar, inputs)
    means = {f"nats_{name}": float(values.mean()) for name, values in recon.items()}
    return {
        "kl": float(kl.mean()),
        "kl_prior": float(kl_prior.mean()),
        "mutual_information": mutual_information(mu, logvar, generator),
        "active_units_0.01": active_units(mu, 0.01),
        "active_units_0.2": active_units(mu, 0.2),
        **means,
        "posterior_better_than_shuffled": 1 - means["nats_posterior"] / means["nats_shuffled"],
        "means_better_than_shuffled": 1 - means["nats_posterior_mean"] / means["nats_shuffled_mean"],
        "bound": means["nats_posterior"] + float(kl.mean()),
        "bound_prior": means["nats_posterior"] + float(kl_prior.mean()),
    }


@torch.no_grad()
def recon_nll(model: Any, sentences: Sequence[Sentence], z: Tensor, size: int = 64) -> Tensor:
    """-log p(x | z, a), nats a sentence, for z (N, Z): (N,)"""
    order, out = np.argsort(model.lengths(sentences), kind="stable"), torch.zeros(len(sentences))
    for at in range(0, len(order), size):
        index = order[at : at + size]
        out[torch.from_numpy(index)] = model.recon_nll(model.collate([sentences[i] for i in index]), z[index])
    return out


def characters_nll(model: Any, sentences: Sequence[Sentence], seed: int = 0) -> dict[str, float]:
    """The bound in nats a character of raw text: the only cost that models of different vocabularies can be compared by."""
    characters = sum(len(sentence.text) + 1 for sentence in sentences)  # and the end
    cost = evaluate_bound(model, sentences, seed=seed)["bound"] * len(sentences)
    return {"nats_a_character": cost / characters}


@torch.no_grad()
def weighted_bound(model: Any, sentences: Sequence[Sentence], samples: int = 100, seed: int = 0) -> float:
    """The importance-weighted bound (Burda et al. 2016, arXiv 1509.00519) on -log p(x | a), mean nats a sentence.

    z has the prior that writing draws from, p(z | a).
    """
    if not model.config.latent_dim:
        return float(recon_nll(model, sentences, torch.zeros(len(sentences), 0)).mean())
    generator = torch.Generator().manual_seed(seed)
    bounds = []
    for sentence in sentences:
        batch = model.collate([sentence])
        mu, logvar = model.encode(batch)
        mu, logvar = mu.expand(samples, -1), logvar.expand(samples, -1)
        z = reparameterize(mu, logvar, torch.randn(mu.shape, generator=generator))
        log_p = -model.recon_nll(model.collate([sentence] * samples), z)
        log_prior = model.prior.log_prob(z, model.prior_inputs([sentence.attributes]))
        terms = (log_p[:, None], log_prior[:, None], log_normal(z, mu, logvar)[:, None])
        bounds.append(-float(importance_weighted_bound(*terms)))
    return float(np.mean(bounds))
