"""Row j: how fast the GRU backbone trains beside the 2018 loop at the same sizes, alternating in one run.

    python benchmarks/train_speed_gru.py
prints one line. A token is a word or mark of the 2018 tokenizer or an end, for both. Each side gets the number of
threads that suits it better; ours is shown with exact products (fp32) too, bf16 being faster on some processors.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator
from statistics import median

import numpy as np
import original_2018 as original
import torch
from torch import nn

from deephypebot.corpus.builtin import split_frozen
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.network.latent import rate_loss
from deephypebot.model.training.memory import keep_freed_memory
from deephypebot.model.training.train_cvae import batches
from deephypebot.types import Sentence

BATCH_SIZE = 64


def our_steps(words: original.WordList, sentences: list[Sentence], precision: str) -> Iterator[int]:
    """The work of the common trainer, with the sizes of 2018; yields the tokens of each step."""
    config = GruConfig(
        vocabulary_size=len(words.words),
        embedding_dim=original.EMBEDDING,
        hidden_dim=original.HIDDEN,
        latent_dim=original.LATENT,
        word_dropout=original.WORD_DROPOUT,
        precision=precision,
    )
    model = GruCVAE.build(config, sentences, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-4, fused=True)
    lengths, rng = model.lengths(sentences), np.random.default_rng(0)
    while True:
        for indices in batches(lengths, BATCH_SIZE, rng):
            chosen = [sentences[i] for i in indices]
            batch = model.collate(chosen, rng)
            recon, kl = model(batch, torch.randn(len(chosen), config.latent_dim))
            ((recon.mean() + rate_loss(kl, original.FREE_NATS, 0.1)) * len(chosen) / batch.num_tokens).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            yield sum(len(words.ids(s.text)) + 1 for s in chosen)


def measure(steps: Iterator[int], seconds: float, threads: int) -> float:
    """Tokens a second."""
    torch.set_num_threads(threads)
    return original.tokens_a_second(steps, seconds)


def faster_threads(steps: Iterator[int], cores: int) -> int:
    """1 or all cores, whichever a short trial shows to be faster; also warms up."""
    next(steps)
    return max((1, cores), key=lambda threads: measure(steps, 3.0, threads))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each side in each round")
    arguments = parser.parse_args()
    keep_freed_memory()
    random.seed(0)
    torch.manual_seed(0)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    train = split_frozen().train
    words = original.WordList(train)
    sides = {
        "2018": original.training_steps(original.Vae2018(len(words.words)), words, train),
        "gru": our_steps(words, train, "auto"),
        "gru in fp32": our_steps(words, train, "fp32"),
    }
    threads = {name: faster_threads(steps, cores) for name, steps in sides.items()}
    rounds = [
        {name: measure(steps, arguments.seconds, threads[name]) for name, steps in sides.items()}
        for _ in range(arguments.rounds)
    ]
    speeds = {name: median(row[name] for row in rounds) for name in sides}
    ratios = {name: median(row[name] / row["2018"] for row in rounds) for name in sides}
    print(
        f"train gru: {speeds['gru']:.0f} tokens/s, 2018 loop {speeds['2018']:.0f} tokens/s, ratio {ratios['gru']:.1f} "
        f"(in fp32 {speeds['gru in fp32']:.0f} tokens/s, ratio {ratios['gru in fp32']:.1f}; "
        f"median of {arguments.rounds} rounds, batch {BATCH_SIZE}, threads {threads})"
    )


if __name__ == "__main__":
    main()
