"""Row f: what a model is at another rate. Its plans are rescaled to that rate, it is trained on for a part of an epoch, and measured.

    python dev/rates.py DIR --target 20 [--price 4]     prints one row of the table in dev/LOG.md

The run is kept in the state folder; one that was stopped goes on where it was. Measured on the valid part, so that the test
part stays what it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from deephypebot.cli.evaluate import sample_songs
from deephypebot.config import shipped_checkpoint, state_dir
from deephypebot.corpus.builtin import split_frozen
from deephypebot.model.evaluation.latent_measures import latent_measures
from deephypebot.model.measures import distinct_n, diversity
from deephypebot.model.network.checkpoint import load_checkpoint, save_checkpoint
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.network.latent import kl_to_standard_normal
from deephypebot.model.network.posterior import posterior
from deephypebot.model.training.train_cvae import TrainConfig, Trainer
from deephypebot.model.training.train_run import fit_prior, prepare
from deephypebot.model.writing.commentator import load
from deephypebot.types import Sentence

TEXTS = 200


def tuned(start: Path, target: float, price: float, epochs: float, out: Path) -> None:
    """A checkpoint in `out` that has gone on from `start` with another target, in nats a sentence."""
    model, split = load_checkpoint(start), split_frozen()
    prepare(model, split)
    rescale(model, split.valid, target)
    config = TrainConfig(epochs=epochs, lr=2e-4, new_lr=7e-4, target_kl=target, kl_price=price, patience=10**6)
    Trainer(model, split, config, out.with_name(f"{out.name}.training"), lambda _: None).run()
    fit_prior(model, split.train)
    save_checkpoint(model, out, {}, {"from": start.name, "target_kl": target})


@torch.no_grad()
def rescale(model: TextCVAE, sentences: Sequence[Sentence], target: float) -> None:
    """Make all plans larger or smaller against their noise, until the KL is the target; what reads them is made to read the same.

    By gradient alone a model hardly changes its rate: after 105 steps with a target of 7 the KL was still 13.4.
    """
    mu, logvar = posterior(model, sentences)
    low, high = 0.05, 20.0
    for _ in range(40):
        factor = (low * high) ** 0.5
        kl = float(kl_to_standard_normal(factor * mu, logvar).sum(1).mean())
        low, high = (low, factor) if kl > target else (factor, high)
    for weight in (model.plan.words, model.plan.mean):
        weight *= factor
    for reader in (model.latent_tokens, model.latent_shift, model.latent_choice):
        reader.weight /= factor


def row(folder: Path) -> dict[str, float]:
    """The figures of a checkpoint."""
    model, split = load_checkpoint(folder), split_frozen()
    prepare(model, split)
    measured = latent_measures(model, split.valid)
    writer = load(folder)
    songs = sample_songs(TEXTS)
    texts = [text.text for i, (song, a) in enumerate(songs) for text in writer.write(song, a, n=1, seed=i)]
    return measured | {"distinct_2": distinct_n(texts, 2), "diversity": diversity(texts)}


def main() -> None:
    """Print a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", default=shipped_checkpoint())
    parser.add_argument("--target", type=float, help="nats a sentence; without it the checkpoint is measured as it is")
    parser.add_argument(
        "--price", type=float, default=1.0, help="of a nat above the target; z is worth one of its own at 14"
    )
    parser.add_argument("--epochs", type=float, default=0.4)
    args = parser.parse_args()
    folder = args.checkpoint
    if args.target is not None:
        folder = state_dir() / "rates" / f"{args.checkpoint.resolve().name}-{args.target:g}"
        tuned(args.checkpoint, args.target, args.price, args.epochs, folder)
    print(" | ".join(f"{name} {value:.4g}" for name, value in row(folder).items()))


if __name__ == "__main__":
    main()
