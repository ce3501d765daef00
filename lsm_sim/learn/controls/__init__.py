"""Comparison of a liquid with controls: raw samples, encoder counts, itself without recurrence, a rate reservoir.

`compare` trains the same readout on all of them, with the same folds and seeds, and tests which differences are
significant; `stress` measures accuracy against perturbations. Imported on demand, because scikit-learn takes a second to load.
"""

from lsm_sim.learn.controls.comparing import compare
from lsm_sim.learn.controls.comparison import Comparison
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.learn.controls.significance import holm, paired_test
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.stress import stress
from lsm_sim.learn.controls.stressed import Stressed
from lsm_sim.learn.controls.views import VIEWS, without_recurrence
from lsm_sim.learn.echo_state import EchoStateClassifier, EchoStateRegressor

__all__ = [
    "VIEWS",
    "Comparison",
    "EchoStateClassifier",
    "EchoStateRegressor",
    "Stopwatch",
    "Stressed",
    "compare",
    "holm",
    "paired_test",
    "reseeded",
    "stress",
    "without_recurrence",
]
