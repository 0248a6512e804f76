"""`deephypebot topics`: find topics in a corpus, with what each number of them is worth, and look at them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deephypebot.cli.flags import add_source, parse_source, seed, whole_range
from deephypebot.cli.output import emit, note
from deephypebot.config import state_dir
from deephypebot.errors import InputError

if TYPE_CHECKING:
    from deephypebot.corpus.topics import Topics

LIMITS = (2, 50)  # corpus/topics.py has them too, and it imports numpy
FIT = "Fit topics to the sentences of a corpus (LDA), print what each number of them is worth, and keep them."
SHOW = "Print topics, or write a page to look at them; by default the ones that ship with the package."


def add_to(commands: Any) -> None:
    """The flags of both commands."""
    actions = commands.add_parser("topics", help="the topics of a corpus").add_subparsers(
        metavar="ACTION", dest="action", required=True
    )
    parser = actions.add_parser("fit", help="find topics in a corpus", description=FIT)
    add_source(parser)
    parser.add_argument(
        "--topics",
        type=whole_range(*LIMITS),
        default=range(2, 9),
        metavar="2..8",
        help="how many: one number or a range",
    )
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where topics-N.safetensors go (default: topics/ in the state folder)"
    )
    parser.set_defaults(run=run_fit)
    parser = actions.add_parser("show", help="print topics, or write a page of them", description=SHOW)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="topics-N.safetensors")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write an interactive page instead of printing")
    parser.set_defaults(run=run_show)


def run_fit(args: argparse.Namespace) -> int:
    """Fit, print and save each number of topics; tell which matches the kinds best, or where none are known is the most coherent."""
    from deephypebot.corpus.fit_topics import fit_topics
    from deephypebot.corpus.topics import write_whole

    sentences, folder = parse_source(args).split().train, args.out or state_dir() / "topics"
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file; allowed is a folder")
    found = dict[Path, "Topics"]()
    for number in args.topics:
        note(f"{number} topics: fitting {len(sentences)} sentences")
        topics = fit_topics(sentences, number, args.seed)
        path = folder / f"topics-{number}.safetensors"
        write_whole(path, topics.to_bytes())
        found[path] = topics
        emit(told(topics))
    measure = "nmi_with_kind" if all("nmi_with_kind" in t.about for t in found.values()) else "coherence"
    best = max(found, key=lambda path: float(found[path].about[measure]))
    emit(f"best by {measure}: {best} ({found[best].about[measure]:.3f})")
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Print the topics of each file, or write the page of all."""
    from deephypebot.corpus.topics import load_topics, write_whole
    from deephypebot.corpus.topics_page import topics_page

    models = [load_topics(path) for path in args.files] or [load_topics()]
    if args.html is None:
        for model in models:
            emit(told(model))
        return 0
    title = "Topics of " + (", ".join(path.name for path in args.files) or "the built-in corpus")
    write_whole(args.html, topics_page(models, title).encode())
    note(f"wrote {args.html}")
    return 0


def told(topics: Topics) -> str:
    """What a person reads of topics."""
    about, match = topics.about, topics.about.get("nmi_with_kind")
    known = "kinds are not known" if match is None else f"match with kinds (NMI) {match:.3f}"
    lines = [f"{topics.number} topics: coherence (NPMI) {about['coherence']:.3f}, {known}, seed {about['seed']}"]
    for k in range(topics.number):
        kinds = ", ".join(f"{kind} {count}" for kind, count in about["kinds"][k].items()) if "kinds" in about else ""
        lines += [f"  topic {k}, {topics.shares[k]:.1%} of the words: {' '.join(topics.top_words(k))}"]
        lines += [f"    kinds: {kinds}"] * bool(kinds) + [f"    {text}" for text in topics.examples[k]]
    return "\n".join(lines)
