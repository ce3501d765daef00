"""Accuracy of a small liquid that is trained, and of what it must be better than.

    python benchmarks/trained_liquid.py --fsdd FOLDER --seeds 5                             spoken digits, one speaker left out
    python benchmarks/trained_liquid.py --fsdd FOLDER --neurons 135 --noise 10 --seeds 1    with white noise at 10 dB, too
    python benchmarks/trained_liquid.py --deploy --seeds 5                                  handwritten digits, on Loihi's integers

Rows for spoken digits: the linear layer alone, trained by the same optimiser; the readout alone by logistic regression, of
standardised counts and of counts as they are; the trained liquid; the same without recurrent synapses; the same with trained
delays, too, up to 100 ms; an untrained liquid four times as large. Every row has the same encoder and the same counts; rows that
do not say otherwise have the same readout, of standardised counts. With ``--noise`` every training sample is seen once more with
noise, and accuracy is that of test samples with noise; noise in training is other than in the test.

With ``--deploy``: untrained, trained, and trained with weights of 8 bits; accuracy of the float64 model, and of the whole model
in Loihi's integers, liquid and readout. Settings were chosen with seed 100, which is not reported.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.audio import MelSpectrogram
from lsm_sim.datasets import fsdd
from lsm_sim.deploy import deploy
from lsm_sim.encode import Delta, Rate, SideBySide
from lsm_sim.perturb import Noise
from lsm_sim_torch import TrainedLiquidClassifier, Twin
from lsm_sim_torch.tasks import Classes
from lsm_sim_torch.training import Settings, Trainer

DT = 10 * ms
FEATURES = lsm.Counts(bins=5)
DELAYS = {"train": ("input_weight", "input_delay", "recurrent_delay"), "max_delay": 100 * ms}
_TRAINING_SEED = 1000  # so that the noise in training is not that of the test, as in lsm-sim evaluate --stress


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
        self.trainer = Trainer(twin, self.transformer.encode(X), Classes(y), self.settings)
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
        "progress": False,
    }
    own = {"train": ("input_weight",), "epochs": epochs, "random_state": seed}
    plain = LogisticRegression(max_iter=2000)
    small, large = (partial(liquid, n_neurons=n, seed=seed) for n in (n_neurons, 4 * n_neurons))
    return {
        "layer alone, same optimiser": LayerAlone(small, encoder, FEATURES, DT, epochs, seed),
        "readout alone": lsm.LiquidClassifier(small, readout="logistic", **shared),
        "readout alone, not standardised": lsm.LiquidClassifier(small, readout=plain, **shared),
        "trained": TrainedLiquidClassifier(small, **shared, **own),
        "trained, no recurrence": TrainedLiquidClassifier(partial(small, recurrent=0.0), **shared, **own),
        "trained, delays too": TrainedLiquidClassifier(small, **shared, **own | DELAYS),
        "readout alone, 4 N": lsm.LiquidClassifier(large, readout="logistic", **shared),
    }


def spoken(args):
    """Yield for each seed and left-out speaker the models, and what trains and tests them."""
    data = fsdd(args.fsdd)
    speakers = sorted(set(data.groups))
    if unknown := set(args.speakers or ()) - set(speakers):
        raise SystemExit(f"--speakers: got {', '.join(unknown)}, expected some of {', '.join(speakers)}")
    spectra = MelSpectrogram(8000, hop=DT, pre_emphasis=0.5)
    X, y = spectra.fit_transform(data.X), data.y
    more, tested = [], X
    if args.noise is not None:
        more = spectra.transform(Noise(args.noise, seed=_TRAINING_SEED)(data.X))
        tested = spectra.transform(Noise(args.noise)(data.X))
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for speaker in args.speakers or speakers:
            test, rest = (np.flatnonzero((data.groups == speaker) == left_out) for left_out in (True, False))
            train = [x for part in (X, more) if len(part) for x in (part[i] for i in rest)]
            labels = np.tile(y[rest], 1 if args.noise is None else 2)
            yield seed, rows(args.neurons, seed, args.epochs), (train, labels), ([tested[i] for i in test], y[test])


def compare(args) -> None:
    found: dict[str, dict[int, list[float]]] = {}
    seconds: dict[str, list[float]] = {}
    for seed, models_, train, test in spoken(args):
        for name, model in models_.items():
            if args.rows and name not in args.rows:
                continue
            start = time.process_time()
            model.fit(*train)
            seconds.setdefault(name, []).append(time.process_time() - start)
            found.setdefault(name, {}).setdefault(seed, []).append(100 * model.score(*test))
        write(args.out, {"accuracy": found, "seconds": seconds})
        print(f"seed {seed}: " + ", ".join(f"{name} {by[seed][-1]:.1f}" for name, by in found.items()), flush=True)
    title = f"left-out speakers, N = {args.neurons}" + ("" if args.noise is None else f", noise {args.noise:g} dB")
    print(f"\n{title:<40}{'accuracy (%)':>14}{'s.e.':>6}{'over seeds':>14}{'s per training':>16}")
    for name, by in found.items():
        means = [np.mean(values) for values in by.values()]
        error = np.std(means, ddof=1) / len(means) ** 0.5 if len(means) > 1 else np.nan
        spread = f"{min(means):.1f}..{max(means):.1f}"
        print(f"{name:<40}{np.mean(means):>14.1f}{error:>6.1f}{spread:>14}{np.median(seconds[name]):>14.1f}")


def on_the_chip(seed: int, n_neurons: int, epochs: int) -> dict:
    """Return the accuracy of each model in float64 and deployed, of handwritten digits that were not trained with."""
    X, y = load_digits(return_X_y=True)
    train, test, labels, truth = train_test_split(X, y, test_size=360, stratify=y, random_state=seed)
    shared = {
        "liquid": partial(models.speech, n_neurons=n_neurons, seed=seed, t_ref=0.0),
        "encoder": Rate(300 * Hz, frame=10 * ms),
        "features": lsm.Counts(bins=4),
        "readout": "centred_ridge",
        "sample_shape": (8, 8),
        "scale": "global",
        "progress": False,
    }
    own = {"epochs": epochs, "random_state": seed}
    found = {}
    for name, model in {
        "readout alone": lsm.LiquidClassifier(**shared),
        "trained": TrainedLiquidClassifier(**shared, **own),
        "trained, 8 bits in the loop": TrainedLiquidClassifier(**shared, **own, weight_bits=8),
    }.items():
        model.fit(train, labels)
        made = deploy(getattr(model, "classifier_", model), train, labels)
        found[name] = [100 * model.score(test, truth), 100 * float(np.mean(made.predict(test) == truth))]
    return found


def deployed(args) -> None:
    found: dict[str, list[list[float]]] = {}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for name, both in on_the_chip(seed, args.neurons, args.epochs).items():
            found.setdefault(name, []).append(both)
        write(args.out, {"deployed": found})
        last = ", ".join(f"{name} {rows[-1][0]:.1f} -> {rows[-1][1]:.1f}" for name, rows in found.items())
        print(f"seed {seed}: {last}", flush=True)
    title = f"handwritten digits, N = {args.neurons}, %"
    print(f"\n{title:<40}{'float64':>10}{'loihi':>10}{'loss':>8}{'loss of a seed':>18}")
    for name, pairs in found.items():
        float64, loihi = np.mean(pairs, axis=0)
        losses = [before - after for before, after in pairs]
        print(
            f"{name:<40}{float64:>10.1f}{loihi:>10.1f}{float64 - loihi:>8.1f}{min(losses):>10.1f} .. {max(losses):.1f}"
        )


def write(path: Path, found) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fsdd", help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--deploy", action="store_true", help="handwritten digits, deployed")
    parser.add_argument("--noise", type=float, help="dB: train and test with white noise, too")
    parser.add_argument("--neurons", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--speakers", nargs="*", help="left out in turn; default: all")
    parser.add_argument("--rows", nargs="*", help="only these rows; default: all")
    parser.add_argument("--out", type=Path, default=Path("results/trained_liquid.json"), help="results so far")
    args = parser.parse_args()
    if not args.deploy and args.fsdd is None:
        parser.error("give --fsdd FOLDER or --deploy")
    torch.set_num_threads(1)
    (deployed if args.deploy else compare)(args)


if __name__ == "__main__":
    main()
