"""The explorer's page of a model of the demo: a few digits that its readout was not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.apps.demo import digits
from lsm_sim.apps.demo.experiment import Findings, model
from lsm_sim.explorer import explore
from lsm_sim.support.checks import Ints

_RIGHT, _WRONG = 3, 2  # number of images with a right and with a wrong answer
NAMES = {
    "raw": "raw pixels",
    "encoder": "encoder counts",
    "recurrence_off": "liquid, recurrence off",
    "liquid": "liquid",
}


def page(findings: Findings) -> bytes:
    """Return the page of the first seed's model, trained on all but the first fold."""
    plan = findings.plan
    pixels, labels = digits.images()
    train, test = next(iter(digits.folds(plan.seeds[0]).split(pixels, labels)))
    trained: Any = model(plan, plan.seeds[0]).fit(pixels[train], labels[train])
    accuracy = {NAMES[view]: value for view, value in findings.accuracy().items()}
    shown = _chosen(findings, test)
    found = explore(
        trained,
        pixels,
        labels,
        samples=shown,
        against="loihi",
        controls=accuracy,
        title="Inside the liquid that classifies digits",
    )
    return found.to_html().encode()


def _chosen(findings: Findings, test: Ints) -> Ints:
    """Return images that the cross-validated readout got right, then some that it got wrong."""
    right = findings.predictions["liquid"][0][test] == findings.digits[test]
    return np.asarray(np.concatenate([test[right][:_RIGHT], test[~right][:_WRONG]]))
