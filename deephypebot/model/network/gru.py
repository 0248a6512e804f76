"""The GRU backbone: the conditional VAE of 2018 from scratch, with its faults mended; minutes on two cores.

q(z | x): a bidirectional GRU, both directions' last real states. p(x | z, a): a GRU that reads <z, a> at each step
and as its first state, with word dropout (Bowman et al. 2016, arXiv 1511.06349). Against 2018: batches by length,
one softmax for all positions, own byte-level BPE instead of words and UNK, labels of any spelling, every attribute can
be missing, one meaning of logvar, and a text is the very words that were fed back.

Shapes: B sentences, T positions, E embedding size, H hidden size, Z latent size, A attribute size, V output vocabulary.
Ids: 0..V-2 are text (the tokenizer's), V-1 ends a sentence, V starts one, V+1 stands for a dropped word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional as F

from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.condition import (
    KNOWN_INPUTS,
    MAX_LABELS,
    UNKNOWN_KIND,
    drop_attributes,
    feature_inputs,
    kind_index,
    known_inputs,
)
from deephypebot.model.judging.copying import FILE as RUNS
from deephypebot.model.judging.copying import Runs, load_runs
from deephypebot.model.network.checkpoint_folder import write_checkpoint
from deephypebot.model.network.latent import kl_to_standard_normal, reparameterize
from deephypebot.model.network.llama import fastest_dtype
from deephypebot.model.network.prior import AttributePrior
from deephypebot.model.network.recurrence import GruLayer, linear, side_by_side
from deephypebot.model.network.softmax_nll import softmax_nll
from deephypebot.model.settings import read_settings
from deephypebot.model.writing.label_grams import label_bag
from deephypebot.types import FEATURES, Attributes, Sentence

FORMAT = "deephypebot-gru-1"
SLOTS = ("{artist}", " {artist}", "{title}", " {title}")
IGNORED = -100  # a position without a target
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
MAX_SIZE = 1 << 20  # of any number in a config file: a hostile one must not fill the memory


@dataclass(frozen=True)
class GruConfig:
    """The shape of a model; checked at birth, saved with the weights."""

    vocabulary_size: int = 4000  # entries of the BPE, slots and bytes included
    max_tokens: int = 160  # of a sentence; the rest is cut off
    embedding_dim: int = 256
    hidden_dim: int = 512  # of each direction of the encoder, and of the decoder
    latent_dim: int = 64
    attribute_dim: int = 64
    label_buckets: int = 8192  # rows that character n-grams of labels are hashed to
    label_dim: int = 64
    kind_dim: int = 16
    dropout: float = 0.3  # of embeddings and decoder states
    word_dropout: float = 0.25  # words that the decoder does not see
    attribute_dropout: float = 0.15  # each attribute
    unconditional: float = 0.1  # all attributes but the kind
    precision: str = "auto"  # of matrix products in training: fp32, bf16, or whichever is faster here

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and not (type(value) is int and 1 <= value <= MAX_SIZE):
                raise InputError(f"{field.name} is {value!r}; allowed is a whole number from 1 to {MAX_SIZE}")
            if field.type == "float" and not (type(value) in (int, float) and 0.0 <= value < 1.0):
                raise InputError(f"{field.name} is {value!r}; allowed is a number from 0 to below 1")
        if self.precision not in ("auto", *DTYPES):
            raise InputError(f"precision is {self.precision!r}; allowed are auto, {', '.join(DTYPES)}")


@dataclass
class Batch:
    """Sentences as tensors."""

    inputs: Tensor  # (B, T) what the decoder sees: the start, then the words, some dropped
    targets: Tensor  # (B, T) the words, then the end; IGNORED where there is none
    lengths: Tensor  # (B,) targets of each sentence, at least 1
    attributes: AttributeBatch
    num_tokens: int  # sum of lengths


@dataclass
class AttributeBatch:
    """Attributes as tensors; G character n-grams in all."""

    grams: Tensor  # (G,) buckets
    weights: Tensor  # (G,) so that each label counts the same, and each n-gram of it
    offsets: Tensor  # (B,) where the n-grams of a sentence begin
    labelled: Tensor  # (B, 1) 0 where no label is known
    features: Tensor  # (B, 10) see condition.feature_inputs
    kinds: Tensor  # (B,)


class AttributeEncoder(nn.Module):
    """a: (B, A) from labels, features and kind."""

    def __init__(self, config: GruConfig) -> None:
        super().__init__()
        self.labels = nn.EmbeddingBag(config.label_buckets, config.label_dim, mode="sum")
        self.label_empty = nn.Parameter(0.1 * torch.randn(config.label_dim))
        self.kind = nn.Embedding(UNKNOWN_KIND + 1, config.kind_dim)
        inputs = config.label_dim + 2 * len(FEATURES) + config.kind_dim
        self.mix = nn.Sequential(
            nn.Linear(inputs, 2 * config.attribute_dim),
            nn.SiLU(),
            nn.Linear(2 * config.attribute_dim, config.attribute_dim),
        )

    def forward(self, batch: AttributeBatch) -> Tensor:
        told = self.labels(batch.grams, batch.offsets, per_sample_weights=batch.weights)
        labels = torch.lerp(self.label_empty, told, batch.labelled)
        attributes: Tensor = self.mix(torch.cat([labels, batch.features, self.kind(batch.kinds)], dim=-1))
        return attributes


class GruCVAE(nn.Module):
    """The model; see the module's docstring."""

    def __init__(self, config: GruConfig, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.config, self.tokenizer = config, tokenizer
        self.end = tokenizer.get_vocab_size()
        self.start, self.dropped = self.end + 1, self.end + 2
        self.training_dtype = (
            fastest_dtype(torch.device("cpu")) if config.precision == "auto" else DTYPES[config.precision]
        )
        e, h, code = config.embedding_dim, config.hidden_dim, config.latent_dim + config.attribute_dim
        self.embedding = nn.Embedding(self.end + 3, e)
        nn.init.normal_(self.embedding.weight, std=e**-0.5)
        self.reader_forward, self.reader_backward = GruLayer(e, h), GruLayer(e, h)
        self.posterior = nn.Linear(2 * h, 2 * config.latent_dim)
        self.attributes = AttributeEncoder(config)
        self.first_state = nn.Linear(code, h)
        self.writer = GruLayer(e, h)
        self.writer_code = nn.Linear(code, 3 * h, bias=False)  # <z, a> into each step's gates, computed once
        self.to_embedding = nn.Linear(h, e)
        self.bias = nn.Parameter(torch.zeros(self.end + 1))
        self.dropout = nn.Dropout(config.dropout)
        self.prior = AttributePrior(KNOWN_INPUTS, config.latent_dim)
        self.words: list[str] = []  # of the training text, for the lexicon that writing keeps to
        self.runs: Runs | None = None  # of the training text, so that none is quoted

    @classmethod
    def build(cls, config: GruConfig, sentences: Sequence[Sentence], seed: int) -> GruCVAE:
        """A fresh model whose tokenizer is trained on `sentences`; the same for the same seed."""
        tokenizer = build_tokenizer((sentence.text for sentence in sentences), config.vocabulary_size)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(config, tokenizer)

    # ---- text to tensors

    def _ids(self, text: str) -> list[int]:
        """The tokens of a text and the end."""
        return [*self.tokenizer.encode(text).ids[: self.config.max_tokens], self.end]

    def lengths(self, sentences: Sequence[Sentence]) -> list[int]:
        """Tokens of each sentence with its end, for batching by length."""
        return [len(self._ids(sentence.text)) for sentence in sentences]

    def prior_inputs(self, attributes: Sequence[Attributes]) -> Tensor:
        """What p(z | a) reads, which here is all but the labels: (B, KNOWN_INPUTS)"""
        return torch.from_numpy(np.stack([known_inputs(a) for a in attributes]))

    def collate(self, sentences: Sequence[Sentence], rng: np.random.Generator | None = None) -> Batch:
        """A batch; with `rng` words and attributes are dropped as in training."""
        rows = [self._ids(sentence.text) for sentence in sentences]
        targets = torch.full((len(rows), max(map(len, rows))), IGNORED)
        for target, row in zip(targets, rows, strict=True):
            target[: len(row)] = torch.tensor(row)
        inputs = F.pad(targets[:, :-1].clamp_min(0), (1, 0), value=self.start)
        attributes = [sentence.attributes for sentence in sentences]
        c = self.config
        if rng is not None:
            attributes = [drop_attributes(a, rng, c.attribute_dropout, c.unconditional) for a in attributes]
            unseen = torch.from_numpy(rng.random(inputs.shape) < c.word_dropout)
            inputs = inputs.masked_fill(unseen & (inputs != self.start), self.dropped)
        lengths = torch.tensor([len(row) for row in rows])
        return Batch(inputs, targets, lengths, self.condition(attributes), int(lengths.sum()))

    def condition(self, attributes: Sequence[Attributes]) -> AttributeBatch:
        """Attributes as tensors; any label, also one never seen."""
        bags = [label_bag(a.genres[:MAX_LABELS], self.config.label_buckets) for a in attributes]
        grams = [gram for bag in bags for gram in bag]
        return AttributeBatch(
            grams=torch.tensor([gram for gram, _ in grams], dtype=torch.long),
            weights=torch.tensor([weight for _, weight in grams]),
            offsets=torch.tensor(np.cumsum([0, *map(len, bags[:-1])]), dtype=torch.long),
            labelled=torch.tensor([[float(len(bag) > 0)] for bag in bags]),
            features=torch.from_numpy(np.stack([feature_inputs(a) for a in attributes])),
            kinds=torch.tensor([kind_index(a) for a in attributes]),
        )

    # ---- the model

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """mu, logvar of q(z | x), each (B, Z)."""
        ids, last = batch.targets.clamp_min(0), batch.lengths - 1
        positions = torch.arange(ids.shape[1])
        back = ids.gather(1, (last.unsqueeze(1) - positions).clamp_min(0))  # the end first, padding still last
        first = torch.zeros(len(ids), self.config.hidden_dim)
        words = [self._locked_dropout(self.embedding(order.t())) for order in (ids, back)]
        states = side_by_side([self.reader_forward, self.reader_backward], words, first, self._dtype())
        summary = states[:, last, torch.arange(len(ids))]
        mu, logvar = self.posterior(self.dropout(torch.cat([*summary], dim=-1))).chunk(2, dim=-1)
        return mu, logvar.clamp(-8.0, 4.0)

    def encode_sentences(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
        """mu, logvar of q(z | x), each (B, Z)."""
        return self.encode(self.collate(sentences))

    def decoder_code(self, attributes: AttributeBatch, z: Tensor) -> tuple[Tensor, Tensor]:
        """What <z, a> gives the decoder: its first state (B, H), and its share of the gates at each step (B, 3H)."""
        code = torch.cat([z, self.attributes(attributes)], dim=-1)
        return torch.tanh(self.first_state(code)), self.writer_code(code)

    def states(self, inputs: Tensor, first: Tensor, gates: Tensor) -> Tensor:
        """States (B, T, H) of the decoder after each of inputs (B, T)."""
        words = self._locked_dropout(self.embedding(inputs.t()))
        states: Tensor = self.writer(words, first, gates, self._dtype())
        return self._locked_dropout(states).transpose(0, 1)

    def _locked_dropout(self, x: Tensor) -> Tensor:
        """(T, B, ...) with the same units of a sentence dropped at each step (Gal and Ghahramani 2016, arXiv 1512.05287)."""
        return x * self.dropout(torch.ones_like(x[:1])) if self.training else x

    def logits(self, states: Tensor) -> Tensor:
        """(..., H) -> (..., V), through the rows of the embedding."""
        return F.linear(*self._output(states)).float() + self.bias

    def _output(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """What the softmax is made of: states (..., E), and the rows (V, E) of words and the end."""
        dtype = self._dtype()
        reduced = linear(states, self.to_embedding, dtype)
        return reduced.to(dtype), self.embedding.weight[: self.end + 1].to(dtype)

    def _dtype(self) -> torch.dtype:
        """Of the matrix products: evaluation and writing are always exact."""
        return self.training_dtype if self.training else torch.float32

    def recon_nll(self, batch: Batch, z: Tensor) -> Tensor:
        """-log p(x | z, a) in nats, summed over the tokens and the end: (B,)."""
        states = self.states(batch.inputs, *self.decoder_code(batch.attributes, z))
        asked = batch.targets != IGNORED
        nll = softmax_nll(*self._output(states[asked]), self.bias, batch.targets[asked])
        return torch.zeros(asked.shape, dtype=nll.dtype).masked_scatter(asked, nll).sum(dim=-1)

    def forward(self, batch: Batch, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction (B,) and KL (B, Z), both in nats. eps: (B, Z) standard normal noise."""
        mu, logvar = self.encode(batch)
        return self.recon_nll(batch, reparameterize(mu, logvar, eps)), kl_to_standard_normal(mu, logvar)

    # ---- writing

    @torch.no_grad()
    def sample(
        self,
        attributes: Sequence[Attributes],
        z: Tensor,
        temperature: float = 0.8,
        top_p: float = 0.92,
        generator: torch.Generator | None = None,
        max_new_tokens: int = 80,
    ) -> list[tuple[str, float]]:
        """Texts and their nats a token (at temperature 1, with the end if it came), one for each row of z (B, Z).

        Raises InputError for a temperature or top_p outside its range.
        """
        if not temperature > 0 or not 0 < top_p <= 1:
            raise InputError(f"temperature is {temperature}, top_p {top_p}; allowed are above 0, and above 0 to 1")
        was_training = self.training
        self.eval()
        state, gates = self.decoder_code(self.condition(attributes), z)
        words, alive = torch.full((len(z), 1), self.start), torch.ones(len(z), dtype=torch.bool)
        written: list[list[int]] = [[] for _ in z]
        nll = torch.zeros(len(z))
        for _ in range(max_new_tokens):
            state = self.states(words, state, gates)[:, -1]
            log_probs = self.logits(state).log_softmax(dim=-1)
            words = _draw(log_probs, temperature, top_p, generator)
            nll -= log_probs.gather(1, words).squeeze(1) * alive
            for row, word, going in zip(written, words.squeeze(1).tolist(), alive.tolist(), strict=True):
                row.extend([word] * going)
            alive &= words.squeeze(1) != self.end
            if not alive.any():
                break
        self.train(was_training)
        return [(self._text(row), float(n) / max(1, len(row))) for row, n in zip(written, nll, strict=True)]

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode([i for i in ids if i != self.end], skip_special_tokens=False)
        return text

    # ---- on disk

    def save(
        self, folder: Path, metrics: Mapping[str, Any] | None = None, training: Mapping[str, Any] | None = None
    ) -> None:
        """Write the folder in one move, weights in fp16. Raises CheckpointError when the disk refuses."""
        settings = {"format": FORMAT, "backbone": "gru", **asdict(self.config), "words": self.words}
        tensors = {name: value.detach().half().contiguous() for name, value in self.state_dict().items()}
        beside = {RUNS: self.runs.to_bytes()} if self.runs else {}
        given = dict(training or {}), dict(metrics or {})
        write_checkpoint(folder, settings, *given, self.tokenizer, save(tensors), beside)

    @classmethod
    def load(cls, folder: Path) -> GruCVAE:
        """The model of a checkpoint folder, ready to evaluate. Raises CheckpointError."""
        config = _read_config(folder)
        try:
            model = cls(config, Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8")))
            model.words, model.runs = list(read_settings(folder).get("words", [])), load_runs(folder)
            stored = load_file(folder / "model.safetensors")
            model.load_state_dict({name: value.float() for name, value in stored.items()})
        except Exception as error:  # tokenizers raises bare Exception, torch RuntimeError, safetensors its own
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(f"checkpoint {folder}: its weights or tokenizer cannot be used ({reason})") from error
        return model.eval()


def build_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """A byte-level BPE: lossless for any text; the slots are whole tokens, with or without the space before them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SLOTS), min_frequency=2, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(_without_slots(texts), trainer)
    tokenizer.add_tokens([AddedToken(slot, normalized=False) for slot in SLOTS])  # after training, or the ids collide
    return tokenizer


def _without_slots(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield text.replace("{artist}", "\n").replace("{title}", "\n")


def _draw(log_probs: Tensor, temperature: float, top_p: float, generator: torch.Generator | None) -> Tensor:
    """One id a row, (B, V) -> (B, 1), from the fewest words that hold `top_p` (arXiv 1904.09751)."""
    probs, ids = (log_probs / temperature).softmax(dim=-1).sort(dim=-1, descending=True)
    probs = probs.masked_fill(probs.cumsum(dim=-1) - probs >= top_p, 0.0)
    return ids.gather(1, torch.multinomial(probs, 1, generator=generator))


def _read_config(folder: Path) -> GruConfig:
    """config.json of a checkpoint. Raises CheckpointError naming what is wrong."""
    settings = read_settings(folder)
    if settings.get("format") != FORMAT:
        raise CheckpointError(f"checkpoint {folder}: format is {settings.get('format')!r}; allowed is {FORMAT!r}")
    try:
        return GruConfig(**{field.name: settings[field.name] for field in fields(GruConfig) if field.name in settings})
    except InputError as error:
        raise CheckpointError(f"checkpoint {folder}: {error}") from error
