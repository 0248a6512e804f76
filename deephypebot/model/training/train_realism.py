"""`train realism`: what tells the drafts of a checkpoint from its corpus, by what is heard of them (realism.py) and by their words
(freshness.py), fitted to drafts that are written for corpus posts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from deephypebot.corpus.split import Split
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.beside import check_beside, write_beside
from deephypebot.model.judging.freshness import FILE as WORN
from deephypebot.model.judging.freshness import fit_freshness
from deephypebot.model.judging.realism import FILE, Array, Realism
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.decode import Decoded
from deephypebot.model.writing.drafts import pieces
from deephypebot.types import PLACEHOLDER, Sentence, Wish

Say = Callable[[str], None]
PART = 200
ONE = Wish(constraint="none", best_of=1)
PENALTY = 0.01  # C of scikit-learn, of standardised states
LEAST = 10  # drafts
HELD_OUT = 0.1  # of the drafts, to be told from held-out sentences


def train_realism(checkpoint: Path, split: Split, written: int, seed: int, say: Say) -> dict[str, float]:
    """Fit, and write realism.safetensors and worn_phrases.json into the folder, each in one move. Returns the chance that a held-out
    sentence has better odds than a draft that was not learned from ("told_apart"), the mean log of the odds of both, and how fresh both are.

    Raises CheckpointError, InputError where the corpus is empty or the checkpoint has no frozen layers to ask.
    """
    writer, rng = Commentator(checkpoint), np.random.default_rng(seed)
    for name in (FILE, WORN):
        check_beside(checkpoint, name)
    if not split.train or not split.valid:
        raise InputError("the corpus is empty; allowed is one with sentences to train on and held-out ones")
    if not len(writer.engine.listen(split.train[0].text)):
        raise InputError(f"checkpoint {checkpoint} has no backbone; allowed is one that was trained over frozen layers")
    chosen = [split.train[i] for i in rng.choice(len(split.train), written, replace=written > len(split.train))]
    drafts = finished_drafts(writer, chosen, seed, say)
    kept = min(len(drafts) - 1, round(len(drafts) * (1 - HELD_OUT)))
    heard, texts = np.stack([draft.heard for draft in drafts]), [writer.engine.decode(d.ids).strip() for d in drafts]
    realism = fit_realism(hear_texts(writer, [s.text for s in chosen], say), heard[:kept])
    freshness = fit_freshness(texts[:kept], [s.text for s in split.train])
    held_out = [s.text for s in split.valid[: len(drafts)]]
    odds = [np.array([realism(row) for row in rows]) for rows in (hear_texts(writer, held_out, say), heard[kept:])]
    fresh = [float(np.mean([freshness(text) for text in some])) for some in (held_out, texts[kept:])]
    write_beside(checkpoint, FILE, realism.to_bytes())
    write_beside(checkpoint, WORN, freshness.to_bytes())
    told = float((odds[0][:, None] > odds[1][None]).mean())
    means = {"held_out": float(odds[0].mean()), "drafts": float(odds[1].mean())}
    return {"told_apart": told, **means, "fresh_held_out": fresh[0], "fresh_drafts": fresh[1]}


def fit_realism(real: Array, written: Array) -> Realism:
    """From what is heard of corpus texts and of drafts, each (N, S)."""
    from sklearn.linear_model import LogisticRegression

    states = np.concatenate([real, written]).astype(np.float64)
    centre, spread = states.mean(0), np.maximum(states.std(0), 1e-6)
    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
    model.fit((states - centre) / spread, np.arange(len(states)) < len(real))
    weight = model.coef_[0] / spread
    return Realism(weight.astype(np.float32), (model.intercept_ - centre @ weight).astype(np.float32))


def finished_drafts(writer: Commentator, sentences: list[Sentence], seed: int, say: Say) -> list[Decoded]:
    """Drafts that ended by themselves, one asked for as each sentence is."""
    found, writing = list[Decoded](), writer.drafts_with(None)  # old constraints need not fit
    for at in range(0, len(sentences), PART):
        asked = [s.attributes for s in sentences[at : at + PART]]
        seeds = [seed * 2**20 + at + i for i in range(len(asked))]
        rows = writing.draw(pieces(PLACEHOLDER, asked, seeds, writer.defaults, ONE))
        drafts = [draft for row in rows for draft in row]
        found += [draft for draft in drafts if draft.finished]
        say(f"written: {at + len(asked)} of {len(sentences)} drafts")
    if len(found) < LEAST:
        raise CheckpointError(f"{len(found)} of {len(sentences)} drafts ended by themselves; needed are {LEAST}")
    return found


def hear_texts(writer: Commentator, texts: list[str], say: Say) -> Array:
    """What is heard of texts: (N, S)"""
    found = list[Array]()
    for at in range(0, len(texts), PART):
        found += [writer.engine.listen(text) for text in texts[at : at + PART]]
        say(f"heard: {len(found)} of {len(texts)} sentences")
    return np.stack(found)
