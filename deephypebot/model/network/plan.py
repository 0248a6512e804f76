"""z as a plan of words: what a sentence has to say, less what it has said so far.

Each output token has a vector v of Z numbers. The posterior of a sentence is the sum of its words' vectors, and the writer is
told at each word what is left of the plan:

    q(z | x) = N(sum_t v(x_t) - mean, diag(exp(logvar))),    rest_t = z - sum_{s <= t} v(x_s)

The sum carries over to sentences that training never saw, because words do; an encoder with a view of whole sentences learned
to tell the training sentences apart instead (dev/LOG.md). The rest is coverage as in translation and summaries (Tu et al. 2016,
arXiv 1601.04811; See et al. 2017, arXiv 1704.04368), kept in the latent space.

Shapes: B sentences, T positions, V outputs, D hidden size, Z latent size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RARE = 1.5  # nats: words in more than a fifth of all sentences start with no say in the plan
FAINT = 0.02  # directions that vary by less than this share of the first start empty
START_STD = 0.5  # of the means of the posteriors at the start


class WordPlan(nn.Module):
    """The vectors of words, and the two ends of the posterior that they do not give."""

    def __init__(self, outputs: int, latent_dim: int) -> None:
        super().__init__()
        self.words = nn.Parameter(torch.zeros(outputs, latent_dim))
        self.mean = nn.Parameter(torch.zeros(latent_dim))
        self.logvar = nn.Parameter(torch.zeros(latent_dim))

    def posterior(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """targets (B, T), outputs or -100 -> mu, logvar of q(z | x), each (B, Z)"""
        mu = self._vectors(targets).sum(1) - self.mean
        return mu, self.logvar.clamp(-8.0, 4.0).expand_as(mu)

    def rest(self, z: Tensor, targets: Tensor) -> Tensor:
        """z (B, Z), targets (B, T) -> (B, T, Z): what is left of the plan where each target is asked for."""
        vectors = self._vectors(targets)
        return z.unsqueeze(1) - (vectors.cumsum(1) - vectors)

    def _vectors(self, targets: Tensor) -> Tensor:
        return F.embedding(targets.clamp_min(0), self.words) * (targets >= 0).unsqueeze(-1)

    @torch.no_grad()
    def start(self, rows: Tensor, sentences: Sequence[Sequence[int]]) -> Tensor:
        """Set the vectors from output embeddings rows (V, D) and sentences of outputs; returns their directions (D, Z).

        The embeddings, weighted by how rare a word is, are summed for each sentence; the Z directions in which these sums
        vary most become the dimensions of z, scaled so that its means vary by START_STD.
        """
        z_size, bags = self.words.shape[1], [torch.tensor(sorted({*sentence})) for sentence in sentences]
        found = torch.bincount(torch.cat(bags), minlength=len(rows)).float()
        weight = ((len(bags) / (1 + found)).log() - RARE).clamp(0.0, 8.0 - RARE)
        weighted = weight.unsqueeze(1) * (rows.float() - rows.float().mean(0))
        sums = torch.stack([weighted[torch.tensor(sentence)].sum(0) for sentence in sentences])
        _, size, axes = torch.linalg.svd(sums - sums.mean(0), full_matrices=False)
        size, axes = size[:z_size] / max(1, len(sums)) ** 0.5, axes[:z_size]
        used = size > FAINT * size.max().clamp_min(1e-6)
        scale = START_STD * torch.where(used, (size / size.mean()).sqrt() / size, 0.0)
        self.words[:, : len(axes)] = weighted @ axes.T * scale
        self.mean[: len(axes)] = (axes @ sums.mean(0)) * scale
        return F.pad(axes.T, (0, z_size - len(axes)))
