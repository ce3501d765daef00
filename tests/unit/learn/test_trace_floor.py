"""Recurrence off, nothing in the network lasts for seconds, so a readout must not find what happened seconds ago."""

import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.apps.evaluate.settings_others import recalling
from lsm_sim.datasets import spike_templates


@pytest.fixture(scope="module")
def answers():
    """Return the labels of the last and of a segment 3 s back, and the spikes of slow synapses without recurrence."""
    data = spike_templates(600, segments=13, channels=8, seed=1)
    liquid = lsm.rescale.scale(recalling(8, 200, 1), 0.0, "recurrent")
    return data.y[:, -1], data.y[:, 0], lsm.run(liquid, data.X, progress=False).spikes


def accuracy(features, y, train=450):
    return lsm.readout.ridge().fit(features[:train], y[:train]).score(features[train:], y[train:])


def test_a_segment_3_s_back_is_at_chance_without_recurrence(answers):
    last, old, spikes = answers
    features = lsm.Traces(30 * ms).of(spikes)
    assert accuracy(features, last) > 0.95
    assert accuracy(features, old) <= 0.6  # two classes, 150 samples: chance is 0.5, its standard deviation 0.04


def test_without_a_resolution_the_readout_reads_what_no_device_holds(answers):
    _, old, spikes = answers
    assert accuracy(lsm.Traces(30 * ms, resolution=None).of(spikes), old) > 0.9
