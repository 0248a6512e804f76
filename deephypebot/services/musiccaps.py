"""MusicCaps: what musicians wrote of ten seconds of music each (huggingface.co/datasets/google/MusicCaps), by the rows
API (huggingface.co/docs/dataset-viewer/rows)."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_text
from deephypebot.services.archived import as_number, as_prose, read_number
from deephypebot.types import Document

API, DATA_SET, LICENCE = "https://datasets-server.huggingface.co", "google/MusicCaps", "CC BY-SA 4.0"
PAUSE_S = 1.0  # 500 requests in five minutes for those without an account (huggingface.co/docs/hub/rate-limits)
PAGE, LONGEST_LIST = 100, 4000  # the most rows that one request may ask for
VIDEO = re.compile(r"[\w-]{11}", re.ASCII)
FLAT_LIST = re.compile(r"""\[(?:'(?:[^'\\\n]|\\['"])*'|"(?:[^"\\\n]|\\['"])*"|[, ])*\]""")  # of texts alone


class MusicCaps:
    """Implements services.Archive."""

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def look(self, cursor: str | None) -> Haul:
        """A hundred captions; the cursor is how many were passed. Raises ServiceError."""
        offset = read_number(cursor)
        where: dict[str, str | int] = {"dataset": DATA_SET, "config": "default", "split": "train"}
        answer = as_dict(self.http.get_json(f"{self.api}/rows", {**where, "offset": offset, "length": PAGE}))
        rows, total = as_dicts(answer.get("rows")), as_number(answer.get("num_rows_total"))
        documents = tuple(document for row in rows if (document := parse_row(row)))
        is_last = not rows or (total is not None and offset + PAGE >= total)
        return Haul(documents, cursor=None if is_last else str(offset + PAGE))


def parse_row(row: Mapping[str, Any]) -> Document | None:
    """None for a row that lacks what it must have, or whose caption was cut."""
    cells, cut = as_dict(row.get("row")), row.get("truncated_cells")
    video, text = as_text(cells.get("ytid")), as_prose(cells.get("caption"))
    if not VIDEO.fullmatch(video) or not text or (isinstance(cut, list) and "caption" in cut):
        return None
    start = as_number(cells.get("start_s"))
    url = f"https://www.youtube.com/watch?v={video}" + ("" if start is None else f"&t={start}")
    genres = as_genres(parse_aspects(as_text(cells.get("aspect_list"))), only_known=True)
    return Document(
        url,
        "",
        text,
        site="www.youtube.com",
        language="en",
        licence=LICENCE,
        source="musiccaps",
        genres=genres,
    )


def parse_aspects(text: str) -> list[str]:
    """The labels of "['pop', 'sad']". Other Python never reaches the parser, which deep nesting could bring down."""
    if len(text) > LONGEST_LIST or not FLAT_LIST.fullmatch(text):
        return []
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [label for label in found if isinstance(label, str)]
