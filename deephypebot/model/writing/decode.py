"""Sampling: logits to texts, one random stream a row. numpy only.

Shapes: B rows (candidates), V output vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from deephypebot.errors import shown

Array = np.ndarray[Any, Any]
Allowed = Callable[
    [Sequence[int]], Array
]  # outputs written so far -> (V,) bool, those that may follow; where none may, all may
HEAD = 256  # tokens a row that sampling looks at; what lies beyond has next to no mass
FAR = np.float32(1e30)  # nats below what is allowed: no chance, and cheaper than -inf by a mask


class Decoder(Protocol):
    """What sampling asks of an engine. heard: (B, S), what its frozen layers make of the last token of each row; S may be 0."""

    heard: Array

    def start(self, prefix: Array, z: Array, strength: float = 1.0) -> Array:
        """Logits (B, V) of the first token, from prefix (B, P, D) and z (B, Z); strength: see Sampling.plan_strength."""
        ...

    def step(self, tokens: Array) -> Array:
        """Logits (B, V) after one more token id a row, tokens (B,)."""
        ...

    def keep(self, rows: Array) -> None:
        """Go on with these rows alone, by number and in this order."""
        ...


ALLOWED: dict[str, tuple[float, float]] = {
    "temperature": (0, 10),
    "top_p": (0, 1),
    "latent_temperature": (0, 10),
    "guidance": (0, 1000),
    "word_guidance": (0, 100),
    "plan_strength": (0, 10),
    "drafts": (1, 100),
    "max_new_tokens": (1, 150),
    "min_new_tokens": (0, 150),
}


@dataclass(frozen=True)
class Sampling:
    """How to draw. temperature 0: always the most likely token; latent_temperature: of the noise around the middle of p(z | a);
    guidance: how much plainer the attributes speak through z than in the corpus; word_guidance: and through single words, 0: not at all;
    plan_strength: how hard the plan presses for its words, 1: as in training; drafts: texts that are written for each that is chosen.
    Raises ValueError for a value out of range."""

    temperature: float = 0.8
    top_p: float = 0.92
    latent_temperature: float = 1.0
    guidance: float = 1.0
    word_guidance: float = 0.0
    plan_strength: float = 1.0
    drafts: int = 1
    max_new_tokens: int = 80
    min_new_tokens: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in ALLOWED.items():
            value, whole = getattr(self, name), isinstance(getattr(Sampling, name), int)
            number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            if not number or not low <= value <= high or (name == "top_p" and value == 0):
                kind = "a whole number" if whole else "a number"
                raise ValueError(f"{name} is {shown(value)}; allowed is {kind} from {low:g} to {high:g}")


@dataclass(frozen=True)
class Decoded:
    """One row: its token ids without EOS, whether it ended by itself, its mean nll in nats a token, and what the frozen layers make
    of it, the mean over its tokens (S,)."""

    ids: list[int]
    finished: bool
    nll: float
    heard: Array = field(default_factory=lambda: np.zeros(0, np.float32), compare=False, repr=False)


def sample(
    engine: Decoder,
    prefix: Array,
    z: Array,
    ids: Array,
    eos: int,
    streams: Sequence[np.random.Generator],
    sampling: Sampling,
    allowed: Sequence[Allowed] | None = None,
    bias: Array | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Decoded]:
    """Draw a text a row. ids (V,): token id of each output; eos: its token id; allowed: what may follow, for each row.

    bias (V,) or (B, V), in nats: see draw; the nll is that without it. stopped: whether nobody waits for the texts any longer.
    """
    end = int(np.flatnonzero(ids == eos)[0])
    outputs, nll = [list[int]() for _ in prefix], np.zeros(len(prefix))
    logits = engine.start(prefix, z, sampling.plan_strength)
    heard = np.zeros((len(prefix), engine.heard.shape[1]))
    rows = np.arange(len(prefix))  # those that still write, as they stand in the engine
    for step in range(sampling.max_new_tokens):
        if step < sampling.min_new_tokens:
            logits[:, end] = -np.inf
        if allowed:
            forbid(logits, [allowed[row](outputs[row]) for row in rows.tolist()])
        dice = np.array([streams[row].random() for row in rows.tolist()])
        wished = bias if bias is None or bias.ndim == 1 else bias[rows]
        chosen = draw(logits, dice, sampling.temperature, sampling.top_p, wished)
        nll[rows] += nll_of(logits, chosen)
        for row, output in zip(rows.tolist(), chosen.tolist(), strict=True):
            outputs[row].append(output)
        writing = chosen != end
        if not writing.any() or step + 1 == sampling.max_new_tokens or stopped():
            break
        if not writing.all():
            kept = closed_up(writing)
            engine.keep(kept)
            rows, chosen = rows[kept], chosen[kept]
        logits = engine.step(ids[chosen])
        heard[rows] += engine.heard
    return [
        Decoded([int(ids[i]) for i in row if i != end], end in row, float(cost / max(1, len(row))), mean)
        for row, cost, mean in zip(outputs, nll, _mean(heard, outputs), strict=True)
    ]


def closed_up(writing: Array) -> Array:
    """The rows (B,) that still write, by number: those that stand last fill the gaps of the others, so that few move."""
    size = int(writing.sum())
    rows = np.arange(size)
    rows[~writing[:size]] = size + np.flatnonzero(writing[size:])
    return rows


def forbid(logits: Array, masks: Sequence[Array]) -> None:
    """Leave no chance, in place, to what a row's mask (V,) leaves out; a mask that leaves out all forbids nothing."""
    for row, mask in zip(logits, masks, strict=True):
        if mask.any():
            row -= FAR * ~mask


