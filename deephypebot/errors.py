"""The exception tree. Every message names the thing, its value and what is allowed.

DeepHypeBotError            exit code 1: the world is not as it should be (a missing file, a full disk)
├── InputError              exit code 2: the user gave something that is not allowed
├── CheckpointError         a checkpoint folder is missing, corrupted or of another format
├── BackboneError           the backbone could not be fetched, verified or read
├── StoreError              the database cannot be reached or is of another version
├── Conflict                somebody else has decided meanwhile
└── ServiceError            an outside service did not do what it was asked
    ├── Refused             it said no, and asking again is no use
    ├── SignInRefused       the account is gone, or its key or password is not valid
    ├── Limited             it asks to wait; nothing was done
    └── Unsure              no answer, or one that does not tell whether it was done
"""

from __future__ import annotations


class DeepHypeBotError(Exception):
    """Anything that the command line phrases as one line instead of a traceback."""

    exit_code = 1


class InputError(DeepHypeBotError, ValueError):
    """A value that the user gave is not allowed."""

    exit_code = 2


class CheckpointError(DeepHypeBotError):
    """A checkpoint folder cannot be used."""


class BackboneError(DeepHypeBotError):
    """The pretrained backbone cannot be had or cannot be used."""


class StoreError(DeepHypeBotError):
    """The database cannot be reached, or its tables are of another version."""


class Conflict(DeepHypeBotError):
    """What was to be decided has been decided by somebody else meanwhile."""


class ServiceError(DeepHypeBotError):
    """An outside service did not do what it was asked."""


class Refused(ServiceError):
    """The service said no: what was asked is not allowed, or not there. Nothing was done, and asking again is no use."""


class SignInRefused(ServiceError):
    """The service does not let this account in: it is gone, suspended, or its key or password is not valid. Nothing was done."""


class Limited(ServiceError):
    """The service asks to wait, or cannot be reached at all. Nothing was done."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unsure(ServiceError):
    """No answer, or one that does not tell whether it was done: a time-out, a reset connection, a server error."""


def shown(value: object, longest: int = 60) -> str:
    """A value as an error quotes it, cut where it is long."""
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]!r}..."
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deep; an integer of thousands of digits
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= longest else f"{text[:longest]}..."
