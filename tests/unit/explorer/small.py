"""Small liquids and models, made once, for the tests of the explorer."""

import functools

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

EVIL = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
GROUP = "<img src=x onerror=alert(1)>"  # names of groups have no slash
ENCODER = lsm.encode.Rate(200 * Hz, frame=10 * ms)
SIGNALS = np.random.default_rng(0).random((12, 6, 3))
LABELS = np.array(["a", "b", EVIL] * 4)


def liquid(positions=True, group="inh", **more):
    """Return a liquid of 16 neurons with short-term plasticity and an adaptive threshold."""
    where = {"positions": lsm.grid(3, 2, 2)} if positions else {}
    both = ("exc", group)
    entry = lsm.Synapses("in", both, lsm.FixedProbability(0.8), weight=1.2)
    plastic = lsm.Synapses(
        "exc", both, lsm.FixedProbability(0.4), weight=0.3, delay=2 * ms, stp=lsm.TsodyksMarkram(0.5, 0.1)
    )
    inhibition = lsm.Synapses(group, "exc", lsm.FixedProbability(0.4), weight=-0.3)
    inh = lsm.Neurons(
        group, 4, tau_adapt=0.1, adapt_step=0.2, **({"positions": lsm.grid(2, 2, 1)} if positions else {})
    )
    neurons = [lsm.Neurons("exc", 12, **where), inh]
    return lsm.Liquid([lsm.Inputs("in", 3)], neurons, [entry, plastic, inhibition], seed=1, **more)


@functools.cache
def model(readout="ridge", features=None, n_classes=3, group="inh"):
    """Return a trained classifier."""
    y = LABELS if n_classes == 3 else np.where(LABELS == "a", "a", "b")
    features = lsm.Counts(3, sqrt=True) if features is None else features
    return lsm.LiquidClassifier(liquid(group=group), ENCODER, features, readout).fit(SIGNALS, y)


@functools.cache
def page(against=("loihi", "recurrence-off"), n_samples=3):
    """Return the page of a classifier of three classes, whose names contain markup."""
    controls = {"raw pixels": 0.9, EVIL: 0.5}
    shown = {"samples": range(n_samples), "against": against, "controls": controls, "title": EVIL}
    return lsm.explore(model(group=GROUP), SIGNALS, LABELS, **shown)
