"""Text to token ids and back: the backbone's BPE cut down to what a corpus uses, with the slots as whole tokens.

Ids stay those of the backbone, so its embeddings serve unchanged; only the output vocabulary shrinks. A token is kept if the
training text uses it, or if it lies on the merge path of one that is, or if it is a single byte: so training text is cut as
the backbone would cut it, and any other text can still be written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from deephypebot.errors import BackboneError, CheckpointError

BOS, START, EOS = 0, 1, 2
SLOTS = ("{artist}", " {artist}", "{title}", " {title}")


class Vocabulary:
    """A trimmed tokenizer. `ids`: the output vocabulary, ascending token ids; `size`: its length V."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.ids = sorted({EOS, *tokenizer.get_vocab().values()} - {BOS, START})

    @property
    def size(self) -> int:
        return len(self.ids)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without BOS, START and EOS."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, up to the first EOS."""
        ids = list(ids)
        if EOS in ids:
            ids = ids[: ids.index(EOS)]
        text: str = self.tokenizer.decode(ids, skip_special_tokens=False)
        return text

    @classmethod
    def build(cls, backbone: Path, texts: Iterable[str]) -> Vocabulary:
        """The vocabulary of a corpus over the tokenizer of a backbone folder. Raises BackboneError if that is no BPE."""
        try:
            full = json.loads((backbone / "tokenizer.json").read_text(encoding="utf-8"))
            size = max(*full["model"]["vocab"].values(), *(token["id"] for token in full["added_tokens"])) + 1
            tokenizer = Tokenizer.from_str(json.dumps(_with_slots(full, size)))
        except Exception as error:  # tokenizers raises bare Exception
            raise BackboneError(f"backbone {backbone}: tokenizer.json cannot be used ({error!r:.200})") from error
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        used = {token for encoding in encodings for token in encoding.tokens}
        return cls(Tokenizer.from_str(json.dumps(_trimmed(_with_slots(full, size), used))))

    def save(self, path: Path) -> None:
        self.tokenizer.save(str(path))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Raises CheckpointError if the file is missing or is no tokenizer."""
        try:
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except Exception as error:  # tokenizers raises bare Exception
            raise CheckpointError(f"{path}: not a readable tokenizer ({error})") from error


def _with_slots(full: dict[str, Any], size: int) -> dict[str, Any]:
    """The tokenizer with the four slot tokens after its last id."""
    model = {**full["model"], "vocab": {**full["model"]["vocab"], **{slot: size + i for i, slot in enumerate(SLOTS)}}}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    slots = [{"id": size + i, "content": slot, **flags} for i, slot in enumerate(SLOTS)]
    return {**full, "model": model, "added_tokens": [*full["added_tokens"], *slots]}


def _trimmed(full: dict[str, Any], used: set[str]) -> dict[str, Any]:
    from tokenizers.pre_tokenizers import ByteLevel

    model = full["model"]
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    parents = {left + right: (left, right) for left, right in reversed(merges)}
    keep, queue = set(ByteLevel.alphabet()), [*used]
    while queue:
        token = queue.pop()
        keep.add(token)
        queue.extend(parent for parent in parents.get(token, ()) if parent not in keep)
    special = {token["content"] for token in full["added_tokens"] if token["id"] in (BOS, START, EOS)} | set(SLOTS)
    vocab = {token: i for token, i in model["vocab"].items() if token in keep | special}
    kept = [list(merge) for merge in merges if merge[0] + merge[1] in keep and {*merge} <= keep]
    added = [token for token in full["added_tokens"] if token["content"] in special]
    return {**full, "model": {**model, "vocab": vocab, "merges": kept}, "added_tokens": added}
