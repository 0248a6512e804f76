"""Row j: how fast the CVAE over SmolLM2 trains beside plain LoRA on all its layers, alternating in one run.

    python benchmarks/train_speed_smollm2.py
prints one line. Both sides train for the same time on the same batches of 32 with AdamW and the same ranks; then each is asked what
the same held-out sentences cost. Plain LoRA is stock transformers in fp32: the attributes as a line of text before the sentence, all
49,152 outputs, slots spelled out. Ours is `train cvae` as it comes: frozen lower layers read from disk (what computing them once
cost is told beside), outputs cut down to the corpus, z. A token is one of ours, for both.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from original_2018 import tokens_a_second
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoTokenizer, LlamaForCausalLM

from deephypebot.config import cache_dir
from deephypebot.corpus.builtin import split_frozen
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.condition import prompt
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.network.latent import rate_loss
from deephypebot.model.network.llama import Lora
from deephypebot.model.tokens import BOS, EOS, START
from deephypebot.model.training.train_cvae import TrainConfig, batches, evaluate_bound
from deephypebot.model.training.train_run import build_model
from deephypebot.types import Sentence

CONFIG, TRAIN = CvaeConfig(), TrainConfig()
MATRICES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class WithLora(nn.Module):
    """A frozen matrix and its correction."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.lora = Lora(
            (linear.out_features, linear.in_features), CONFIG.lora_rank, CONFIG.lora_alpha, CONFIG.lora_dropout
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x) + self.lora(x)
        return y


class PlainLora(nn.Module):
    """The stock model with LoRA on the seven matrices of every layer, told the attributes as text."""

    def __init__(self) -> None:
        super().__init__()
        folder = fetch_backbone("smollm2")
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.llama = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).requires_grad_(False)
        for layer in self.llama.model.layers:
            for block in (layer.self_attn, layer.mlp):
                for name in set(MATRICES) & set(dict(block.named_children())):
                    setattr(block, name, WithLora(getattr(block, name)))

    def nll(self, sentences: Sequence[Sentence]) -> Tensor:
        """-log p(x | a) in nats, summed over tokens: (B,)"""
        told = [[BOS, *self._ids(prompt(s.attributes)), START] for s in sentences]
        texts = [[*self._ids(s.text), EOS] for s in sentences]
        length = max(len(a) + len(x) for a, x in zip(told, texts, strict=True))
        ids = torch.full((len(sentences), length), EOS)
        targets = torch.full((len(sentences), length), -100)
        for row, (a, x) in enumerate(zip(told, texts, strict=True)):
            ids[row, : len(a) + len(x)] = torch.tensor([*a, *x])
            targets[row, len(a) - 1 : len(a) + len(x) - 1] = torch.tensor(x)
        logits = self.llama(ids[:, :-1]).logits
        return F.cross_entropy(logits.transpose(1, 2), targets[:, :-1], reduction="none").sum(-1)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False).input_ids
        return ids


def plain_steps(model: PlainLora, sentences: list[Sentence], lengths: list[int]) -> Iterator[int]:
    """Train for ever; yields the tokens of each step."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=TRAIN.lr)
    for indices in endless(lengths):
        nll = model.nll([sentences[i] for i in indices])
        step(optimizer, nll.sum() / sum(lengths[i] for i in indices))
        yield sum(lengths[i] for i in indices)


def our_steps(model: TextCVAE, sentences: list[Sentence], lengths: list[int]) -> Iterator[int]:
    """The work of the common trainer; yields the tokens of each step."""
    old = [p for name, p in model.named_parameters() if "lora" in name]
    new = [p for name, p in model.named_parameters() if "lora" not in name]
    optimizer = torch.optim.AdamW([{"params": old, "lr": TRAIN.lr}, {"params": new, "lr": TRAIN.new_lr}])
    rng = np.random.default_rng(0)
    for indices in endless(lengths):
        batch = model.collate([sentences[i] for i in indices], rng)
        recon, kl = model(batch, torch.randn(len(indices), CONFIG.latent_dim))
        step(optimizer, (recon.mean() + rate_loss(kl, TRAIN.target_kl, 0.0)) * len(indices) / batch.num_tokens)
        yield sum(lengths[i] for i in indices)


def endless(lengths: list[int]) -> Iterator[list[int]]:
    """Batches, epoch after epoch, the same for both sides."""
    rng = np.random.default_rng(0)
    while True:
        yield from batches(lengths, TRAIN.batch_size, rng)


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One update."""
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], TRAIN.clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


@torch.no_grad()
def plain_cost(model: PlainLora, sentences: list[Sentence]) -> float:
    """Nats a sentence."""
    rows = [model.eval().nll(sentences[at : at + 16]) for at in range(0, len(sentences), 16)]
    return float(torch.cat(rows).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each side in each round")
    parser.add_argument("--held-out", type=int, default=200, help="sentences")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    split = split_frozen()
    cached, started = any((cache_dir() / "states").glob("*")), time.perf_counter()
    ours: Any = build_model(CONFIG, split, 0)
    prepared, plain = time.perf_counter() - started, PlainLora()
    held_out, lengths = split.valid[: arguments.held_out], ours.lengths(split.train)
    sides = {"plain": plain_steps(plain, split.train, lengths), "ours": our_steps(ours, split.train, lengths)}
    plain.train(), ours.train()
    rounds = [
        {name: tokens_a_second(steps, arguments.seconds) for name, steps in sides.items()}
        for _ in range(arguments.rounds)
    ]
    speeds = {name: median(row[name] for row in rounds) for name in sides}
    bound = evaluate_bound(ours, held_out)
    print(
        f"train smollm2: {speeds['ours']:.0f} tokens/s, plain LoRA on all layers {speeds['plain']:.0f} tokens/s, ratio "
        f"{median(row['ours'] / row['plain'] for row in rounds):.2f}; held-out nats a sentence after "
        f"{arguments.rounds * arguments.seconds / 60:.1f} minutes each: {bound['bound']:.1f} (recon {bound['recon']:.1f}, KL "
        f"{bound['kl']:.1f}) against {plain_cost(plain, held_out):.1f} ({len(held_out)} sentences; lower states "
        f"{'were on disk' if cached else f'took {prepared:.0f} s'})"
    )


if __name__ == "__main__":
    main()
