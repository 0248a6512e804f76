"""States of the frozen lower layers: computed once a text, kept on disk within a limit, read back memory-mapped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from deephypebot.errors import BackboneError
from deephypebot.model.network.llama import Llama, load_embedding

MAX_TOKENS = 160


class LowerStates:
    """States after the frozen layers, of token rows that begin after BOS.

    encode: text -> ids of what follows BOS (START and the tokens). Rows are fp16 on disk; what lies beyond `limit_bytes` is
    computed again each time that it is asked for.
    """

    def __init__(self, lower: Llama, folder: Path, encode: Callable[[str], list[int]], limit_bytes: float) -> None:
        self.lower, self.encode, self.limit_bytes = lower, encode, limit_bytes
        self.embedding = load_embedding(folder)
        self.slot_input = slot_embeddings(folder, self.embedding)
        self.key = hashlib.sha256(f"{_identity(folder)} {lower.last} {lower.dtype}".encode())
        self.rows: np.ndarray[tuple[int, int], np.dtype[np.float16]] | None = None
        self.offsets: dict[str, tuple[int, int]] = {}
        self.bos = self.run([[]])[0][0]

    @torch.no_grad()
    def run(self, rows: Sequence[Sequence[int]]) -> list[Tensor]:
        """Token ids after BOS, for each row -> its states (1 + len(row), D) in fp32, the first that of BOS."""
        longest = max(len(row) for row in rows)
        ids = torch.tensor([[0, *row, *[0] * (longest - len(row))] for row in rows])
        device = self.lower.layers[0].frozen["q"].device if self.lower.layers else torch.device("cpu")
        states = self.lower(self.inputs(ids).to(device)).cpu()
        return [states[i, : 1 + len(row)] for i, row in enumerate(rows)]

    def inputs(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), on the CPU, -> what the lowest layer reads there, (B, T, D)"""
        slots = ids >= len(self.embedding)
        own = self.slot_input[(ids - len(self.embedding)).clamp_min(0)]
        return torch.where(slots.unsqueeze(-1), own, self.embedding[ids.clamp_max(len(self.embedding) - 1)])

    def prepare(self, texts: Sequence[str], folder: Path) -> None:
        """Fill the cache in `folder` with these texts, in their order, up to the limit; reuse a cache of the same texts.

        Raises BackboneError when the disk refuses; nothing half-written stays.
        """
        encoded = {text: self.encode(text) for text in texts}
        width, kept = self.embedding.shape[1], {}
        total = 0
        for text, row in encoded.items():
            if (total + len(row)) * width * 2 > self.limit_bytes:
                break
            kept[text], total = (total, total + len(row)), total + len(row)
        digest = self.key.copy()
        digest.update(repr([encoded[text] for text in kept]).encode())
        path = folder / f"states-{digest.hexdigest()[:20]}.f16"
        if not path.is_file() and total:
            self._make_room(folder, total * width * 2)
            self._write(path, [encoded[text] for text in kept], width)
        if total:
            os.utime(path)
            self.rows = np.memmap(path, np.float16, mode="r", shape=(total, width))
        self.offsets = kept

    def _make_room(self, folder: Path, size: int) -> None:
        """Remove the caches of other corpora that were not used for longest, as far as the limit asks."""
        files = sorted(folder.glob("states-*.f16"), key=lambda path: path.stat().st_mtime)
        while files and sum(path.stat().st_size for path in files) + size > self.limit_bytes:
            files.pop(0).unlink()

    def _write(self, path: Path, rows: list[list[int]], width: int) -> None:
        temporary = path.with_suffix(f".{os.getpid()}")
        starts = np.cumsum([0, *map(len, rows)])
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as out:
                bar = tqdm(range(0, len(order), 64), desc="lower layers", unit="batch", file=sys.stderr, mininterval=2)
                for batch in (order[at : at + 64] for at in bar):
                    for i, states in zip(batch, self.run([rows[i] for i in batch]), strict=True):
                        out.seek(int(starts[i]) * width * 2)
                        out.write(states[1:].numpy().astype(np.float16).tobytes())
            os.replace(temporary, path)
        except OSError as error:
            raise BackboneError(f"{path} cannot be written ({error.strerror or error})") from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def get(self, texts: Sequence[str]) -> list[Tensor]:
        """States (1 + T, D) fp32 of START and the tokens of each text."""
        missing = [text for text in texts if text not in self.offsets]
        fresh = dict(zip(missing, self.run([self.encode(text) for text in missing]), strict=True)) if missing else {}
        return [fresh[text][1:] if text in fresh else self._read(*self.offsets[text]) for text in texts]

    def _read(self, start: int, end: int) -> Tensor:
        assert self.rows is not None
        return torch.from_numpy(self.rows[start:end].astype(np.float32))


def _identity(folder: Path) -> str:
    """Changes with the weights; those of a verified backbone never do."""
    stat = (folder / "model.safetensors").stat()
    verified = (folder / "verified.json").is_file()
    return folder.name if verified else f"{folder.resolve()} {stat.st_size} {stat.st_mtime_ns}"


def slot_embeddings(folder: Path, embedding: Tensor) -> Tensor:
    """(4, D): what the frozen layers read at {artist}, " {artist}", {title}, " {title}": means of names and of words of titles."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises bare Exception
        raise BackboneError(f"backbone {folder}: tokenizer.json cannot be read ({error})") from error
    names, words = "Jackson Taylor Smith Brown Prince Young".split(), "Love Night Home Time Moon Dream".split()
    rows = [(space, group) for group in (names, words) for space in ("", " ")]
    ids = [[i for word in group for i in tokenizer.encode(space + word).ids] for space, group in rows]
    return torch.stack([embedding[row].mean(0) for row in ids])
