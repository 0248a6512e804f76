"""The training loop of both backbones: batches by length, a controlled rate, checkpoints that survive kill -9.

Run by `deephypebot train cvae`, or by `torchrun` with several processes: each takes its share of every batch and the
gradients are averaged.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from deephypebot.corpus.split import Split
from deephypebot.errors import InputError
from deephypebot.model.latent import rate_loss
from deephypebot.model.training_state import load_state, save_state
from deephypebot.types import Sentence


@dataclass(frozen=True)
class TrainConfig:
    """How to train; saved beside the weights."""

    epochs: float = 8.0
    batch_size: int = 32  # sentences a step and process
    accumulate: int = 1  # batches a step
    lr: float = 6e-4  # LoRA, or all of the GRU
    new_lr: float = 1e-3  # what has no pretrained start: prefix, encoder, latent
    weight_decay: float = 0.01
    warmup: int = 30  # steps
    clip: float = 1.0  # norm of the gradient
    target_kl: float = 12.0  # the rate, nats a sentence
    kl_floor: float = 0.08  # nats a dimension, so that no unit dies
    autoencoder_epochs: float = 0.0  # so long the rate has next to no price
    evals_per_epoch: int = 1
    patience: int = 4  # evaluations without a better held-out bound
    save_every_s: float = 60.0
    minutes: float | None = None  # stop after this long; the schedule then follows the clock
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "lr", "new_lr", "clip", "evals_per_epoch", "patience"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; allowed is more than 0")
        if self.minutes is not None and self.minutes <= 0:
            raise InputError(f"minutes is {self.minutes}; allowed is more than 0")


class TextVAE(Protocol):
    """What the loop asks of a model; both backbones are one."""

    def lengths(self, sentences: Sequence[Sentence]) -> list[int]: ...
    def collate(self, sentences: Sequence[Sentence], rng: np.random.Generator | None = None) -> Any: ...
    def __call__(self, batch: Any, eps: Tensor) -> tuple[Tensor, Tensor]: ...


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Indices in batches of like length, in random order; every index once."""
    noisy = np.asarray(lengths) + rng.uniform(-1.0, 1.0, len(lengths))
    order = np.argsort(noisy, kind="stable")
    groups = [order[i : i + size].tolist() for i in range(0, len(order), size)]
    return [groups[i] for i in rng.permutation(len(groups))]


@dataclass
class Progress:
    """Where a run stands; all of it is saved and resumed."""

    step: int = 0
    sentences: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best: float = math.inf
    stale: int = 0


