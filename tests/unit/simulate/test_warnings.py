"""Warnings about what is valid but probably not what was meant, each once, and about what not."""

import warnings

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms


def liquid(neurons=None, synapses=None, inputs=("in",)):
    """Return a liquid that spikes, with some parameters of its neurons and synapses replaced."""
    return lsm.Liquid(
        inputs=[lsm.Inputs(name, 5) for name in inputs],
        neurons=[lsm.Neurons("exc", 10, **{"tau_m": 20 * ms, "tau_syn": 5 * ms} | (neurons or {}))],
        synapses=[lsm.Synapses("in", "exc", lsm.AllToAll(), **{"weight": 1.0, "delay": 2 * ms} | (synapses or {}))],
        seed=1,
    )


def stimulus(n_steps=50):
    return lsm.Spikes.from_dense([np.random.default_rng(3).random((n_steps, 5)) < 0.1], 1 * ms)


def warned(action):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    assert all(issubclass(warning.category, lsm.LsmWarning) for warning in caught)
    assert all(warning.filename == __file__ for warning in caught)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"neurons": {"tau_m": 20}}, "Neurons 'exc' tau_m: got 20 s, which is unusually long; did you mean 20 * ms?"),
        ({"neurons": {"tau_syn": 5}}, "Neurons 'exc' tau_syn: got 5 s"),
        ({"neurons": {"tau_m": lsm.Uniform(10, 30)}}, "Neurons 'exc' tau_m: got "),
        ({"neurons": {"t_ref": 2}}, "Neurons 'exc' t_ref: got 2 s, which is unusually long; did you mean 2 * ms?"),
        (
            {"synapses": {"delay": 5}},
            "Synapses in -> exc delay: got 5 s, which is unusually long; did you mean 5 * ms?",
        ),
        (
            {"synapses": {"delay": 0.5, "weight": 2 * ms}},
            "delay: got 0.5 s, which is unusually long; are weight and delay swapped",
        ),
    ],
)
def test_lower_warns_of_a_likely_slip_once(changed, expected):
    (message,) = warned(lambda: lsm.lower(liquid(**changed), 1 * ms))
    assert expected in message


def test_lower_warns_of_a_step_in_seconds():
    slow = liquid({"tau_m": 20, "tau_syn": 5}, {"delay": None})
    assert warned(lambda: lsm.lower(slow, 1))[0] == "dt: got 1 s, which is unusually long; did you mean 1 * ms?"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: lsm.encode.Rate(0.2), "Rate max_rate: got 0.2 Hz, which is unusually low; did you mean 0.2 * kHz?"),
        (
            lambda: lsm.encode.Rate(200, frame=20),
            "Rate frame: got 20 s, which is unusually long; did you mean 20 * ms?",
        ),
        (lambda: lsm.encode.Latency(frame=20), "Latency frame: got 20 s"),
        (lambda: lsm.Traces(30), "Traces tau: got 30 s, which is unusually long; did you mean 30 * ms?"),
        (lambda: lsm.Counts(window=20), "Counts window: got 20 s"),
    ],
)
def test_encoders_and_features_warn_of_a_forgotten_unit_once(make, expected):
    (message,) = warned(make)
    assert expected in message


def test_usual_values_give_no_warning():
    usual = liquid({"tau_m": 1.5, "tau_syn": 0.5, "t_ref": 10 * ms}, {"delay": lsm.Uniform(1 * ms, 100 * ms)})
    assert warned(lambda: lsm.lower(usual, 1 * ms)) == []
    assert warned(lambda: lsm.run(liquid(), stimulus())) == []


@pytest.mark.parametrize("kept", [{"spikes": True}, {"spikes": False, "bins": 2}])
def test_a_run_without_any_spike_warns_once(kept):
    (message,) = warned(lambda: lsm.run(liquid(synapses={"weight": 1e-3}), stimulus(), **kept))
    assert message.startswith("run: no neuron spiked in any sample, in response to ")
    silent = lsm.Spikes.from_dense([np.zeros((20, 5))], 1 * ms)
    (message,) = warned(lambda: lsm.run(liquid(), silent, **kept))
    assert message.startswith("run: no neuron spiked in any sample, and the stimulus has no events")


def test_recording_the_potential_of_silent_neurons_gives_no_warning():
    silent = liquid(synapses={"weight": 1e-3})
    assert warned(lambda: lsm.run(silent, stimulus(), record={"exc": ["v"]})) == []


def test_training_on_a_silent_network_warns_once():
    silent = liquid(synapses={"weight": 1e-3})
    model = lsm.LiquidClassifier(silent, lsm.encode.Rate(100, phase=0.5, frame=20 * ms))
    X = np.random.default_rng(2).random((6, 3, 5))
    (message,) = warned(lambda: model.fit(X, [0, 1] * 3))
    assert message.startswith("readout: every feature is 0")


def test_events_of_an_input_without_synapses_warn_once():
    two = liquid(inputs=("in", "tone"))
    both = lsm.Spikes.from_dense([np.random.default_rng(3).random((50, 10)) < 0.1], 1 * ms)
    (message,) = warned(lambda: lsm.run(two, both))
    assert message.startswith("run: Inputs 'tone': no synapse leaves this group, so its ")
    one = lsm.Spikes.from_dense([np.pad(stimulus().raster(), ((0, 0), (0, 5)))], 1 * ms)
    assert warned(lambda: lsm.run(two, one)) == []


def test_delays_longer_than_the_longest_sample_warn_once():
    late = liquid({"i_bias": 100.0}, {"delay": 60 * ms})
    (message,) = warned(lambda: lsm.run(late, stimulus()))
    assert message == (
        "run: Synapses in -> exc: every delay is at least 0.06 s, but the longest sample lasts 0.05 s, so nothing arrives through them"
    )
    assert warned(lambda: lsm.run(late, stimulus(70))) == []


def test_all_warnings_are_turned_off_by_one_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", lsm.LsmWarning)
        lsm.lower(liquid({"tau_m": 20}), 1 * ms)
    assert caught == []
