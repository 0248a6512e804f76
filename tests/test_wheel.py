"""The wheel holds the whole package and nothing else, and works from where it is unpacked."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
BUILD = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that no old build folder gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "deephypebot", source / "deephypebot", ignore=shutil.ignore_patterns("__pycache__"))
    dist = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", *BUILD, str(dist), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(dist.glob("deephypebot-*.whl"))


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = (path for path in (ROOT / "deephypebot").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert packed == {path.relative_to(ROOT).as_posix() for path in files}


def test_the_wheel_holds_data_licence_and_command(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for start, end in [
        ("deephypebot/corpus/builtin/", ".jsonl"),
        ("deephypebot/services/data/", "artists.jsonl"),
        ("deephypebot/services/data/", "genres.json"),
        ("deephypebot/checkpoints/", "model.safetensors"),
        ("deephypebot-", ".dist-info/licenses/LICENSE"),
        ("deephypebot-", ".dist-info/entry_points.txt"),
    ]:
        assert any(name.startswith(start) and name.endswith(end) for name in names), (start, end)


def test_the_unpacked_wheel_finds_its_data_and_keeps_state_outside(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        "import deephypebot.config as config, deephypebot.corpus.builtin as builtin\n"
        "print(config.__file__, config.shipped_checkpoint(), config.cache_dir(), config.state_dir(), sep='\\n')\n"
        "assert builtin.load_builtin() and (config.shipped_checkpoint() / 'model.safetensors').is_file()"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DEEPHYPEBOT_")}
    environment |= {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    module, checkpoint, cache, state = (Path(line) for line in done.stdout.splitlines())
    assert module.is_relative_to(site)
    assert checkpoint.is_relative_to(site)
    assert not cache.is_relative_to(site)
    assert not state.is_relative_to(site)
