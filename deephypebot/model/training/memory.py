"""Memory that training frees is kept for the next step: the kernel hands out fresh pages slowly.

By default glibc gives large blocks back at once and asks for them anew in each step, a page fault every 4 KB.
See mallopt(3) and the memory section of PyTorch's performance tuning guide.
"""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # names of glibc's malloc.h
LARGEST = 1 << 30  # bytes of a block that is kept


def keep_freed_memory() -> bool:
    """Keep what this process frees from now on, until it ends; False where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(MMAP_THRESHOLD, LARGEST) and mallopt(TRIM_THRESHOLD, 2 * LARGEST - 1))
