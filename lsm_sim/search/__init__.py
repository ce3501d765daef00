"""Search for good parameters of a liquid, its features and its readout, on Optuna.

`optimise` evaluates settings by cross-validation and keeps every trial in one SQLite file, so that a search can be killed at
any time and any number of processes can share it. `load` reads the ranges from a description file. Needs the extra
``search``; imported on demand, because scikit-learn takes a second to load. docs/search.md is the guide.
"""

from lsm_sim.search.description import load
from lsm_sim.search.found import Found
from lsm_sim.search.optimising import optimise
from lsm_sim.search.records import Trial
from lsm_sim.search.space import Choices, Range

__all__ = ["Choices", "Found", "Range", "Trial", "load", "optimise"]
