"""What an import brings with it, and that import-linter's contracts catch what they are there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "base", "misc"}


def loaded_modules(code: str, *names: str) -> set[str]:
    """Which of these packages a fresh Python has loaded after running the code."""
    code += f"\nimport sys; print('loaded', *(name for name in {names!r} if name in sys.modules), file=sys.__stderr__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split()[1:])


def lint_imports(package: Path) -> "subprocess.CompletedProcess[str]":
    """import-linter on a copy of the package, with this project's contracts."""
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    return subprocess.run(
        LINT_IMPORTS, cwd=package.parent, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's modules, without its data, beside a copy of pyproject.toml."""
    copy = tmp_path / "deephypebot"
    shutil.copytree(ROOT / "deephypebot", copy, ignore=lambda folder, names: [n for n in names if is_data(folder, n)])
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return copy


def is_data(folder: str, name: str) -> bool:
    return not (name.endswith(".py") or (Path(folder) / name).is_dir()) or name == "__pycache__"


def test_the_page_loads_neither_model_nor_torch() -> None:
    heavy = ("torch", "onnxruntime", "tokenizers", "deephypebot.model", "atproto", "tweepy")
    assert loaded_modules("import deephypebot.web.app, deephypebot.bot.stages, deephypebot.cli.serve", *heavy) == set()


@pytest.mark.parametrize("module", ["deephypebot", "deephypebot.cli", "deephypebot.model.writing.commentator"])
def test_importing_the_writer_loads_no_torch(module: str) -> None:
    assert loaded_modules(f"import {module}", "torch", "sklearn", "transformers") == set()


def test_help_loads_no_heavy_module() -> None:
    code = (
        "import runpy, sys\nsys.argv = ['deephypebot', '--help']\n"
        "try:\n    runpy.run_module('deephypebot', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as exit:\n    assert not exit.code, exit.code"
    )
    assert loaded_modules(code, "torch", "onnxruntime", "onnx", "numpy", "tokenizers", "sklearn") == set()


def test_the_contracts_hold(package: Path) -> None:
    done = lint_imports(package)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "code", "contract"),
    [
        ("utils.py", "", "Imports point one way"),
        ("types.py", "import deephypebot.songs", "Imports point one way"),
        ("songs.py", "def late() -> None:\n    import deephypebot.cli", "Imports point one way"),
        ("songs.py", "import torch", "torch only in"),
        ("model/network/llama.py", "import deephypebot.services", "The model reaches no service"),
        ("model/writing/engine.py", "import deephypebot.model.network.llama", "Writing needs no torch"),
        ("model/network/llama.py", "import transformers", "transformers is for"),
        ("model/settings.py", "import deephypebot.http", "The model reaches no service"),
        ("services/console.py", "import deephypebot.store", "Services never see the database"),
        ("web/pages.py", "import deephypebot.model.settings", "The web page loads no model"),
        ("bot/post.py", "import deephypebot.bot.like", "Stages of the bot do not know each other"),
    ],
)
def test_a_breach_is_caught(package: Path, module: str, code: str, contract: str) -> None:
    with (package / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{code}\n")
    done = lint_imports(package)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout


def test_modules_are_named_after_what_they_define() -> None:
    assert not VAGUE_NAMES & {path.stem for path in (ROOT / "deephypebot").rglob("*.py")}
