"""A training run from text to a finished folder, cut off and resumed, alone and with others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from deephypebot.corpus.source import Source
from deephypebot.errors import CheckpointError, InputError
from deephypebot.model.judging.freshness import FILE as WORN
from deephypebot.model.judging.reader import FILE as READER
from deephypebot.model.judging.realism import FILE as REALISM
from deephypebot.model.network.checkpoint import load_checkpoint
from deephypebot.model.network.checkpoint_folder import FILES
from deephypebot.model.network.gru import GruCVAE
from deephypebot.model.training import train_run
from deephypebot.model.training.train_cvae import TrainConfig, Trainer, batches, evaluate_bound
from deephypebot.model.training.train_run import train_cvae
from deephypebot.model.training.training_state import NAME
from deephypebot.model.writing.constraints import FILE as CONSTRAINTS
from deephypebot.model.writing.engine_gru import GruEngine
from deephypebot.model.writing.word_bias import FILE as WORD_BIAS
from tests.full_disk import disk_of
from tests.toy_backbone import make_backbone
from tests.toy_corpus import toy_sentences

ROOT = Path(__file__).parents[3]
WRITTEN = FILES - {"evaluation.json", WORD_BIAS, CONSTRAINTS, REALISM, READER, WORN}
GRU = {
    "vocabulary_size": "300", "embedding_dim": "16", "hidden_dim": "24", "latent_dim": "4", "attribute_dim": "6",
    "label_buckets": "64", "label_dim": "8", "kind_dim": "4", "precision": "fp32", "lr": "0.01", "warmup": "5", "target_kl": "2",
}  # fmt: skip
LLAMA = {
    "split": "2", "latent_dim": "4", "lora_rank": "4", "precision": "fp32", "lr": "0.01",
    "new_lr": "0.01", "warmup": "5", "target_kl": "2",
}  # fmt: skip
TWO_PROCESSES = """
import json, os, sys
from pathlib import Path
import torch
from deephypebot.model.training import train_run

