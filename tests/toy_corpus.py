"""A toy corpus: short sentences that a small model can learn, each of a post of its own."""

from __future__ import annotations

from deephypebot.types import Attributes, Sentence

VOICES = ("bass", "snare", "organ", "tambourine", "choir", "guitar", "flute", "cello", "drum machine", "piano")
MOODS = ("hums", "argues", "leans", "waits", "hurries", "sulks", "grins", "drifts", "stamps", "whispers")
ENDS = ("behind {artist}.", "all through {title}.")


def toy_sentences(number: int = 120) -> list[Sentence]:
    """Up to 200 different sentences with attributes that have to do with the words."""
    texts = [(v, m, e) for e in range(len(ENDS)) for v in range(len(VOICES)) for m in range(len(MOODS))]
    return [
        Sentence(
            f"The {VOICES[v]} {MOODS[m]} {ENDS[e]}",
            f"post-{v}-{m}-{e}",
            Attributes(genres=(f"{VOICES[v]} pop",), energy=m / 10, kind="description" if e else "live"),
        )
        for v, m, e in texts[:number]
    ]
