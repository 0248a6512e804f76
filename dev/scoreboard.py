"""docs/scoreboard.md: every measure of the shipped checkpoint, the value of held-out text beside it, with commit and seeds.

    make scoreboard [AGAINST=captions.txt] [BASELINE=out/prompt]    an hour; one that was stopped goes on with the part where it stood

Parts are kept in the state folder by commit, so that figures of different code never stand in one table; `--only PART ...` measures some
of them and writes no page, so that several processes can share the work. BASELINE is a checkpoint
trained with `--latent-dim 0 --set condition=prompt`, with the shipped word_bias, realism and runs beside it: the same choosing without z.
What stands under "What z buys" was written by a person, and stays when the page is written again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from deephypebot.cli.evaluate import flatten, sample_songs
from deephypebot.cli.output import note
from deephypebot.config import shipped_checkpoint, state_dir
from deephypebot.corpus.text_files import read_text
from deephypebot.model.evaluation.choice import BASELINE, compare
from deephypebot.model.evaluation.evaluate import PARTS, Evaluation, evaluate
from deephypebot.model.writing.commentator import Commentator

PAGE = Path(__file__).parents[1] / "docs" / "scoreboard.md"
SHARES = ("descriptions", "promo_release_live")
COSTS = ("worth", "distinct_2", "nats_a_word")
BY_HAND = "## What z buys"


def commit() -> str:
    """The commit of the working tree, with a mark where it was changed since."""
    described = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
    return described.stdout.strip()


def measure(
    folder: Path, scale: float, against: dict[str, list[str]], baseline: Path | None, only: list[str]
) -> dict[str, Any]:
    """All parts, or some only; those that lie in the folder are not measured again."""
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = Evaluation(shipped_checkpoint(), sample_songs(), note, scale, against)
    parts: dict[str, Callable[[], Any]] = {name: partial(measured, evaluation, name) for name in PARTS}
    if baseline is not None:
        parts["baseline"] = partial(baseline_arms, evaluation, baseline)
    unknown = sorted(set(only) - set(parts))
    if unknown:
        raise SystemExit(f"--only: no part is called {', '.join(unknown)}; there are {', '.join(parts)}")
    scores = {}
    for name in only or parts:
        path = folder / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(parts[name]()), encoding="utf-8")
        scores[name] = json.loads(path.read_text(encoding="utf-8"))
    return scores


def measured(evaluation: Evaluation, name: str) -> Any:
    """One part."""
    return evaluate(evaluation, [name])[name]


def baseline_arms(evaluation: Evaluation, folder: Path) -> Any:
    """The same requests written by a checkpoint without z."""
    writer, number = Commentator(folder), evaluation.some(500, 10)
    return compare(writer, evaluation.held_out, evaluation.yardstick.ngrams, number, note, BASELINE)


def page(scores: dict[str, Any], at: str, scale: float, by_hand: str) -> str:
    """The scoreboard as Markdown."""
    columns, steered = scores["like_human"], scores["steering"]
    arms = scores["choice"] | scores.get("baseline", {})
    share = "" if scale == 1 else f" Only {scale:.0%} of the texts: rough figures."
    parts = [
        (
            f"# Scoreboard\n\nCommit {at}, {datetime.now(UTC):%Y-%m-%d}, `make scoreboard`; seeds are fixed in the code.{share}\n"
            "Shares and scores from 0 to 1, costs in nats; intervals are of 95%. Written by dev/scoreboard.py, not by hand."
        ),
        "## Texts as users get them, asked for as held-out posts are\n"
        + table(["measure", *columns], [[n, *(cell(c.get(n)) for c in columns.values())] for n in columns["model"]]),
        "## Constraints and choosing: requests that do not tell the kind of sentence\n"
        + table(["way", *SHARES, *COSTS], [arm_row(name, arm) for name, arm in arms.items()]),
        *([BY_HAND + by_hand.rstrip()] if by_hand else []),
        "## Attributes steer, as classifiers of corpus text hear them\n"
        + table(
            ["asked", "balanced accuracy", "on held-out text", "texts"],
            [[n, cell(r["accuracy"]), cell(r["reference"]["accuracy"]), r["n"]] for n, r in steered.items()],
        ),
        *(section(name, scores[name]) for name in PARTS if name not in ("like_human", "choice", "steering")),
    ]
    return "\n\n".join(parts) + "\n"


def arm_row(name: str, arm: dict[str, Any]) -> list[str]:
    told = [f"{arm[n]['share']:.3f} ({arm[n]['low']:.3f} to {arm[n]['high']:.3f})" for n in SHARES]
    return [name, *told, *(cell(arm[cost]) for cost in COSTS)]


def section(name: str, part: Any) -> str:
    """Any other part, a line a number."""
    rows = [
        line.rsplit(" ", 1) for line in flatten(part) if line.rsplit(" ", 1)[-1].replace(".", "").lstrip("-").isdigit()
    ]
    return f"## {name.replace('_', ' ')}\n" + table(["measure", "value"], rows)


def table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "/") for c in line) + " |" for line in lines)


def cell(value: Any) -> str:
    """A number, or several with their names."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(part)}" for name, part in value.items())
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Measure what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts")
    parser.add_argument("--against", type=Path, action="append", default=[], help="others' texts, one a line")
    parser.add_argument("--baseline", type=Path, help="a checkpoint without z")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="measure these and write no page")
    args = parser.parse_args()
    against = {path.stem: [s.text for s in read_text(path)] for path in args.against}
    at = commit()
    scores = measure(state_dir() / "scoreboard" / f"{at}-{args.scale:g}", args.scale, against, args.baseline, args.only)
    if args.only:
        return
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    by_hand = old.partition(BY_HAND)[2].partition("\n## ")[0]
    PAGE.write_text(page(scores, at, args.scale, by_hand), encoding="utf-8")
    note(f"written: {PAGE}")


if __name__ == "__main__":
    main()
