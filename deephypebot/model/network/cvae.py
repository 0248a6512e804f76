"""The conditional text VAE: q(z | x) from the words of a sentence, p(x | z, a) in the upper layers with LoRA.

The upper layers read  [BOS state] [prefix] [START state] [token states]: the prefix is up to three genre labels, a vector of the
audio features and the kind, and `latent_tokens` vectors made of z (as in Li et al. 2020, Optimus, arXiv 2004.04092). What is left
of z (plan.py) is added to every state after the prefix, and once more just before the words are chosen. Nothing below the split
depends on z or a, so the lower states are computed once.

Shapes: B sentences, T positions after BOS (START and tokens), D hidden size, Z latent size, V output vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from deephypebot.errors import InputError
from deephypebot.model.condition import (
    KNOWN_INPUTS,
    MAX_LABELS,
    UNKNOWN_KIND,
    drop_attributes,
    feature_inputs,
    kind_index,
    known_inputs,
    prompt,
)
from deephypebot.model.judging.copying import Runs
from deephypebot.model.network.latent import kl_to_standard_normal, reparameterize
from deephypebot.model.network.llama import Llama, fastest_dtype, load_final_norm, rms_norm
from deephypebot.model.network.plan import WordPlan
from deephypebot.model.network.prior import AttributePrior
from deephypebot.model.network.states import MAX_TOKENS, LowerStates
from deephypebot.model.tokens import EOS, SLOTS, START, Vocabulary
from deephypebot.model.writing.word_bias import WordBias
from deephypebot.types import Attributes, Sentence

CHOICE_STD = 0.3  # of what a unit of z adds to the normed states, along its direction in the output embeddings
SOFT_STD = 3.0  # vectors of the prefix start at half the size of SmolLM2's own states after layer 14 (6 a dimension)


@dataclass(frozen=True)
class CvaeConfig:
    """The shape of a model; checked at birth, saved with the weights."""

    backbone: str = "smollm2"
    split: int = 14  # layers below it are frozen and cached
    latent_dim: int = 64  # 0: no z, the prompt baseline
    latent_tokens: int = 1  # vectors of the prefix that are made of z
    condition: str = "vectors"  # how a enters: "vectors" in the prefix, or "prompt" text before the sentence
    lora_rank: int = 32
    lora_alpha: float = 64.0
    lora_dropout: float = 0.1
    word_dropout: float = 0.05  # share of token states that the decoder does not see
    attribute_dropout: float = 0.15  # each attribute
    unconditional: float = 0.1  # all attributes but the kind
    latent_dropout: float = 0.25  # share of sentences that are told no plan
    precision: str = "auto"  # compute dtype of frozen matrices: auto, fp32 or bf16

    def __post_init__(self) -> None:
        if self.condition not in ("vectors", "prompt"):
            raise InputError(f"condition is {self.condition!r}; allowed are vectors, prompt")
        if self.precision not in ("auto", "fp32", "bf16"):
            raise InputError(f"precision is {self.precision!r}; allowed are auto, fp32, bf16")
        for name in ("split", "latent_dim"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}; allowed is 0 or more")
        if self.lora_rank < 1:
            raise InputError(f"lora_rank is {self.lora_rank}; allowed is 1 or more")


@dataclass
class Batch:
    """Sentences as tensors. targets are positions in the output vocabulary, -100 where nothing is asked for."""

    states: Tensor  # (B, T, D) lower states from START on
    mask: Tensor  # (B, T) true where a token is
    targets: Tensor  # (B, T)
    labels: Tensor  # (B, MAX_LABELS, D) label states
    label_mask: Tensor  # (B, MAX_LABELS)
    features: Tensor  # (B, 10)
    kinds: Tensor  # (B,)
    hidden: Tensor  # (B, T) true where the decoder is blinded (word dropout)
    planned: Tensor  # (B,) how much of the plan the decoder is told: 1, or 0 where it is dropped
    num_tokens: int  # targets that count

    def to(self, device: torch.device) -> Batch:
        moved: dict[str, Any] = {
            name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **moved)


class TextCVAE(nn.Module):
    """The model over a backbone folder; see the module's docstring."""

    def __init__(
        self, config: CvaeConfig, folder: Path, vocabulary: Vocabulary, cache_limit_bytes: float = 4e9
    ) -> None:
        super().__init__()
        self.config, self.folder, self.vocabulary = config, folder, vocabulary
        self.dtype = _dtype(config.precision)
        lower = Llama(folder, 0, config.split, self.dtype)
        c, d = lower.config, lower.config.hidden_size
        if not config.split < c.num_hidden_layers:
            raise InputError(f"split is {config.split}; allowed is 0 to {c.num_hidden_layers - 1}")
        lora = {"rank": config.lora_rank, "alpha": config.lora_alpha, "dropout": config.lora_dropout}
        self.upper = Llama(folder, config.split, c.num_hidden_layers, self.dtype, **lora)
        self.lower_states = LowerStates(lower, folder, self._row, cache_limit_bytes)
        self.norm = nn.Parameter(load_final_norm(folder))
        self.slot_output = nn.Parameter(self.lower_states.slot_input.clone())
        self.label = _small(nn.Linear(d, d))
        self.label_empty = nn.Parameter(SOFT_STD * torch.randn(d))
        self.features = nn.Sequential(nn.Linear(10, 256), nn.SiLU(), nn.Linear(256, d))
        self.kind = nn.Embedding(UNKNOWN_KIND + 1, d)
        nn.init.normal_(self.kind.weight, std=SOFT_STD)
        self.mask_state = nn.Parameter(torch.zeros(d))
        if config.latent_dim:
            self.latent_tokens = nn.Linear(config.latent_dim, config.latent_tokens * d)
            self.latent_shift = nn.Linear(config.latent_dim, d, bias=False)
            self.latent_choice = nn.Linear(config.latent_dim, d, bias=False)
            nn.init.normal_(self.latent_tokens.weight, std=0.1 * SOFT_STD / math.sqrt(config.latent_dim))
            nn.init.normal_(self.latent_tokens.bias, std=SOFT_STD)
            nn.init.normal_(self.latent_shift.weight, std=0.02)  # next to nothing: it starts as the plain backbone
            nn.init.zeros_(self.latent_choice.weight)
            if config.latent_dropout:
                self.latent_empty = nn.Parameter(SOFT_STD * torch.randn(config.latent_tokens, d))
            self.plan = WordPlan(vocabulary.size, config.latent_dim)
            self.prior = AttributePrior(d + 1 + KNOWN_INPUTS, config.latent_dim)
        self._output_vocabulary(c.rms_norm_eps)
        self.words: list[str] = []  # of the training text, for the lexicon that writing keeps to
        self.word_bias: WordBias | None = None  # fitted after training
        self.runs: Runs | None = None  # of the training text
        self.label_cache: dict[str, Tensor] = {}
        self.full_tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def _output_vocabulary(self, eps: float) -> None:
        size = self.lower_states.embedding.shape[0]
        self.eps = eps
        ids = torch.tensor([i for i in self.vocabulary.ids if i < size])
        self.output_rows = self.lower_states.embedding[ids].to(
            self.dtype
        )  # frozen rows (V - 4, D); the slots' rows come last
        self.position = torch.full((size + len(SLOTS),), -100)
        self.position[torch.tensor(self.vocabulary.ids)] = torch.arange(self.vocabulary.size)

    def start_plan(self, texts: Sequence[str]) -> None:
        """Begin with a plan for each of these training texts; only before training, and only where there is a z."""
        axes = self.plan.start(self.all_output_rows(), [self.outputs(text) for text in texts])
        with torch.no_grad():
            self.latent_choice.weight.copy_(CHOICE_STD * axes)

    def all_output_rows(self) -> Tensor:
        """(V, D), those of the slots too, fp32, without gradients."""
        return torch.cat([self.output_rows.float(), self.slot_output.detach()]).cpu()

    # ---- text to tensors

    def outputs(self, text: str) -> list[int]:
        """What the writer has to choose for a text, its end too."""
        outputs: list[int] = self.position[torch.tensor([*self.vocabulary.encode(text)[:MAX_TOKENS], EOS])].tolist()
        return outputs

    def _row(self, text: str) -> list[int]:
        """Ids after BOS: START and tokens; texts of the prompt baseline hold the prompt before a tab."""
        *before, sentence = text.rsplit("\t", 1)
        told = self.vocabulary.encode(before[0]) if before else []
        return [*told, START, *self.vocabulary.encode(sentence)[:MAX_TOKENS]]

    def _text(self, sentence: Sentence) -> str:
        if self.config.condition == "prompt":
            return f"{prompt(sentence.attributes)}\t{sentence.text}"
        return sentence.text

    def lengths(self, sentences: Sequence[Sentence]) -> list[int]:
        """Positions of each sentence, for batching by length."""
        return [len(self._row(self._text(sentence))) for sentence in sentences]

    def prepare(self, sentences: Sequence[Sentence], cache: Path) -> None:
        """Compute the lower states of sentences once, in the folder `cache`."""
        self.lower_states.prepare(sorted({self._text(sentence) for sentence in sentences}), cache)
        labels = sorted({label for sentence in sentences for label in sentence.attributes.genres[:MAX_LABELS]})
        for at in range(0, len(labels), 64):
            self.label_states(labels[at : at + 64])

    def label_states(self, labels: Sequence[str]) -> Tensor:
        """(len(labels), D): the mean of the lower states of each label's tokens, any text."""
        new = sorted({label for label in labels if label not in self.label_cache})
        if new:
            rows = [self.full_tokenizer.encode(f" {label}").ids[:16] or [START] for label in new]
            for label, states in zip(new, self.lower_states.run(rows), strict=True):
                self.label_cache[label] = states[1:].mean(0)
        return torch.stack([self.label_cache[label] for label in labels])

    def collate(self, sentences: Sequence[Sentence], rng: np.random.Generator | None = None) -> Batch:
        """A batch, on the model's device; with `rng` attributes, words and states are dropped as in training."""
        rows = [self._row(self._text(sentence)) for sentence in sentences]
        states = self.lower_states.get([self._text(sentence) for sentence in sentences])
        length = max(len(row) for row in rows)
        padded = torch.stack([F.pad(s, (0, 0, 0, length - len(s))) for s in states])
        mask, targets = torch.zeros(len(rows), length, dtype=torch.bool), torch.full((len(rows), length), -100)
        for i, row in enumerate(rows):
            start = row.index(START)
            following = torch.tensor([*row[start + 1 :], EOS])
            mask[i, : len(row)] = True
            targets[i, start : len(row)] = self.position[following]
        attributes = [sentence.attributes for sentence in sentences]
        if rng is not None and self.config.condition == "vectors":
            c = self.config
            attributes = [drop_attributes(a, rng, c.attribute_dropout, c.unconditional) for a in attributes]
        hidden = self._hidden(mask, targets, rng)
        count = int((targets >= 0).sum())
        planned = self._planned(len(rows), rng)
        return Batch(padded, mask, targets, *self.condition(attributes), hidden, planned, count).to(self.device)

    def _planned(self, rows: int, rng: np.random.Generator | None) -> Tensor:
        if rng is None or not self.config.latent_dropout:
            return torch.ones(rows)
        return torch.from_numpy(rng.random(rows, np.float32) >= self.config.latent_dropout).float()

    def _hidden(self, mask: Tensor, targets: Tensor, rng: np.random.Generator | None) -> Tensor:
        if rng is None:
            return torch.zeros_like(mask)
        words = mask & (targets >= 0)
        words[:, 0] = False
        return words & (torch.from_numpy(rng.random(mask.shape, np.float32)) < self.config.word_dropout)

    def condition(self, attributes: Sequence[Attributes]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """labels (B, MAX_LABELS, D), label_mask (B, MAX_LABELS), features (B, 10), kinds (B,)."""
        labels = torch.zeros(len(attributes), MAX_LABELS, self.lower_states.embedding.shape[1])
        mask = torch.zeros(len(attributes), MAX_LABELS, dtype=torch.bool)
        for i, a in enumerate(attributes):
            if told := a.genres[:MAX_LABELS]:
                labels[i, : len(told)], mask[i, : len(told)] = self.label_states(told), True
        features = torch.from_numpy(np.stack([feature_inputs(a) for a in attributes]))
        return labels, mask, features, torch.tensor([kind_index(a) for a in attributes])

    def prior_inputs(self, attributes: Sequence[Attributes]) -> Tensor:
        """What p(z | a) reads: the mean state of the labels, whether there are any, the rest: (B, D + 1 + KNOWN_INPUTS)"""
        inputs = torch.zeros(len(attributes), self.lower_states.embedding.shape[1] + 1 + KNOWN_INPUTS)
        for row, a in zip(inputs, attributes, strict=True):
            if told := a.genres[:MAX_LABELS]:
                row[: -KNOWN_INPUTS - 1], row[-KNOWN_INPUTS - 1] = self.label_states(told).mean(0), 1.0
            row[-KNOWN_INPUTS:] = torch.from_numpy(known_inputs(a))
        return inputs

    # ---- the model

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """mu, logvar of q(z | x), each (B, Z)."""
        return self.plan.posterior(batch.targets)

    def encode_sentences(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
        """mu, logvar of q(z | x), each (B, Z), from the words alone, so that no state is computed."""
        rows = [torch.tensor(self.outputs(sentence.text)) for sentence in sentences]
        padded = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
        return self.plan.posterior(padded.to(self.device))

    def prefix(self, batch: Batch, z: Tensor) -> Tensor:
        """(B, P, D): labels, one vector of features and kind, the latent vectors."""
        labels = torch.where(batch.label_mask.unsqueeze(-1), batch.labels + self.label(batch.labels), self.label_empty)
        parts = [labels, (self.features(batch.features) + self.kind(batch.kinds)).unsqueeze(1)]
        if self.config.latent_dim:
            parts.append(self._latent_vectors(z, batch.planned.view(-1, 1, 1)))
        return torch.cat(parts, dim=1)

    def _latent_vectors(self, z: Tensor, planned: Tensor) -> Tensor:
        """z (B, Z) -> (B, latent_tokens, D); planned (B, 1, 1)"""
        vectors: Tensor = self.latent_tokens(z).view(len(z), self.config.latent_tokens, -1)
        return torch.lerp(self.latent_empty, vectors, planned) if self.config.latent_dropout else vectors

    def hidden_states(self, batch: Batch, z: Tensor) -> Tensor:
        """(B, T, D): what predicts the next token, from START on: the normed states and the rest of the plan."""
        states = torch.where(batch.hidden.unsqueeze(-1), self.mask_state, batch.states)
        if self.config.latent_dim:
            rest = self.plan.rest(z, batch.targets) * batch.planned.view(-1, 1, 1)
            states = states + self.latent_shift(rest)
        bos = self.lower_states.bos.to(states.device).expand(len(states), 1, -1)
        parts = [bos, states] if self.config.condition == "prompt" else [bos, self.prefix(batch, z), states]
        h = self.upper(torch.cat(parts, dim=1))[:, -states.shape[1] :]
        h = rms_norm(h, self.norm, self.eps)
        return h + self.latent_choice(rest) if self.config.latent_dim else h

    def logits(self, h: Tensor) -> Tensor:
        """(..., D) -> (..., V)"""
        h = h.to(self.dtype)
        rows = self.output_rows
        return torch.cat([F.linear(h, rows), F.linear(h, self.slot_output.to(self.dtype))], dim=-1).float()

    def recon_nll(self, batch: Batch, z: Tensor) -> Tensor:
        """-log p(x | z, a) in nats, summed over tokens: (B,)"""
        h, asked = self.hidden_states(batch, z), batch.targets >= 0
        nll = F.cross_entropy(self.logits(h[asked]), batch.targets[asked], reduction="none")
        return torch.zeros_like(batch.targets, dtype=nll.dtype).masked_scatter(asked, nll).sum(-1)

    def forward(self, batch: Batch, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction (B,) and KL (B, Z), both in nats. eps: (B, Z) standard normal noise."""
        if not self.config.latent_dim:
            recon = self.recon_nll(batch, eps)
            return recon, torch.zeros(len(recon), 0, device=recon.device)
        mu, logvar = self.encode(batch)
        return self.recon_nll(batch, reparameterize(mu, logvar, eps.to(mu.device))), kl_to_standard_normal(mu, logvar)

    @property
    def device(self) -> torch.device:
        return self.norm.device

    def to_device(self, device: torch.device) -> TextCVAE:
        """Move everything that computes, the frozen matrices too; those of the upper layers then have the dtype that is fast there."""
        if self.config.precision == "auto" and device.type != "cpu":
            self.dtype = fastest_dtype(device)
        self.upper.to_device(device, self.dtype)
        self.lower_states.lower.to_device(device, self.lower_states.lower.dtype)
        self.output_rows = self.output_rows.to(device, self.dtype)
        return self.to(device)

    def settings(self) -> dict[str, Any]:
        """What config.json holds of this model."""
        words = {"vocabulary": self.vocabulary.ids, "words": self.words}
        return {"format": "deephypebot-cvae-2", **asdict(self.config), **words}


def _small(layer: nn.Linear) -> nn.Linear:
    nn.init.normal_(layer.weight, std=0.2 / math.sqrt(layer.in_features))
    nn.init.zeros_(layer.bias)
    return layer


def _dtype(precision: str) -> torch.dtype:
    if precision == "auto":
        return fastest_dtype(torch.device("cpu"))
    return torch.bfloat16 if precision == "bf16" else torch.float32
