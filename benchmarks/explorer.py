"""Time from opening a page of the explorer to its first picture, and the time of a frame, with 10^6 spikes in Chromium.

    python benchmarks/explorer.py
    python benchmarks/explorer.py --page page.html

Without --page, it makes one: a classifier whose liquid of 1000 neurons spikes a million times in a sample of 18 s. Chromium runs
without a window and without a graphics card. A frame is what the browser needs from one picture to the next, with all views
of the page drawn again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser import browser

N_FRAMES = 60
UNLIMITED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")  # else every time is a multiple of 16.7 ms
LIMITS = {"page, MB": 8, "first picture, ms": 500, "pan, ms": 33, "zoom, ms": 33, "scrub, ms": 33}
FRAMES = """(async () => {
  const next = () => new Promise((done) => requestAnimationFrame(done)), times = [], all = explorer.store.to;
  let before = await next();
  for (let k = 0; k < %d; k++) {
    %s
    const now = await next();
    times.push(now - before);
    before = now;
  }
  explorer.showSteps(0, all);
  return times.slice(2);
})()"""
MOVES = {
    "pan": "explorer.showSteps(0.05 * all * (k / 60), all * (0.95 + 0.05 * k / 60));",
    "zoom": "explorer.showSteps(0, all * (1 - 0.008 * k));",
    "scrub": "explorer.setTime(Math.round(all * k / 60));",
}


def page_of_a_million() -> Any:
    """Return a page of one sample with almost 10^6 spikes, and a decision."""
    how = {"i_bias": lsm.Uniform(48, 56), "positions": lsm.random_in_box(10, 10, 8)}
    both, delay = ("exc", "inh"), lsm.Uniform(1 * ms, 5 * ms)
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 4)],
        [lsm.Neurons("exc", 800, **how), lsm.Neurons("inh", 200, **how)],
        [
            lsm.Synapses("in", both, lsm.FixedProbability(0.3), weight=0.3),
            lsm.Synapses("exc", both, lsm.FixedProbability(0.02), weight=0.05, delay=delay),
            lsm.Synapses("inh", both, lsm.FixedProbability(0.02), weight=-0.1, delay=delay),
        ],
        seed=1,
    )
    rng = np.random.default_rng(0)
    X, y = [rng.random((360, 4)) for _ in range(4)], ["a", "b"] * 2
    model = lsm.LiquidClassifier(liquid, lsm.encode.Rate(60 * Hz, frame=50 * ms), lsm.Counts(bins=18))
    return lsm.explore(model.fit(X, y), X, y, samples=[0], ablate=0)


def measure(path: Path) -> dict[str, list[float]]:
    """Return every figure of each row, in MB and ms."""
    found: dict[str, list[float]] = {"page, MB": [path.stat().st_size / 1e6], "first picture, ms": []}
    with tempfile.TemporaryDirectory() as profile, browser(profile, *UNLIMITED) as chromium:
        for _ in range(5):
            chromium.open(path)
            drawn = chromium.run("performance.getEntriesByName('drawn')[0].startTime")
            found["first picture, ms"].append(drawn)
        for name, move in MOVES.items():
            chromium.drawn()
            found[f"{name}, ms"] = chromium.run(FRAMES % (N_FRAMES, move))
        found["spikes"] = [chromium.run("explorer.contents.runs.reduce((sum, run) => sum + run.kept, 0)")]
        found["errors and requests"] = [len(chromium.console) + len(chromium.requests) - 1]
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=Path, help="an existing page")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.page or Path(folder) / "page.html"
        if chosen.page is None:
            page_of_a_million().save(path)
        found = measure(path.resolve())
    if chosen.json:
        print(json.dumps(found))
        return
    print(f"{'':22}{'median':>10}{'mean':>10}{'95 %':>10}{'limit':>8}")
    for name, values in found.items():
        limit = LIMITS.get(name, "")
        print(
            f"{name:22}{statistics.median(values):10.4g}{statistics.mean(values):10.4g}{np.percentile(values, 95):10.4g}{limit:>8}"
        )


if __name__ == "__main__":
    main()
