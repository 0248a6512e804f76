"""One page on a corpus: figures, what each means, and ten sentences behind each. One file, no network, no script."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from deephypebot.corpus.explore import Exploration, Readers, Tally, explore
from deephypebot.corpus.folder import check_folder, read_rows
from deephypebot.corpus.funnel import MEANING, STEP
from deephypebot.errors import InputError

COLUMNS = ["text", "original", "post", "site", "artist", "title", "genres", "genre_root"]
MOST, IN_CLOUD, IN_TABLE, REASONS = 15, 60, 10, 24
Row = tuple[str, int, list[str]]  # a name, its number, examples


def report(folder: Path, readers: Readers) -> str:
    """The page of a corpus. Raises InputError for a folder that is none."""
    check_folder(folder)
    try:
        funnel: dict[str, Any] = json.loads((folder / "funnel.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"corpus {folder}: funnel.json cannot be read; build the corpus again") from error
    found = explore(read_rows(folder, COLUMNS), readers)
    parts = [
        section("The funnel", _funnel(funnel, *dropped(folder))),
        section("Length", _length(funnel, found)),
        section("Genres", _genres(found)),
        section("Kinds and topics", _kinds(found)),
        section("Bias", _bias(found)),
        section(
            "Sites",
            [
                figure(
                    "Sentences by site",
                    "Where the kept sentences are from; a corpus of one site has one voice.",
                    bars(found.sites.top(MOST), found.sentences),
                )
            ],
        ),
    ]
    title = f"The corpus in {folder.resolve().name}"
    return PAGE.format(
        title=escape(title),
        lead=f"{found.sentences:,} sentences of {len(found.per_post):,} posts",
        style=STYLE,
        body="".join(parts),
    )


def dropped(folder: Path) -> tuple[Tally, Tally]:
    """Posts and sentences that were dropped, by their reasons; a post by its first words. Raises InputError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    posts, sentences = Tally(), Tally()
    try:
        for batch in pq.ParquetFile(folder / "dropped.parquet").iter_batches(
            batch_size=5000, columns=["level", "original", "reason"]
        ):
            for row in batch.to_pylist():
                (posts if row["level"] == "post" else sentences).add(
                    row["reason"], row["original"][:400] or "(no text)"
                )
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"corpus {folder}: dropped.parquet cannot be read ({str(error).splitlines()[0]})") from error
    return posts, sentences


def _funnel(funnel: dict[str, Any], posts: Tally, sentences: Tally) -> list[str]:
    whole = max(1, funnel["posts"]["found"])
    steps: list[Row] = [(f"{name}: {MEANING.get(name, '')}", number, []) for name, number in funnel["posts"].items()]
    read, kept = funnel["sentences"]["read"], funnel["sentences"]["kept"]
    told = f"Of {read:,} sentences in posts whose song was found, {kept:,} were kept ({kept / max(1, read):.1%}); each other has one reason."
    return [
        figure(
            "Posts after each step",
            "How many posts came to each step of the build, and what the step asks for.",
            bars(steps, whole),
        ),
        figure("Why posts were dropped", "Each dropped post has one reason.", bars(posts.top(REASONS), whole)),
        figure("Why sentences were dropped", told, bars(sentences.top(REASONS), max(1, read))),
    ]


