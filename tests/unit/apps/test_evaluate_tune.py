"""``--tune`` where something before the readout learns: it sees the training samples of a fold only."""

import functools

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.apps.evaluate import tuning
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.splits import Split
from lsm_sim.datasets import Dataset
from lsm_sim.datasets.record import Source

RNG = np.random.default_rng(2)
X = RNG.random((24, 6, 2))
Y = np.arange(24) % 2
TRAIN = np.arange(16)
X[Y == 1, 3:] += 1.0
WIDE = X.copy()
WIDE[20] *= 50.0  # not in training


def make(seed):
    liquid = functools.partial(models.speech, n_neurons=20, seed=seed)
    return lsm.LiquidClassifier(liquid, lsm.encode.Rate(200 * Hz, frame=5 * ms))


def test_the_range_of_values_is_that_of_the_training_samples():
    views = tuning._Rows(make, WIDE).views()
    assert all(setting.learns for own in views.values() for setting in own)
    fitted = make(3).transformer().fit(WIDE[TRAIN])
    unscaled, raw = views["liquid"][1], views["raw"][2].features(3, TRAIN)  # recurrent weights x 1; 8 bins
    np.testing.assert_array_equal(unscaled.features(3, TRAIN), fitted.transform(WIDE))
    assert 0 <= raw.min() < 0.3
    assert raw[20].max() == raw.max() == 1.0  # cut off
    everything = views["raw"][2].features(3, np.arange(24))
    assert np.median(everything) < 0.05 < np.median(raw)


def test_each_fold_chooses_and_all_samples_are_tested():
    data = Dataset("own", list(X), Y, ("a", "b"), Source("made", "none", "none"))
    folds = [(np.arange(8, 24), np.arange(8)), (np.r_[:8, 16:24], np.arange(8, 16))]
    options = Options("own", seeds=(0,), n_threads=1, progress=False)
    found = tuning.tuned(make, data, Split("halves", "halves", folds), options, {}).comparisons["halves"]
    assert {sum(own.values()) for own in found.settings["chosen"].values()} == {2}  # folds
    assert min(found.per_seed["raw"]) > 0.8
