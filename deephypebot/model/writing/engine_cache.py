"""The two graphs of a checkpoint: built at its first use, kept on disk, opened by ONNX Runtime with caches of keys and values.

Shapes: B rows, T positions of a call, D hidden size.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import onnxruntime as ort

from deephypebot.errors import BackboneError
from deephypebot.model.backbone import building
from deephypebot.model.writing.engine_graph import MAX_POSITIONS

Array = np.ndarray[Any, Any]
HALVES = ("lower", "upper")
ROOM = 32  # positions that the caches grow by; most texts end within the first
ABANDONED = 3600.0  # seconds; building takes seconds
KEPT = 8  # checkpoints whose graphs stay on disk, 130 MB each


class Half:
    """A run of layers as an open graph with its cache of keys and values, which later calls go on from.

    It runs on one thread: twins side by side (hands.py) keep more cores busy than a product cut in pieces. The cache has room
    for the rows that are there, and grows by ROOM positions, so it is no larger than what is written.
    """

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = 1, 1, 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.names = [entry.name for entry in self.session.get_inputs() if entry.name.startswith("past_")]
        self.output = self.session.get_outputs()[0].name
        self.caches = dict[str, Array]()
        self.heads, self.size = config["num_key_value_heads"], config["head_dim"]
        self.begin(1)

    def twin(self) -> Half:
        """The same layers with a cache of their own; both may run at once."""
        other = copy(self)
        other.caches, other.rows, other.length = {}, 0, 0
        return other

    def begin(self, rows: int) -> None:
        """Forget what was read; the calls that follow bring so many rows."""
        self.rows, self.length = 0, 0
        self._make_room(rows, ROOM)

    def keep(self, rows: Array) -> None:
        """Go on with these rows alone, by number and in this order; one that comes twice goes on twice."""
        if len(rows) > self.rows:
            self._make_room(len(rows), self.positions)
        moved = np.flatnonzero(rows != np.arange(len(rows)))
        for cache in self.caches.values() if len(moved) else ():
            cache[moved, :, : self.length] = cache[rows[moved], :, : self.length]
        self._bind(len(rows))

    def _make_room(self, rows: int, positions: int) -> None:
        """A new cache, with what is kept of the old one."""
        kept, self.positions = (slice(self.rows), slice(None), slice(self.length)), positions
        for name in self.names:
            cache = np.zeros((rows, self.heads, positions, self.size), np.float32)
            if self.length:
                cache[kept] = self.caches[name][kept]
            self.caches[name] = cache
        self._bind(rows)

    def _bind(self, rows: int) -> None:
        """Let the graph read and write the first rows of the cache, in place."""
        self.rows, self.binding = rows, self.session.io_binding()
        for name, cache in self.caches.items():
            value = ort.OrtValue.ortvalue_from_numpy(cache[:rows])  # no copy
            self.binding.bind_ortvalue_input(name, value)
            self.binding.bind_ortvalue_output(name.removeprefix("past_"), value)

    def run(self, x: Array, **others: Array) -> Array:
        """x (B, T, D) at the next T positions, and other inputs by name -> the output (B, T or 1, ...).

        Raises ValueError beyond MAX_POSITIONS.
        """
        length = self.length + x.shape[1]
        if length > MAX_POSITIONS:
            raise ValueError(f"{length} positions; allowed are {MAX_POSITIONS}")
        if length > self.positions:
            self._make_room(self.rows, -(-length // ROOM) * ROOM)
        self.length = length
        for name, value in {"x": x, **others}.items():
            self.binding.bind_cpu_input(name, np.ascontiguousarray(value, np.float32))
        self.binding.bind_cpu_input("seqlens", np.full(self.rows, self.length - 1, np.int32))
        self.binding.bind_cpu_input("total", np.array(self.length, np.int32))
        self.binding.bind_output(self.output)
        self.session.run_with_iobinding(self.binding)
        result: Array = self.binding.get_outputs()[-1].numpy()
        return result


def open_halves(folder: Path, build: Callable[[], Iterator[bytes]], config: dict[str, Any]) -> list[Half]:
    """The lower and the upper graph from `folder`, which is written anew where it is missing or damaged.

    build: the bytes of the two graphs. Raises BackboneError where they can be neither written nor opened.
    """
    if not _is_intact(folder):
        _write(folder, build())
    try:
        return [Half(folder / f"{name}.onnx", config) for name in HALVES]
    except Exception as error:  # ONNX Runtime has many
        raise BackboneError(f"{folder}: ONNX Runtime cannot open the graphs ({error})") from error


def _is_intact(folder: Path) -> bool:
    try:
        return all(
            zlib.crc32((folder / f"{name}.onnx").read_bytes()) == int((folder / f"{name}.crc32").read_text())
            for name in HALVES
        )
    except (OSError, ValueError):
        return False


def _write(folder: Path, graphs: Iterator[bytes]) -> None:
    if folder.parent.is_dir():
        for path in folder.parent.glob(".*.????????"):  # of a writer that was killed
            if path.stat().st_mtime < time() - ABANDONED:
                shutil.rmtree(path, ignore_errors=True)
    with building(folder) as new:
        for name, graph in zip(HALVES, graphs, strict=True):
            (new / f"{name}.onnx").write_bytes(graph)
            (new / f"{name}.crc32").write_text(str(zlib.crc32(graph)))
    others = [path for path in folder.parent.iterdir() if not path.name.startswith(".") and path != folder]
    for old in sorted(others, key=lambda path: path.stat().st_mtime)[: -KEPT + 1]:
        shutil.rmtree(old, ignore_errors=True)
