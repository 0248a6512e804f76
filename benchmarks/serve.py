"""The HTTP service under load: requests a second with 1, 8 and 32 clients, one in twenty of them broken, beside one request at a time.

    python benchmarks/serve.py [--requests 24] [--checkpoint DIR]
starts `deephypebot serve` on a free port and prints a line for each number of clients: good answers a second, the ratio to one client,
and what answers the broken ones got. Good requests must get 200 and broken ones 4xx with a reason. Memory is told before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIENTS = (1, 8, 32)
EVERY = 20  # of so many requests one is broken
BROKEN = (
    b"{",
    b'{"song": 7}',
    b'{"song": "A \xe2\x80\x93 B", "tempo": 9000}',
    b'{"song": "A \xe2\x80\x93 B", "colour": 1}',
    b"",
)


def ask(address: str, number: int) -> tuple[bool, int, bool]:
    """Whether the request was a good one, the status, and whether a refusal had a reason."""
    is_good = number % EVERY != EVERY - 1
    song = {"song": f"Marlow {number} – Harbour {number}", "genres": "dub techno", "n": 1, "seed": number}
    body = json.dumps(song).encode() if is_good else BROKEN[number // EVERY % len(BROKEN)]
    request = urllib.request.Request(f"{address}/v1/write", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return is_good, answer.status, bool(json.load(answer)["candidates"])
    except urllib.error.HTTPError as error:
        return is_good, error.code, bool(json.load(error).get("detail"))


def run(address: str, clients: int, requests: int, first: int) -> tuple[float, Counter[tuple[bool, int, bool]]]:
    """Good answers a second, and what came."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = Counter(pool.map(lambda number: ask(address, number), range(first, first + requests)))
    good = sum(count for (is_good, status, _), count in answers.items() if is_good and status == 200)
    return good / (time.perf_counter() - begun), answers


def resident_mb(number: int) -> float:
    """Of a process and its children, MB."""
    children = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="utf-8").split()
    total = 0
    for one in (str(number), *children):
        rows = Path(f"/proc/{one}/status").read_text(encoding="utf-8").splitlines()
        total += next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))
    return total / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=60, help="for each number of clients")
    parser.add_argument("--checkpoint", type=Path)
    args = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "serve.toml"
        chosen = f'[writer]\ncheckpoint = "{args.checkpoint.resolve()}"\n' if args.checkpoint else ""
        settings.write_text(
            f'{chosen}[store]\nurl = "sqlite:///{folder}/bot.db"\n[web]\ntoken = "bench"\n', encoding="utf-8"
        )
        command = [sys.executable, "-m", "deephypebot", "serve", "--port", str(port), "--settings", str(settings)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
        try:
            measure(address, process, args.requests)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def measure(address: str, process: subprocess.Popen[bytes], requests: int) -> None:
    """A line for each number of clients."""
    while True:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).read()
            break
        except OSError:
            time.sleep(0.2)
            if process.poll() is not None:
                sys.exit("the service did not start")
    run(address, CLIENTS[-1], 2 * CLIENTS[-1], 10**6)  # memory has the size of the largest batch from now on
    alone = 0.0
    for at, clients in enumerate(CLIENTS):
        before = resident_mb(process.pid)
        rate, answers = run(address, clients, requests, at * requests)
        alone = alone or rate
        bad = sum(
            count for (is_good, status, _), count in answers.items() if status >= 500 or (is_good and status != 200)
        )
        refused = Counter(
            status
            for (is_good, status, has_reason), count in answers.items()
            for _ in range(count)
            if not is_good and has_reason
        )
        memory = f"{before:.0f} -> {resident_mb(process.pid):.0f} MB"
        print(
            f"{clients} clients: {rate:.2f} texts/s, ratio {rate / alone:.2f}; broken ones got {dict(refused)}; wrong answers {bad}; {memory}",
            flush=True,
        )


if __name__ == "__main__":
    main()
