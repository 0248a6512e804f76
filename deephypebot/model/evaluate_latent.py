"""What z is worth on held-out sentences: rows e and f of the scoreboard (torch)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deephypebot.model.latent import (
    active_units,
    importance_weighted_bound,
    kl_to_standard_normal,
    log_normal,
    log_standard_normal,
    mutual_information,
    reparameterize,
)
from deephypebot.model.posterior import posterior
from deephypebot.model.train_cvae import evaluate_bound
from deephypebot.types import Sentence


@torch.no_grad()
def latent_measures(model: Any, sentences: Sequence[Sentence], seed: int = 0) -> dict[str, float]:
    """KL, mutual information, active units, and nats a sentence with z from the posterior, shuffled and from the prior."""
    generator = torch.Generator().manual_seed(seed)
    mu, logvar = posterior(model, sentences)
    z = reparameterize(mu, logvar, torch.randn(mu.shape, generator=generator))
    shuffled = z[torch.randperm(len(z), generator=generator)]
    recon = {
        "posterior": recon_nll(model, sentences, z),
        "shuffled": recon_nll(model, sentences, shuffled),
        "prior": recon_nll(model, sentences, torch.randn(z.shape, generator=generator)),
    }
    kl = kl_to_standard_normal(mu, logvar).sum(1)
    means = {f"nats_{name}": float(values.mean()) for name, values in recon.items()}
    return {
        "kl": float(kl.mean()),
        "mutual_information": mutual_information(mu, logvar, generator),
        "active_units_0.01": active_units(mu, 0.01),
        "active_units_0.2": active_units(mu, 0.2),
        **means,
        "posterior_better_than_shuffled": 1 - means["nats_posterior"] / means["nats_shuffled"],
        "bound": means["nats_posterior"] + float(kl.mean()),
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
    """The importance-weighted bound (Burda et al. 2016, arXiv 1509.00519) on -log p(x | a), mean nats a sentence."""
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
        terms = (log_p[:, None], log_standard_normal(z)[:, None], log_normal(z, mu, logvar)[:, None])
        bounds.append(-float(importance_weighted_bound(*terms)))
    return float(np.mean(bounds))
