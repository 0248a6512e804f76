"""Random and mutated posts to the cleaner, the splitter and the song finder: nothing may fail, and time may only grow with length.

    .venv/bin/python dev/fuzz_corpus.py ../shared/data/blog_posts.jsonl --examples 200000 [--seed 0]

By hypothesis: pieces of real posts, marks of markdown and HTML, letters of all scripts, repeated up to thousands of times. At the end inputs of
each kind are made eight times as long, and what takes more than sixteen times as long is named.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from deephypebot.corpus.blocks import read_blocks
from deephypebot.corpus.clean import clean, pieces_of, subject_of
from deephypebot.corpus.shard import knows
from deephypebot.types import Document

MARKS = [
    *"\"'“”‘’«»()[]{}<>*_#|/\\&;:.,!?…-–—~^=+@%$`\n\t\r\x00\u200b\ufeff", "\n\n", "**", "__", "](", "<p>", "</p>", "<a href=\"", "\">", "<!--", "-->", "<script>", "</script>", "&amp;", "&#x41;", "&nbsp;",
    "http://a.example/", "www.", ".com", "(feat. ", " ft. ", " remix)", " - ", " – ", " by ", "'s ", "’s ", "n't ", "{title}", "{artist}", "title", "10/10", "2018", "11th May", "Mr. ", "e.g. ", "AC/DC", "#tag ", "@name ",
    "> ", "* ", "1. ", "## ", "![", "aka ", "la la la ", "oh, ", " / ", " // ", "💿", "é", "ß", "Ä", "ひ", "ру", "א", "ا", "\U0001f3b5", "a\u0301", "ﬁ",
]  # fmt: skip
KINDS = [
    *MARKS,
    "a",
    "A",
    "aA",
    "The ",
    "the song ",
    "Marlowe ",
    "Marlowe's ",
    '"Marlowe" ',
    "(a ",
    "a) ",
    "'a ",
    "a' ",
    "that sings ",
    "is ",
    "and ",
    "a, ",
    "A. ",
    "a. b ",
    "<b>a",
    "a_b ",
    "**a ",
    "[a](b",
    "a\n",
    "a\n\n",
]
LONG = 4000  # repetitions


def post_of(text: str, headline: str, url: str, is_html: bool) -> Document:
    return Document(url=url, title=headline, text=text, is_html=is_html)


def examine(post: Document) -> None:
    """All of the cleaner, also where it would stop early."""
    found = clean(post, knows)
    if found.subject is None:
        blocks = read_blocks(post.text, post.is_html)
        subject_of(post, blocks, knows)
        pieces_of(blocks)
    for line in found.lines:
        line.text.encode("utf-8")


def posts(source: Path) -> st.SearchStrategy[Document]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    texts = [row.get("content") or "" for row in rows]
    headlines = [row.get("title") or "" for row in rows]
    urls = [row.get("url") or "" for row in rows]
    real = st.builds(
        lambda text, at, long: text[at : at + long], st.sampled_from(texts), st.integers(0, 3000), st.integers(1, 400)
    )
    odd = st.one_of(
        st.sampled_from(MARKS),
        st.text(max_size=12),
        st.builds(lambda mark, n: mark * n, st.sampled_from(KINDS), st.integers(2, 60)),
    )
    text = st.lists(st.one_of(real, odd), min_size=0, max_size=8).map("".join)
    mutated = st.builds(
        lambda name, at, mark: name[:at] + mark + name[at:], st.sampled_from(headlines), st.integers(0, 40), odd
    )
    address = st.one_of(
        st.sampled_from(urls), st.text(max_size=40), odd.map(lambda mark: f"https://blog.example/{mark}")
    )
    return st.builds(post_of, text, st.one_of(mutated, odd), address, st.booleans())


def slower_than_linear() -> list[str]:
    """Kinds of input that take over sixteen times as long when they are eight times as long."""
    found = []
    for kind in KINDS:
        short, long = (
            seconds(post_of(kind * (LONG // 8), kind * 20, "", False)),
            seconds(post_of(kind * LONG, kind * 20, "", False)),
        )
        if long > 16 * short and long > 0.5:
            found.append(f"{kind!r}: {short:.3f} s for {LONG // 8}, {long:.3f} s for {LONG}")
    return found


def seconds(post: Document, repeat: Callable[[], float] = time.perf_counter) -> float:
    best = float("inf")
    for _ in range(2):
        began = repeat()
        examine(post)
        best = min(best, repeat() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--examples", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    given_arguments = parser.parse_args()
    number, slowest, worst = 0, 0.0, post_of("", "", "", False)

    @seed(given_arguments.seed)
    @settings(
        max_examples=given_arguments.examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(posts(given_arguments.file))
    def every_post(post: Document) -> None:
        nonlocal number, slowest, worst
        began = time.perf_counter()
        examine(post)
        took = time.perf_counter() - began
        number += 1
        if took > slowest:
            slowest, worst = took, replace(post)
        if number % 10_000 == 0:
            print(f"{number} posts; the slowest took {slowest:.3f} s, of {len(worst.text)} characters", flush=True)

    began = time.perf_counter()
    every_post()
    print(
        f"{number} posts without a failure in {time.perf_counter() - began:.0f} s; the slowest {slowest:.3f} s, of {len(worst.text)} characters"
    )
    print("slower than linear:", slower_than_linear() or "none")


if __name__ == "__main__":
    main()
