"""What goes out on a network: the text, then whose post told of the song, then the label of a machine's text. Pure."""

from __future__ import annotations

from deephypebot.errors import InputError
from deephypebot.services import Publisher
from deephypebot.settings import PostSettings, QueueSettings
from deephypebot.songs import is_unprintable, normalise_name
from deephypebot.types import Entry

HAS_HANDLES = ("bluesky", "mastodon")  # networks where naming somebody tells them


def compose(text: str, network: str, entry: Entry, post: PostSettings) -> str:
    """The text with credit and label as the settings ask. On the post's own network the author is named as people are named there."""
    parts = [text]
    if post.credit and entry.author and not entry.asks_us:
        at = "@" if entry.network == network and network in HAS_HANDLES else ""
        name = entry.author.lstrip("@")
        name = (
            name.partition(".")[0] if network == "x" else name
        )  # X makes an address of a name with a dot, and charges for it
        parts.append(f"(via {at}{name})")
    if post.label and post.label not in text:
        parts.append(post.label)
    return " ".join(parts)


def refuse_unfit(text: str, queue: QueueSettings, publisher: Publisher) -> None:
    """Raises InputError for a text that is empty, too long, has characters that show nothing, or words that are blocked."""
    if not text.strip():
        raise InputError("text is empty")
    bad = next((c for c in text if is_unprintable(c) and c != "\n"), None)
    if bad is not None:
        raise InputError(f"text has {bad!a}; allowed is text without control characters")
    length = publisher.length(text)
    if length > publisher.longest:
        raise InputError(
            f"text has {length} {publisher.unit}; allowed on {publisher.network} are at most {publisher.longest}"
        )
    if word := blocked_word(text, queue.blocked_words):
        raise InputError(f"text says {word!r}, which queue.blocked_words blocks")


def blocked_word(text: str, blocked: tuple[str, ...]) -> str | None:
    """The first of the blocked words or phrases that the text says, letters and digits compared alone."""
    said = f" {' '.join(filter(None, map(normalise_name, text.split())))} "
    phrases = {phrase: " ".join(filter(None, map(normalise_name, phrase.split()))) for phrase in blocked}
    return next((phrase for phrase, plain in phrases.items() if plain and f" {plain} " in said), None)


def is_blocked_artist(artist: str, blocked: tuple[str, ...]) -> bool:
    """By name, as catalogues compare names."""
    return normalise_name(artist) in {normalise_name(name) for name in blocked}
