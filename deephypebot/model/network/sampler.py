"""Drafts by the thousand, with torch and on any device: what training on a model's own texts needs. Users' texts come from engine.py.

Shapes: B drafts, P prefix, D hidden size, Z latent size, V output vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from deephypebot.model.network.cvae import Batch, TextCVAE
from deephypebot.model.network.llama import rms_norm
from deephypebot.model.tokens import BOS, EOS, START
from deephypebot.types import Attributes

HEAD = 256  # tokens that sampling looks at
CROWD = 0.6  # where no more than this share of drafts is still being written, the others are left behind


@dataclass(frozen=True)
class Draft:
    """A text, slots unfilled, whether it ended by itself, and what the frozen layers make of it, the mean over its tokens (D,)."""

    text: str
    finished: bool
    heard: Tensor


@torch.no_grad()
def sample_drafts(
    model: TextCVAE,
    asked: Sequence[Attributes],
    z: Tensor,
    planned: Tensor,
    temperature: Tensor,
    generator: torch.Generator,
    top_p: float = 0.95,
    longest: int = 64,
) -> list[Draft]:
    """A draft for each of the attributes, from z (B, Z) as far as planned (B,) tells it, at temperature (B,) above 0.

    generator: of the device of the model. What a draft becomes hangs on the others of its batch.
    """
    device, end = model.device, model.vocabulary.ids.index(EOS)
    table = model.lower_states.inputs(torch.tensor([model.vocabulary.ids]))[0].to(device)
    planned, temperature, rest = planned.to(device), temperature.to(device), z.to(device, copy=True)
    lower, upper = model.lower_states.lower, model.upper
    heard_by, told_to = lower.nothing_read(), upper.nothing_read()
    begin = model.lower_states.inputs(torch.tensor([[BOS, START]])).to(device).expand(len(asked), -1, -1)
    bos, state = lower(begin, heard_by).split(1, dim=1)
    upper(torch.cat([bos, model.prefix(_no_words(model, asked, planned), rest)], dim=1), told_to)
    rows = torch.arange(len(asked), device=device)  # those that are still written
    ended = torch.zeros(len(asked), dtype=torch.bool, device=device)
    chosen_of = torch.full((len(asked), longest), end, device=device)
    heard = torch.zeros(len(asked), state.shape[-1], device=device)
    for step in range(longest):
        told = rest[rows] * planned[rows].unsqueeze(1)
        h = upper(state + model.latent_shift(told).unsqueeze(1), told_to)[:, 0]
        logits = model.logits(rms_norm(h, model.norm, model.eps) + model.latent_choice(told))
        chosen = _draw(logits / temperature[rows].unsqueeze(1), top_p, generator)
        chosen = torch.where(ended[rows], end, chosen)
        chosen_of[rows, step] = chosen
        writing = chosen != end
        ended[rows] = ~writing
        if not writing.any():
            break
        if writing.float().mean() <= CROWD:
            for past in (*heard_by, *told_to):
                past.keep(writing)
            rows, chosen, writing = rows[writing], chosen[writing], writing[writing]
        rest[rows] -= model.plan.words[chosen]
        state = lower(table[chosen].unsqueeze(1), heard_by)
        heard[rows] += state[:, 0] * writing.unsqueeze(1)
    return _drafts(model, chosen_of.cpu(), heard.cpu(), end)


def _drafts(model: TextCVAE, chosen: Tensor, heard: Tensor, end: int) -> list[Draft]:
    drafts = []
    for row, state in zip(chosen.tolist(), heard, strict=True):
        length = row.index(end) if end in row else len(row)
        text = model.vocabulary.decode([model.vocabulary.ids[i] for i in row[:length]]).strip()
        drafts.append(Draft(text, length < len(row), state / max(1, length)))
    return drafts


def _no_words(model: TextCVAE, asked: Sequence[Attributes], planned: Tensor) -> Batch:
    """A batch that only tells what is asked for."""
    nothing = torch.zeros(len(asked), 0, dtype=torch.bool)
    batch = Batch(nothing, nothing, nothing, *model.condition(asked), nothing, planned, 0)
    return batch.to(model.device)


def _draw(logits: Tensor, top_p: float, generator: torch.Generator) -> Tensor:
    """Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751): logits (B, V) -> outputs (B,)"""
    best, ids = logits.topk(min(HEAD, logits.shape[1]), dim=1)
    p = F.softmax(best, dim=1)
    p = torch.where(p.cumsum(1) - p >= top_p, 0.0, p)
    return ids.gather(1, torch.multinomial(p, 1, generator=generator)).squeeze(1)