def _length(funnel: dict[str, Any], found: Exploration) -> list[str]:
    words: list[Row] = [
        (f"{int(name)} to {int(name) + 4}", number, found.words.shown[name])
        for name, number in sorted(found.words.number.items())
    ]
    kept = Counter(min(number, 12) for number in found.per_post.values())
    per_post: list[Row] = [
        (f"{number}{' or more' if number == 12 else ''}", count, []) for number, count in sorted(kept.items())
    ]
    length = Counter[int]()
    for name, number in funnel.get("words", {}).items():
        length[min(10, int(name) * STEP // 50)] += number
    posts: list[Row] = [
        ("500 or more" if step == 10 else f"{50 * step} to {50 * step + 49}", number, [])
        for step, number in sorted(length.items())
    ]
    return [
        figure(
            "Words a post",
            "Of all posts that could be read, before anything was dropped.",
            bars(posts, sum(length.values())),
        ),
        figure(
            "Words a sentence",
            "Of the kept sentences, with slots; 10 to 60 words of the original are allowed.",
            bars(words, max(1, found.sentences)),
        ),
        figure(
            "Kept sentences a post",
            "Few posts give many: quotations, news and links are dropped.",
            bars(per_post, max(1, len(found.per_post))),
        ),
    ]


def _genres(found: Exploration) -> list[str]:
    known = found.sentences - found.genres.number["unknown"]
    names = [name for name, _, _ in found.genres.top(IN_TABLE + 1) if name != "unknown"][:IN_TABLE]
    return [
        figure("Genres", f"Sentences by the genres of their song, where a catalogue knows it ({known:,} of {found.sentences:,}).", bars(found.genres.top(MOST), found.sentences)),
        figure("Roots", "The trunk of the genre tree that a song's first genre hangs on: how lopsided the corpus is.", bars(found.roots.top(MOST), found.sentences)),
        figure("All genres, by how often", "The larger, the more sentences.", cloud(found.genres)),
        figure("Genres that go together", "Songs that have both genres; the darker, the more.", together(names, found.pairs)),
    ]  # fmt: skip


def _kinds(found: Exploration) -> list[str]:
    return [
        figure("Kinds of sentences", "What the classifier of kinds (fitted on the built-in corpus) takes each sentence for: a guess, and most of all a check that news and biography are gone.", bars(found.kinds.top(MOST), found.sentences)),
        figure("Topics", "The likeliest topic of each sentence, of the shipped topic model, by its commonest words.", bars(found.topics.top(MOST), found.sentences)),
    ]  # fmt: skip


def _bias(found: Exploration) -> list[str]:
    he, she = found.pronouns.number["he"], found.pronouns.number["she"]
    share = (
        f"Of {he + she:,} sentences with he or she, {he / (he + she):.0%} say he."
        if he + she
        else "None says he or she."
    )
    roots: list[Row] = [
        (f"{root}: he {counts['he']}, she {counts['she']}, they {counts['they']}", counts["he"] + counts["she"] + counts["they"], [])
        for root, counts in sorted(found.pronouns_of_root.items(), key=lambda pair: -sum(pair[1].values()))[:MOST]
    ]  # fmt: skip
    return [
        figure("Pronouns", f"Sentences that call somebody he, she or they. {share} A model that learns from them says so too.", bars(found.pronouns.top(3), found.sentences)),
        figure("Pronouns by root genre", "Who is called what in which music.", bars(roots, max([1, *(one[1] for one in roots)]))),
        figure("Places", "Places, and what comes from them, that kept sentences name: the model learns to name them unasked.", bars(found.places.top(MOST), found.sentences)),
        figure("“-based”", "Where artists are said to be based, in kept sentences as they stood: the 2018 system said “Berlin-based” and “LA-based” of anybody.", bars(found.based.top(MOST), found.sentences)),
    ]  # fmt: skip


def section(title: str, figures: Iterable[str]) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(figures)}</section>"


def figure(title: str, meaning: str, body: str) -> str:
    return f"<figure><figcaption><h3>{escape(title)}</h3><p>{escape(meaning)}</p></figcaption>{body}</figure>"


def bars(rows: Sequence[Row], whole: int) -> str:
    """A bar a row, its length by its share of the largest; the percentage is of the whole. Rows with examples can be opened."""
    if not rows:
        return '<p class="none">There is nothing to show.</p>'
    largest = max(1, *(number for _, number, _ in rows))
    return f'<div class="bars">{"".join(_bar(name, number, examples, largest, whole) for name, number, examples in rows)}</div>'


def _bar(name: str, number: int, examples: list[str], largest: int, whole: int) -> str:
    inner = (
        f'<span class="name">{escape(name)}</span><span class="track"><span class="fill" style="width:{100 * number / largest:.1f}%"></span></span>'
        f'<span class="number">{number:,} <small>{number / max(1, whole):.1%}</small></span>'
    )
    if not examples:
        return f'<div class="row">{inner}</div>'
    listed = "".join(f"<li>{escape(text)}</li>" for text in examples)
    return f'<details><summary class="row">{inner}</summary><ol>{listed}</ol></details>'


def cloud(tally: Tally) -> str:
    """Names as large as they are common."""
    rows = [(name, number) for name, number, _ in tally.top(IN_CLOUD) if name != "unknown"]
    if not rows:
        return '<p class="none">No catalogue knew a song of this corpus.</p>'
    largest = math.log1p(rows[0][1])
    spans = (
        f'<span style="font-size:{0.75 + 1.6 * math.log1p(number) / largest:.2f}em" title="{number:,}">{escape(name)}</span>'
        for name, number in sorted(rows)
    )
    return f'<p class="cloud">{" ".join(spans)}</p>'


def together(names: Sequence[str], pairs: Counter[tuple[str, str]]) -> str:
    """A table of genres by genres."""
    if len(names) < 2:
        return '<p class="none">Too few genres are known.</p>'
    counts = {(a, b): pairs[min(a, b), max(a, b)] for a in names for b in names if a != b}
    largest = max(1, *counts.values())
    head = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{escape(a)}</th>{"".join(_cell(a, b, counts, largest) for b in names)}</tr>'
        for a in names
    )
    return f'<div class="scroll" tabindex="0" role="region" aria-label="table of genres"><table><tr><td></td>{head}</tr>{rows}</table></div>'