def _mean(heard: Array, outputs: Sequence[Sequence[int]]) -> Array:
    """Sums over the tokens of rows that each have one more, the end."""
    mean: Array = (heard / np.array([[max(1, len(row) - 1)] for row in outputs])).astype(np.float32)
    return mean


def draw(logits: Array, dice: Array, temperature: float, top_p: float, bias: Array | None = None) -> Array:
    """Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751) by inverse transform.

    logits (B, V), dice (B,) uniform in [0, 1), bias (V,) or (B, V) -> outputs (B,). The bias chooses within the nucleus, and
    brings in no word that the model would not have written there.
    """
    rows, top = np.arange(len(logits))[:, None], likeliest(logits)
    best = logits[rows, top].astype(np.float64)
    if temperature == 0:
        chosen: Array = top[:, 0]
        return chosen
    p = np.exp((best - best[:, :1]) / temperature)
    p /= p.sum(axis=1, keepdims=True)
    before = np.cumsum(p, axis=1) - p
    p[before >= top_p] = 0.0
    if bias is not None:
        wished = np.broadcast_to(bias, logits.shape)[rows, top]
        p *= np.exp(
            (wished - wished.max(axis=1, keepdims=True, where=p > 0, initial=-np.inf)).clip(-50, 0) / temperature
        )
    cumulative = np.cumsum(p, axis=1)
    at = (cumulative <= (dice * cumulative[:, -1])[:, None]).sum(axis=1)
    chosen = top[rows[:, 0], np.minimum(at, top.shape[1] - 1)]
    return chosen


def likeliest(logits: Array) -> Array:
    """logits (B, V) -> the likeliest HEAD outputs of each row, the likeliest first: (B, HEAD), or (B, V) where V is less"""
    head = min(HEAD, logits.shape[1])
    least = np.partition(logits, -head, axis=1)[:, -head]  # three times as fast as argpartition
    found = np.empty((len(logits), head), np.int64)
    for row, bound, into in zip(logits, least, found, strict=True):
        at = np.flatnonzero(row >= bound)
        into[:] = at[np.argsort(-row[at], kind="stable")[:head]]
    return found


def nll_of(logits: Array, chosen: Array) -> Array:
    """logits (B, V), outputs (B,) -> their nll (B,) under the untempered model, in nats."""
    peak = logits.max(axis=1)
    log_norm = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1, dtype=np.float64))
    nll: Array = log_norm - logits[np.arange(len(logits)), chosen]
    return nll
