"""Posts that are records, not prose: scrobbles as JSON, "Artist: ... Title: ..." lines."""

from __future__ import annotations

import json
import re
from typing import Any

from deephypebot.mentions.guess import Guess, guess

LONGEST = 20_000
FIELD = re.compile(r"^\W*(artists?|by|title|track|song|name)\s*[:=]\s*(.+)$", re.IGNORECASE | re.MULTILINE)
PODCAST = re.compile(r"\b(?:podcast|audiobook|episode\s+\d+)\b", re.IGNORECASE)


def read_record(text: str) -> list[Guess] | None:
    """What the record says, None where the text is none."""
    text = text[:LONGEST].strip()
    if text.startswith("{"):
        return _read_json(text)
    fields = {name.casefold().rstrip("s"): value for name, value in FIELD.findall(text[:2000])}
    artist = fields.get("artist") or fields.get("by")
    title = next((fields[name] for name in ("title", "track", "song") if name in fields), None)
    return guess(artist, title, 0.95, "fields") if artist and title else None


def _read_json(text: str) -> list[Guess] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("trackName"), str):
        return None
    names = _artists(record)
    if PODCAST.search(f"{record['trackName']} {record.get('releaseName')} {names}"):
        return []
    title = record["trackName"]
    if re.search(r"\b(?:feat\.?|ft\.?|featuring)\s", title, re.IGNORECASE):
        names = names[:1]  # the others are the guests
    return guess(", ".join(names), title, 1.0, "scrobble") if names else []


def _artists(record: dict[str, Any]) -> list[str]:
    listed = record.get("artists") or record.get("artistNames") or []
    names = (
        [one.get("artistName") if isinstance(one, dict) else one for one in listed] if isinstance(listed, list) else []
    )
    return [name for name in names if isinstance(name, str) and name.strip()]
