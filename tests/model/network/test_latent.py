"""The latent's arithmetic against closed forms: the linear-Gaussian model z ~ N(0, 1), x | z ~ N(z, s2)."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from deephypebot.model.network.latent import (
    active_units,
    importance_weighted_bound,
    kl_to_standard_normal,
    log_normal,
    mutual_information,
    rate_loss,
    reparameterize,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_kl_is_that_of_torch_and_zero_at_the_prior():
    mu, logvar = torch.randn(2, 5, 7, generator=seeded()).unbind()
    expected = kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_to_standard_normal(mu, logvar), expected)
    assert kl_to_standard_normal(torch.zeros(1, 3), torch.zeros(1, 3)).abs().max() == 0


def test_sampler_and_kl_read_logvar_alike():
    mu, logvar = torch.tensor([0.5]), torch.tensor([math.log(4.0)])
    z = reparameterize(mu, logvar, torch.randn(200_000, 1, generator=seeded()))
    assert z.mean().item() == pytest.approx(0.5, abs=0.02)
    assert z.var().item() == pytest.approx(4.0, rel=0.02)
    assert kl_to_standard_normal(mu, logvar).item() == pytest.approx(0.5 * (0.25 + 4 - 1 - math.log(4)))


def test_log_densities():
    z, mu, logvar = torch.randn(3, 4, 6, generator=seeded()).unbind()
    torch.testing.assert_close(log_normal(z, mu, logvar), Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1))


def test_rate_loss_sums_over_dimensions_and_averages_over_sentences():
    kl = torch.tensor([[4.0, 0.0, 1.0], [2.0, 0.0, 0.2]])  # batch means 3, 0, 0.6
    assert rate_loss(kl, target_kl=2.0, floor=0.0).item() == pytest.approx(3.6)
    assert rate_loss(kl, target_kl=2.0, floor=0.0, price=3.0).item() == pytest.approx(2.0 + 3 * 1.6)
    assert rate_loss(kl, target_kl=9.0, floor=0.0).item() == pytest.approx(9.0)
    assert rate_loss(kl, target_kl=9.0, floor=0.7).item() == pytest.approx(9.0 + 0.7 + 0.1)


def test_rate_has_no_gradient_below_the_target_except_in_dead_dimensions():
    kl = torch.tensor([[4.0, 0.0], [2.0, 0.0]], requires_grad=True)
    rate_loss(kl, target_kl=9.0, floor=0.5).backward()
    torch.testing.assert_close(kl.grad, torch.tensor([[0.0, -0.5], [0.0, -0.5]]))
    kl.grad = None
    rate_loss(kl, target_kl=1.0, floor=0.0).backward()
    torch.testing.assert_close(kl.grad, torch.full((2, 2), 0.5))


def test_rate_loss_of_a_model_without_z_is_the_target():
    assert rate_loss(torch.zeros(3, 0), 0.0, 0.1).item() == 0.0


def test_active_units_counts_dimensions_that_vary():
    mu = torch.randn(4000, 3, generator=seeded()) * torch.tensor([1.0, 0.3, 0.01])
    assert [active_units(mu, t) for t in (0.00001, 0.01, 0.2)] == [3, 2, 1]
    with pytest.raises(ValueError, match="1 rows"):
        active_units(mu[:1], 0.01)


def test_mutual_information_of_a_linear_gaussian():
    # z | x ~ N(x, s2) and x ~ N(0, 1 - s2): q(z) is N(0, 1), so I = -log(s2) / 2
    s2 = 0.25
    x = math.sqrt(1 - s2) * torch.randn(2000, 1, generator=seeded())
    found = mutual_information(x, torch.full_like(x, math.log(s2)), seeded(1), samples=4)
    assert found == pytest.approx(-0.5 * math.log(s2), abs=0.04)


def test_mutual_information_at_its_two_ends_and_in_chunks():
    alike, apart = torch.full((50, 4), 0.3), 100.0 * torch.arange(50.0).unsqueeze(1).expand(50, 4)
    assert mutual_information(alike, alike, seeded()) == pytest.approx(0.0, abs=1e-4)
    assert mutual_information(apart, torch.zeros(50, 4), seeded()) == pytest.approx(math.log(50), abs=1e-4)
    mu, logvar = torch.randn(2, 50, 4, generator=seeded(2)).unbind()
    whole, parts = (mutual_information(mu, logvar, seeded(3), chunk=size) for size in (50, 7))
    assert whole == pytest.approx(parts, rel=1e-4)


def linear_gaussian(x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor, s2: float, k: int) -> torch.Tensor:
    """The bound of each x (B,) with q = N(mu, exp(logvar)), K samples."""
    z = reparameterize(mu, logvar, torch.randn(k, len(x), generator=seeded(4)))
    log_p_x = Normal(z, math.sqrt(s2)).log_prob(x)
    return importance_weighted_bound(
        log_p_x, Normal(0.0, 1.0).log_prob(z), Normal(mu, torch.exp(0.5 * logvar)).log_prob(z)
    )


def test_bound_is_exact_with_the_true_posterior():
    x, s2 = torch.tensor([-1.0, 0.4, 2.0]), 0.5
    mu, logvar = x / (1 + s2), torch.full((3,), math.log(s2 / (1 + s2)))
    evidence = Normal(0.0, math.sqrt(1 + s2)).log_prob(x)
    torch.testing.assert_close(linear_gaussian(x, mu, logvar, s2, 3), evidence)


def test_bound_tightens_from_the_elbo_to_the_evidence():
    x, s2 = torch.zeros(4000), 0.5
    mu, logvar = torch.full_like(x, 0.4), torch.zeros_like(x)
    bounds = [linear_gaussian(x, mu, logvar, s2, k).mean().item() for k in (1, 10, 1000)]
    evidence = Normal(0.0, math.sqrt(1 + s2)).log_prob(torch.tensor(0.0)).item()
    expected_recon = -0.5 * math.log(2 * math.pi * s2) - 0.5 * (1 + 0.4**2) / s2
    elbo = expected_recon - kl_to_standard_normal(mu[:1], logvar[:1]).item()
    assert bounds[0] == pytest.approx(elbo, abs=0.06)
    assert bounds[0] < bounds[1] < bounds[2] == pytest.approx(evidence, abs=0.01)
