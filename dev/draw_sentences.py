"""A seeded draw of kept and dropped sentences of a built corpus, to be marked without sight of the verdicts; and the score of the marks.

    .venv/bin/python dev/draw_sentences.py draw CORPUS --number 3 --out FOLDER     # writes sheet.txt (to read) and key.json (to put away)
    .venv/bin/python dev/draw_sentences.py score FOLDER "3 4 17 ..."               # the numbers of the good ones; adds them to the labels

A sentence is good where it is commentary on music, complete, in English and without residue of its page. The labels hold hashes, not texts:
they are other people's. Sentences that an earlier draw marked are not drawn again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

LABELS = Path(__file__).parent / "labels" / "sentences.jsonl"
EACH = 300


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def labels() -> dict[str, bool]:
    return {row["sha256"]: row["good"] for row in map(json.loads, LABELS.read_text().splitlines())}


def draw(corpus: Path, number: int, out: Path) -> None:
    marked = labels()
    kept = {row["original"]: "" for row in pq.read_table(corpus / "sentences.parquet").to_pylist()}
    dropped = {row["original"]: row["reason"] for row in pq.read_table(corpus / "dropped.parquet").to_pylist()}
    sides = [sorted(item for item in side.items() if len(item[0]) < 1500) for side in (kept, dropped)]
    chance = random.Random(number)
    rows = [row for side in sides for row in chance.sample(side, EACH)]
    chance.shuffle(rows)
    out.mkdir(parents=True)
    (out / "key.json").write_text(json.dumps({"draw": number, "rows": rows}, ensure_ascii=False))
    sheet = [f"{at} {' '.join(text.split())}\n" for at, (text, _) in enumerate(rows) if sha256(text) not in marked]
    (out / "sheet.txt").write_text("".join(sheet))
    print(f"{len(sheet)} of {len(rows)} are still to be marked")


def score(out: Path, good: set[int]) -> None:
    marked, key = labels(), json.loads((out / "key.json").read_text())
    rows = [(marked.get(sha256(text), at in good), text, reason) for at, (text, reason) in enumerate(key["rows"])]
    for name, of in (("kept", [row for row in rows if not row[2]]), ("dropped", [row for row in rows if row[2]])):
        rightly = sum(is_good == (name == "kept") for is_good, _, _ in of)
        print(f"{name}: {rightly} of {len(of)} rightly ({rightly / len(of):.1%})")
    print(
        "good ones that were dropped:",
        Counter(reason for is_good, _, reason in rows if is_good and reason).most_common(),
    )
    with LABELS.open("a") as file:
        for is_good, text, reason in rows:
            if sha256(text) not in marked:
                file.write(
                    json.dumps({"sha256": sha256(text), "draw": key["draw"], "kept": not reason, "good": is_good})
                    + "\n"
                )


def main() -> None:
    parser = argparse.ArgumentParser()
    orders = parser.add_subparsers(dest="order", required=True)
    drawing = orders.add_parser("draw")
    drawing.add_argument("corpus", type=Path)
    drawing.add_argument("--number", type=int, required=True)
    drawing.add_argument("--out", type=Path, required=True)
    scoring = orders.add_parser("score")
    scoring.add_argument("out", type=Path)
    scoring.add_argument("good")
    given = parser.parse_args()
    if given.order == "draw":
        draw(given.corpus, given.number, given.out)
    else:
        score(given.out, {int(number) for number in given.good.split()})


if __name__ == "__main__":
    main()
