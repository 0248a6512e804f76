"""One training run from a corpus to a checkpoint folder: `deephypebot train cvae`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from deephypebot.config import cache_dir
from deephypebot.corpus.builtin import load_builtin
from deephypebot.corpus.sentences import read_jsonl, read_text
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.errors import InputError
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.checkpoint import fit_prior, load_checkpoint, save_checkpoint
from deephypebot.model.condition import prompt
from deephypebot.model.cvae import CvaeConfig, TextCVAE
from deephypebot.model.gru import GruConfig, GruCVAE
from deephypebot.model.posterior import posterior
from deephypebot.model.tokens import Vocabulary
from deephypebot.model.train_cvae import TrainConfig, Trainer, evaluate_bound


@dataclass(frozen=True)
class Source:
    """Where the sentences come from. kind: builtin, text (UTF-8, one a line) or jsonl (with attributes)."""

    kind: str = "builtin"
    path: Path | None = None

    def split(self) -> Split:
        """Read and split; InputError where a part is left empty."""
        if self.kind == "builtin":
            return split_sentences(load_builtin())
        assert self.path is not None
        split = split_sentences(read_text(self.path) if self.kind == "text" else read_jsonl(self.path))
        if not (split.train and split.valid):
            counts = f"{len(split.train)} to train on, {len(split.valid)} held out"
            raise InputError(
                f"{self.path}: too few sentences ({counts}); needed are about 40 or more of different posts"
            )
        return split


def train_cvae(backbone: str, source: Source, out: Path, overrides: Mapping[str, str]) -> dict[str, Any]:
    """Train into the folder `out`; a run that was cut off goes on where it stood. Returns the metrics.

    backbone: "gru", "smollm2" or what fetch_backbone takes. overrides: fields of the model's config or of TrainConfig by name.
    """
    kind: type[Any] = GruConfig if backbone == "gru" else CvaeConfig
    defaults = {} if backbone == "gru" else {"backbone": backbone}
    model_config, train_config = build_configs(kind, TrainConfig, overrides, defaults)
    split = source.split()
    torch.manual_seed(train_config.seed)
    if backbone == "gru":
        trainer, finish = _gru_run(model_config, split, train_config, out)
    else:
        trainer, finish = _llama_run(model_config, split, train_config, out, source)
    trainer.run()
    if trainer.rank:
        return {}
    metrics: dict[str, Any] = finish()
    shutil.rmtree(trainer.folder, ignore_errors=True)
    return metrics


def build_configs(
    model: type[Any], training: type[Any], overrides: Mapping[str, str], defaults: Mapping[str, Any]
) -> tuple[Any, Any]:
    """The two dataclasses with overrides parsed by the type of their fields. InputError names an unknown field or value."""
    values: dict[type[Any], dict[str, Any]] = {model: dict(defaults), training: {}}
    known = {f.name: (cls, str(f.type)) for cls in (training, model) for f in fields(cls)}
    for name, text in overrides.items():
        if name not in known:
            raise InputError(f"{name} is no setting; allowed are {', '.join(sorted(known))}")
        cls, annotation = known[name]
        values[cls][name] = _parse(name, text, annotation)
    return model(**values[model]), training(**values[training])


def _parse(name: str, text: str, annotation: str) -> Any:
    try:
        if "int" in annotation:
            return int(text)
        return float(text) if "float" in annotation else text
    except ValueError as error:
        raise InputError(f"{name} is {text!r}; allowed is {annotation}") from error


def _llama_run(
    config: CvaeConfig, split: Split, training: TrainConfig, out: Path, source: Source
) -> tuple[Trainer, Any]:
    folder = fetch_backbone(config.backbone)
    told = (
        [prompt(s.attributes) for s in [*split.train, *split.valid, *split.test]]
        if config.condition == "prompt"
        else []
    )
    model = TextCVAE(config, folder, Vocabulary.build(folder, [*(s.text for s in split.train), *told]))
    model.prepare([*split.train, *split.valid], cache_dir() / "states")
    card = {"data": [source.kind], "sentences": len(split.train), **asdict(training)}

    def finish() -> dict[str, Any]:
        best = load_checkpoint(out)
        if config.latent_dim:
            fit_prior(best, *posterior(best, split.train))
        metrics = {"valid": evaluate_bound(best, split.valid), "test": evaluate_bound(best, split.test)}
        flat = {f"{part}_{key}": value for part, row in metrics.items() for key, value in row.items()}
        save_checkpoint(best, out, flat, card)
        return flat

    return Trainer(
        model, split, training, _state_folder(out), lambda row: save_checkpoint(model, out, row, card)
    ), finish


def _gru_run(config: GruConfig, split: Split, training: TrainConfig, out: Path) -> tuple[Trainer, Any]:
    model = GruCVAE.build(config, split.train, training.seed)

    def finish() -> dict[str, Any]:
        best = GruCVAE.load(out)
        metrics = {"valid": evaluate_bound(best, split.valid), "test": evaluate_bound(best, split.test)}
        return {f"{part}_{key}": value for part, row in metrics.items() for key, value in row.items()}

    return Trainer(model, split, training, _state_folder(out), lambda row: model.save(out)), finish


def _state_folder(out: Path) -> Path:
    return out.with_name(f"{out.name}.training")
