"""Accuracy of the default classifier on series of one channel, beside fixed gains and controls, on three made sets.

    python benchmarks/one_channel.py [--seeds 5] [--first-seed 0] [--save FILE]

The seed fixes the data and the network. All readouts are the default one, trained on the training part; fixed gains multiply the
input weights of `lsm_sim_models.speech` and are never matched. Accuracy is that on the test part, in percent, mean and standard
deviation over seeds; "best fixed gain" is the gain with the highest mean on the *test* part, which favours it.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.datasets import Dataset, control_charts, cylinder_bell_funnel, two_patterns
from lsm_sim.learn.controls.views import off
from lsm_sim.learn.gain import mean_rate
from lsm_sim.learn.readout import resolve
from lsm_sim.simulate import rescale

SETS = {
    "cylinder_bell_funnel": functools.partial(cylinder_bell_funnel, 30, 600),
    "control_charts": functools.partial(control_charts, 300, 300),
    "two_patterns": functools.partial(two_patterns, 200, 400),
}
GAINS = (1, 2, 4, 8, 16)


def accuracy(train: Any, test: Any, data: Dataset) -> float:
    """Return the accuracy of the default readout, in percent."""
    readout = resolve("ridge", "classify").fit(train, data.train.y)
    return float(100 * (readout.predict(test) == data.test.y).mean())


def transformer(gain: float | None, seed: int, **how: Any) -> lsm.LiquidTransformer:
    """Return the default transformer, or one with a fixed gain."""
    make = functools.partial(models.speech, seed=seed)
    if gain is None:
        return lsm.LiquidTransformer(make, **how)
    return lsm.LiquidTransformer(rescale.scale(make(n_inputs=1), gain, "input"), **how)


def run(data: Dataset, seed: int) -> dict[str, float]:
    """Return the accuracy of each row of the table, and rates of the default."""
    X, found = (data.train.X, data.test.X), {}
    for arithmetic in ("float64", "loihi"):
        ready = transformer(None, seed, arithmetic=arithmetic).fit(X[0])
        spikes = [ready.encode(part) for part in X]
        found[f"liquid {arithmetic}"] = accuracy(*map(ready.respond, spikes), data)
        found[f"recurrence off {arithmetic}"] = accuracy(*map(off(ready).respond, spikes), data)
        if arithmetic == "float64":
            found["rate"] = mean_rate(ready.program_, spikes[0][:30])
            found["encoder"] = accuracy(*map(ready.features_.of, spikes), data)
            both = [np.hstack([ready.respond(own), ready.features_.of(own)]) for own in spikes]
            found["liquid and encoder float64"] = accuracy(*both, data)
    found["raw"] = accuracy(*(np.asarray(part)[:, :, 0] for part in X), data)
    for gain in GAINS:
        fixed = transformer(gain, seed).fit(X[0])
        found[f"gain {gain}"] = accuracy(*(fixed.respond(fixed.encode(part)) for part in X), data)
    return found


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """Return the results as text."""
    lines = [f"{'':30s}" + "".join(f"{name:>24s}" for name in found)]
    rows = list(next(iter(found.values())))
    for row in rows:
        cells = [f"{np.mean(own[row]):.1f} +- {np.std(own[row], ddof=len(own[row]) > 1):.1f}" for own in found.values()]
        lines.append(f"{row:30s}" + "".join(f"{cell:>24s}" for cell in cells))
    best = [max(GAINS, key=lambda gain, own=own: float(np.mean(own[f"gain {gain}"]))) for own in found.values()]
    lines.append(f"{'best fixed gain':30s}" + "".join(f"{gain:>24d}" for gain in best))
    return "\n".join(lines)


def main() -> None:
    """Run all sets and seeds, and print the table; results so far are kept in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in SETS}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name, make in SETS.items():
            for row, value in run(make(seed=seed), seed).items():
                found[name][row].append(value)
            print(f"{name}, seed {seed}", flush=True)
            if options.save is not None:
                options.save.write_text(json.dumps(found, indent=1))
    print(table(found))


if __name__ == "__main__":
    main()
