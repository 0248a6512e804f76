"""Texts and records of Bluesky: their length, what is a link in them, and their keys. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import regex

GRAPHEME = regex.compile(r"\X")
URL = regex.compile(r"https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]'’]")
TAG = regex.compile(r"(?<![\w#&])#([\p{L}\p{M}\p{N}_]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*)")
MENTION = regex.compile(r"(?<![\w@])@([a-zA-Z0-9][a-zA-Z0-9.-]*\.[a-zA-Z]{2,})")
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
POST = "app.bsky.feed.post"


def count_graphemes(text: str) -> int:
    """What people call characters: a family of emoji is one."""
    return len(GRAPHEME.findall(text))


def build_tid(at: datetime, key: int) -> str:
    """A record key (atproto.com/specs/tid): 53 bits of microseconds and 10 that tell posts of the same moment apart."""
    microseconds = int(at.timestamp() * 1_000_000) + key // 1024
    number = ((microseconds << 10) | key % 1024) & (2**63 - 1)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def build_facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Links, tags and mentions, by their bytes (docs.bsky.app/docs/advanced-guides/post-richtext). dids: of the handles that are known."""
    found = sorted(_facets(text, dids), key=lambda facet: facet[0])
    return [
        {"index": {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}, "features": [feature]}
        for start, end, feature in found
    ]


def _facets(text: str, dids: Mapping[str, str]) -> Iterator[tuple[int, int, dict[str, str]]]:
    kind = "app.bsky.richtext.facet#"
    for match in URL.finditer(text):
        yield match.start(), match.end(), {"$type": f"{kind}link", "uri": match[0]}
    for match in TAG.finditer(text):
        yield match.start(), match.end(), {"$type": f"{kind}tag", "tag": match[1]}
    for match in MENTION.finditer(text):
        if did := dids.get(match[1].casefold()):
            yield match.start(), match.end(), {"$type": f"{kind}mention", "did": did}


def build_record(text: str, at: datetime, thread: Mapping[str, str]) -> dict[str, Any]:
    """A post. thread: did and handle of who may be mentioned; uri and cid of what is answered, root_uri and root_cid of its thread."""
    dids = {thread["handle"].casefold(): thread["did"]} if thread.get("handle") and thread.get("did") else {}
    created = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": created, "langs": ["en"]}
    if facets := build_facets(text, dids):
        record["facets"] = facets
    if thread.get("uri") and thread.get("cid"):
        parent = {"uri": thread["uri"], "cid": thread["cid"]}
        root = {"uri": thread.get("root_uri") or parent["uri"], "cid": thread.get("root_cid") or parent["cid"]}
        record["reply"] = {"root": root, "parent": parent}
    return record