class Trainer:
    """One training run in a folder. model: a TextVAE module; save_best(metrics) is called at every better evaluation."""

    def __init__(self, model: Any, split: Split, config: TrainConfig, folder: Path, save_best: Any) -> None:
        self.model, self.split, self.config, self.folder, self.save_best = model, split, config, folder, save_best
        self.latent_dim = int(model.config.latent_dim)
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98), weight_decay=config.weight_decay)
        self.progress = Progress()
        self.rank, self.world = _join_processes()
        self.lengths = model.lengths(split.train)
        self.steps_per_epoch = math.ceil(len(split.train) / (config.batch_size * config.accumulate * self.world))
        self.total_steps = max(1, round(config.epochs * self.steps_per_epoch))
        self.history: list[dict[str, float]] = []

    def _groups(self) -> list[dict[str, Any]]:
        old = [p for name, p in self.parameters.items() if "lora" in name or name in ("norm", "slot_output")]
        pretrained = {id(p) for p in old}
        new = [p for p in self.parameters.values() if id(p) not in pretrained]
        lr = self.config.new_lr if old else self.config.lr
        return [{"params": old, "lr": self.config.lr}] * bool(old) + [{"params": new, "lr": lr}]

    def run(self) -> dict[str, float]:
        """Train until the end, the early stop or the time limit; returns the best held-out metrics."""
        self._resume()
        self.model.train()
        per_eval = max(1, self.steps_per_epoch // self.config.evals_per_epoch)
        started, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        with tqdm(
            total=self.total_steps, initial=self.progress.step, file=sys.stderr, mininterval=5, disable=self.rank > 0
        ) as bar:
            for group in self._groups_of_batches():
                parts = self._step(group)
                self.progress.seconds = time.monotonic() - started
                bar.update(1)
                bar.set_postfix(
                    parts | {"tok/s": round(self.progress.tokens / max(self.progress.seconds, 1e-9))}, refresh=False
                )
                if self.progress.step % per_eval == 0 or self._over():
                    self._evaluate()
                    saved = self._save()
                elif time.monotonic() - saved > self.config.save_every_s:
                    saved = self._save()
                if self._over():
                    break
        return min(self.history, key=lambda row: row["bound"]) if self.history else {}

    def _over(self) -> bool:
        late = self.config.minutes is not None and self.progress.seconds > 60 * self.config.minutes
        return late or self.progress.step >= self.total_steps or self.progress.stale >= self.config.patience

    def _groups_of_batches(self) -> Iterator[list[list[int]]]:
        """The batches of each step from the present step on; the same for the same seed."""
        c = self.config
        while True:
            epoch, at = divmod(self.progress.step, self.steps_per_epoch)
            order = batches(self.lengths, c.batch_size, np.random.default_rng((c.seed, epoch)))
            per_step = c.accumulate * self.world
            steps = [order[i : i + per_step] for i in range(0, len(order), per_step)]
            for group in steps[at:]:
                yield group[self.rank :: self.world] or group[:1]
            if len(steps) <= at:  # rounding: an epoch may hold one step less than planned
                self.progress.step = (epoch + 1) * self.steps_per_epoch

    def _step(self, group: list[list[int]]) -> dict[str, float]:
        p, c = self.progress, self.config
        rng = np.random.default_rng((c.seed, p.step, self.rank, 1))
        torch.manual_seed(int(rng.integers(2**31)))
        for g, base in zip(self.optimizer.param_groups, self._groups_lr(), strict=True):
            g["lr"] = base * self._schedule()
        recon_sum, kl_sum, tokens = 0.0, 0.0, 0
        for indices in group:
            batch = self.model.collate([self.split.train[i] for i in indices], rng)
            eps = torch.from_numpy(rng.standard_normal((len(indices), self.latent_dim), np.float32))
            recon, kl = self.model(batch, eps)
            loss = recon.sum() / batch.num_tokens
            if self.latent_dim:
                loss = loss + self._rate(kl) * len(indices) / batch.num_tokens
            (loss / len(group)).backward()
            recon_sum, kl_sum = recon_sum + float(recon.detach().mean()), kl_sum + float(kl.detach().sum(1).mean())
            tokens += batch.num_tokens
            p.sentences += len(indices) * self.world
        self._average_gradients()
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), c.clip)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        p.step, p.tokens = p.step + 1, p.tokens + tokens * self.world
        n = len(group)
        return {
            "recon": round(recon_sum / n, 2),
            "kl": round(kl_sum / n, 2),
            "nats/tok": round(recon_sum / n * len(group[0]) * n / tokens, 3),
        }

    def _rate(self, kl: Tensor) -> Tensor:
        free = self.config.autoencoder_epochs * self.steps_per_epoch
        weight = min(1.0, max(0.0, (self.progress.step - free) / max(1.0, free))) if free else 1.0
        return max(weight, 0.02) * rate_loss(kl, self.config.target_kl, self.config.kl_floor)

    def _groups_lr(self) -> list[float]:
        return [self.config.lr, self.config.new_lr] if len(self.optimizer.param_groups) == 2 else [self.config.lr]

    def _schedule(self) -> float:
        """Warm-up, then a cosine down to a twentieth; by the clock where there is a time limit."""
        p, c = self.progress, self.config
        done = p.step / self.total_steps
        if c.minutes is not None:
            done = max(done, p.seconds / (60 * c.minutes))
        return min(1.0, (p.step + 1) / c.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def _average_gradients(self) -> None:
        if self.world == 1:
            return
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters.values()]
        flat = torch.cat([g.flatten() for g in grads])
        torch.distributed.all_reduce(flat)
        flat /= self.world
        for p, part in zip(self.parameters.values(), torch.split(flat, [g.numel() for g in grads]), strict=True):
            p.grad = part.view_as(p)

    def _evaluate(self) -> None:
        metrics = evaluate_bound(self.model, self.split.valid, self.config.batch_size)
        p = self.progress
        row = {"step": p.step, "sentences": p.sentences, "seconds": round(p.seconds, 1), **metrics}
        self.history.append(row)
        better = metrics["bound"] < p.best
        p.best, p.stale = (metrics["bound"], 0) if better else (p.best, p.stale + 1)
        if self.rank == 0:
            tqdm.write(json.dumps(row), file=sys.stderr)
            if better:
                self.save_best(row)

    def _save(self) -> float:
        if self.rank == 0:
            state = {"progress": asdict(self.progress), "history": self.history, "config": asdict(self.config)}
            save_state(self.folder, self.parameters, self.optimizer, state)
        return time.monotonic()

    def _resume(self) -> None:
        state = load_state(self.folder, self.parameters, self.optimizer)
        if state is None:
            return
        self.progress, self.history = Progress(**state["progress"]), state["history"]
        print(f"resuming {self.folder} at step {self.progress.step} of {self.total_steps}", file=sys.stderr)


@torch.no_grad()
def evaluate_bound(model: Any, sentences: Sequence[Sentence], size: int = 32, seed: int = 0) -> dict[str, float]:
    """Means over held-out sentences: recon, kl, bound (= -ELBO, nats a sentence), nats_per_token of the bound."""
    was_training = model.training
    model.eval()
    rng = np.random.default_rng(seed)
    recon_sum = kl_sum = tokens = 0.0
    order = np.argsort(model.lengths(sentences), kind="stable")
    for at in range(0, len(order), size):
        batch = model.collate([sentences[i] for i in order[at : at + size]])
        eps = rng.standard_normal((len(order[at : at + size]), int(model.config.latent_dim)), np.float32)
        recon, kl = model(batch, torch.from_numpy(eps))
        recon_sum, kl_sum, tokens = recon_sum + float(recon.sum()), kl_sum + float(kl.sum()), tokens + batch.num_tokens
    model.train(was_training)
    n = max(1, len(sentences))
    bound = (recon_sum + kl_sum) / n
    return {"recon": recon_sum / n, "kl": kl_sum / n, "bound": bound, "nats_per_token": bound * n / max(1.0, tokens)}


def _join_processes() -> tuple[int, int]:
    """Rank and number of processes; joins the group that torchrun made."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    return int(os.environ.get("RANK", "0")), world
