"""`train constraints`: the critic and the actor of a checkpoint, from corpus text and from text that the checkpoint writes.

The critic learns from the posterior z of real sentences and from z whose texts were written out, each labelled by the rewards of its
text; where the actor has learned to go, texts are written out again and learned from, so that it cannot live off the critic's
mistakes. What counts is the reward of written-out texts for requests that neither has seen: training stops where it no longer
rises, or where the texts grow alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from deephypebot.corpus.split import Split
from deephypebot.errors import InputError
from deephypebot.model.beside import check_beside, write_beside
from deephypebot.model.condition import drop_attributes
from deephypebot.model.judging.reader import MOST
from deephypebot.model.judging.rewards import STYLE_WEIGHTS, Floats, style_rewards, style_weights, worth
from deephypebot.model.measures import distinct_n
from deephypebot.model.network.explore import load_model
from deephypebot.model.network.posterior import posterior
from deephypebot.model.training.lcgan import Actor, Critic, actor_loss, critic_loss
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.constraints import FILE, FORMAT, REWARDS, STANDING, condition, identity, wish_vector
from deephypebot.model.writing.decode import Decoded
from deephypebot.model.writing.drafts import pieces
from deephypebot.types import PLACEHOLDER, STYLES, Attributes, Wish

Say = Callable[[str], None]
READER = REWARDS.index("reader")
FORGET = 0.7  # share of requests that do not say what kind of sentence is asked for
PRESS = 4.0  # weight of what is wished for, against realism
DISTANCE = (0.1, 0.3)  # weight of the distance penalty, at the first and at the last actor step


@dataclass(frozen=True)
class ConstraintConfig:
    """How long to train. written: texts written out before the actor learns, and again after its first round; held_out: requests that
    it is judged by; steps: of the actor between two looks at what it does; critic_steps: for each of them; looks: at most; patience:
    looks without a better one."""

    written: int = 2000
    held_out: int = 200
    steps: int = 60
    critic_steps: int = 10
    looks: int = 6
    patience: int = 2
    batch_size: int = 256
    lr: float = 5e-4
    actor_lr: float = 2e-3  # it has a tenth of the critic's steps
    dropout: float = 0.5
    weight_decay: float = 0.1  # of the critic
    distinct_floor: float = 0.9  # of the distinct-2 without the actor
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("written", "held_out", "steps", "critic_steps", "looks", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; allowed is 1 or more")


@dataclass
class Examples:
    """z (N, Z), cond (N, C), real (N,) 1 for posterior z, rewards (N, R) in 0..1 of the texts, nan where they are not known."""

    z: Tensor
    cond: Tensor
    real: Tensor
    rewards: Tensor

    def __add__(self, other: Examples) -> Examples:
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("z", "cond", "real", "rewards"))
        return Examples(*(torch.cat(pair) for pair in pairs))


@dataclass
class Requests:
    """What is asked for, the z that it begins with (N, Z), its condition (N, C), and the seeds of the words."""

    asked: list[Attributes]
    z: Tensor
    cond: Tensor
    seeds: range

    def part(self, start: int, end: int) -> Requests:
        return Requests(self.asked[start:end], self.z[start:end], self.cond[start:end], self.seeds[start:end])


class ConstraintTrainer:
    """Trains on a checkpoint folder; `say` hears how it goes."""

    def __init__(self, checkpoint: Path, split: Split, config: ConstraintConfig, say: Say) -> None:
        self.config, self.say, self.split = config, say, split
        self.writer = Commentator(checkpoint)
        if not self.writer.engine.latent_dim:
            raise InputError(f"checkpoint {checkpoint} has no latent space (latent_dim is 0)")
        if not split.train:
            raise InputError("the corpus is empty; allowed is one with sentences to train on")
        check_beside(checkpoint, FILE)
        self.drafts = self.writer.drafts_with(None)
        torch.manual_seed(config.seed)
        self.rng = np.random.default_rng(config.seed)
        self.rewards = style_rewards() | {"fresh": self._freshness}
        self.sampling = replace(self.writer.defaults, drafts=1)
        self.critic = Critic(self.latent_dim, self.cond_dim, len(REWARDS))
        self.actor = Actor(self.latent_dim, self.cond_dim, len(REWARDS))
        self.critic_adam = torch.optim.AdamW(self.critic.parameters(), config.lr, weight_decay=config.weight_decay)
        self.actor_adam = torch.optim.AdamW(self.actor.parameters(), config.actor_lr)

    @property
    def latent_dim(self) -> int:
        return self.writer.engine.latent_dim

    @property
    def cond_dim(self) -> int:
        return len(condition(self.writer.engine, Attributes()))

    def run(self) -> dict[str, Any]:
        """Train; returns what was reached. The networks are those of the best look."""
        config = self.config
        torch.manual_seed(config.seed)
        requests = self.requests(2 * config.written + config.held_out)
        held_out, first = (
            requests.part(0, config.held_out),
            requests.part(config.held_out, config.held_out + config.written),
        )
        examples = self.corpus_examples() + self.written_examples(first, first.z)
        for _ in range(config.steps * config.critic_steps):
            self.critic_step(examples)
        history, kept, stale = [self.look(held_out, held_out.z)], self.networks(), 0
        best, floor = history[0]["worth"], config.distinct_floor * history[0]["distinct_2"]
        for number in range(config.looks):
            for step in range(config.steps):
                self.actor_step(examples, (number + step / config.steps) / config.looks)
                for _ in range(config.critic_steps):
                    self.critic_step(examples)
            history.append(self.look(held_out, self.moved(held_out)))
            if number == 0:
                again = requests.part(config.held_out + config.written, len(requests.asked))
                examples += self.written_examples(again, self.moved(again, self.wishes(len(again.asked))))
            stale += 1
            if history[-1]["worth"] > best and history[-1]["distinct_2"] >= floor:
                best, kept, stale = history[-1]["worth"], self.networks(), 0
            if stale == config.patience:
                self.say("stopped: no longer better, or the texts grow alike")
                break
        self.restore(kept)
        return {"looks": history}

    # ---- what is learned from

    def corpus_examples(self) -> Examples:
        """Real sentences at their posterior z."""
        sentences = self.split.train
        mu, logvar = posterior(load_model(self.writer.folder), sentences)
        z = mu + torch.randn(mu.shape) * (0.5 * logvar).exp()
        asked = [self._partly(s.attributes) for s in sentences]
        rewards = self._rewards([s.text for s in sentences], asked)
        return Examples(z, self._conditions(asked), torch.ones(len(z)), rewards)

    def written_examples(self, requests: Requests, z: Tensor) -> Examples:
        """z and the rewards of the texts that are written there."""
        drafts = self.written(requests, z)
        rewards = self._rewards([text for text, _ in drafts], requests.asked)
        rewards[:, READER] = torch.from_numpy(self._marks(drafts, requests.asked))
        return Examples(z, requests.cond, torch.zeros(len(z)), rewards)

    def requests(self, number: int) -> Requests:
        """Requests like those of users: attributes of corpus sentences, some of them unknown."""
        chosen = self.rng.choice(len(self.split.train), number, replace=number > len(self.split.train))
        asked = [self._partly(self.split.train[i].attributes) for i in chosen]
        seeds = range(10**6, 10**6 + number)
        streams = streams_of(seeds)
        told = pieces(PLACEHOLDER, asked, seeds, self.sampling)
        z = torch.from_numpy(self.drafts.latents(told, streams))
        return Requests(asked, z, self._conditions(asked), seeds)

    def written(self, requests: Requests, z: Tensor, size: int = 40) -> list[tuple[str, Decoded]]:
        """What is written at z, a text a request, the words always from the same chance."""
        found = list[tuple[str, Decoded]]()
        for at in range(0, len(z), size):
            part = requests.part(at, at + size)
            streams = streams_of(seed + 1 for seed in part.seeds)
            told = pieces(PLACEHOLDER, part.asked, part.seeds, self.sampling)
            written = self.drafts.write(told, z[at : at + size].numpy(), streams)
            found += [(self.writer.engine.decode(draft.ids).strip(), draft) for draft in written]
            self.say(f"written out: {len(found)} of {len(z)} texts")
        return found

    def _partly(self, attributes: Attributes) -> Attributes:
        known = drop_attributes(attributes, self.rng, 0.3, 0.1)
        return replace(known, kind=None) if self.rng.random() < FORGET else known

    def _conditions(self, asked: Sequence[Attributes]) -> Tensor:
        return torch.from_numpy(np.stack([condition(self.writer.engine, a) for a in asked]))

    def _rewards(self, texts: Sequence[str], asked: Sequence[Attributes]) -> Tensor:
        """Those of texts (N, R); nobody has marked corpus text, and where there is no reader nothing is left to wish."""
        marks = np.full(len(texts), np.nan if self.drafts.choice.reader else 1.0)
        columns = [self.rewards[name](texts, asked) if name in self.rewards else marks for name in REWARDS]
        return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))

    def _freshness(self, texts: Sequence[str], asked: Sequence[Attributes]) -> Floats:
        """How fresh texts are, 1 where nothing is known to be worn."""
        known = self.drafts.choice.freshness
        return np.array([known(text) if known else 1.0 for text in texts], np.float32)

    def _marks(self, drafts: Sequence[tuple[str, Decoded]], asked: Sequence[Attributes]) -> Floats:
        """What the reader makes of drafts, 0..1, and 0 of what must not be posted; 1 where there is no reader."""
        choice = self.drafts.choice
        if choice.reader is None:
            return np.ones(len(drafts), np.float32)
        marks = [
            choice.reader(text, draft.heard) / MOST if draft.finished and self._may_be_posted(text, a) else 0.0
            for (text, draft), a in zip(drafts, asked, strict=True)
        ]
        return np.array(marks, np.float32)

    def _may_be_posted(self, text: str, attributes: Attributes) -> bool:
        return self.drafts.choice.find_fault(text, PLACEHOLDER, attributes, Wish()) is None

    # ---- steps

    def critic_step(self, examples: Examples) -> None:
        """A step on examples, as many real as written ones, and on where the actor goes."""
        real, written = examples.real > 0, examples.real == 0
        half = self.config.batch_size // 2
        index = torch.cat([self._some(real, half), self._some(written, half)])
        z, cond, rewards = examples.z[index], examples.cond[index], examples.rewards[index]
        with torch.no_grad():
            moved = self.actor(z[half:], cond[half:], self.wishes(len(z) - half))
        logits = self.critic(torch.cat([z, moved]), torch.cat([cond, cond[half:]]), self.config.dropout)
        known = torch.cat([torch.ones(len(z)), torch.zeros(len(moved))])
        told = torch.cat([examples.real[index], torch.zeros(len(moved))])
        loss = critic_loss(logits, told, torch.cat([rewards, rewards[half:]]), known)
        self._descend(self.critic_adam, loss)

    def actor_step(self, examples: Examples, progress: float) -> None:
        """A step from the z of requests; the further the training, the nearer z' has to stay."""
        index = self._some(examples.real == 0, self.config.batch_size)
        z, cond, wish = examples.z[index], examples.cond[index], self.wishes(len(index))
        moved = self.actor(z, cond, wish)
        weight = DISTANCE[0] + progress * (DISTANCE[1] - DISTANCE[0])
        self._descend(self.actor_adam, actor_loss(self.critic(moved, cond), PRESS * wish, z, moved, weight))

    def wishes(self, number: int) -> Tensor:
        """(number, R): those of single styles, and of two at once."""
        drawn = [self.rng.choice(STYLES, self.rng.integers(1, 3), replace=False) for _ in range(number)]
        return torch.from_numpy(np.stack([wish_vector(style_weights([str(s) for s in styles])) for styles in drawn]))

    @torch.no_grad()
    def moved(self, requests: Requests, wish: Tensor | None = None) -> Tensor:
        """z' of requests, by default for the first style."""
        asked = torch.from_numpy(wish_vector(STYLE_WEIGHTS[STYLES[0]])).expand(len(requests.z), -1)
        moved: Tensor = self.actor(requests.z, requests.cond, asked if wish is None else wish)
        return moved

    def look(self, held_out: Requests, z: Tensor) -> dict[str, float]:
        """What the texts at z are worth to the first style, their rewards, how different they are, and how long z is."""
        drafts = self.written(held_out, z)
        texts = [text for text, _ in drafts]
        rewards = {name: reward(texts, held_out.asked) for name, reward in self.rewards.items()}
        rewards["reader"] = self._marks(drafts, held_out.asked)
        told = {name: float(values.mean()) for name, values in rewards.items()}
        value = float(np.mean(worth(rewards, STYLE_WEIGHTS[STYLES[0]] | STANDING)))
        found = {"worth": value, "distinct_2": distinct_n(texts, 2), "norm": float(z.norm(dim=1).mean()), **told}
        self.say(" ".join(f"{name} {number:.3f}" for name, number in found.items()))
        return found

    def _some(self, where: Tensor, number: int) -> Tensor:
        index = where.nonzero().squeeze(1)
        return index[torch.from_numpy(self.rng.integers(0, len(index), number))]

    def _descend(self, adam: torch.optim.Optimizer, loss: Tensor) -> None:
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()

    # ---- the networks

    def networks(self) -> dict[str, Tensor]:
        """Both, under their names on disk."""
        pairs = (("critic", self.critic), ("actor", self.actor))
        return {
            f"{name}.{key}": value.detach().clone() for name, net in pairs for key, value in net.state_dict().items()
        }

    def restore(self, networks: dict[str, Tensor]) -> None:
        """Go back to what networks() gave."""
        for name, net in (("critic", self.critic), ("actor", self.actor)):
            own = {key.removeprefix(f"{name}."): value for key, value in networks.items() if key.startswith(f"{name}.")}
            net.load_state_dict(own)


def streams_of(seeds: Iterable[int]) -> list[np.random.Generator]:
    """The chance of each seed."""
    return [np.random.default_rng(seed) for seed in seeds]


def train_constraints(checkpoint: Path, split: Split, config: ConstraintConfig, say: Say) -> dict[str, Any]:
    """Train, and write constraints.safetensors into the checkpoint folder in one move. Raises CheckpointError when the disk refuses."""
    started, trainer = monotonic(), ConstraintTrainer(checkpoint, split, config, say)
    reached = trainer.run() | {"seconds": monotonic() - started}
    about = {
        "format": FORMAT,
        "name": trainer.writer.name,
        "made_for": identity(checkpoint),
        "rewards": json.dumps(REWARDS),
        "reached": json.dumps(reached),
    }
    weights = {name: tensor.half() for name, tensor in trainer.networks().items()}
    write_beside(checkpoint, FILE, save(weights, about))
    return reached
