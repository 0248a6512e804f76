"""Texts for a blind reading: one a line, so that ../shared/judge can pair them. Nothing here is ever committed as text.

    python dev/blind_texts.py model  OUT.txt [--checkpoint DIR]     random first texts of the shipped model, one a song
    python dev/blind_texts.py corpus OUT.txt                         held-out corpus text with the same names
    python dev/blind_texts.py blogs  OUT.txt --posts blog_posts.jsonl  sentences about sound of real music blogs, at random

Each prints how many. The draws are seeded; no text is chosen by hand. Lengths are kept to those of posts, 60 to 200 characters.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

from deephypebot import load
from deephypebot.cli.evaluate import sample_songs
from deephypebot.corpus.builtin import split_builtin
from deephypebot.songs import fill_slots

SOUND = re.compile(
    r"\b(?:guitars?|drums?|bass(?:line)?|synths?|vocals?|voice|beat|chorus|melod\w+|riffs?|groove|hook|sings?|piano|percussion|"
    r"strings|harmon\w+|reverb|production|sound\w*|rhythm\w*|tempo|verse)\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"])")
LENGTHS = range(60, 201)


def model_texts(checkpoint: Path | None, number: int) -> list[str]:
    """The first text of each of so many songs."""
    writer, songs = load(checkpoint), sample_songs(number)
    return [text.text for i, (song, a) in enumerate(songs) for text in writer.write(song, a, n=1, seed=1000 + i)]


def corpus_texts(number: int, seed: int = 0) -> list[str]:
    """Held-out descriptions about the same songs."""
    split, songs = split_builtin(), sample_songs(number)
    texts = [
        s.text for s in [*split.valid, *split.test] if s.attributes.kind == "description" and len(s.text) in LENGTHS
    ]
    random.Random(seed).shuffle(texts)
    return [fill_slots(text, song) for text, (song, _) in zip(texts, songs, strict=False)]


def blog_texts(posts: Path, number: int, seed: int = 0) -> list[str]:
    """Sentences that speak of sound, whole and without links, from posts in English."""
    rows = [json.loads(line) for line in posts.read_text(encoding="utf-8").splitlines()]
    texts = []
    for row in (row for row in rows if row["lang"] == "en"):
        for sentence in SENTENCE.split(" ".join(row["content"].split())):
            whole = re.match(r"[A-Z“\"]", sentence) and re.search(r"[.!?][”\"]?$", sentence)
            if (
                whole
                and len(sentence) in LENGTHS
                and SOUND.search(sentence)
                and not re.search(r"http|[\[\]|*#<>_]", sentence)
            ):
                texts.append(sentence)
    return random.Random(seed).sample(texts, min(number, len(texts)))


def main() -> None:
    """Write the texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", choices=["model", "corpus", "blogs"])
    parser.add_argument("out", type=Path)
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--posts", type=Path)
    args = parser.parse_args()
    if args.source == "model":
        texts = model_texts(args.checkpoint, args.n)
    elif args.source == "corpus":
        texts = corpus_texts(args.n)
    else:
        texts = blog_texts(args.posts, args.n)
    args.out.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    print(f"{len(texts)} texts in {args.out}")


if __name__ == "__main__":
    main()
