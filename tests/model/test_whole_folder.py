"""A folder is there whole, or as it was before."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from deephypebot.errors import BackboneError, CheckpointError
from deephypebot.model.beside import check_beside
from deephypebot.model.network.checkpoint_folder import check_place
from deephypebot.model.whole_folder import recover, whole_folder
from deephypebot.model.writing.engine_cache import open_halves


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with whole_folder(tmp_path / "deep" / "x", CheckpointError) as new:
            (new / text).write_text(text)
    assert names(tmp_path / "deep") == ["x"]
    assert names(tmp_path / "deep" / "x") == ["new"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "deep" / "x").stat().st_mode) == 0o777 & ~mask


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device"), ValueError("other")])
def test_a_fault_leaves_what_was_there(tmp_path: Path, fault: BaseException) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").touch()
    expected = CheckpointError if isinstance(fault, OSError) else type(fault)

    def write() -> None:
        with whole_folder(tmp_path / "x", CheckpointError) as new:
            (new / "half").touch()
            raise fault

    with pytest.raises(expected, match="x cannot be written .No space" if isinstance(fault, OSError) else None):
        write()
    assert names(tmp_path) == ["x"]
    assert names(tmp_path / "x") == ["old"]


def test_a_file_in_the_way_of_its_parent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(BackboneError, match="file/x cannot be written"),
        whole_folder(tmp_path / "file/x", BackboneError),
    ):
        pass


def test_a_file_in_its_own_place_stays(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(CheckpointError, match="it is no folder"), whole_folder(tmp_path / "x", CheckpointError):
        pass
    assert (tmp_path / "x").read_text() == "mine"


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    for path in (".x.abcdefgh/new", ".x.abcdefgh/old/kept", ".x.y.abcdefgh/new"):
        (tmp_path / path).mkdir(parents=True)
    recover(tmp_path / "x")
    assert names(tmp_path) == [".x.y.abcdefgh", "x"]
    assert names(tmp_path / "x") == ["kept"]
    recover(tmp_path / "nowhere" / "x")


def test_a_place_that_takes_nothing_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="file/x cannot be written"):
        check_place(tmp_path / "file" / "x")
    with pytest.raises(CheckpointError, match=r"some\.bin cannot be written"):
        check_beside(tmp_path / "nowhere", "some.bin")
    check_place(tmp_path / "deep" / "x")
    check_beside(tmp_path, "some.bin")
    assert names(tmp_path) == ["deep", "file"]
    assert names(tmp_path / "deep") == []


def test_graphs_that_a_killed_writer_left_are_cleared_away(tmp_path: Path) -> None:
    old, young = tmp_path / ".x.abcdefgh", tmp_path / ".y.abcdefgh"
    for path in (old, young):
        path.mkdir()
    os.utime(old, (0, 0))
    with pytest.raises(BackboneError, match="cannot open the graphs"):
        open_halves(tmp_path / "z", lambda: iter([b"no", b"graph"]), {})
    assert names(tmp_path) == [".y.abcdefgh", "z"]
