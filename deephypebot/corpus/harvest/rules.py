"""What a host allows: robots.txt (RFC 9309) by protego, and who opts out of training models, in all the ways in which that is said.

Opting out: a crawler of training data that robots.txt shuts out, `Content-Signal: ai-train=no` (contentsignals.org), `Content-Usage:
train-ai=n` (IETF AIPREF), an RSL licence that does not permit ai-train (rslstandard.org), X-Robots-Tag or meta robots noai, and
TDM-Reservation: 1 (W3C TDMRep).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from protego import Protego

AGENT = "deephypebot"
TRAINERS = (
    "GPTBot",
    "CCBot",
    "Google-Extended",
    "ClaudeBot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "meta-externalagent",
    "cohere-ai",
    "ai2bot",
)
LARGEST_ROBOTS, MOST_DELAY_S = 500_000, 120.0
SIGNAL = re.compile(r"^\s*content-(?:signal|usage)\s*:(.*)$", re.IGNORECASE | re.MULTILINE)
NO_TRAINING = re.compile(r"\b(?:ai-train\s*=\s*(?:no|n)|train-ai\s*=\s*n|bots\s*=\s*n)\b", re.IGNORECASE)
LICENCE = re.compile(r"^\s*license\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
PERMITS = re.compile(r"<permits\b[^<>]*type=[\"']usage[\"'][^<>]*>([^<]{0,500})", re.IGNORECASE)
PROHIBITS = re.compile(r"<prohibits\b[^<>]*type=[\"']usage[\"'][^<>]*>([^<]{0,500})", re.IGNORECASE)
PAYMENT = re.compile(r"<payment\b[^<>]*type=[\"'](\w[\w-]*)[\"']", re.IGNORECASE)
META = re.compile(r"<meta\b[^<>]{0,500}>", re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """Of a host. robots: its robots.txt, "" if it has none; closed: why nothing may be read; is_away: the host cannot be
    reached, so its pages are looked for in the archive; licence: address of its RSL licence; opt_out:
    why nothing may be trained on."""

    robots: str = ""
    closed: str = ""
    is_away: bool = False
    licence: str = ""
    opt_out: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_robots(status: int, body: bytes, url: str) -> Rules:
    """Rules of an answer to the address of a robots.txt. No such file: all may be read; no answer: nothing (RFC 9309, 2.3.1)."""
    if 400 <= status < 500 and status not in (408, 425, 429):
        return Rules()
    if status != 200:
        return Rules(closed=f"robots.txt answers {status}")
    text = body[:LARGEST_ROBOTS].decode("utf-8", "replace").lstrip("\ufeff").replace("\0", "")
    licences = LICENCE.findall(text)
    opt_out = (
        "Content-Signal or Content-Usage" if any(NO_TRAINING.search(line) for line in SIGNAL.findall(text)) else ""
    )
    return Rules(text, licence=urljoin(url, licences[0])[:500] if licences else "", opt_out=opt_out)


def read_licence(status: int, body: bytes) -> str:
    """Why an RSL licence does not let a model learn, "" where it does. One that cannot be read does not."""
    if status != 200:
        return f"RSL licence answers {status}"
    text = body[:200_000].decode("utf-8", "replace")
    permits, prohibits = " ".join(PERMITS.findall(text)).lower(), " ".join(PROHIBITS.findall(text)).lower()
    names = ("all", "ai-all", "ai-train", "train-ai")
    if any(re.search(rf"(?<![\w-]){name}(?![\w-])", prohibits) for name in names):
        return "RSL licence prohibits training"
    if not any(re.search(rf"(?<![\w-]){name}(?![\w-])", permits) for name in names):
        return "RSL licence does not permit training"
    paid = [kind for kind in PAYMENT.findall(text) if kind.lower() not in ("free", "attribution")]
    return f"RSL licence asks for payment ({paid[0][:20]})" if paid else ""


def why_not(rules: Rules, url: str) -> str:
    """Why a page may not be read, "" where it may."""
    if rules.closed:
        return rules.closed
    return "" if not rules.robots or _parsed(rules).can_fetch(url, AGENT) else "robots.txt forbids it"


def why_not_train(rules: Rules, url: str) -> str:
    """Why a page may not be trained on, as far as its host says; "" where it may."""
    if rules.opt_out:
        return f"opts out of training: {rules.opt_out}"
    if rules.robots:
        parsed = _parsed(rules)
        shut_out = [
            name for name in TRAINERS if name.lower() in rules.robots.lower() and not parsed.can_fetch(url, name)
        ]
        if shut_out:
            return f"opts out of training: robots.txt shuts out {shut_out[0]}"
    return ""


def why_page_does_not_train(headers: Mapping[str, str], body: bytes) -> str:
    """Why this very page may not be trained on, by its headers and meta tags; "" where it may."""
    said = [headers.get("x-robots-tag", "")]
    if headers.get("tdm-reservation", "").strip() == "1":
        return "opts out of training: TDM-Reservation"
    if NO_TRAINING.search(headers.get("content-usage", "")) or NO_TRAINING.search(headers.get("content-signal", "")):
        return "opts out of training: Content-Signal or Content-Usage"
    for tag in META.findall(body[:100_000].decode("latin-1")):
        if re.search(r"name\s*=\s*[\"']?tdm-reservation", tag, re.IGNORECASE) and re.search(
            r"content\s*=\s*[\"']?1", tag
        ):
            return "opts out of training: TDM-Reservation"
        if re.search(r"name\s*=\s*[\"']?(?:robots|deephypebot)\b", tag, re.IGNORECASE):
            said.append(tag)
    return "opts out of training: noai" if any(re.search(r"\bno-?ai\b", one, re.IGNORECASE) for one in said) else ""


def delay_s(rules: Rules, least: float) -> float:
    """Seconds between two requests to a host."""
    asked = _parsed(rules).crawl_delay(AGENT) if rules.robots else None
    return max(least, min(float(asked or 0.0), MOST_DELAY_S))


@lru_cache(256)
def _protego(robots: str) -> Any:
    return Protego.parse(robots)


def _parsed(rules: Rules) -> Any:
    """Protego's view of a robots.txt."""
    return _protego(rules.robots)
