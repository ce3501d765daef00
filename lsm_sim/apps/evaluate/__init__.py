"""The benchmark suite behind ``lsm-sim evaluate``: every data set with its best settings, every figure beside its controls.

The settings were chosen on training data only; docs/benchmarks.md says how. Imported on demand, because scikit-learn takes a
second to load.
"""

from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.running import NAMES, evaluate

__all__ = ["NAMES", "Evaluation", "Options", "evaluate"]
