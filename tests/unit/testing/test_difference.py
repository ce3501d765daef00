"""The first difference between two outcomes, in one line."""

import dataclasses

import numpy as np
import pytest

from lsm_sim.backend import Request, find
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.testing import RandomCases, difference, run
from lsm_sim.testing.checking import assert_same

CASE = RandomCases("loihi", 4)(1)
LONGEST = int(CASE.stimulus.n_steps.max())
REQUEST = Request(
    neurons=np.array([3, 0]), steps=np.arange(2, LONGEST), bins=equal_bins(CASE.stimulus.n_steps, 2), excursions=True,
    progress=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def outcome():
    outcome = run(find("reference"), CASE.program, CASE.stimulus, REQUEST)
    assert outcome.spikes.n_events > 20
    assert outcome.excursions.count.any()
    return outcome


def told(got, expected):
    return difference(got, expected, REQUEST, CASE.stimulus.n_steps)


def with_trace(outcome, name, values):
    return dataclasses.replace(outcome, traces={**outcome.traces, name: (values, *outcome.traces[name][1:])})


def test_nothing_is_told_of_equal_outcomes(outcome):
    assert told(outcome, outcome) is None
    negative = with_trace(outcome, "v", np.where(outcome.v[0] == 0, -0.0, outcome.v[0]))
    assert told(negative, outcome) is None
    assert_same(outcome, outcome, REQUEST, CASE.stimulus, "equal")


def test_a_value_is_told_with_its_step_and_neuron(outcome):
    v = outcome.v[0].copy()
    v[5, 1] += 1
    assert (
        told(with_trace(outcome, "v", v), outcome)
        == f"sample 0, step 7, neuron 0: v: got {v[5, 1]}, expected {v[5, 1] - 1}"
    )


def test_the_variable_that_is_computed_first_is_told_first(outcome):
    u, v = (values[0].copy() for values in (outcome.u, outcome.v))
    u[5, 1], v[5, 0] = 0.5, 0.5
    assert told(with_trace(with_trace(outcome, "v", v), "u", u), outcome).startswith(
        "sample 0, step 7, neuron 0: u: got 0.5"
    )
    v[4, 0] = 0.5
    assert told(with_trace(with_trace(outcome, "v", v), "u", u), outcome).startswith(
        "sample 0, step 6, neuron 3: v: got 0.5"
    )


def test_a_spike_that_is_missing_or_too_many_is_told(outcome):
    spikes = outcome.spikes
    b = int(spikes.sample[5])
    offsets = spikes.offsets - (np.arange(len(spikes.offsets)) > b)
    fewer = dataclasses.replace(
        spikes, step=np.delete(spikes.step, 5), channel=np.delete(spikes.channel, 5), offsets=offsets
    )
    fewer = dataclasses.replace(outcome, spikes=fewer)
    where = f"sample {b}, step {spikes.step[5]}, neuron {spikes.channel[5]}: "
    n_spikes = int(np.diff(spikes.offsets)[b])
    assert told(fewer, outcome) == f"{where}got no spike, expected a spike (1 of {n_spikes} spikes differ)"
    assert told(outcome, fewer) == f"{where}got a spike, expected none (1 of {n_spikes - 1} spikes differ)"


def test_a_count_is_told_with_its_bin(outcome):
    counts = outcome.counts.copy()
    counts[0, 1, 2] += 1
    got = told(dataclasses.replace(outcome, counts=counts), outcome)
    assert got == f"sample 0, bin 1, neuron 2, counts: got {counts[0, 1, 2]}, expected {counts[0, 1, 2] - 1}"


def test_excursions_are_told_with_their_kind(outcome):
    neuron = outcome.excursions.neuron.copy()
    neuron[0, 2] += 1
    excursions = dataclasses.replace(outcome.excursions, neuron=neuron)
    got = told(dataclasses.replace(outcome, excursions=excursions), outcome)
    assert got == f"sample 0, kind 'u + bias', excursions.neuron: got {neuron[0, 2]}, expected {neuron[0, 2] - 1}"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"counts": None}, "got u of sample 0"),
        ({"spikes": None}, "got u of sample 0"),
        ({"counts": "float"}, "counts: got float64 of shape"),
        ({"counts": "flat"}, r"counts: got int32 of shape"),
        ({"spikes": "groups"}, "spikes.groups: got {'all': range"),
        ({"spikes": "dt"}, "spikes.dt: got 0.002, expected 0.001"),
    ],
    ids=str,
)
def test_forms_count_too(outcome, change, text):
    ((name, kind),) = change.items()
    spikes, counts = outcome.spikes, outcome.counts
    values = {
        None: None,
        "float": counts.astype(float),
        "flat": counts.ravel(),
        "groups": dataclasses.replace(spikes, groups={"all": range(spikes.n_channels)}),
        "dt": dataclasses.replace(spikes, dt=2e-3),
    }
    assert text in told(dataclasses.replace(outcome, **{name: values[kind]}), outcome)
