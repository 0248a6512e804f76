"""What every refusal of the HTTP service looks like."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

SAYS = {
    400: "no JSON, or none that can be read",
    401: "no key, or a wrong one",
    404: "no such row",
    409: "somebody else has decided meanwhile",
    413: "too large",
    415: "not application/json",
    422: "a value that is not allowed",
    429: "too often, or too many wait; Retry-After says how long",
    503: "the database or the writer is away",
}


class Fault(BaseModel):
    """detail: the key, its value and what is allowed."""

    detail: str


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI page."""
    return {status: {"description": SAYS[status], "model": Fault} for status in statuses}
