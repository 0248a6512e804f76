"""`deephypebot train`: a model from a corpus, a run that was cut off goes on where it stood; and the constraints of a checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deephypebot.cli.flags import add_source, number, parse_source, seed, setting, whole_number
from deephypebot.cli.output import emit, note
from deephypebot.errors import InputError

if TYPE_CHECKING:
    from deephypebot.corpus.source import Source

HUGE = 1e9
SETTINGS: dict[str, Any] = {  # flags that are settings of the run or of the model, by the name of the field
    "epochs": number(0, HUGE, above=True),
    "pretrain_epochs": number(0, HUGE, above=True),
    "batch_size": whole_number(1, 65_536),
    "accumulate": whole_number(1, 65_536),
    "lr": number(0, 1, above=True),
    "latent_dim": whole_number(0, 4096),
    "target_kl": number(0, HUGE),
    "split": whole_number(0, 1000),
    "lora_rank": whole_number(1, 4096),
    "seed": seed,
    "minutes": number(0, HUGE, above=True),
    "precision": str,
}
HELP = {
    "epochs": "passes over the sentences (default: 3, or what --minutes allow, or enough of a small corpus for gru)",
    "pretrain_epochs": "passes over the text of --pretrain (default: 1, or enough of a small one for gru)",
    "minutes": "stop after this long at the latest; it stops before where held-out text no longer gets cheaper",
    "batch_size": "sentences a step",
    "target_kl": "the rate, nats a sentence",
    "split": "layers below it are frozen",
}
CVAE = "A model from a corpus; a run that was cut off goes on where it stood."
REALISM = "Fit what tells a model's drafts from the text that it learned from; drafts are then chosen by it."
READER = "Learn what readers thought of drafts, from their marks; drafts are then chosen by it."
CONSTRAINTS = "Train the critic and the actor that move z to where texts are what a wish asks for."
SELF_PLAY = "A round of self-play: a model learns to prefer the corpus over its own drafts. Into a new folder; one cut off goes on."
CONSTRAINT_SETTINGS = {"written": 1_000_000, "held_out": 100_000, "steps": 1_000_000, "looks": 1000, "patience": 1000}


def add_to(commands: Any) -> None:
    """The command's flags."""
    models = commands.add_parser("train", help="train a model").add_subparsers(
        metavar="MODEL", dest="model", required=True
    )
    add_cvae(models.add_parser("cvae", help="the conditional text VAE", description=CVAE))
    add_realism(models.add_parser("realism", help="what tells a model's drafts from its corpus", description=REALISM))
    add_reader(models.add_parser("reader", help="what readers think of a model's drafts", description=READER))
    add_self_play(models.add_parser("self-play", help="the corpus against a model's own drafts", description=SELF_PLAY))
    add_constraints(models.add_parser("constraints", help="the latent constraints of a model", description=CONSTRAINTS))


def add_cvae(parser: argparse.ArgumentParser) -> None:
    """The flags of `train cvae`."""
    parser.add_argument(
        "--backbone", default="smollm2", metavar="NAME", help="smollm2 (default), gru, or a Llama-like model's folder"
    )
    add_source(parser)
    parser.add_argument(
        "--pretrain",
        type=Path,
        metavar="PATH",
        help="train on this first: a folder that `corpus build` wrote, a .jsonl file, or text, one sentence a line",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint folder to write")
    for name, kind in SETTINGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=HELP.get(name))
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE", help="any other setting"
    )
    parser.set_defaults(run=run)


def add_realism(parser: argparse.ArgumentParser) -> None:
    """The flags of `train realism`."""
    add_source(parser)
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="the folder that it is for, and goes to"
    )
    parser.add_argument(
        "--written", type=whole_number(20, 1_000_000), default=3000, help="drafts to write (default: 3000)"
    )
    parser.add_argument("--seed", type=seed, default=0)
    parser.set_defaults(run=run_realism)


