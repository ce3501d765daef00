"""A small liquid for the tests of estimators, and scikit-learn's checks of them."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import lsm_sim as lsm
from lsm_sim import ms

NEEDS_PACKAGE = {  # checks of scikit-learn
    "check_array_api_input",
    "check_classifier_data_not_an_array",
    "check_regressor_data_not_an_array",
}


def small_liquid(n_inputs, size=24):
    return lsm.Liquid(
        inputs=[lsm.Inputs("in", n_inputs)],
        neurons=[lsm.Neurons("exc", size, tau_m=20 * ms, sign=1)],
        synapses=[
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=lsm.Normal(0.3, 0.3)),
            lsm.Synapses("exc", "exc", lsm.FixedInDegree(3), weight=0.05, delay=2 * ms),
        ],
        seed=3,
    )


def checks_of(estimator):
    """Return scikit-learn's checks of an estimator, as parameters ``estimator, check`` of a test."""
    return [
        pytest.param(one, check, id=f"{check.func.__name__}-{i}")
        for i, (one, check) in enumerate(estimator_checks_generator(estimator))
        if check.func.__name__ not in NEEDS_PACKAGE
    ]
