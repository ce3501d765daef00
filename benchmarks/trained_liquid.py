"""Accuracy of a small liquid that is trained, and of what it must be better than: spoken digits, one speaker left out.

    python benchmarks/trained_liquid.py --fsdd FOLDER --seeds 5

Rows: the linear layer alone, trained by the same optimiser; the readout alone by logistic regression; the trained liquid; the same
without recurrent synapses; an untrained liquid four times as large. Every row has the same encoder, the same counts and, but for
the first, the same logistic readout. Settings were chosen with seed 100, which is not reported.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.audio import MelSpectrogram
from lsm_sim.datasets import fsdd
from lsm_sim.encode import Delta, Rate, SideBySide
from lsm_sim_torch import TrainedLiquidClassifier, Twin
from lsm_sim_torch.training import Settings, Trainer

DT = 10 * ms
FEATURES = lsm.Counts(bins=5)


def liquid(n_inputs: int, *, n_neurons: int, seed: int, recurrent: float = 0.7) -> lsm.Liquid:
    return models.speech(
        n_inputs=n_inputs,
        n_neurons=n_neurons,
        seed=seed,
        t_ref=0.0,
        delay=(10 * ms, 30 * ms),
        recurrent_weight=recurrent,
    )


class LayerAlone:
    """The linear layer of the trained liquid, on counts of the liquid as it was drawn; no other readout."""

    def __init__(self, liquid, encoder, features, dt, epochs, seed) -> None:
        self.transformer = lsm.LiquidTransformer(liquid, encoder, features, dt=dt, scale=None)
        self.settings = Settings(epochs=epochs, seed=seed, bins=features.bins, progress=False)

    def fit(self, X, y) -> None:
        self.transformer.fit(X)
        twin = Twin(self.transformer.liquid_, DT, torch.float32, train=())
        self.trainer = Trainer(twin, self.transformer.encode(X), y, self.settings)
        self.trainer.run()

    def score(self, X, y) -> float:
        return float(np.mean(self.trainer.predict(self.transformer.encode(X)) == y))


def rows(n_neurons: int, seed: int, epochs: int) -> dict:
    encoder = SideBySide((Rate(100 * Hz, power=2.0, frame=DT, seed=seed), Delta(0.08, frame=DT)))
    shared = {
        "encoder": encoder,
        "features": FEATURES,
        "dt": DT,
        "scale": None,
        "readout": "logistic",
        "progress": False,
    }
    own = {"train": ("input_weight",), "epochs": epochs, "random_state": seed}
    small, large = (partial(liquid, n_neurons=n, seed=seed) for n in (n_neurons, 4 * n_neurons))
    return {
        "layer alone, same optimiser": LayerAlone(small, encoder, FEATURES, DT, epochs, seed),
        "readout alone": lsm.LiquidClassifier(small, **shared),
        "trained": TrainedLiquidClassifier(small, **shared, **own),
        "trained, no recurrence": TrainedLiquidClassifier(partial(small, recurrent=0.0), **shared, **own),
        "readout alone, 4 N": lsm.LiquidClassifier(large, **shared),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fsdd", required=True, help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--neurons", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--speakers", nargs="*", help="left out in turn; default: all")
    parser.add_argument("--rows", nargs="*", help="only these rows; default: all")
    parser.add_argument("--out", type=Path, default=Path("results/trained_liquid.json"), help="results so far")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = fsdd(args.fsdd)
    X = MelSpectrogram(8000, hop=DT, pre_emphasis=0.5).fit_transform(data.X)
    found: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        scores: dict[str, list[float]] = {}
        for speaker in args.speakers or np.unique(data.groups):
            test = np.flatnonzero(data.groups == speaker)
            rest = np.flatnonzero(data.groups != speaker)
            for name, model in rows(args.neurons, seed, args.epochs).items():
                if args.rows and name not in args.rows:
                    continue
                start = time.process_time()
                model.fit([X[i] for i in rest], data.y[rest])
                seconds.setdefault(name, []).append(time.process_time() - start)
                scores.setdefault(name, []).append(100 * model.score([X[i] for i in test], data.y[test]))
        for name, values in scores.items():
            found.setdefault(name, []).append(float(np.mean(values)))
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps({"accuracy": found, "seconds": seconds}, indent=1))
        print(f"seed {seed}: " + ", ".join(f"{name} {values[-1]:.1f}" for name, values in found.items()), flush=True)
    print(
        f"\n{'left-out speakers, N = ' + str(args.neurons):<36}{'accuracy (%)':>14}{'over seeds':>14}{'s per training':>16}"
    )
    for name, values in found.items():
        print(
            f"{name:<36}{np.mean(values):>14.1f}{min(values):>8.1f}..{max(values):.1f}{np.median(seconds[name]):>14.1f}"
        )


if __name__ == "__main__":
    main()
