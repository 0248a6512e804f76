"""One arm of an experiment: cross-entropy, then rounds of self-play; weights, figures and samples go to --out.

    python dev/on_gpu.py base --out DIR [--set lora_rank=64]
    python dev/on_gpu.py play --from DIR/base.safetensors --out DIR --name a --marked 6000
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from deephypebot.config import cache_dir
from deephypebot.corpus.source import Source
from deephypebot.corpus.split import Split
from deephypebot.model.judging.reader import load_reader
from deephypebot.model.network.checkpoint import checkpoint_tensors
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.training.preferences import PreferenceConfig, margins, train_preferences
from deephypebot.model.training.self_play import PlayConfig, corpus_pairs, marked_pairs, write
from deephypebot.model.training.train_cvae import TrainConfig, Trainer, evaluate_bound
from deephypebot.model.training.train_run import build_configs, build_model, fit_prior

START = time.monotonic()
READER = Path("deephypebot/checkpoints/smollm2-cvae")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["states", "base", "play"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="base")
    parser.add_argument("--from", dest="begin", type=Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--marked", type=int, default=0)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--anchor", type=float, default=0.2)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=1e9, help="no new round after this long")
    args = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    torch.set_num_threads(4)
    model_config, train_config = build_configs(
        CvaeConfig, TrainConfig, dict(s.split("=", 1) for s in args.set), {"backbone": "smollm2"}
    )
    split = Source().split()
    if args.small:
        split = replace(split, train=split.train[:: len(split.train) // args.small], valid=split.valid[:40], test=split.test[:20])
    args.out.mkdir(parents=True, exist_ok=True)
    model = build_model(model_config, split, train_config.seed, args.device)
    say(args, stage="built", dtype=str(model.dtype))
    if args.stage == "states":
        return
    if args.stage == "base":
        base(args, model, split, train_config)
    else:
        play(args, model, split)


def base(args: Any, model: TextCVAE, split: Split, config: TrainConfig) -> None:
    best: dict[str, torch.Tensor] = {}

    def keep(row: dict[str, float]) -> None:
        best.update({name: value.detach().clone() for name, value in model.state_dict().items()})
        say(args, stage="best", **row)

    Trainer(model, split, config, Path(f"/tmp/{args.name}.training"), keep).run()
    model.load_state_dict(best)
    fit_prior(model, split.train)
    model.prior.to(model.device)
    save_file({k: v.cpu().contiguous() for k, v in model.state_dict().items()}, f"/tmp/{args.name}.full.safetensors")
    report(args, model, split, "base")


def play(args: Any, model: TextCVAE, split: Split) -> None:
    model.load_state_dict(load_file(args.begin))
    reader = load_reader(READER, 576)
    rng = np.random.default_rng(7)
    for turn in range(args.rounds):
        begun = time.monotonic()
        own = PlayConfig(seed=turn + 1)
        rows = rng.choice(len(split.train), min(args.sentences, len(split.train)), replace=False)
        pairs = corpus_pairs(model, [split.train[i] for i in rows], own)
        told = {"corpus": len(pairs)}
        if args.marked:
            rows = rng.choice(len(split.train), min(args.marked, len(split.train)), replace=False)
            asked = [split.train[i].attributes for i in rows]
            best = marked_pairs(
                model, asked, lambda d: reader(d.text, d.heard.numpy()), replace(own, coolest=0.5, warmest=0.8)
            )
            told["marked"] = len(best)
            pairs += best
        held = corpus_pairs(model, split.valid, replace(own, seed=99))
        before = margins(model, held)
        written = time.monotonic()
        train_preferences(
            model, pairs, PreferenceConfig(args.beta, args.anchor, args.lr, args.pairs, seed=turn)
        )
        gained = margins(model, held) - before
        took = time.monotonic() - begun
        say(args, stage=f"round {turn}", **told, drafting=written - begun, took=took,
            held_won=float((gained > 0).float().mean()), held_gain=float(gained.mean()))
        report(args, model, split, f"round{turn}")
        if time.monotonic() - START + 1.1 * took > args.seconds:
            break


def report(args: Any, model: TextCVAE, split: Split, stage: str) -> None:
    """Weights, held-out cost and samples."""
    save_file(checkpoint_tensors(model), args.out / f"{args.name}.safetensors")
    metrics = evaluate_bound(model, split.valid)
    reader = load_reader(READER, 576)
    asked = [replace(s.attributes, kind="description") for s in (split.test * 3)[:600]]
    model.prior.cpu()
    inputs = model.prior_inputs(asked)
    rng = np.random.default_rng(5)
    eps = torch.from_numpy(rng.standard_normal((len(asked), model.config.latent_dim), np.float32))
    with torch.no_grad():
        z = model.prior.middle(inputs) + 0.8 * eps @ model.prior.chol.T
    model.prior.to(model.device)
    for heat in (0.45, 0.7, 1.0):
        for planned in (1.0, 0.0):
            drafts = write(model, asked, z, PlayConfig(heat, heat + 1e-6), rng, torch.full((len(asked),), planned))[1]
            texts = [d.text for d in drafts if d.finished]
            name = f"{args.name}-{stage}-{heat}-{planned:g}"
            (args.out / "samples").mkdir(exist_ok=True)
            (args.out / "samples" / f"{name}.json").write_text(json.dumps(texts[:400]))
            marks = [reader(d.text, d.heard.numpy()) for d in drafts if d.finished]
            words = [t.split() for t in texts]
            pairs = [p for w in words for p in zip(w, w[1:])]
            say(args, stage=stage, heat=heat, planned=planned, finished=len(texts) / len(drafts), mark=float(np.mean(marks)),
                words=float(np.mean([len(w) for w in words])), distinct_2=len({*pairs}) / max(1, len(pairs)))
    say(args, stage=stage, **metrics)


def say(args: Any, **row: Any) -> None:
    row = {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
    line = json.dumps({"name": args.name, "at": round(time.monotonic() - START, 1), **row})
    print(line, flush=True)
    with (args.out / f"{args.name}.log").open("a") as out:
        out.write(line + "\n")


if __name__ == "__main__":
    main()
