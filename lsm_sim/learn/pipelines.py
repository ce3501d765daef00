"""A liquid's estimator, alone or as the last step of a scikit-learn pipeline whose other steps are its front end."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, get_tags

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints


def front_and_liquid(model: Any) -> tuple[Pipeline | None, LiquidClassifier | LiquidRegressor]:
    """Return unfitted copies of the steps before the liquid (None if there are none) and of the liquid's estimator."""
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise DescriptionError(
            f"model: got {model!r}, expected a LiquidClassifier or LiquidRegressor, or a pipeline that ends in one"
        )
    copy = clone(model)
    front, last = (copy[:-1] or None, copy[-1]) if isinstance(copy, Pipeline) else (None, copy)
    if not isinstance(last, (LiquidClassifier, LiquidRegressor)):
        raise DescriptionError(
            f"model: got {type(last).__name__}, expected a LiquidClassifier or LiquidRegressor, or a pipeline that ends in one"
        )
    return front, last


def learns(model: Any) -> bool:
    """Return whether anything before the readout depends on the training samples: a scale, a calibration, a front end.

    For steps of a front end their tag ``requires_fit`` decides; the recurrent network itself is never trained.
    """
    front, last = front_and_liquid(model)
    steps = [] if front is None else [step for _, step in front.steps if step != "passthrough"]
    return last.scale is not None or last.arithmetic != "float64" or any(get_tags(step).requires_fit for step in steps)


def take(X: Any, chosen: Ints) -> Any:
    """Return some samples of X, which is an array, a list, a data frame or `Spikes`."""
    return X[chosen] if isinstance(X, Spikes) else _safe_indexing(X, chosen)
