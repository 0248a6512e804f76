"""The other commands hand over what they were given, and print what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deephypebot.cli import build_parser, main
from deephypebot.cli.evaluate import QUICK
from deephypebot.cli.train import parse_overrides
from deephypebot.config import shipped_checkpoint


def test_train_settings_come_from_flags_and_pairs() -> None:
    flags = ["--out", "x", "--lr", "6e-4", "--seed", "0", "--minutes", "3", "--set", "warmup=5", "--set", "clip=2"]
    args = build_parser().parse_args(["train", "cvae", *flags])
    assert parse_overrides(args) == {"lr": "0.0006", "seed": "0", "minutes": "3.0", "warmup": "5", "clip": "2"}


def test_train_hands_over_source_and_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from deephypebot.model.training import train_run

    calls: list[Any] = []
    monkeypatch.setattr(train_run, "train_cvae", lambda *given: calls.append(given) or {"valid_bound": 91.23456})
    text, out = tmp_path / "a.txt", tmp_path / "out"
    assert (
        main(["train", "cvae", "--backbone", "gru", "--text", str(text), "--out", str(out), "--latent-dim", "8"]) == 0
    )
    assert main(["train", "cvae", "--out", str(out)]) == 0
    first = tmp_path / "prose.jsonl"
    assert main(["train", "cvae", "--out", str(out), "--pretrain", str(first), "--pretrain-epochs", "2"]) == 0
    assert main(["train", "cvae", "--out", str(out), "--pretrain", str(tmp_path)]) == 0
    builtin = train_run.Source("builtin", None)
    assert calls[0] == ("gru", train_run.Source("text", text), out, {"latent_dim": "8"}, None)
    assert calls[1] == ("smollm2", builtin, out, {}, None)
    assert calls[2] == ("smollm2", builtin, out, {"pretrain_epochs": "2.0"}, train_run.Source("jsonl", first))
    assert calls[3] == ("smollm2", builtin, out, {}, train_run.Source("folder", tmp_path))
    assert "valid_bound 91.23" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--text"], ["--jsonl"], ["--pretrain"]])
def test_training_on_a_missing_file_is_refused(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["train", "cvae", "--backbone", "gru", *flags, str(tmp_path / "none"), "--out", str(tmp_path / "out")])
        == 2
    )
    err = capsys.readouterr().err
    assert err.startswith(f"deephypebot: {tmp_path / 'none'}: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_explore_prints_what_the_model_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from deephypebot.model.network import explore

    monkeypatch.setattr(
        explore, "interpolate", lambda _, first, second, steps: [first, *["between"] * (steps - 2), second]
    )
    monkeypatch.setattr(explore, "reconstruct", lambda checkpoint, text: f"{text} {checkpoint}")
    assert main(["interpolate", "one.", "two.", "--steps", "3"]) == 0
    assert main(["reconstruct", "one.", "--checkpoint", "there"]) == 0
    assert capsys.readouterr().out == "one.\nbetween\ntwo.\none. there\n"


def test_evaluate_prints_json_or_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from deephypebot.model.evaluation import evaluate

    asked: list[Any] = []
    measures = {"latent": {"kl": 16.0213}, "examples": ["Ünder."]}
    monkeypatch.setattr(evaluate, "evaluate", lambda *given: asked.append(given) or measures)
    (tmp_path / "captions.txt").write_text("A low hum.\n\nA high one.\n", encoding="utf-8")
    assert main(["evaluate", "--json", "--only", "texts, choice", "--against", str(tmp_path / "captions.txt")]) == 0
    assert json.loads(capsys.readouterr().out) == measures
    assert main(["evaluate", "--quick", "--checkpoint", "there"]) == 0
    first, second = (evaluation for evaluation, _ in asked)
    assert (first.folder, first.scale, asked[0][1]) == (shipped_checkpoint(), 1.0, ["texts", "choice"])
    assert first.against == {"captions": ["A low hum.", "A high one."]}
    assert (second.folder, second.scale, asked[1][1]) == (Path("there"), QUICK, [])
    assert len({song.artist for song, attributes in first.songs if attributes.genres}) == 100
    assert capsys.readouterr().out == "latent.kl 16.02\nexamples.0 Ünder.\n"


def test_evaluate_refuses_what_it_cannot_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    assert main(["evaluate", "--against", str(tmp_path / "empty.txt")]) == 2
    assert "empty.txt holds no text" in capsys.readouterr().err
    assert main(["evaluate", "--only", "likes"]) == 2
    assert "part is 'likes'; allowed are latent, " in capsys.readouterr().err


def test_fetch_prints_the_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from deephypebot.model import backbone

    monkeypatch.setattr(backbone, "fetch_backbone", lambda name: Path("cache") / name)
    assert main(["fetch"]) == 0
    assert capsys.readouterr().out == f"{Path('cache') / 'smollm2'}\n"
