"""Drawing z for attributes."""

from __future__ import annotations

import numpy as np
import pytest

from deephypebot.model.writing.decode import Sampling
from deephypebot.model.writing.guidance import LONGEST, draw_latent, longer
from deephypebot.types import Attributes

EPS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
CALM = Attributes(genres=("dub",), energy=0.1, kind="live")


class Linear:
    """p(z | a) with a mean that is linear in what is told, one dimension for each sort."""

    def prior(self, attributes: Attributes, eps: np.ndarray) -> np.ndarray:
        energy = 0.0 if attributes.energy is None else attributes.energy - 0.5
        return np.array([0.2 * len(attributes.genres), energy, attributes.kind == "live"], np.float32) + 2 * eps


def test_without_guidance_it_is_the_prior() -> None:
    np.testing.assert_allclose(draw_latent(Linear(), CALM, EPS, Sampling()), Linear().prior(CALM, EPS), atol=1e-6)


def test_guidance_lengthens_what_labels_and_features_ask_for_and_leaves_the_kind() -> None:
    z = draw_latent(Linear(), CALM, 0 * EPS, Sampling(guidance=3.0))
    np.testing.assert_allclose(z, np.tile([[0.6, -1.2, 1.0]], (5, 1)), atol=1e-6)


def test_noise_is_scaled_alone() -> None:
    cool, warm = (draw_latent(Linear(), CALM, EPS, Sampling(latent_temperature=t, guidance=3.0)) for t in (0.0, 0.5))
    np.testing.assert_allclose(warm - cool, EPS, atol=1e-6)


@pytest.mark.parametrize(
    ("length", "guidance", "expected"), [(1.0, 2.0, 2.0), (1.0, 99.0, LONGEST), (9.0, 99.0, 9.0), (0.0, 9.0, 0.0)]
)
def test_a_way_is_not_made_longer_than_where_the_writer_was_trained(
    length: float, guidance: float, expected: float
) -> None:
    assert np.linalg.norm(longer(np.array([[length, 0.0]], np.float32), guidance)) == pytest.approx(expected)
