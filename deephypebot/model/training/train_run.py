"""One training run from a corpus to a checkpoint folder: `deephypebot train cvae`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deephypebot.config import cache_dir
from deephypebot.corpus.source import Source
from deephypebot.corpus.split import Split
from deephypebot.errors import InputError
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.condition import drop_attributes, prompt
from deephypebot.model.judging.copying import fit_runs
from deephypebot.model.network.checkpoint import load_checkpoint, save_checkpoint
from deephypebot.model.network.checkpoint_folder import check_place
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.network.gru import GruConfig, GruCVAE
from deephypebot.model.network.posterior import posterior
from deephypebot.model.tokens import Vocabulary
from deephypebot.model.training.device import pick_device
from deephypebot.model.training.fit_word_bias import fit_word_bias
from deephypebot.model.training.memory import keep_freed_memory
from deephypebot.model.training.processes import Processes
from deephypebot.model.training.train_cvae import TrainConfig, Trainer, evaluate_bound
from deephypebot.model.whole_folder import recover
from deephypebot.model.writing.lexicon import words_of
from deephypebot.model.writing.word_bias import WordBias
from deephypebot.types import Sentence

ENDLESS = 1000.0  # epochs; the clock ends it
LEAST_STEPS = 400  # of the GRU, on a corpus however small
FEW = 1000  # sentences


def train_cvae(
    backbone: str, source: Source, out: Path, overrides: Mapping[str, str], pretrain: Source | None = None
) -> dict[str, float]:
    """Train into the folder `out`; a run that was cut off goes on where it stood. Returns the metrics.

    backbone: "gru", "smollm2" or what fetch_backbone takes. overrides: fields of the model's config or of TrainConfig by name.
    pretrain: other text, which the model sees first (Gururangan et al., 2020, "Don't Stop Pretraining").
    Raises InputError, BackboneError, or CheckpointError where a file cannot be written or a run there is another one.
    """
    keep_freed_memory()
    out = out.resolve()
    check_place(out)
    kind: type[Any] = GruConfig if backbone == "gru" else CvaeConfig
    defaults = {} if backbone == "gru" else {"backbone": backbone}
    model_config, train_config = build_configs(kind, TrainConfig, overrides, defaults)
    split, processes = source.split(), Processes()
    before = pretrain.split() if pretrain else None
    if "epochs" not in overrides:
        train_config = replace(train_config, epochs=enough_epochs(train_config, len(split.train), backbone))
    if len(split.train) < FEW and processes.rank == 0:
        say(
            f"{len(split.train)} sentences to learn from are few: the texts will be copies, and those are never written"
        )
    save, load = (GruCVAE.save, GruCVAE.load) if backbone == "gru" else (save_checkpoint, load_checkpoint)
    with processes.first_alone():
        if processes.rank == 0:
            recover(out)
        alone = train_config.device if processes.world == 1 and backbone != "gru" else "cpu"
        model = build_model(model_config, split, train_config.seed, alone, before)
    data = [*dict.fromkeys([source.kind, *([pretrain.kind] if pretrain else [])])]
    card = {"data": data, "sentences": len(split.train), **asdict(train_config)}
    state, first = out.with_name(f"{out.name}.training"), out.with_name(f"{out.name}.pretraining")
    seen = ""
    if before:
        seen = pretrained(model, before, train_config, backbone, first, processes)
        card["pretraining"] = seen
    trainer = Trainer(model, split, train_config, state, lambda row: save(model, out, row, card), processes, seen)
    trainer.run()
    if processes.rank:
        return {}
    best: Any = load(out)
    metrics = finish(best, split)
    save(best, out, metrics, card)
    for folder in (state, first):
        shutil.rmtree(folder, ignore_errors=True)
    return metrics


def pretrained(model: Any, split: Split, config: TrainConfig, backbone: str, state: Path, processes: Processes) -> str:
    """Train a model on other text first, so many passes over it; nothing is done where `state` shows that it was. What it saw."""
    epochs = enough_epochs(replace(config, epochs=config.pretrain_epochs, minutes=None), len(split.train), backbone)
    trainer = Trainer(model, split, replace(config, epochs=epochs, minutes=None), state, lambda row: None, processes)
    say(f"pretraining on {len(split.train)} sentences")
    trainer.run()
    return f"{len(split.train)} sentences ({trainer.settings['corpus']}), {epochs:g} passes"


def enough_epochs(config: TrainConfig, sentences: int, backbone: str) -> float:
    """As many epochs as the clock allows where there is one; for the GRU, which knows no English yet, enough of a small corpus."""
    if config.minutes is not None:
        return ENDLESS
    least = LEAST_STEPS * config.batch_size * config.accumulate / sentences if backbone == "gru" else 0.0
    return max(config.epochs, least)


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr)


def build_model(config: Any, split: Split, seed: int, device: str = "cpu", before: Split | None = None) -> Any:
    """A fresh model for the training sentences of a split, the same for the same seed; states of frozen layers are ready.

    device: of a model over a backbone, see pick_device. before: what it will see first.
    """
    seen = [*split.train, *before.train] if before else split.train
    if isinstance(config, GruConfig):
        gru = GruCVAE.build(config, seen, seed)
        gru.words, gru.runs = words_of(s.text for s in split.train), fit_runs(s.text for s in seen)
        return gru
    everything = [*split.train, *split.valid, *split.test, *(before.train + before.valid if before else [])]
    told = [prompt(s.attributes) for s in everything] if config.condition == "prompt" else []
    folder = fetch_backbone(config.backbone)
    torch.manual_seed(seed)
    model = TextCVAE(config, folder, Vocabulary.build(folder, [*(s.text for s in seen), *told]))
    model.words, model.runs = words_of(s.text for s in split.train), fit_runs(s.text for s in seen)
    model.to_device(pick_device(device))
    for part in (before, split) if before else (split,):
        prepare(model, part)
    if config.latent_dim:
        model.start_plan([s.text for s in split.train])
    return model


def prepare(model: Any, split: Split) -> None:
    """Have the states of frozen layers on disk, where a model has such layers."""
    if isinstance(model, TextCVAE):
        model.prepare([*split.train, *split.valid], cache_dir() / "states")


def finish(model: Any, split: Split) -> dict[str, float]:
    """Fit the prior that writing draws from, and measure the bound on what was held out; {"valid_bound": ...}."""
    prepare(model, split)
    if model.config.latent_dim:
        fit_prior(model, split.train)
    if isinstance(model, TextCVAE) and model.config.condition == "vectors":
        model.word_bias = fit_bias(model, split.train)
    parts = {"valid": split.valid, "test": split.test}
    metrics = {part: evaluate_bound(model, sentences) for part, sentences in parts.items() if sentences}
    return {f"{part}_{name}": value for part, row in metrics.items() for name, value in row.items()}


def fit_prior(model: Any, sentences: Sequence[Sentence], seed: int = 0) -> None:
    """Fit p(z | a) to training sentences, each with all that is known of it and twice with some of it dropped."""
    mu, logvar = posterior(model, sentences)
    rates = (model.config.attribute_dropout,) * 2
    model.prior.fit(told(model, sentences, rates, seed), mu.repeat(3, 1), logvar.repeat(3, 1))


def fit_bias(model: TextCVAE, sentences: Sequence[Sentence], seed: int = 0) -> WordBias:
    """Fit the words that attributes ask for to training sentences, also to ones of which little is told."""
    words = [model.outputs(s.text) for s in sentences]
    inputs, rows = told(model, sentences, (0.2, 0.6), seed), model.all_output_rows()
    return fit_word_bias(inputs.numpy(), [*words, *words, *words], rows.numpy(), seed)


def told(model: Any, sentences: Sequence[Sentence], rates: Sequence[float], seed: int) -> torch.Tensor:
    """Inputs of attributes: all that is known, then once more for each rate, with so much of it dropped: (N + N R, A)"""
    rng, known = np.random.default_rng(seed), [s.attributes for s in sentences]
    dropped = [drop_attributes(a, rng, rate, model.config.unconditional) for rate in rates for a in known]
    inputs: torch.Tensor = model.prior_inputs([*known, *dropped])
    return inputs


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
