"""``--stress``: the perturbations of a benchmark, and the table of accuracy against each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.splits import Split
from lsm_sim.audio import Recording
from lsm_sim.datasets import Dataset
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import stress
from lsm_sim.perturb import (
    AddedSpikes,
    Band,
    DeadNeurons,
    Gain,
    JitteredSpikes,
    LostSpikes,
    Noise,
    Padding,
    Speed,
    Tilt,
    WeightBits,
    WeightNoise,
)
from lsm_sim.units import Hz, ms

_BABBLE = 200  # recordings that it is made of
_TRAINING_SEED = 1000  # so that the noise in training is not that of the test


def perturbations(data: Dataset) -> dict[str, Any]:
    """Return the perturbations for a data set, by name."""
    inside = {
        "20 % of spikes lost": LostSpikes(0.2),
        "spikes jittered by 5 ms": JitteredSpikes(5 * ms),
        "5 Hz of spikes added": AddedSpikes(5 * Hz),
        "10 % of neurons dead": DeadNeurons(0.1),
        "30 % of neurons dead": DeadNeurons(0.3),
        "weights with 10 % noise": WeightNoise(0.1),
        "weights of 4 bits": WeightBits(4),
    }
    return (_of_sounds(data) if isinstance(data.X[0], Recording) else {}) | inside


def _of_sounds(data: Dataset) -> dict[str, Any]:
    sounds: Any = data.X
    others = sounds[:: max(1, len(sounds) // _BABBLE)]
    return {
        "silence of 0-200 ms": Padding(200 * ms, 200 * ms, random=True),
        "silence at -40 dB": Padding(200 * ms, 200 * ms, random=True, level=-40.0),
        "tilt +6 dB/octave": Tilt(6.0),
        "tilt -6 dB/octave": Tilt(-6.0),
        "gain +12 dB, clipped": Gain(12.0, clip=True),
        "gain -12 dB": Gain(-12.0),
        "telephone band": Band(300.0, 3400.0),
        "10 % faster": Speed(1.1),
        "10 % slower": Speed(0.9),
        "white noise 20 dB": Noise(20.0),
        "white noise 10 dB": Noise(10.0),
        "pink noise 10 dB": Noise(10.0, "pink"),
        "babble 10 dB": Noise(10.0, "babble", others=others),
    }


def stressed(
    make: Callable[[int], Any], data: Dataset, split: Split, esn: Any, options: Options, data_seconds: dict[str, float]
) -> Evaluation:
    """Return the table of a benchmark under stress."""
    noisy = [] if options.train_noise is None else [Noise(options.train_noise, seed=_TRAINING_SEED)]
    found = stress(
        make,
        data.X,
        data.y,
        perturbations(data),
        cv=split.folds,
        seeds=options.seeds,
        train_with=noisy,
        esn=esn,
        groups=data.groups,
        workers=options.workers,
        dask=options.dask,
        progress=options.progress,
    )
    found.seconds.update(data_seconds)
    how = "trained clean" if not noisy else f"trained clean and with white noise at {options.train_noise:g} dB"
    settings = {"options": options.asked(), "split": split.name}
    title = f"{data!r}, {split.text}; {how}, test samples perturbed"
    return Evaluation(options.name, title, {split.name: found}, settings, 0.0)


def check_stress(options: Options) -> None:
    """Refuse options that do not go with ``--stress``, or only with it."""
    if options.stress and options.ensemble is not None:
        raise DescriptionError("--ensemble: not an option of --stress; omit one of them")
    if options.stress and options.arithmetic is not None:
        raise DescriptionError("--arithmetic: not an option of --stress; omit one of them")
    if options.rows and (options.stress or options.tune):
        raise DescriptionError(f"--rows: not an option of --{'stress' if options.stress else 'tune'}; omit one of them")
    if options.stress and (options.rivals or options.tune):
        raise DescriptionError("--stress: cannot be combined with --rivals and --tune; omit one of them")
    if options.tune and (options.rivals or options.arithmetic is not None or options.ensemble is not None):
        raise DescriptionError(
            "--tune: cannot be combined with --rivals, --arithmetic and --ensemble; omit one of them"
        )
    if options.train_noise is not None and not options.stress:
        raise DescriptionError("--train-noise: an option of --stress only; add --stress or omit it")
