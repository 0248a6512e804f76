"""Row c: how fast the writer is beside stock Hugging Face `generate` in fp32, and what its 8-bit weights cost.

    python benchmarks/write_speed.py [--checkpoint DIR]
prints two lines. Speed: five candidates forced to 40 tokens, the two sides alternating on the same threads. Stock reads two
tokens and draws from its full vocabulary with the same temperature and nucleus; ours also makes z and the prefix.
The second line is what a user waits for, choosing included.
Accuracy: held-out sentences at the mean of q(z | x), scored step by step as in writing, against the torch model in fp32.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # else stock takes ten times as long beside any busy neighbour

import numpy as np
import torch

from deephypebot import Song, load
from deephypebot.config import shipped_checkpoint
from deephypebot.corpus.builtin import split_builtin
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.network.checkpoint import load_checkpoint
from deephypebot.model.network.cvae import TextCVAE
from deephypebot.model.settings import read_settings
from deephypebot.model.tokens import BOS, EOS, START
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.drafts import Engine, pieces
from deephypebot.types import Attributes, Sentence, Wish

CANDIDATES, TOKENS, TEMPERATURE, TOP_P = 5, 40, 0.8, 0.92
FEW = 4  # drafts a candidate: 20 in all
ASKED = Attributes(genres=("dream pop", "shoegaze"), energy=0.3, tempo=96.0, kind="description")
SONG = Song("Slowdive", "Alison")
BATCH = 20


def ours(writer: Commentator) -> Callable[[], None]:
    """What a call of the writer costs, from attributes to token ids."""
    lengths = {"min_new_tokens": TOKENS, "max_new_tokens": TOKENS}
    sampling = replace(writer.defaults, temperature=TEMPERATURE, top_p=TOP_P, drafts=1, **lengths)

    def write() -> None:
        rows = writer.drafts.draw(pieces(SONG, [ASKED] * CANDIDATES, range(CANDIDATES), sampling))
        assert all(len(draft.ids) == TOKENS for drafts in rows for draft in drafts)

    return write


def chosen(writer: Commentator, drafts: int) -> Callable[[], None]:
    """A user's call as it comes: each candidate is chosen among drafts, and written again where it is like another."""

    def write() -> None:
        assert len(writer.write(SONG, ASKED, n=CANDIDATES, seed=1, wish=Wish(best_of=drafts))) == CANDIDATES

    return write


def stock(backbone: Path) -> Callable[[], None]:
    """`generate` as it comes, in fp32, over the whole vocabulary."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(backbone, dtype=torch.float32).eval()
    start = torch.tensor([[BOS, START]] * CANDIDATES)
    nucleus: dict[str, Any] = {"do_sample": True, "temperature": TEMPERATURE, "top_p": TOP_P, "top_k": 0}
    lengths = {"min_new_tokens": TOKENS, "max_new_tokens": TOKENS}

    def generate() -> None:
        mask = torch.ones_like(start)
        ids = model.generate(start, attention_mask=mask, pad_token_id=EOS, **nucleus, **lengths)
        assert ids.shape == (CANDIDATES, 2 + TOKENS)

    return generate


def alternate(sides: Sequence[Callable[[], None]], runs: int) -> list[float]:
    """The median seconds of each side, after one run to warm up."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(runs + 1):
        for side, kept in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            kept.append(time.perf_counter() - start)
    return [median(kept[1:]) for kept in times]


def load_exact(checkpoint: Path) -> TextCVAE:
    """The torch model with all matrices in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(checkpoint, Path(folder) / checkpoint.name))
        settings = {**read_settings(checkpoint), "precision": "fp32"}
        (copy / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        return load_checkpoint(copy)


@torch.no_grad()
def nats(engine: Engine, model: TextCVAE, sentences: Sequence[Sentence]) -> tuple[float, float]:
    """Mean nats a token of the engine, step by step, and of the model in fp32."""
    stepped = exact = tokens = 0.0
    for at in range(0, len(sentences), BATCH):
        part = sentences[at : at + BATCH]
        batch = model.collate(part)
        z, _ = model.encode(batch)
        exact += float(model.recon_nll(batch, z).sum())
        prefix = np.concatenate([engine.prefix(s.attributes, z[i : i + 1].numpy()) for i, s in enumerate(part)])
        stepped += float(score(engine, prefix, z.numpy(), batch.targets.numpy()).sum())
        tokens += batch.num_tokens
    return stepped / tokens, exact / tokens


def score(engine: Engine, prefix: np.ndarray, z: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """-log p in nats of targets (B, T), outputs or -100, summed over each row: (B,)"""
    total, logits = np.zeros(len(targets)), engine.start(prefix, z)
    for column in targets.T:
        asked, chosen = column >= 0, np.maximum(column, 0)
        peak = logits.max(axis=1)
        log_norm = peak + np.log(np.exp(logits - peak[:, None], dtype=np.float64).sum(axis=1))
        total += np.where(asked, log_norm - logits[np.arange(len(logits)), chosen], 0.0)
        logits = engine.step(engine.ids[chosen])
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=None, help="a folder; by default the one that ships")
    parser.add_argument("--runs", type=int, default=10, help="of each side")
    parser.add_argument("--threads", type=int, default=2, help="of each side")
    parser.add_argument("--sentences", type=int, default=200, help="held-out ones to score")
    arguments = parser.parse_args()
    checkpoint = arguments.checkpoint or shipped_checkpoint()
    torch.manual_seed(0)
    torch.set_num_threads(arguments.threads)
    backbone, writer = fetch_backbone(read_settings(checkpoint)["backbone"]), load(checkpoint, arguments.threads)
    sizes = (FEW, writer.defaults.drafts)
    sides = [ours(writer), stock(backbone), *(chosen(writer, drafts) for drafts in sizes)]
    seconds, stock_seconds, *chosen_seconds = alternate(sides, arguments.runs)
    sentences = split_builtin().test[: arguments.sentences]
    stepped, exact = nats(writer.engine, load_exact(checkpoint), sentences)
    print(
        f"write: p50 {seconds:.2f} s, stock generate {stock_seconds:.2f} s, ratio {stock_seconds / seconds:.1f}, "
        f"nats {stepped:.4f} against {exact:.4f} ({100 * (stepped / exact - 1):+.2f}%; {CANDIDATES} candidates of "
        f"{TOKENS} tokens, {arguments.threads} threads, median of {arguments.runs}, {len(sentences)} sentences)"
    )
    for drafts, taken in zip(sizes, chosen_seconds, strict=True):
        print(
            f"choose: p50 {taken:.2f} s, {CANDIDATES} candidates from {CANDIDATES * drafts} drafts or more of their own length, "
            "finished and filled"
        )


if __name__ == "__main__":
    main()
