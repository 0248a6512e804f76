"""What a checkpoint folder of either backbone holds, written in one move; no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tokenizers import Tokenizer

from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging.copying import FILE as RUNS
from deephypebot.model.judging.freshness import FILE as WORN
from deephypebot.model.judging.reader import FILE as READER
from deephypebot.model.judging.realism import FILE as REALISM
from deephypebot.model.network.model_card import model_card
from deephypebot.model.whole_folder import whole_folder
from deephypebot.model.writing.constraints import FILE as CONSTRAINTS
from deephypebot.model.writing.word_bias import FILE as WORD_BIAS

SAMPLING = {
    "temperature": 0.5,
    "top_p": 0.92,
    "latent_temperature": 0.8,
    "guidance": 4.0,
    "word_guidance": 0.5,
    "drafts": 8,
}
FILES = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "metrics.json",
    "README.md",
    "evaluation.json",
    WORD_BIAS,
    RUNS,
    CONSTRAINTS,
    REALISM,
    READER,
    WORN,
}


def check_place(folder: Path) -> None:
    """InputError where `folder` is no folder or holds what no checkpoint does: it will be replaced as a whole; CheckpointError where
    nothing can be written beside it."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; allowed is a folder")
    if folder == Path.cwd():
        raise InputError(f"{folder} is the working directory; allowed is a folder in it or elsewhere")
    strange = sorted({path.name for path in folder.iterdir()} - FILES) if folder.exists() else []
    if strange:
        raise InputError(f"{folder} holds {strange[0]!r}; allowed is a new folder, an empty one, or a checkpoint's")
    try:  # as whole_folder will, after hours of training
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent):
            pass
    except OSError as fault:
        raise CheckpointError(f"{folder} cannot be written ({fault.strerror or fault})") from fault


def write_checkpoint(
    folder: Path,
    model: dict[str, Any],
    training: dict[str, Any],
    metrics: dict[str, Any],
    tokenizer: Tokenizer,
    weights: bytes,
    beside: Mapping[str, bytes],
) -> None:
    """config.json, model.safetensors, tokenizer.json, metrics.json and README.md (the model card).

    model: its settings with their format; training: how it was trained; weights: a safetensors file;
    beside: others, by their name. Raises CheckpointError
    when the disk refuses; the folder that was there before then stays.
    """
    settings = {**model, "name": folder.name, "defaults": SAMPLING, "training": training}
    with whole_folder(folder, CheckpointError) as new:
        (new / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        (new / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
        (new / "README.md").write_text(model_card(settings, metrics), encoding="utf-8")
        (new / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
        (new / "model.safetensors").write_bytes(weights)
        for name, data in beside.items():
            (new / name).write_bytes(data)
