"""Made series of one channel with every row tuned alike, or with a readout of its own for every row.

    .venv/bin/python benchmarks/tuned_shapes.py [--set two_patterns] [--seeds 3] [--neurons 200]

``LiquidClassifier(models.speech)`` as it comes. First ``--tune`` of ``lsm-sim evaluate`` (three settings of each row, of which the training samples
choose one), then ``--readout nested`` (six readouts of each row). The data are those of seed 0, a seed draws the network.
"""

from __future__ import annotations

import argparse
import functools
from typing import Any

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.apps.evaluate import tuning
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.splits import published
from lsm_sim.datasets import control_charts, cylinder_bell_funnel, two_patterns
from lsm_sim.learn.nested import NestedChoice

SETS = {
    "cylinder_bell_funnel": functools.partial(cylinder_bell_funnel, 30, 600),
    "control_charts": functools.partial(control_charts, 300, 300),
    "two_patterns": functools.partial(two_patterns, 200, 400),
}


def model(seed: int, neurons: int, readout: Any = "ridge") -> lsm.LiquidClassifier:
    """Return the default classifier with this many neurons."""
    liquid = functools.partial(models.speech, n_neurons=neurons, seed=seed)
    return lsm.LiquidClassifier(liquid, readout=readout, progress=False)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--set", choices=SETS, default="two_patterns")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--neurons", type=int, default=200)
    asked = parser.parse_args()
    data, seeds = SETS[asked.set](seed=0), tuple(range(asked.seeds))
    options = Options(asked.set, seeds=seeds, progress=False)
    make = functools.partial(model, neurons=asked.neurons)
    tuned = tuning.tuned(make, data, published(data, options), options, {})
    print(tuned.title, next(iter(tuned.comparisons.values())).table(), "", sep="\n", flush=True)
    assert data.split is not None
    folds = [(np.flatnonzero(~data.split), np.flatnonzero(data.split))]
    nested = functools.partial(model, neurons=asked.neurons, readout=NestedChoice())
    print("a readout for each row:")
    print(lsm.controls.compare(nested, data.X, data.y, cv=folds, seeds=seeds, progress=False).table())


if __name__ == "__main__":
    main()