trainers, original = [], train_run.Trainer
train_run.Trainer = lambda *given: trainers.append(original(*given)) or trainers[-1]
text, out, settings = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
metrics = train_run.train_cvae(sys.argv[4], train_run.Source("text", text), out, settings)
report = {"weights": trainers[0].model.state_dict(), "history": trainers[0].history, "metrics": metrics}
torch.save(report, out.with_name("rank" + os.environ["RANK"]))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(sentence.text for sentence in toy_sentences()), encoding="utf-8")
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def history(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    """The evaluations that a run told of."""
    return [json.loads(line) for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if line[:1] == "{"]


def state_of(out: Path) -> dict[str, Any]:
    with safe_open(out.with_name(f"{out.name}.training") / NAME, framework="pt") as file:
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    return state


def test_the_gru_learns_and_leaves_one_whole_folder(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = Source("text", text), tmp_path / "out"
    metrics = train_cvae("gru", source, out, GRU | {"epochs": "12", "batch_size": "16"})
    bounds = [row["bound"] for row in history(capsys)]
    assert len(bounds) == 12
    assert min(bounds) < 0.7 * bounds[0]
    assert names(out) == WRITTEN
    assert names(tmp_path) == {"corpus.txt", "out"}
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert {"valid_bound", "valid_kl", "test_bound", "test_nats_per_token"} <= metrics.keys()
    card = (out / "README.md").read_text()
    assert f"| valid_bound | {metrics['valid_bound']:.4g} |" in card
    assert "a text file that the user gave" in card
    best = evaluate_bound(GruCVAE.load(out), source.split().valid)
    assert best["bound"] == pytest.approx(min(bounds), rel=0.01)  # fp16
    engine = GruEngine(out)
    assert abs(engine.weights["prior.mean"]).max() > 0
    assert abs(engine.weights["prior.map"]).max() == 0  # no attributes are known of a text file


def test_the_backbone_learns_from_jsonl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": s.text, "post": s.post, **asdict(s.attributes)} for s in toy_sentences()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source, out = Source("jsonl", tmp_path / "corpus.jsonl"), tmp_path / "out"
    backbone = make_backbone(tmp_path / "backbone")
    metrics = train_cvae(str(backbone), source, out, LLAMA | {"epochs": "4"})
    bounds = [row["bound"] for row in history(capsys)]
    assert min(bounds) < 0.7 * bounds[0]
    assert names(out) == WRITTEN | {WORD_BIAS}
    assert names(tmp_path) == {"backbone", "cache", "corpus.jsonl", "out"}
    best = load_checkpoint(out)
    assert best.get_buffer("prior.mean").abs().max() > 0
    assert evaluate_bound(best, source.split().valid) == pytest.approx(
        {name: metrics[f"valid_{name}"] for name in ("recon", "kl", "bound", "nats_per_token")}, rel=0.01
    )
    assert "a JSONL file that the user gave" in (out / "README.md").read_text()


def test_the_prompt_baseline_is_a_whole_folder_too(text: Path, tmp_path: Path) -> None:
    settings = LLAMA | {"latent_dim": "0", "condition": "prompt", "epochs": "1"}
    metrics = train_cvae(str(make_backbone(tmp_path / "backbone")), Source("text", text), tmp_path / "out", settings)
    assert metrics["valid_kl"] == 0.0
    assert names(tmp_path / "out") == WRITTEN


def test_killed_and_resumed_it_ends_where_it_would_have(text: Path, tmp_path: Path) -> None:
    settings = GRU | {"epochs": "20", "batch_size": "16", "save_every_s": "0", "seed": "3"}
    straight, cut = tmp_path / "straight", tmp_path / "cut"
    expected = train_cvae("gru", Source("text", text), straight, settings)
    flags = [flag for name, value in settings.items() if name != "seed" for flag in ("--set", f"{name}={value}")]
    command = [
        sys.executable,
        "-m",
        "deephypebot",
        "train",
        "cvae",
        "--backbone",
        "gru",
        "--text",
        str(text),
        "--seed",
        "3",
    ]
    run = subprocess.Popen([*command, "--out", str(cut), *flags], cwd=ROOT, stderr=subprocess.DEVNULL)
    while run.poll() is None and not (cut.with_name("cut.training") / NAME).exists():
        time.sleep(0.01)
    while run.poll() is None and state_of(cut)["progress"]["step"] < 10:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert 10 <= state_of(cut)["progress"]["step"] < 100
    assert train_cvae("gru", Source("text", text), cut, settings) == pytest.approx(expected, rel=1e-3)
    one, other = load_file(straight / "model.safetensors"), load_file(cut / "model.safetensors")
    for name, weight in one.items():
        torch.testing.assert_close(other[name], weight, atol=2e-3, rtol=2e-3)
    assert names(tmp_path) == {"corpus.txt", "straight", "cut"}


def test_a_model_sees_other_text_first(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.txt"
    other.write_text(text.read_text().replace("bass", "tuba"))
    monkeypatch.setattr("deephypebot.model.training.train_run.LEAST_STEPS", 0)
    first, settings = Source("text", other), GRU | {"epochs": "4", "pretrain_epochs": "6", "batch_size": "16"}
    alone = train_cvae("gru", Source("text", text), tmp_path / "alone", settings)
    straight = train_cvae("gru", Source("text", text), tmp_path / "straight", settings, first)
    assert straight["valid_bound"] < 0.9 * alone["valid_bound"]
    assert "111 sentences" in (tmp_path / "straight" / "README.md").read_text()
    cut = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(GruCVAE, "save", cut_off)
        with pytest.raises(KeyboardInterrupt):
            train_cvae("gru", Source("text", text), cut, settings | {"save_every_s": "0"}, first)
    with pytest.raises(CheckpointError, match="begun with pretraining"):
        train_cvae("gru", Source("text", text), cut, settings)
    assert train_cvae("gru", Source("text", text), cut, settings, first) == pytest.approx(straight, rel=1e-3)
    assert names(tmp_path) == {"corpus.txt", "other.txt", "alone", "straight", "cut"}


def cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def interrupt(text: Path, out: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop a run with Ctrl-C at its first better evaluation."""
    with monkeypatch.context() as patch:
        patch.setattr(GruCVAE, "save", cut_off)
        with pytest.raises(KeyboardInterrupt):
            train_cvae("gru", Source("text", text), out, settings)


def test_a_run_goes_on_only_as_it_was_begun(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, settings = tmp_path / "out", GRU | {"epochs": "2", "save_every_s": "0"}
    interrupt(text, out, settings, monkeypatch)
    for name, value, told in (
        ("hidden_dim", "32", "hidden_dim 24, not 32"),
        ("lr", "0.5", "lr 0.01, not 0.5"),
        ("seed", "1", "seed 0, not 1"),
    ):
        with pytest.raises(CheckpointError, match=rf"out\.training: this run was begun with {told}"):
            train_cvae("gru", Source("text", text), out, settings | {name: value})
    other = tmp_path / "other.txt"
    other.write_text(text.read_text().replace("bass", "tuba"))
    with pytest.raises(CheckpointError, match="begun with corpus"):
        train_cvae("gru", Source("text", other), out, settings)
    assert train_cvae("gru", Source("text", text), out, settings | {"epochs": "3", "patience": "9", "minutes": "5"})
    assert names(tmp_path) == {"corpus.txt", "other.txt", "out"}


def test_a_state_of_before_its_settings_were_stored_goes_on(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, settings = tmp_path / "out", GRU | {"epochs": "2", "save_every_s": "0"}
    interrupt(text, out, settings, monkeypatch)
    path, state = out.with_name("out.training") / NAME, state_of(out)
    config = asdict(TrainConfig(lr=0.01, warmup=5, target_kl=2, minutes=7, patience=3))
    state = {"progress": state["progress"], "history": state["history"], "config": config}
    save_file(load_file(path), path, metadata={"state": json.dumps(state)})
    assert train_cvae("gru", Source("text", text), out, settings)
    assert f"resuming {out}.training at step {state['progress']['step']} of" in capsys.readouterr().err


def test_a_run_that_was_over_takes_no_further_step(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = GRU | {"epochs": "1"}
    with monkeypatch.context() as patch:
        patch.setattr(train_run, "finish", cut_off)
        with pytest.raises(KeyboardInterrupt):
            train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    step = state_of(tmp_path / "out")["progress"]["step"]
    capsys.readouterr()
    assert train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    assert history(capsys) == []
    assert step == 4


def test_a_run_resumed_with_less_time_is_judged_where_it_stands(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, save = GRU | {"epochs": "9", "save_every_s": "0"}, Trainer._save
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save", lambda trainer: cut_off(save(trainer)))
        with pytest.raises(KeyboardInterrupt):
            train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    assert train_cvae("gru", Source("text", text), tmp_path / "out", settings | {"minutes": "1e-9"})
    assert [row["step"] for row in history(capsys)] == [1]


def test_it_stops_when_nothing_gets_better(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = GRU | {"lr": "1e-30", "epochs": "50", "patience": "2"}
    train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    assert [row["step"] for row in history(capsys)] == [4, 8, 12]


def test_it_stops_by_the_clock_with_an_evaluation(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = GRU | {"epochs": "1000", "minutes": "0.0001"}
    assert train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    assert [row["step"] for row in history(capsys)] == [1]


def test_a_run_that_leaves_the_numbers_says_so(text: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="never a number; a smaller lr"):
        train_cvae("gru", Source("text", text), tmp_path / "out", GRU | {"lr": "1e30", "epochs": "2"})
    assert names(tmp_path) == {"corpus.txt"}


def test_a_full_disk_is_told_and_leaves_no_half(text: Path, tmp_path: Path) -> None:
    with disk_of(20_000), pytest.raises(CheckpointError, match=r"out cannot be written \(File too large\)"):
        train_cvae("gru", Source("text", text), tmp_path / "out", GRU | {"epochs": "2"})
    assert names(tmp_path) == {"corpus.txt"}


def test_two_processes_end_alike(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = LLAMA | {"epochs": "3", "batch_size": "24", "save_every_s": "0"}  # 5 batches: the last step has but one
    backbone = make_backbone(tmp_path / "backbone")
    (tmp_path / "run.py").write_text(TWO_PROCESSES)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [*torchrun, str(tmp_path / "run.py"), str(text), str(out), json.dumps(settings), str(backbone)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    first, second = torch.load(tmp_path / "rank0"), torch.load(tmp_path / "rank1")
    assert all(torch.equal(second["weights"][name], weight) for name, weight in first["weights"].items())
    assert first["history"] == second["history"]
    assert [row["step"] for row in first["history"]] == [3, 6, 9]
    assert first["history"][-1]["bound"] < first["history"][0]["bound"]
    assert first["history"][-1]["sentences"] == 3 * len(Source("text", text).split().train)
    assert first["metrics"]
    assert second["metrics"] == {}
    assert done.stderr.count('{"step": 3') == 1
    assert names(tmp_path) == {"backbone", "cache", "corpus.txt", "run.py", "rank0", "rank1", "out"}


def test_a_folder_of_other_things_is_not_replaced(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"holds 'corpus.txt'; allowed is a new folder"):
        train_cvae("gru", Source("text", text), tmp_path, GRU)
    with pytest.raises(InputError, match="is a file"):
        train_cvae("gru", Source("text", text), text, GRU)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is the working directory"):
        train_cvae("gru", Source("text", text), Path(), GRU)
    assert names(tmp_path) == {"corpus.txt"}


def test_bad_settings_are_named(text: Path, tmp_path: Path) -> None:
    for settings, told in (
        ({"nonsense": "1"}, "nonsense is no setting; allowed are accumulate"),
        ({"epochs": "many"}, "epochs is 'many'; allowed is float"),
        ({"epochs": "inf"}, "epochs is inf"),
        ({"lr": "nan"}, "lr is nan"),
        ({"warmup": "0"}, "warmup is 0; allowed is more than 0"),
        ({"seed": "-1"}, "seed is -1; allowed is 0 or more"),
        ({"minutes": "0"}, "minutes is 0"),
    ):
        with pytest.raises(InputError, match=told):
            train_cvae("gru", Source("text", text), tmp_path / "out", settings)
    (tmp_path / "few.txt").write_text("One line.\n")
    with pytest.raises(InputError, match=r"few.txt: too few sentences"):
        train_cvae("gru", Source("text", tmp_path / "few.txt"), tmp_path / "out", {})
    assert names(tmp_path) == {"corpus.txt", "few.txt"}


def test_batches_hold_every_sentence_once_by_length() -> None:
    lengths = [3, 50, 4, 51, 5, 49, 4]
    found = batches(lengths, 3, np.random.default_rng(0))
    assert sorted(i for batch in found for i in batch) == list(range(7))
    assert {max(lengths[i] for i in batch) - min(lengths[i] for i in batch) < 48 for batch in found} == {True}
