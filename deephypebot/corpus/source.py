"""Where sentences come from: the built-in corpus, a file of the user's, or a folder that `corpus build` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deephypebot.corpus.builtin import split_builtin
from deephypebot.corpus.folder import split_folder
from deephypebot.corpus.split import Split, split_sentences
from deephypebot.corpus.text_files import read_jsonl, read_text
from deephypebot.errors import InputError


@dataclass(frozen=True)
class Source:
    """Where the sentences come from. kind: builtin, text (UTF-8, one a line), jsonl (with attributes) or folder (of `corpus build`)."""

    kind: str = "builtin"
    path: Path | None = None

    def split(self) -> Split:
        """Read and split; InputError where a part is left empty."""
        if self.kind == "builtin":
            return split_builtin()
        assert self.path is not None
        split = self._read(self.path)
        if not (split.train and split.valid):
            counts = f"{len(split.train)} to train on, {len(split.valid)} held out"
            raise InputError(
                f"{self.path}: too few sentences ({counts}); needed are about 40 or more of different posts"
            )
        return split

    def _read(self, path: Path) -> Split:
        if self.kind == "folder":
            return split_folder(path)
        return split_sentences(read_text(path) if self.kind == "text" else read_jsonl(path))