def _cell(a: str, b: str, counts: dict[tuple[str, str], int], largest: int) -> str:
    if a == b:
        return '<td class="same">·</td>'
    number = counts[a, b]
    return f'<td style="--heat:{number / largest:.2f}">{number or ""}</td>'


STYLE = """
:root { --ink: #1e2733; --soft: #566374; --paper: #fbfaf7; --card: #ffffff; --line: #ddd8cc; --fill: #4d6a9a; --track: #e8ecf2; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ecf1; --soft: #a9b4c2; --paper: #14181d; --card: #1c2229; --line: #333c47; --fill: #7d9fd6; --track: #2a323c } }
* { box-sizing: border-box } body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 0 } p { margin: .2rem 0 } .lead { color: var(--soft) }
section { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; align-items: start } section > h2 { grid-column: 1 / -1; margin-bottom: 0 }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; min-width: 0 } figcaption p { color: var(--soft); font-size: .9rem; margin-bottom: .7rem }
.row { display: grid; grid-template-columns: minmax(6rem, 38%) 1fr 7.5rem; gap: .6rem; align-items: center; padding: .15rem 0; font-size: .9rem }
.name { overflow-wrap: anywhere } .track { background: var(--track); border-radius: 3px; height: .9rem } .fill { display: block; height: 100%; min-width: 2px; background: var(--fill); border-radius: 3px }
.number { text-align: right; font-variant-numeric: tabular-nums } small { color: var(--soft) } summary { cursor: pointer } summary:hover { background: var(--track) } summary:focus-visible { outline: 2px solid var(--fill) }
summary .name::before { content: "▸ "; color: var(--soft) } details[open] summary .name::before { content: "▾ " } summary { list-style: none } ol { margin: .3rem 0 .8rem; padding-left: 1.6rem; font-size: .9rem } li { margin: .25rem 0; overflow-wrap: anywhere }
.cloud { line-height: 1.7 } .cloud span { margin-right: .5em; white-space: nowrap } .none { color: var(--soft) } .scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .85rem }
th { font-weight: 500; text-align: right; padding: .2rem .4rem; white-space: nowrap } th[scope=col] { vertical-align: bottom } th span { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left }
td { min-width: 2.2rem; height: 2rem; text-align: center; border: 1px solid var(--line); background: color-mix(in srgb, var(--fill) calc(var(--heat, 0) * 60%), var(--card)) } td:first-child:empty { border: 0; background: none } .same { color: var(--soft) }
@media (max-width: 30rem) { .row { grid-template-columns: 1fr 6.5rem } .track { grid-column: 1 / -1; grid-row: 2 } }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p class="lead">{lead}. A row with a mark can be opened: ten sentences, drawn at random, stand behind it. The texts belong to those who wrote them.</p>{body}</main></body></html>
"""
