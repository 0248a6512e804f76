"""p(z | a)."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from deephypebot.model.network.prior import AttributePrior


def seeded(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def prior() -> AttributePrior:
    prior = AttributePrior(3, 4)
    prior.map.copy_(seeded(4, 3))
    prior.mean.copy_(seeded(4))
    prior.chol.copy_(torch.linalg.cholesky(torch.cov(seeded(4, 30, seed=1))))
    return prior


def test_before_it_is_fitted_it_is_the_standard_normal() -> None:
    prior, z, inputs = AttributePrior(3, 4), seeded(5, 4), seeded(5, 3)
    expected = MultivariateNormal(torch.zeros(4), torch.eye(4)).log_prob(z)
    torch.testing.assert_close(prior.log_prob(z, inputs), expected)


def test_costs_are_those_of_torch(prior: AttributePrior) -> None:
    mu, logvar, inputs = seeded(5, 4), 0.3 * seeded(5, 4), seeded(5, 3)
    p = MultivariateNormal(prior.middle(inputs), scale_tril=prior.chol)
    q = MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
    torch.testing.assert_close(prior.kl(mu, logvar, inputs), kl_divergence(q, p))
    torch.testing.assert_close(prior.log_prob(mu, inputs), p.log_prob(mu))


def test_a_fit_finds_what_made_the_posteriors(prior: AttributePrior) -> None:
    inputs, logvar = seeded(20_000, 3) * torch.tensor([70.0, 1.0, 0.1]) + 5, torch.full((20_000, 4), -1.0)
    noise = seeded(20_000, 4, seed=2) @ prior.chol.T
    fitted = AttributePrior(3, 4)
    fitted.fit(inputs, prior.middle(inputs) + noise, logvar, ridge=1e-6)
    torch.testing.assert_close(fitted.middle(inputs[:9]), prior.middle(inputs[:9]), atol=0.1, rtol=0.01)
    whole = prior.chol @ prior.chol.T + torch.eye(4) * torch.tensor(-1.0).exp()
    torch.testing.assert_close(fitted.chol @ fitted.chol.T, whole, atol=0.1, rtol=0.05)


def test_inputs_that_never_vary_have_no_say(prior: AttributePrior) -> None:
    inputs = torch.cat([seeded(500, 2), torch.full((500, 1), 7.0)], dim=1)
    prior.fit(inputs, seeded(500, 4, seed=3), torch.zeros(500, 4))
    assert prior.map[:, 2].abs().max() == 0


def test_a_price_on_the_map_keeps_noise_out_of_it() -> None:
    inputs, mu, logvar = seeded(40, 30), seeded(40, 4, seed=1), torch.zeros(40, 4)
    sizes = []
    for ridge in (1e-6, 0.1, 10.0):
        prior = AttributePrior(30, 4)
        prior.fit(inputs, mu, logvar, ridge)
        sizes.append(float(prior.map.norm()))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < 0.2 * sizes[0]
