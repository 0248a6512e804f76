"""The training loop of both backbones: batches by length, a controlled rate, checkpoints that survive kill -9.

Run by `deephypebot train cvae`, or by `torchrun` with several processes: each takes its share of every batch and the
gradients are summed, so that their number changes nothing but the dropout.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.network.latent import rate_loss
from deephypebot.model.training.processes import Processes
from deephypebot.model.training.training_state import load_state, save_state
from deephypebot.types import Sentence

POSITIVE = "epochs pretrain_epochs batch_size accumulate lr new_lr warmup clip evals_per_epoch patience minutes".split()
NOT_NEGATIVE = "weight_decay target_kl kl_price kl_floor save_every_s seed".split()
MAY_CHANGE = "device minutes epochs patience save_every_s evals_per_epoch".split()  # when a run is resumed


@dataclass(frozen=True)
class TrainConfig:
    """How to train; saved beside the weights."""

    epochs: float = 3.0
    pretrain_epochs: float = 1.0  # of the text that the model sees first, where there is such text
    batch_size: int = 32  # sentences a step and process
    accumulate: int = 1  # batches a step
    lr: float = 6e-4  # LoRA, or all of the GRU
    new_lr: float = 2e-3  # what has no pretrained start: prefix, plan
    weight_decay: float = 0.01
    warmup: int = 30  # steps
    clip: float = 1.0  # norm of the gradient
    target_kl: float = 14.0  # the rate, nats a sentence
    kl_price: float = 1.0  # of a nat above the target
    kl_floor: float = 0.0  # nats a dimension, so that no unit dies
    evals_per_epoch: int = 1
    patience: int = 4  # evaluations without a better held-out bound
    save_every_s: float = 60.0
    minutes: float | None = None  # stop after this long; the schedule then follows the clock
    seed: int = 0
    device: str = "auto"  # cpu or cuda, where a model over a backbone trains in one process

    def __post_init__(self) -> None:
        for name in (*POSITIVE, *NOT_NEGATIVE):
            value = getattr(self, name)
            if name in POSITIVE and value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} is {value}; allowed is more than 0")
            if name in NOT_NEGATIVE and not 0 <= value < math.inf:
                raise InputError(f"{name} is {value}; allowed is 0 or more")


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
    """One training run. model: a TextVAE module; folder: of its state; save_best(metrics): called at every better
    evaluation; pretraining: what the model saw before."""

    def __init__(
        self,
        model: Any,
        split: Split,
        config: TrainConfig,
        folder: Path,
        save_best: Callable[[dict[str, float]], None],
        processes: Processes | None = None,
        pretraining: str = "",
    ) -> None:
        self.model, self.split, self.config, self.folder, self.save_best = model, split, config, folder, save_best
        self.processes = processes or Processes()
        self.latent_dim = int(model.config.latent_dim)
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(
            self._groups(), betas=(0.9, 0.98), weight_decay=config.weight_decay, fused=True
        )
        self.progress = Progress()
        self.settings = self._settings() | {"pretraining": pretraining}
        self.history: list[dict[str, float]] = []
        self.lengths = model.lengths(split.train)
        self.batches_per_step = config.accumulate * self.processes.world
        self.steps_per_epoch = math.ceil(len(split.train) / (config.batch_size * self.batches_per_step))
        self.total_steps = max(1, round(config.epochs * self.steps_per_epoch))

    def expected_steps(self) -> int:
        """All steps of the run, as far as they can be foreseen: with `minutes`, those that fit in them at the speed so far."""
        p, minutes = self.progress, self.config.minutes
        fit = self.total_steps if minutes is None else round(60 * minutes * p.step / max(p.seconds, 1e-9))
        return max(p.step, min(self.total_steps, fit))

    def _groups(self) -> list[dict[str, Any]]:
        """Parameters with a pretrained start, and new ones; "base" is the learning rate that the schedule scales."""
        old = {name: p for name, p in self.parameters.items() if "lora" in name or name in ("norm", "slot_output")}
        new = [p for name, p in self.parameters.items() if name not in old]
        if not old:
            return [{"params": new, "base": self.config.lr}]
        return [{"params": [*old.values()], "base": self.config.lr}, {"params": new, "base": self.config.new_lr}]

    def _settings(self) -> dict[str, Any]:
        """What must not change when a run is resumed."""
        corpus = hashlib.sha256(repr(self.split.train).encode()).hexdigest()[:16]
        settings = {"corpus": corpus, "processes": self.processes.world, **asdict(self.model.config)}
        return settings | {name: value for name, value in asdict(self.config).items() if name not in MAY_CHANGE}

    def run(self) -> dict[str, float]:
        """Train until the end, the early stop or the time limit; returns the best held-out metrics.

        Raises CheckpointError where a file cannot be written, where a state there is of another run, or where no
        evaluation gave a number.
        """
        self._resume()
        self.model.train()
        p, first = self.progress, self.processes.rank == 0
        per_eval = max(1, self.steps_per_epoch // self.config.evals_per_epoch)
        started, saved = time.monotonic() - p.seconds, time.monotonic()
        with tqdm(total=self.total_steps, initial=p.step, file=sys.stderr, mininterval=5, disable=not first) as bar:
            for group in self._steps_to_go():
                parts = self._step(group)
                (p.seconds,) = self.processes.agreed(time.monotonic() - started)
                bar.total = self.expected_steps()
                bar.update(1)
                bar.set_postfix(parts | {"tok/s": round(p.tokens / max(p.seconds, 1e-9))}, refresh=False)
                if p.step % per_eval == 0:
                    self._evaluate()
                    saved = self._save()
                elif time.monotonic() - saved > self.config.save_every_s:
                    saved = self._save()
        if not self.history or self.history[-1]["step"] != p.step:
            self._evaluate()
            self._save()
        finite = [row for row in self.history if math.isfinite(row["bound"])]
        if not finite:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise CheckpointError(f"{self.folder}: the held-out bound was never a number; a smaller lr may help")
        return min(finite, key=lambda row: row["bound"])

    def _over(self) -> bool:
        late = self.config.minutes is not None and self.progress.seconds > 60 * self.config.minutes
        return late or self.progress.step >= self.total_steps or self.progress.stale >= self.config.patience

    def _steps_to_go(self) -> Iterator[list[list[int]]]:
        """The batches of each step, of all processes, from the present step until it is over; the same for the same seed."""
        while not self._over():
            epoch, at = divmod(self.progress.step, self.steps_per_epoch)
            order = batches(self.lengths, self.config.batch_size, np.random.default_rng((self.config.seed, epoch)))
            for start in range(at * self.batches_per_step, len(order), self.batches_per_step):
                if self._over():
                    return
                yield order[start : start + self.batches_per_step]

    def _step(self, group: list[list[int]]) -> dict[str, float]:
        """One update from the batches of all processes; this one computes its share, which may be empty."""
        p, rank = self.progress, self.processes.rank
        rng = np.random.default_rng((self.config.seed, p.step, rank, 1))
        torch.manual_seed(int(rng.integers(2**31)))
        for g in self.optimizer.param_groups:
            g["lr"] = g["base"] * self._schedule()
        recon_sum, kl_sum, tokens, sentences = 0.0, 0.0, 0, 0
        for indices in group[rank :: self.processes.world]:
            batch = self.model.collate([self.split.train[i] for i in indices], rng)
            eps = torch.from_numpy(rng.standard_normal((len(indices), self.latent_dim), np.float32))
            recon, kl = self.model(batch, eps)
            loss = recon.sum() / batch.num_tokens
            if self.latent_dim:
                rate = rate_loss(kl, self.config.target_kl, self.config.kl_floor, self.config.kl_price)
                loss = loss + rate * len(indices) / batch.num_tokens
            (loss / len(group)).backward()
            recon_sum, kl_sum = recon_sum + float(recon.detach().sum()), kl_sum + float(kl.detach().sum())
            tokens, sentences = tokens + batch.num_tokens, sentences + len(indices)
        self._update()
        p.step, p.sentences = p.step + 1, p.sentences + sum(map(len, group))
        p.tokens += sum(self.lengths[i] for indices in group for i in indices)
        sums = {"recon": (recon_sum, sentences), "kl": (kl_sum, sentences), "nats/tok": (recon_sum, tokens)}
        return {name: round(value / max(1, count), 3) for name, (value, count) in sums.items()}

    def _update(self) -> None:
        """One step of the optimizer, unless a gradient is not a number."""
        self.processes.add_gradients([*self.parameters.values()])
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), self.config.clip)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def _schedule(self) -> float:
        """Warm-up, then a cosine down to a twentieth; by the clock where there is a time limit."""
        p, c = self.progress, self.config
        done = p.step / self.total_steps
        if c.minutes is not None:
            done = max(done, p.seconds / (60 * c.minutes))
        return min(1.0, (p.step + 1) / c.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def _evaluate(self) -> None:
        p, metrics = self.progress, evaluate_bound(self.model, self.split.valid, self.config.batch_size)
        metrics = dict(zip(metrics, self.processes.agreed(*metrics.values()), strict=True))
        row = {"step": p.step, "sentences": p.sentences, "seconds": round(p.seconds, 1), **metrics}
        self.history.append(row)
        better = metrics["bound"] < p.best
        p.best, p.stale = (metrics["bound"], 0) if better else (p.best, p.stale + 1)
        if self.processes.rank == 0:
            tqdm.write(json.dumps(row), file=sys.stderr)
            if better:
                self.save_best(row)

    def _save(self) -> float:
        if self.processes.rank == 0:
            state = {"progress": asdict(self.progress), "history": self.history, "settings": self.settings}
            save_state(self.folder, self.parameters, self.optimizer, state)
        return time.monotonic()

    def _resume(self) -> None:
        state = load_state(self.folder, self.parameters, self.optimizer, self.settings)
        if state is not None:
            self.progress, self.history = Progress(**state["progress"]), state["history"]
        self.processes.start_alike([*self.parameters.values()])
        step, rank = self.progress.step, self.processes.rank
        if self.processes.agreed(step) != [step]:
            raise CheckpointError(
                f"{self.folder}: process {rank} does not see the state of the first; the disk must be shared"
            )
        if step and rank == 0:
            print(f"resuming {self.folder} at step {step} of {self.total_steps}", file=sys.stderr)


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
