"""Refuse a CUDA build of torch (gigabytes) on a machine without a GPU, unless CUDA=1 asks for it. Called by `make setup`.

    check_torch.py planned     before the installation: asks pip what it would install, from metadata alone
    check_torch.py installed   after it: reads the build that lies there

Only the standard library; exit code 1 and a message on stderr when refused.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GPU_PACKAGES = ("nvidia-", "cuda-", "triton")
ASK_PIP = ("install", "--dry-run", "-qq", "--report", "-", "--use-feature", "fast-deps")
REFUSAL = """\
refused: {found}, and no NVIDIA GPU is seen here.
  The CPU build (its version ends in +cpu) is smaller by gigabytes. Tell pip where it lies, in one of pip's own ways:
    an index of CPU wheels (its address: PyTorch's installation page, "Compute Platform: CPU")
        PIP_EXTRA_INDEX_URL=<address> make setup        or once for all: pip config set global.extra-index-url <address>
    a folder or page with the wheel
        PIP_FIND_LINKS=<folder> make setup              or once for all: pip config set global.find-links <folder>
  If the CUDA build is wanted all the same: make setup CUDA=1"""
REMOVAL = "\n  The CUDA build is in .venv already; `make clean` removes it."


def find_planned_cuda(report: Mapping[str, Any]) -> str | None:
    """What makes this plan a CUDA build, or None.

    report: pip's installation report (pip.pypa.io, "Installation Report", version 1).
    """
    packages = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    gpu = sorted(name for name in packages if _normal(name).startswith(GPU_PACKAGES))
    torch = f"torch {packages.get('torch', '')}".strip()
    if gpu:
        return f"pip would install a CUDA build of torch ({torch} with {gpu[0]} and {len(gpu) - 1} more GPU packages)"
    if is_cuda_version(packages.get("torch", "")):
        return f"pip would install a CUDA build of torch ({torch})"
    return None


def find_installed_cuda(version_file: str) -> str | None:
    """What makes the installed torch a CUDA build, or None; version_file: the text of torch/version.py."""
    found = re.search(r"^cuda\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", version_file, re.MULTILINE)
    return f"the installed torch is a CUDA build (torch.version.cuda is {found[1]})" if found else None


def is_cuda_version(version: str) -> bool:
    """True of 2.13.0+cu130, false of 2.13.0 and 2.13.0+cpu."""
    return re.fullmatch(r"[^+]*\+cu\d+.*", version) is not None


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is seen: a device file, or one in nvidia-smi's list."""
    if any(Path("/dev").glob("nvidia[0-9]*")):
        return True
    nvidia_smi = shutil.which("nvidia-smi")
    if nvidia_smi is None:
        return False
    listed = subprocess.run([nvidia_smi, "-L"], capture_output=True, text=True, check=False)
    return listed.returncode == 0 and "GPU 0" in listed.stdout


def ask_pip() -> dict[str, Any]:
    """pip's report of what installing torch would bring; pip's own settings apply, and its errors go to stderr."""
    command = [sys.executable, "-m", "pip", *ASK_PIP, "--constraint", "constraints.txt", "torch"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def read_version_file() -> str:
    """The text of the installed torch/version.py, read and not run: importing torch takes seconds."""
    return Path(str(importlib.metadata.distribution("torch").locate_file("torch/version.py"))).read_text(
        encoding="utf-8"
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(when: str) -> None:
    """when: "planned" or "installed"."""
    if os.environ.get("CUDA", "0") not in ("", "0") or has_gpu():
        return
    found = find_planned_cuda(ask_pip()) if when == "planned" else find_installed_cuda(read_version_file())
    if found:
        sys.exit(REFUSAL.format(found=found) + (REMOVAL if when == "installed" else ""))


if __name__ == "__main__":
    main(sys.argv[1])
