"""`make setup` refuses a CUDA build of torch where there is no GPU, before and after the download."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.check_torch import find_installed_cuda, find_planned_cuda, is_cuda_version

SCRIPT = Path(__file__).parents[1] / "dev" / "check_torch.py"


def build_report(**versions: str) -> dict[str, object]:
    """A pip installation report, cut down to what is read."""
    packages = [
        {"metadata": {"name": name.replace("_", "-"), "version": version}} for name, version in versions.items()
    ]
    return {"version": "1", "install": packages}


def run_check(when: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The script in a world without nvidia-smi; stand-ins for pip or torch lie in cwd and come first on the path."""
    clean = {key: value for key, value in os.environ.items() if key != "CUDA"}
    environment = clean | {"PATH": str(cwd), "PYTHONPATH": str(cwd)} | environment
    command = [sys.executable, str(SCRIPT), when]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def write_pip(folder: Path, report: dict[str, object]) -> None:
    """A `python -m pip` that answers with this report."""
    (folder / "pip.py").write_text(f"print({json.dumps(report)!r})")


def write_torch(folder: Path, cuda: str | None) -> None:
    """What pip leaves on disk of a torch build, as far as it is read."""
    info = folder / "torch-2.13.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\n")
    (folder / "torch").mkdir()
    (folder / "torch" / "version.py").write_text(f"from typing import Optional\ncuda: Optional[str] = {cuda!r}\n")


needs_no_gpu = pytest.mark.skipif(any(Path("/dev").glob("nvidia[0-9]*")), reason="this machine has a GPU")


@pytest.mark.parametrize(
    "gpu", [{"nvidia_cudnn_cu13": "9.20"}, {"triton": "3.7.1"}, {"cuda_toolkit": "13.0"}, {"NVIDIA.NCCL": "2.29"}]
)
def test_a_plan_with_gpu_packages_is_a_cuda_build(gpu: dict[str, str]) -> None:
    found = find_planned_cuda(build_report(torch="2.13.0", sympy="1.14.0", **gpu))
    assert found is not None
    assert next(iter(gpu)).replace("_", "-") in found


def test_a_plan_with_a_cuda_version_is_a_cuda_build() -> None:
    assert "2.13.0+cu130" in (find_planned_cuda(build_report(torch="2.13.0+cu130")) or "")


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.0"])
def test_a_plan_without_gpu_packages_is_allowed(version: str) -> None:
    assert find_planned_cuda(build_report(torch=version, sympy="1.14.0", numpy="2.4.6")) is None


def test_a_plan_with_nothing_to_install_is_allowed() -> None:
    assert find_planned_cuda(build_report()) is None


def test_the_version_tells_the_build() -> None:
    assert [is_cuda_version(version) for version in ("2.13.0+cu126", "2.13.0+cpu", "2.13.0", "")] == [
        True,
        False,
        False,
        False,
    ]


def test_the_installed_build_is_read_from_its_version_file() -> None:
    assert find_installed_cuda("cuda: Optional[str] = None\nhip = None\n") is None
    assert "13.0" in (find_installed_cuda("debug = False\ncuda: Optional[str] = '13.0'\n") or "")
    assert "12.6" in (find_installed_cuda('cuda = "12.6"\n') or "")


@needs_no_gpu
def test_a_planned_cuda_build_is_refused_unless_asked_for(tmp_path: Path) -> None:
    write_pip(tmp_path, build_report(torch="2.13.0", nvidia_nccl_cu13="2.29"))
    refused = run_check("planned", tmp_path)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert all(way in refused.stderr for way in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "make setup CUDA=1"))
    assert run_check("planned", tmp_path, CUDA="1").returncode == 0
    assert run_check("planned", tmp_path, CUDA="0").returncode == 1


@needs_no_gpu
def test_a_planned_cpu_build_is_taken(tmp_path: Path) -> None:
    write_pip(tmp_path, build_report(torch="2.13.0+cpu", sympy="1.14.0"))
    assert run_check("planned", tmp_path).returncode == 0


@needs_no_gpu
def test_with_a_gpu_the_cuda_build_is_taken(tmp_path: Path) -> None:
    write_pip(tmp_path, build_report(torch="2.13.0", nvidia_nccl_cu13="2.29"))
    nvidia_smi = tmp_path / "nvidia-smi"
    nvidia_smi.write_text("#!/bin/sh\necho 'GPU 0: Some GPU (UUID: GPU-0)'\n")
    nvidia_smi.chmod(0o755)
    assert run_check("planned", tmp_path).returncode == 0


@needs_no_gpu
@pytest.mark.parametrize(("cuda", "code"), [(None, 0), ("13.0", 1)])
def test_the_installed_build_is_checked(tmp_path: Path, cuda: str | None, code: int) -> None:
    write_torch(tmp_path, cuda)
    checked = run_check("installed", tmp_path)
    assert checked.returncode == code
    assert ("make clean" in checked.stderr) == (code == 1)
