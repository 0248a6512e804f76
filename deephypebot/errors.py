"""The exception tree. Every message names the thing, its value and what is allowed.

DeepHypeBotError            exit code 1: the world is not as it should be (a missing file, a full disk)
├── InputError              exit code 2: the user gave something that is not allowed
├── CheckpointError         a checkpoint folder is missing, corrupted or of another format
└── BackboneError           the backbone could not be fetched, verified or read
"""


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


def shown(value: object, longest: int = 60) -> str:
    """A value as an error quotes it, cut where it is long."""
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]!r}..."
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deep; an integer of thousands of digits
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= longest else f"{text[:longest]}..."
