"""Drafts by the thousand: what is sampled is what the model thinks likeliest, however the batch shrinks."""

from __future__ import annotations

import pytest
import torch

from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.network.sampler import sample_drafts
from deephypebot.model.tokens import Vocabulary
from deephypebot.types import Sentence
from tests.toy_backbone import make_backbone
from tests.toy_corpus import toy_sentences

SENTENCES = toy_sentences(12)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TextCVAE:
    folder = make_backbone(tmp_path_factory.mktemp("sampler") / "backbone")
    torch.manual_seed(0)
    model = TextCVAE(
        CvaeConfig(backbone=str(folder), split=2, latent_dim=8, lora_rank=4, precision="fp32"),
        folder,
        Vocabulary.build(folder, [s.text for s in SENTENCES]),
    )
    model.start_plan([s.text for s in SENTENCES])
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(250):  # so that it writes whole words, and ends
        recon, kl = model(model.collate(SENTENCES), torch.zeros(len(SENTENCES), 8))
        (recon.sum() + kl.sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@torch.no_grad()
def test_the_coldest_draft_is_the_likeliest_word_at_each_place(model: TextCVAE) -> None:
    z, _ = model.encode_sentences(SENTENCES)
    kept = z.clone()
    asked = [s.attributes for s in SENTENCES]
    planned = torch.tensor([1.0, 0.0] * 6)
    drafts = sample_drafts(model, asked, z, planned, torch.full((12,), 1e-4), torch.Generator().manual_seed(0))
    assert torch.equal(z, kept)
    assert len({len(d.text) for d in drafts}) > 1
    for draft, a, own, told in zip(drafts, asked, z, planned, strict=True):
        batch = model.collate([Sentence(draft.text, "", a)])
        batch.planned = told.view(1)
        asked_for = batch.targets[0] >= 0
        best = model.logits(model.hidden_states(batch, own.view(1, -1)))[0].argmax(-1)
        same = (best == batch.targets[0])[asked_for]
        assert draft.finished
        assert bool(same.all()), draft.text
        heard = model.lower_states.get([draft.text])[0][1:].mean(0)
        assert torch.allclose(draft.heard, heard, atol=1e-4)


def test_a_draft_that_does_not_end_is_said_to_be_unfinished(model: TextCVAE) -> None:
    z, _ = model.encode_sentences(SENTENCES)
    asked = [s.attributes for s in SENTENCES]
    drafts = sample_drafts(
        model, asked, z, torch.ones(12), torch.full((12,), 1e-4), torch.Generator().manual_seed(0), longest=3
    )
    assert not any(d.finished for d in drafts)
    assert all(d.text for d in drafts)
