"""Keeping freed memory spares page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import resource, torch
from deephypebot.model.training.memory import keep_freed_memory
kept = keep_freed_memory() if {keep} else None
for _ in range(20): torch.ones(1 << 24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5): torch.ones(1 << 24)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT.format(keep=keep)], capture_output=True, text=True, check=True)
    kept, number = done.stdout.split()
    if kept == "False":
        pytest.skip("the C library is not glibc")
    return int(number)


def test_a_block_that_was_freed_is_not_asked_of_the_kernel_again() -> None:
    assert faults(keep=True) * 10 < faults(keep=False)
