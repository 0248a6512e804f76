"""What the tests of the command line share: a fake writer in place of the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from deephypebot.model.writing import commentator
from deephypebot.types import Attributes, Candidate, Commission, Song, Wish

Lines = Callable[[list[Any]], Path]


class FakeWriter:
    """Writes texts that tell what they were asked; raises `fault` if it has one; gives up after `limit` texts."""

    def __init__(self) -> None:
        self.calls: list[tuple[Song, Attributes, int, int | None, float | None, float | None]] = []
        self.wishes: list[tuple[Wish | None, tuple[str, ...]]] = []
        self.loaded: list[tuple[Path | None, int]] = []
        self.together: list[int] = []
        self.fault: BaseException | None = None
        self.limit = 100

    def load(self, checkpoint: Path | None = None, threads: int = 2) -> FakeWriter:
        self.loaded.append((checkpoint, threads))
        return self

    def check(self, commission: Commission) -> None:
        pass

    def write_many(self, commissions: Sequence[Commission]) -> list[list[Candidate]]:
        self.together.append(len(commissions))
        return [self.write(**vars(commission)) for commission in commissions]

    def write(
        self,
        song: Song,
        attributes: Attributes,
        n: int,
        seed: int | None,
        temperature: float | None,
        top_p: float | None,
        wish: Wish | None,
        recent: tuple[str, ...],
    ) -> list[Candidate]:
        self.calls.append((song, attributes, n, seed, temperature, top_p))
        self.wishes.append((wish, recent))
        if self.fault:
            raise self.fault
        return [
            Candidate(f"{song.title} is text {i}.", 3.5, (seed or 0) + i, "fake", {"warm": 0.5})
            for i in range(min(n, self.limit))
        ]


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> FakeWriter:
    fake = FakeWriter()
    monkeypatch.setattr(commentator, "load", fake.load)
    return fake


@pytest.fixture
def songs_file(tmp_path: Path) -> Lines:
    """Writes a songs file of dicts, texts and bytes, a line each."""

    def write(lines: list[Any]) -> Path:
        path = tmp_path / "songs.jsonl"
        texts = (json.dumps(line) if isinstance(line, dict) else line for line in lines)
        path.write_bytes(b"".join((text.encode() if isinstance(text, str) else text) + b"\n" for text in texts))
        return path

    return write
