"""``python -m tests.fuzz --inputs 200000 --seed 1``: hostile files for every reader, and a table of what happened."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import sys
import time
from pathlib import Path

from tests.fuzz.campaign import FOUND, SECONDS, Findings, run
from tests.fuzz.targets import TARGETS, available

_PART = 5000  # inputs of one worker


def main() -> None:
    """Run the campaign; exit with 1 if any input ended in another way than documented."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000, help="number over all readers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--only", action="append", choices=list(TARGETS), help="one reader; may be repeated")
    parser.add_argument("--save", type=Path, default=FOUND, help="folder for the inputs that failed")
    asked = parser.parse_args()
    names = asked.only or list(available())
    for name in set(TARGETS) - set(available()):
        print(f"{name}: there is no reader of it")
    begin, results = time.monotonic(), [Findings(name) for name in names]
    jobs = _jobs(names, asked.inputs)
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        waiting = {
            pool.submit(run, name, asked.seed, first, stop, _saver(asked.save)): (name, stop - first)
            for name, first, stop in jobs
        }
        for done in concurrent.futures.as_completed(waiting):
            name, count = waiting[done]
            part = Findings(name, wrong=[(-1, "start", str(done.exception()))]) if done.exception() else done.result()
            _add(results[names.index(name)], part, count)
    _table(results, time.monotonic() - begin)
    sys.exit(any(one.wrong for one in results))


def _jobs(names: list[str], inputs: int) -> list[tuple[str, int, int]]:
    """Return (reader, first input, last input + 1), a part of each reader in turn."""
    total = sum(TARGETS[name].weight for name in names)
    counts = {name: round(inputs * TARGETS[name].weight / total) for name in names}
    longest = max(counts.values())
    return [
        (name, first, min(first + _PART, counts[name]))
        for first in range(0, longest, _PART)
        for name in names
        if first < counts[name]
    ]


def _saver(folder: Path):
    def save(title: str, name: str, data: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if len(data) < 200_000:  # bombs are made anew
            (folder / f"{title.replace(' ', '-')}-{name}").write_bytes(data)

    return save


def _add(total: Findings, part: Findings, count: int) -> None:
    total.inputs += count
    total.read += part.read
    total.cpu, total.peak = max(total.cpu, part.cpu), max(total.peak, part.peak)
    total.wrong += part.wrong
    for i, kind, text in part.wrong:
        print(f"{part.name}, input {i}: {kind}: {text}", flush=True)
    print(f"... {part.name}: {total.inputs} inputs, {len(total.wrong)} wrong", flush=True)


def _table(results: list[Findings], seconds: float) -> None:
    print(f"{'reader':<14}{'inputs':>8}{'read':>8}{'CPU, s':>8}{'MB':>6}{'wrong':>7}")
    for one in results:
        print(f"{one.name:<14}{one.inputs:>8}{one.read:>8}{one.cpu:>8.2f}{one.peak >> 20:>6}{len(one.wrong):>7}")
    inputs, wrong = sum(one.inputs for one in results), sum(len(one.wrong) for one in results)
    print(f"{inputs} inputs in {seconds:.0f} s, {wrong} wrong; limit {SECONDS} s and 500 MB for one input")


if __name__ == "__main__":
    main()
