"""Readouts that keep learning: `partial_fit` and `learn_one` in scikit-learn's manner.

`RLSRegressor` and `RLSClassifier` (recursive least squares, also the update of FORCE), `LMSRegressor` and `LMSClassifier` (the
delta rule), `IncrementalRidge` and `IncrementalRidgeClassifier` (ridge regression from accumulated moments). As names of
readouts: ``"rls"``, ``"lms"``, ``"incremental_ridge"``. Imported on demand, because scikit-learn takes a second to load.

river (https://riverml.xyz) has online linear models, too. It is not used, because its samples are dicts and its models have one
target and no least squares with forgetting.
"""

from lsm_sim.learn.online.incremental_ridge import IncrementalRidge, IncrementalRidgeClassifier
from lsm_sim.learn.online.lms import LMSClassifier, LMSRegressor
from lsm_sim.learn.online.rls import RLSClassifier, RLSRegressor

__all__ = [
    "IncrementalRidge",
    "IncrementalRidgeClassifier",
    "LMSClassifier",
    "LMSRegressor",
    "RLSClassifier",
    "RLSRegressor",
]
