"""The benchmarks of ``lsm-sim evaluate``: every data set with its best settings, every result with its controls.

The settings were chosen on training data only, as described in docs/benchmarks.md. Imported on demand, because scikit-learn
takes a second to load.
"""

from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.running import NAMES, evaluate

__all__ = ["NAMES", "Evaluation", "Options", "evaluate"]
