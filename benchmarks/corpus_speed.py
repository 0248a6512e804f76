"""How fast `corpus build` is, and how much memory a worker needs: many posts on one core, on all cores, and on Ray; the same three outputs.

    python benchmarks/corpus_speed.py ../shared/data/blog_posts.jsonl --posts 80000

The posts are made of those of the file: new addresses, sentences shuffled, a third of the small words replaced by others, so that no two
are alike and nothing is dropped as a duplicate. Speeds are those of the whole build: reading, cleaning, duplicates, writing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORD = re.compile(r"(?<![\w'’])[a-z]{3,}(?![\w'’])")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--posts", type=int, default=80_000)
    parser.add_argument("--engines", default="inline,cores,ray")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="corpus-speed-"))
    try:
        posts = folder / "posts.jsonl"
        make_posts(args.file, posts, args.posts)
        hashes = {}
        for engine in args.engines.split(","):
            told = run(posts, folder / engine, engine)
            hashes[engine] = told.pop("hash")
            print(f"{engine:7}", " ".join(f"{name} {value}" for name, value in told.items()), flush=True)
        print("the outputs are", "identical" if len(set(hashes.values())) == 1 else f"DIFFERENT: {hashes}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_posts(source: Path, target: Path, number: int) -> None:
    """So many posts, altered; the same for ever."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    words = sorted({word for row in rows for word in WORD.findall(row.get("content") or "")})
    with target.open("w", encoding="utf-8") as file:
        for i in range(number):
            row, draw = dict(rows[i % len(rows)]), random.Random(i)
            row["url"] = f"{row['url']}?made={i}"
            row["content"] = altered(row.get("content") or "", words, draw) if i >= len(rows) else row.get("content")
            file.write(json.dumps(row) + "\n")


def altered(text: str, words: list[str], draw: random.Random) -> str:
    """Sentences of each paragraph in another order, and other small words."""
    paragraphs = []
    for paragraph in text.split("\n\n"):
        sentences = re.split(r"(?<=[.!?])\s+", paragraph)
        draw.shuffle(sentences)
        paragraphs.append(" ".join(sentences))
    return WORD.sub(lambda match: draw.choice(words) if draw.random() < 0.33 else match[0], "\n\n".join(paragraphs))


def run(posts: Path, out: Path, engine: str) -> dict[str, Any]:
    """Build once in a process of its own, and watch the memory of all its processes."""
    workers = [] if engine == "inline" else ["--workers", "2"]
    command = [
        sys.executable,
        "-m",
        "deephypebot",
        "corpus",
        "build",
        str(posts),
        "--out",
        str(out),
        "--engine",
        engine,
        *workers,
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peaks: list[tuple[float, dict[int, float]]] = []
    while process.poll() is None:
        peaks.append((time.perf_counter() - start, memory_of(process.pid, engine)))
        time.sleep(1.0)
    seconds = time.perf_counter() - start
    assert process.returncode == 0
    funnel = json.loads((out / "funnel.json").read_text())
    found, half = funnel["posts"]["found"], [peak for at, peak in peaks if at < seconds / 3]
    early = max((max(peak.values(), default=0.0) for peak in half), default=0.0)
    return {
        "seconds": f"{seconds:.0f}",
        "posts/s": f"{found / seconds:.0f}",
        "kept": funnel["sentences"]["kept"],
        "duplicates": sum(number for reason, number in funnel["dropped_posts"].items() if "another post" in reason),
        "worker-MB-after-a-third": f"{early:.0f}",
        "worker-MB-peak": f"{max((max(peak.values(), default=0.0) for _, peak in peaks), default=0.0):.0f}",
        "hash": hashlib.sha256(
            (out / "sentences.parquet").read_bytes() + (out / "dropped.parquet").read_bytes()
        ).hexdigest(),
    }


def memory_of(root: int, engine: str) -> dict[int, float]:
    """Megabytes that each worker holds; inline it is the process itself, else those below it (of Ray: ray::...)."""
    parents, found = {}, dict[int, float]()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                status = Path(entry.path, "status").read_text()
                parents[int(entry.name)] = int(re.search(r"^PPid:\s+(\d+)", status, re.MULTILINE)[1])  # type: ignore[index]
                name = Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                size = re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)
            except (OSError, TypeError):
                continue
            is_worker = (
                int(entry.name) == root
                if engine == "inline"
                else name.startswith("ray::")
                if engine == "ray"
                else "multiprocessing" in name
            )
            if is_worker and size:
                found[int(entry.name)] = int(size[1]) / 1024
    return found


if __name__ == "__main__":
    main()
