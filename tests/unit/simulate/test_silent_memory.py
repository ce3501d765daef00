"""What adaptive thresholds are for: a pattern is remembered through a pause in which no neuron spikes."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.datasets import spike_templates
from lsm_sim.learn.readout import ridge

PAUSE, N = 3.0, 300


@pytest.fixture(scope="module")
def task():
    data = spike_templates(N, segments=2, channels=8, dt=2.5 * ms, seed=7)
    silence = lsm.Spikes([], [], np.zeros(N + 1, int), np.full(N, 1200), 8, 2.5 * ms)
    return lsm.Spikes.concatenate([data.X.crop(0, 0.25), silence, data.X.crop(0.25)], along="time"), data.y


def recalled(task, network):
    """Return the spikes in the pause and the accuracy for the first pattern from spikes during the second."""
    stimulus, y = task
    spikes = lsm.run(network, stimulus, progress=False).spikes
    X = lsm.Counts(bins=5).of(spikes.crop(0.25 + PAUSE))
    later = spikes.crop(0.5, 0.25 + PAUSE)  # after the last delays and the decay of the currents
    return later.n_events, ridge().fit(X[:200], y[:200, 0]).score(X[200:], y[200:, 0])


def liquid(**neurons):
    cell = {"tau_m": 20 * ms, "tau_syn": 20 * ms, "t_ref": 2 * ms, **neurons}
    entry = lsm.Synapses("in", "all", lsm.FixedProbability(0.5), lsm.Normal(0, 2.0), lsm.Uniform(2.5 * ms, 64 * ms))
    return lsm.Liquid([lsm.Inputs("in", 8)], [lsm.Neurons("all", 150, **cell)], [entry], seed=7)


ADAPTIVE = {"tau_adapt": 10.0, "adapt_step": 0.1}


def test_adaptive_thresholds_remember_a_pattern_in_silence(task):
    assert recalled(task, liquid(**ADAPTIVE))[0] == 0
    assert recalled(task, liquid(**ADAPTIVE))[1] >= 0.95


def test_constant_thresholds_forget_it(task):
    assert recalled(task, liquid())[1] < 0.65


def test_it_is_remembered_in_integers(task):
    program = lsm.quantise(liquid(**ADAPTIVE), task[0][:5]).program
    assert recalled(task, program)[1] >= 0.95
