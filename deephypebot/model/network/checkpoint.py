"""A finished model as one folder: config.json, model.safetensors (fp16), tokenizer.json, metrics.json, README.md (its card)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from deephypebot.errors import CheckpointError
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.judging.copying import FILE as RUNS
from deephypebot.model.judging.copying import load_runs
from deephypebot.model.network.checkpoint_folder import write_checkpoint
from deephypebot.model.network.cvae import CvaeConfig, TextCVAE
from deephypebot.model.settings import read_settings
from deephypebot.model.tokens import Vocabulary
from deephypebot.model.writing.word_bias import FILE as WORD_BIAS
from deephypebot.model.writing.word_bias import load_word_bias

RENAMED = {"norm": "norm.weight"}


def checkpoint_tensors(model: TextCVAE) -> dict[str, Tensor]:
    """The tensors of a model under their names on disk, fp16."""
    tensors = {}
    for name, value in model.state_dict().items():
        if name.startswith("upper.blocks."):
            _, _, index, _, part, factor = name.split(".")
            name = f"lora.{model.config.split + int(index)}.{part}.{factor}"
        tensors[RENAMED.get(name, name)] = value.detach().cpu().half().contiguous()
    tensors["slot_input"] = model.lower_states.slot_input.half().contiguous()
    return tensors


def save_checkpoint(model: TextCVAE, folder: Path, metrics: dict[str, Any], training: dict[str, Any]) -> None:
    """Write the folder in one move. Raises CheckpointError when the disk refuses."""
    tokenizer, weights = model.vocabulary.tokenizer, save(checkpoint_tensors(model))
    beside = {WORD_BIAS: model.word_bias, RUNS: model.runs}
    files = {name: part.to_bytes() for name, part in beside.items() if part}
    write_checkpoint(folder, model.settings(), training, metrics, tokenizer, weights, files)


def load_checkpoint(folder: Path) -> TextCVAE:
    """The model of a checkpoint folder, ready to evaluate. Raises CheckpointError or BackboneError."""
    settings = read_settings(folder)
    if settings.get("format") != "deephypebot-cvae-2":
        raise CheckpointError(
            f"checkpoint {folder}: format is {settings.get('format')!r}; allowed is 'deephypebot-cvae-2'"
        )
    known = {name: settings[name] for name in CvaeConfig.__dataclass_fields__ if name in settings}
    vocabulary = Vocabulary.load(folder / "tokenizer.json")
    model = TextCVAE(CvaeConfig(**known), fetch_backbone(settings["backbone"]), vocabulary)
    model.words, model.word_bias = list(settings.get("words", [])), load_word_bias(folder)
    model.runs = load_runs(folder)
    try:
        with safe_open(folder / "model.safetensors", framework="pt") as file:
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        names = dict(zip(checkpoint_tensors(model), [*model.state_dict(), "slot_input"], strict=True))
        model.lower_states.slot_input = stored.pop("slot_input")
        model.load_state_dict({names[name]: value for name, value in stored.items()})
    except Exception as error:
        raise CheckpointError(f"checkpoint {folder}: model.safetensors cannot be used ({error})") from error
    return model.eval()
