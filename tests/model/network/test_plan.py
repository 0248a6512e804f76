"""The plan of words that z is."""

from __future__ import annotations

import pytest
import torch

from deephypebot.model.network.plan import START_STD, WordPlan

PAD = -100


@pytest.fixture
def plan() -> WordPlan:
    plan = WordPlan(outputs=50, latent_dim=4)
    with torch.no_grad():
        for parameter in plan.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(len(parameter)))
    return plan


def sentences(count: int = 400) -> list[list[int]]:
    """Each ends with 49, which says nothing; words of one half of the vocabulary keep to themselves."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(0, 24, (count, 6), generator=generator)
    return [[*(row + 24 * (i % 2)).tolist(), 49] for i, row in enumerate(drawn)]


@torch.no_grad()
def test_a_posterior_is_the_sum_of_its_words_in_any_order(plan: WordPlan) -> None:
    mu, logvar = plan.posterior(torch.tensor([[3, 7, 7, PAD], [PAD, 7, 3, 7]]))
    torch.testing.assert_close(mu[0], plan.words[3] + 2 * plan.words[7] - plan.mean)
    torch.testing.assert_close(mu[1], mu[0])
    torch.testing.assert_close(logvar, plan.logvar.expand(2, -1))


@torch.no_grad()
def test_the_rest_shrinks_by_each_word_that_was_said(plan: WordPlan) -> None:
    targets, z = torch.tensor([[PAD, 3, 7, 9]]), torch.ones(1, 4)
    rest = plan.rest(z, targets)
    torch.testing.assert_close(rest[0, :2], z.expand(2, -1))
    torch.testing.assert_close(rest[0, 2], z[0] - plan.words[3])
    torch.testing.assert_close(rest[0, 3], z[0] - plan.words[3] - plan.words[7])
    later = plan.rest(z, torch.tensor([[PAD, 3, 8, 1]]))
    torch.testing.assert_close(later[:, :3], rest[:, :3])  # what comes has no say


@torch.no_grad()
def test_it_starts_with_posteriors_of_mean_zero_that_tell_topics_apart() -> None:
    plan, rows = WordPlan(50, 4), torch.randn(50, 16, generator=torch.Generator().manual_seed(1))
    rows[:24, 0] += 3.0
    directions = plan.start(rows, sentences())
    mu, _ = plan.posterior(torch.tensor(sentences()))
    assert mu.mean(0).abs().max() < 0.2 * START_STD
    assert 0.5 * START_STD < mu.std(0).mean() < 2 * START_STD
    torch.testing.assert_close(directions.T @ directions, torch.eye(4), atol=1e-5, rtol=0)
    side = mu[::2, 0].mean() - mu[1::2, 0].mean()
    assert side.abs() > 2 * mu[::2, 0].std()
    assert plan.words[49].abs().max() == 0  # in every sentence


@torch.no_grad()
def test_a_corpus_of_few_sentences_leaves_dimensions_empty() -> None:
    plan = WordPlan(50, 8)
    directions = plan.start(torch.randn(50, 16), [[1, 2, 49], [3, 4, 49], [5, 6, 49]])
    assert directions.shape == (16, 8)
    assert all(torch.isfinite(value).all() for value in (plan.words, plan.mean, directions))
