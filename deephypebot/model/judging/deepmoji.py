"""DeepMoji (Felbo et al. 2017, arXiv 1708.00524): which of 64 emoji a tweet with this text would carry. No torch.

The weights do not ship with the package. Its folder holds `deepmoji.onnx`, int64 (B, 30) token ids -> float (B, 64)
probabilities, and `vocabulary.json`, word -> id, as torchMoji (github.com/huggingface/torchMoji) has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from deephypebot.errors import BackboneError, shown
from deephypebot.model.measures import SLOT

PADDING, UNKNOWN = 0, 1
UNKNOWN_WORD, NUMBER_WORD = "CUSTOM_UNKNOWN", "CUSTOM_NUMBER"
MAX_TOKENS = 30
BATCH = 256
# As torchMoji's, less its addresses, tags, emoticons, titles and abbreviations: a pair of words joined by a hyphen, a
# word with its apostrophe, digits, a word, or a run of one and the same mark. "Half-lit, don't!!" -> half-lit , don't !!
TOKEN = re.compile(r"[^\W\d_]+-[^\W\d_]+|[^\W\d_]+'[^\W\d_]+|\d+|[^\W\d_]+|([^\w\s]|_)\1*")

# In the order of the outputs.
EMOJI = (
    "joy unamused weary sob heart_eyes pensive ok_hand blush heart smirk grin notes flushed 100 sleeping relieved "
    "relaxed raised_hands two_hearts expressionless sweat_smile pray confused kissing_heart heartbeat "
    "neutral_face information_desk_person disappointed see_no_evil tired_face v sunglasses rage thumbsup cry "
    "sleepy yum triumph hand mask clap eyes gun persevere smiling_imp sweat broken_heart yellow_heart "
    "musical_note speak_no_evil wink skull confounded smile stuck_out_tongue_winking_eye angry no_good muscle "
    "facepunch purple_heart sparkling_heart blue_heart grimacing sparkles"
).split()
# Signs by hand. None for those that tweets use both ways, mocking or moved to tears (joy, weary, sob, skull, smirk),
# and for the notes, which tell what a text is about.
WARM = frozenset(
    "heart_eyes ok_hand blush heart grin 100 relieved relaxed raised_hands two_hearts pray kissing_heart heartbeat v "
    "sunglasses thumbsup yum clap yellow_heart smile muscle purple_heart sparkling_heart blue_heart sparkles".split()
)
COLD = frozenset(
    "unamused pensive expressionless confused neutral_face disappointed rage cry mask gun persevere sweat broken_heart "
    "confounded angry no_good".split()
)
SIGNS = np.array([(name in WARM) - (name in COLD) for name in EMOJI], np.float32)


def tokens(text: str) -> list[str]:
    """Lower-case words and marks without slots, at most 30; whole numbers become CUSTOM_NUMBER."""
    plain = SLOT.sub(" ", text).lower().replace("’", "'")
    found = [match.group() for match in TOKEN.finditer(plain)][:MAX_TOKENS]
    return [NUMBER_WORD if token.isdecimal() else token for token in found]


class DeepMoji:
    """The probability of the warm emoji less that of the cold ones. Raises BackboneError for an unfit folder."""

    name = "deepmoji"

    def __init__(self, folder: Path) -> None:
        self.vocabulary = _load_vocabulary(folder / "vocabulary.json")
        self._graph = folder / "deepmoji.onnx"
        self._session = _open(self._graph)
        self._try_out()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N,) in -1..1; 0 for a text without tokens."""
        ids = self._ids([tokens(text) for text in texts])
        scores, read = np.zeros(len(ids), np.float32), np.flatnonzero((ids != PADDING).any(1))
        for at in range(0, len(read), BATCH):
            part = read[at : at + BATCH]
            scores[part] = np.clip(self._probabilities(ids[part]) @ SIGNS, -1, 1)
        return scores

    def _ids(self, rows: Sequence[Sequence[str]]) -> NDArray[np.int64]:
        """(N, 30), padded at the end."""
        ids = np.full((len(rows), MAX_TOKENS), PADDING, np.int64)
        for row, words in zip(ids, rows, strict=True):
            row[: len(words)] = [self.vocabulary.get(word, UNKNOWN) for word in words]
        return ids

    def _probabilities(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(B, 30) -> (B, 64)"""
        (probabilities,) = self._session.run(None, {self._session.get_inputs()[0].name: ids})
        return np.asarray(probabilities, np.float32)

    def _try_out(self) -> None:
        """Run an unknown word and the last word of the vocabulary, so that a graph of another kind fails here."""
        highest = max(self.vocabulary.values())
        try:
            found = self._probabilities(np.array([[UNKNOWN] * MAX_TOKENS, [highest] * MAX_TOKENS], np.int64))
        except Exception as error:  # ONNX Runtime raises its own
            raise _unusable(self._graph, f"fails on ids 1 and {highest} of vocabulary.json: {error}") from error
        if found.shape != (2, len(EMOJI)):
            raise _unusable(self._graph, f"gives {found.shape} for 2 texts")
        if not (np.all(found >= 0) and np.allclose(found.sum(1), 1, atol=1e-3)):
            raise _unusable(self._graph, "gives numbers that are no probabilities")


def _open(path: Path) -> Any:
    if not path.is_file():
        raise _unusable(path, "is missing")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own
        raise _unusable(path, f"cannot be read: {error}") from error
    sizes = len(session.get_inputs()), len(session.get_outputs())
    if sizes != (1, 1):
        raise _unusable(path, f"has {sizes[0]} inputs and {sizes[1]} outputs")
    return session


def _unusable(graph: Path, why: str) -> BackboneError:
    allowed = f"one input int64 (B, {MAX_TOKENS}) and one output (B, {len(EMOJI)}) of probabilities"
    return BackboneError(f"{graph} {' '.join(why.split())}; allowed is {allowed}")


def _load_vocabulary(path: Path) -> dict[str, int]:
    allowed = f'allowed is a JSON object of words to ids from 0, "{UNKNOWN_WORD}" being {UNKNOWN}'
    try:
        vocabulary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BackboneError(f"{path} cannot be read ({error}); {allowed}") from error
    if not isinstance(vocabulary, dict) or vocabulary.get(UNKNOWN_WORD) != UNKNOWN:
        raise BackboneError(f"{path} is {shown(vocabulary)}; {allowed}")
    for word, number in vocabulary.items():
        if type(number) is not int or number < 0:  # bool is an int to isinstance
            raise BackboneError(f"{path}: {shown(word)} is {shown(number)}; {allowed}")
    return vocabulary