def add_self_play(parser: argparse.ArgumentParser) -> None:
    """The flags of `train self-play`."""
    add_source(parser)
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="the model that plays; it stays as it is"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint folder to write")
    parser.add_argument(
        "--sentences",
        type=whole_number(1, 10_000_000),
        default=8000,
        help="of the corpus, each against a draft (default: 8000)",
    )
    parser.add_argument(
        "--marked",
        type=whole_number(0, 10_000_000),
        default=3000,
        help="requests whose drafts the reader marks (default: 3000)",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--seed", type=seed, default=0)
    parser.set_defaults(run=run_self_play)


def run_self_play(args: argparse.Namespace) -> int:
    """Play a round and print what it gained."""
    from deephypebot.model.training.self_play import PlayConfig, self_play

    config = PlayConfig(sentences=args.sentences, marked=args.marked, seed=args.seed)
    told = self_play(args.checkpoint, parse_source(args).split(), args.out, config, args.device, note)
    emit(" ".join(f"{name} {value:.4g}" for name, value in told.items()))
    note("realism, reader and constraints are of the model before; fit them anew")
    return 0


def run_realism(args: argparse.Namespace) -> int:
    """Fit the realism of a checkpoint and print how well it tells held-out text from drafts."""
    from deephypebot.model.training.train_realism import train_realism

    told = train_realism(args.checkpoint, parse_source(args).split(), args.written, args.seed, note)
    emit(" ".join(f"{name} {value:.3f}" for name, value in told.items()))
    return 0


def add_reader(parser: argparse.ArgumentParser) -> None:
    """The flags of `train reader`."""
    parser.add_argument(
        "--marks",
        type=Path,
        metavar="FILE",
        help='{"text": "{artist} hums.", "mark": 0 to 3} a line (default: the marks that ship)',
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="the folder that it is for, and goes to"
    )
    parser.set_defaults(run=run_reader)


def run_reader(args: argparse.Namespace) -> int:
    """Fit the reader of a checkpoint and print how well it foretells marks."""
    from deephypebot.model.training.train_reader import read_marks, train_reader

    told = train_reader(args.checkpoint, read_marks(args.marks), note)
    emit(" ".join(f"{name} {value:.3f}" for name, value in told.items()))
    return 0


def add_constraints(parser: argparse.ArgumentParser) -> None:
    """The flags of `train constraints`."""
    add_source(parser)
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="DIR", help="the folder that they are for, and go to"
    )
    for name, most in CONSTRAINT_SETTINGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=whole_number(1, most))
    parser.add_argument("--seed", type=seed)
    parser.set_defaults(run=run_constraints)


def run_constraints(args: argparse.Namespace) -> int:
    """Train the constraints of a checkpoint and print what they reached."""
    from deephypebot.model.training.train_lcgan import ConstraintConfig, train_constraints

    given = {name: getattr(args, name) for name in (*CONSTRAINT_SETTINGS, "seed") if getattr(args, name) is not None}
    reached = train_constraints(args.checkpoint, parse_source(args).split(), ConstraintConfig(**given), note)
    for look in reached["looks"]:
        emit(" ".join(f"{name} {value:.3f}" for name, value in look.items()))
    emit(f"{reached['seconds']:.0f} s")
    return 0


def run(args: argparse.Namespace) -> int:
    """Train and print the measures."""
    if args.out.exists() and not args.out.is_dir():
        raise InputError(f"--out {args.out} is a file; allowed is a folder")
    overrides = parse_overrides(args)
    from deephypebot.model.training.train_run import train_cvae

    metrics = train_cvae(args.backbone, parse_source(args), args.out, overrides, parse_pretrain(args.pretrain))
    for name, value in (metrics or {}).items():
        emit(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return 0


def parse_pretrain(path: Path | None) -> Source | None:
    """What the model sees first."""
    from deephypebot.corpus.source import Source

    if path is None:
        return None
    return Source("folder" if path.is_dir() else "jsonl" if path.suffix == ".jsonl" else "text", path)


def parse_overrides(args: argparse.Namespace) -> dict[str, str]:
    """Settings by name, from their own flags and from --set. Raises InputError where one is given twice."""
    overrides = {name: str(getattr(args, name)) for name in SETTINGS if getattr(args, name) is not None}
    for name, value in args.set:
        if name in overrides:
            raise InputError(f"{name} is given twice; allowed is once")
        overrides[name] = value
    return overrides
