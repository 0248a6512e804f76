"""The funnel: how many posts and sentences are left after each step, and why the others are not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import Any

from deephypebot.corpus.clean import STEPS

ALL_STEPS = ("found", *STEPS)
STEP, MOST_STEPS = 25, 40  # words of a post by which lengths are counted, and how many such steps
MEANING = {
    "found": "rows, or addresses that sources gave",
    "fetched": "with a text that could be read",
    "english": "in the language that is kept",
    "one song": "about one song: no round-up, mix, interview or live report",
    "matched": "whose artist and title were found",
    "kept": "with a sentence that is kept, and no duplicate",
}


@dataclass
class Funnel:
    """Counts. reached: posts whose last step was this one; posts, sentences: dropped, by reason; read: sentences of posts that were
    matched; sentences_kept: of these; words: posts by their length, in steps
    of 25; songs_known: songs that a catalogue has genres of."""

    reached: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    read: int = 0
    sentences_kept: int = 0
    words: Counter[int] = field(default_factory=Counter)
    songs: int = 0
    songs_known: int = 0

    def steps(self) -> dict[str, int]:
        """Posts that came to each step or beyond."""
        return {step: sum(self.reached[later] for later in ALL_STEPS[i:]) for i, step in enumerate(ALL_STEPS)}

    def as_json(self) -> dict[str, Any]:
        """What funnel.json holds."""
        return {
            "posts": self.steps(),
            "dropped_posts": dict(self.posts.most_common()),
            "sentences": {"read": self.read, "kept": self.sentences_kept},
            "dropped_sentences": dict(self.sentences.most_common()),
            "words": {str(name): number for name, number in sorted(self.words.items())},
            "songs": {"found": self.songs, "with genres": self.songs_known},
        }


def told(funnel: dict[str, Any], most_reasons: int = 30) -> str:
    """The funnel as a table, for people."""
    found = max(1, funnel["posts"]["found"])
    lines = ["posts"]
    for step, number in funnel["posts"].items():
        lines.append(f"  {step:<10} {number:>9,}  {number / found:>6.1%}  {bar(number / found)}  {MEANING[step]}")
    lines += ["dropped posts", *_reasons(funnel["dropped_posts"], most_reasons)]
    sentences = funnel["sentences"]
    share = sentences["kept"] / max(1, sentences["read"])
    lines += [f"sentences   {sentences['read']:,} read, {sentences['kept']:,} kept ({share:.1%})"]
    lines += ["dropped sentences", *_reasons(funnel["dropped_sentences"], most_reasons)]
    songs = funnel["songs"]
    lines += [f"songs       {songs['found']:,}, {songs['with genres']:,} of them with genres from a catalogue"]
    return "\n".join(lines)


def _reasons(counts: dict[str, int], most: int) -> list[str]:
    return [f"  {number:>9,}  {reason}" for reason, number in list(counts.items())[:most]] or ["          none"]


def bar(share: float, width: int = 24) -> str:
    """A bar of a share from 0 to 1."""
    return ("█" * round(share * width)).ljust(width)


def funnel_svg(funnel: dict[str, Any], width: int = 640) -> str:
    """The funnel as a picture: a bar a step."""
    rows = list(funnel["posts"].items())
    found, height = max(1, rows[0][1]), 44 * len(rows) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="the funnel of posts" font-family="system-ui, sans-serif" font-size="14">'
    ]
    for i, (step, number) in enumerate(rows):
        length, y = max(2, (width - 240) * number / found), 44 * i + 4
        parts.append(f'<text x="84" y="{y + 22}" text-anchor="end" fill="#334">{escape(step)}</text>')
        parts.append(f'<rect x="94" y="{y + 4}" width="{length:.1f}" height="28" rx="3" fill="#5d6f8f"/>')
        parts.append(f'<text x="{102 + length:.1f}" y="{y + 23}" fill="#334">{number:,} ({number / found:.0%})</text>')
    return "".join([*parts, "</svg>"])
