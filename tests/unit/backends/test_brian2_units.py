"""Brian2 quantities wherever a time or a rate is accepted."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError
from tests.conftest import available


@pytest.fixture
def b2():
    available("brian2")
    import brian2

    return brian2


def liquid(ms, delays):
    cell = {"tau_m": lsm.Uniform(20 * ms, 30 * ms), "tau_syn": 5 * ms, "t_ref": [2 * ms, 3 * ms]}
    return lsm.Liquid(
        inputs=[lsm.Inputs("in", 2)],
        neurons=[lsm.Neurons("n", 2, **cell)],
        synapses=[
            lsm.Synapses("in", "n", lsm.AllToAll(), weight=1.0, delay=delays),
            lsm.Synapses("n", "n", lsm.AllToAll(), weight=0.1, delay=lsm.Gamma(2 * ms, 2, minimum=1 * ms)),
        ],
        seed=1,
    )


def test_a_description_in_quantities_is_the_one_in_seconds(b2):
    theirs = lsm.lower(liquid(b2.ms, 3 * b2.ms), 1 * b2.ms)
    ours = lsm.lower(liquid(ms, 3 * ms), 1 * ms)
    for name in ("decay_u", "decay_v", "refractory", "delay", "weight", "threshold", "bias", "indptr", "post"):
        assert getattr(theirs, name).tolist() == getattr(ours, name).tolist(), name
    assert type(theirs.dt) is float


def test_arrays_of_quantities_are_accepted(b2):
    group = lsm.Neurons("n", 2, tau_m=[20, 30] * b2.ms, t_ref=np.array([2, 3]) * b2.ms)
    assert group.tau_m.tolist() == pytest.approx([0.02, 0.03], rel=1e-15)
    assert type(group.tau_m) is np.ndarray


def test_encoders_and_spikes_accept_quantities(b2):
    signal = np.full((50, 2), 0.5)
    theirs = lsm.encode.poisson(signal, max_rate=200 * b2.Hz, dt=1 * b2.ms)
    ours = lsm.encode.poisson(signal, max_rate=200 * Hz, dt=1 * ms)
    assert (theirs.step.tolist(), theirs.channel.tolist()) == (ours.step.tolist(), ours.channel.tolist())
    times = lsm.Spikes.from_times([1, 4] * b2.ms, [0, 1], duration=10 * b2.ms, n_channels=2, dt=1 * b2.ms)
    assert times.step.tolist() == [1, 4]
    assert lsm.Spikes.from_dense(np.eye(2, dtype=bool), 1 * b2.ms).dt == 1e-3


@pytest.mark.parametrize("parameter", ["tau_m", "tau_syn", "t_ref"])
def test_a_voltage_for_a_time_is_refused_in_one_sentence(b2, parameter):
    with pytest.raises(DescriptionError, match=rf"Neurons 'n' {parameter}: got 20. mV, expected a time such as 20\*ms"):
        lsm.Neurons("n", 2, **{parameter: 20 * b2.mV})


def test_a_time_for_a_rate_and_a_rate_for_a_time_are_refused(b2):
    with pytest.raises(DescriptionError, match=r"max_rate: .* expected a rate"):
        lsm.encode.poisson(np.zeros((5, 1)), max_rate=20 * b2.ms, dt=1e-3)
    with pytest.raises(DescriptionError, match=r"dt: .* expected a time"):
        lsm.lower(lsm.Liquid([], [lsm.Neurons("n", 1)]), 1 * b2.kHz)
    with pytest.raises(DescriptionError, match=r"delay: .* expected a time"):
        lsm.Synapses("a", "b", lsm.AllToAll(), weight=1.0, delay=1 * b2.mV)


def test_potentials_may_have_any_unit(b2):
    group = lsm.Neurons("n", 1, v_thresh=15 * b2.mV, v_reset=13.5 * b2.mV)
    assert (group.v_thresh, group.v_reset) == (0.015, 0.0135)


@pytest.mark.parametrize(
    "make",
    [
        lambda ms, Hz: lsm.encode.Rate(max_rate=50 * Hz, frame=2 * ms),
        lambda ms, Hz: lsm.encode.Poisson(max_rate=50 * Hz, frame=2 * ms),
        lambda ms, Hz: lsm.encode.Population(max_rate=50 * Hz, frame=2 * ms),
        lambda ms, _Hz: lsm.encode.Latency(frame=20 * ms),
        lambda ms, _Hz: lsm.encode.Delta(frame=2 * ms),
    ],
)
def test_every_encoder_accepts_quantities(b2, make):
    signal = np.random.default_rng(1).random((40, 2))
    theirs, ours = make(b2.ms, b2.Hz)(signal, dt=1 * b2.ms), make(ms, Hz)(signal, dt=1 * ms)
    assert theirs.n_events > 0
    assert (theirs.step.tolist(), theirs.channel.tolist()) == (ours.step.tolist(), ours.channel.tolist())


def test_features_accept_quantities(b2):
    spikes = lsm.Spikes.from_dense(np.random.default_rng(0).random((3, 40, 2)) < 0.2, 1 * ms)
    for theirs, ours in (
        (lsm.Counts(window=10 * b2.ms), lsm.Counts(window=10 * ms)),
        (lsm.Traces(tau=10 * b2.ms), lsm.Traces(tau=10 * ms)),
        (lsm.Traces(10 * b2.ms, [10, 20] * b2.ms, seconds=True), lsm.Traces(10 * ms, (10 * ms, 20 * ms), seconds=True)),
    ):
        np.testing.assert_array_equal(theirs.of(spikes), ours.of(spikes))
