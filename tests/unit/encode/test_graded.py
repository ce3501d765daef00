import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import AllToAll, Inputs, Liquid, Neurons, Normal, Synapses, encode, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict

RNG = np.random.default_rng(3)


def test_payloads_are_the_values_in_units_of_the_scale():
    signals = [RNG.uniform(-2, 2, (5, 3)), RNG.uniform(-2, 2, (2, 3))]
    encoder = encode.Graded(bits=6, frame=4 * ms, largest=2.0)
    assert encoder.scale == 2 / 31
    spikes = encoder(signals, 1 * ms)
    assert spikes.n_steps.tolist() == [20, 8]
    sums = spikes.payload_sums(5)[0]
    np.testing.assert_array_equal(sums, np.rint(signals[0] * 31 / 2))
    assert (spikes.step % 4 == 0).all()


def test_zeros_send_no_event_and_the_largest_value_uses_all_bits():
    spikes = encode.graded([[[0.0, 1.0], [-1.0, 0.003]]], bits=8, dt=1 * ms)
    assert (spikes.step.tolist(), spikes.channel.tolist(), spikes.payload.tolist()) == ([0, 1], [1, 0], [127, -127])


def test_the_range_can_be_learnt_from_signals():
    train = [np.array([[0.5], [-3.0]])]
    assert encode.Graded.for_signals(train, bits=4, frame=2 * ms) == encode.Graded(4, 2 * ms, largest=3.0)
    assert encode.Graded.for_signals(np.zeros((1, 2, 1))).largest == 1


def test_trials_repeat_the_same_payloads():
    spikes = encode.Graded()([[[0.5]]], 1 * ms, trials=3)
    assert spikes.payload.tolist() == [64] * 3


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (lambda: encode.Graded(1), "Graded bits: got 1, expected a whole number >= 2"),
        (lambda: encode.Graded(17), "Graded bits: got more than 16"),
        (lambda: encode.Graded(largest=0), "Graded largest: got 0, expected a number > 0"),
        (
            lambda: encode.graded([[[0.5], [-1.5]]], dt=1 * ms),
            "Graded: got -1.5 in sample 0, expected values from -1 to 1; scale the signals first, or give a larger",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(create, message):
    with pytest.raises(DescriptionError, match=message):
        create()


def test_it_is_saved_with_models():
    encoder = encode.Graded(6, 5 * ms, largest=2.0)
    assert record_from_dict(record_to_dict(encoder, "encoder"), RECORDS["encoder"], "encoder") == encoder


def membrane(weights, spikes, **parameters):
    """The potential of a neuron with these synapses, at the end of the stimulus."""
    n = weights.shape[1]
    liquid = Liquid(
        [Inputs("c", len(weights))],
        [Neurons("n", n, v_thresh=1e6, **parameters)],
        [Synapses.from_matrix("c", "n", weights)],
    )
    return lsm.run(liquid, spikes, backend="reference", record={"n": ["v"]}).v["n"].values


@pytest.mark.filterwarnings("ignore:.*unusually long")  # tau_m: no leak
@pytest.mark.parametrize("frame", [None, 5 * ms])
def test_v_integrates_injected_currents(frame):
    """Without leak, v ends at the integral of the current."""
    currents = RNG.uniform(-40, 40, (30, 2))  # units of v per second
    weights = np.array([[1.0, 0.5, -0.25], [0.0, 1.0, 2.0]])
    seconds = (frame or 1 * ms) * len(currents)
    quiet = np.zeros((round(100 * ms / (frame or 1 * ms)), 2))  # until the synapses have delivered everything
    spikes, scaled, encoder = lsm.inject(np.vstack([currents, quiet]), weights, frame=frame, dt=1 * ms)
    assert scaled.shape == weights.shape
    assert encoder.bits == 16
    v = membrane(scaled, spikes, tau_m=1e9, tau_syn=2 * ms)[0][-1]
    # currents and weights have 16 bits each
    np.testing.assert_allclose(v, currents.mean(0) @ weights * seconds, atol=1e-3 * np.abs(currents).max() * seconds)


def test_a_constant_current_settles_where_i_bias_does():
    spikes, weights, _ = lsm.inject(np.full((400, 1), 30.0), np.ones((1, 1)), dt=1 * ms)
    settled = membrane(weights, spikes, tau_m=20 * ms, tau_syn=5 * ms)[0][-1, 0]
    # the current arrives in pulses, once a step, so v has a ripple of the order of dt^2 / (10 tau_m tau_syn) = 1e-3
    np.testing.assert_allclose(settled, 30 * 20 * ms, rtol=2e-3)


def test_other_forms_of_weights_are_scaled_too():
    from scipy import sparse

    currents = np.ones((4, 2))
    factor = lsm.inject(currents, 1.0).weights
    assert lsm.inject(currents, Normal(0, 2)).weights == Normal(0, 2) * factor
    assert lsm.inject(currents, sparse.eye_array(2, format="csr")).weights.toarray()[0, 0] == factor
    again = lsm.inject(2 * currents, 1.0, largest=4.0)
    assert again.weights == 4 * factor
    assert again.spikes.payload.max() == round(32767 / 2)


def test_controls_weigh_graded_events_by_their_payload():
    spikes = encode.graded([[[1.0], [0.5], [0.0], [-1.0]]], bits=3, dt=1 * ms)
    assert lsm.Counts(bins=2).of(spikes).tolist() == [[3 + 2, -3]]
    assert lsm.Counts(bins=2, sqrt=True).of(spikes).tolist() == [[np.sqrt(5), -np.sqrt(3)]]
    kernel = np.exp(-np.arange(4) / 4)
    traces = lsm.Traces(tau=4 * ms, resolution=None).of(spikes)
    np.testing.assert_allclose(traces, [[3 * kernel[3] + 2 * kernel[2] - 3]])


def test_the_encoder_control_sees_amplitudes():
    """Two classes whose events differ only in their payload: a control that counts events is at chance."""
    from lsm_sim.learn.controls.views import Samples, features_of

    labels = np.arange(20) % 2
    X = np.repeat(np.where(labels, 0.9, 0.3)[:, None, None], 5, axis=1)
    liquid = Liquid([Inputs("in", 1)], [Neurons("n", 4)], [Synapses("in", "n", AllToAll(), weight=0.01)])
    transformer = lsm.LiquidTransformer(liquid, encode.Graded(8), lsm.Counts(), scale=None, backend="reference").fit(X)
    stimulus = transformer.encode(X)
    assert len(set(stimulus.counts()[:, 0, 0])) == 1
    seen = features_of("encoder", Samples(transformer, list(X), stimulus), 0, {}, None)
    assert sorted(set(seen[:, 0])) == [5 * 38, 5 * 114]


def test_samples_of_graded_spikes_are_not_counted_as_events():
    from lsm_sim.learn.controls.views import rates_of

    spikes = encode.graded([[[1.0], [-0.5]]], bits=3, frame=10 * ms, dt=1 * ms)
    assert [rates.tolist() for rates in rates_of(spikes)] == [[[3.0], [-2.0]]]


def test_a_model_in_integers_keeps_the_payloads_of_its_calibration():
    liquid = Liquid([Inputs("in", 1)], [Neurons("n", 4, tau_m=5 * ms)], [Synapses("in", "n", AllToAll(), weight=0.05)])
    X = RNG.random((8, 30, 1))
    model = lsm.LiquidTransformer(liquid, encode.Graded(4), lsm.Counts(), backend="reference").fit(X)
    again = lsm.LiquidTransformer.from_parts(*model.to_parts())
    np.testing.assert_array_equal(again.calibration_.payload, model.calibration_.payload)
