"""Where shards are cleaned: in this process, on all cores, or on a Ray cluster. The function is the same, and so is what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deephypebot.errors import DeepHypeBotError

ENGINES = ("inline", "cores", "ray")


def run_shards(
    function: Callable[[str], str], shards: Sequence[str], engine: str, workers: int | None = None
) -> Iterator[str]:
    """What the function gives for each shard, as they get done. workers: by default as many as there are cores.

    On a Ray cluster of several machines the shards' folder must be one that all of them see.
    """
    match engine:
        case "cores":
            yield from _on_cores(function, shards, workers or os.cpu_count() or 1)
        case "ray":
            yield from _on_ray(function, shards, workers)
        case _:
            yield from map(function, shards)


def _on_cores(function: Callable[[str], str], shards: Sequence[str], workers: int) -> Iterator[str]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    try:
        for done in as_completed([pool.submit(function, shard) for shard in shards]):
            yield done.result()
    except BrokenProcessPool as error:
        raise DeepHypeBotError(
            "a worker died, perhaps for want of memory; the same command goes on where it stood"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _on_ray(function: Callable[[str], str], shards: Sequence[str], workers: int | None) -> Iterator[str]:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DeepHypeBotError(
            "engine is ray, which is not installed; installing deephypebot with the extra 'ray' brings it"
        ) from error
    owns = not ray.is_initialized()
    if owns:
        ray.init(**_ray_settings(workers))
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"shard": shard} for shard in shards], override_num_blocks=len(shards))
        for row in rows.map(lambda row: {"done": function(row["shard"])}).iter_rows():
            yield row["done"]
    finally:
        if owns:
            ray.shutdown()


def _ray_settings(workers: int | None) -> dict[str, Any]:
    """A cluster that RAY_ADDRESS names, or one of this machine alone that listens on loopback."""
    if os.environ.get("RAY_ADDRESS"):
        return {"log_to_driver": False}
    return {"num_cpus": workers, "include_dashboard": False, "log_to_driver": False, "_node_ip_address": "127.0.0.1"}
