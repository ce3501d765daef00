"""From float64 to Loihi's integers: what fits, what is refused, what the report says."""

import dataclasses
import json

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_score

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.apps.demo import digits
from lsm_sim.dynamics.loihi import UV_LIMIT
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.registers import measure


def program(**changes):
    """Return a liquid of 60 neurons as a program."""
    network = digits.liquid(60, 0)
    return dataclasses.replace(lsm.lower(network, 1 * ms), **changes)


def stimulus(n_samples=6, rate=0.1, n_channels=8, seed=0):
    rng = np.random.default_rng(seed)
    return lsm.Spikes.from_dense(rng.random((n_samples, 200, n_channels)) < rate, 1 * ms)


def one_neuron(**changes):
    fields = {
        "arithmetic": "float64", "dt": 1e-3, "n_inputs": 1, "n_neurons": 1, "indptr": [0, 1, 1], "post": [0], "weight": [0.5],
        "delay": [0], "threshold": [1.0], "bias": [0.0], "refractory": [1], "decay_u": [0.75], "decay_v": [0.5],
    }  # fmt: skip
    return Program(**(fields | changes))


def test_every_value_is_one_that_the_chip_holds():
    integers, _ = lsm.quantise(program(), stimulus())
    assert integers.arithmetic == "loihi"
    assert (integers.du >= 0).all()
    assert (integers.dv <= 4095).all()
    assert (integers.threshold >= 1).all()
    exponents = [e for e in range(8) if (np.abs(integers.weight) <= 255 << e).all()]
    assert exponents


def test_decays_are_the_nearest_in_4096ths_and_the_chip_adds_one_to_du():
    integers, _ = lsm.quantise(one_neuron(decay_u=[0.9], decay_v=[0.8]), stimulus(n_channels=1))
    assert integers.du.tolist() == [round(4096 * 0.1) - 1]
    assert integers.dv.tolist() == [round(4096 * 0.2)]


def test_weights_thresholds_and_biases_share_one_scale():
    source = program(bias=np.full(60, 0.01))
    integers, report = lsm.quantise(source, stimulus())
    np.testing.assert_allclose(integers.threshold, report.scale * source.threshold, atol=0.5)
    np.testing.assert_allclose(integers.bias, 64 * report.scale * source.bias, rtol=1 / 4095)
    for row in report.synapses:
        assert row.rms < 0.02  # 8 bits of the greatest weight, in units of the rms weight


def test_calibration_leaves_no_register_and_keeps_the_headroom():
    _, report = lsm.quantise(program(), stimulus(), headroom=3)
    assert set(report.excursions.values()) == {0}
    assert min(report.headroom.values()) > 2.9  # 3 in float64; rounding moves v a little
    assert min(report.headroom.values()) < 6.1  # the best scale lies within the octave below the largest


def test_stimuli_beyond_the_calibration_are_counted_and_warned_of():
    integers, _ = lsm.quantise(program(), stimulus(rate=0.01), headroom=1)
    strong = dataclasses.replace(integers, weight=np.clip(integers.weight * 400, -(2**15), 2**15))
    with pytest.warns(
        UserWarning, match=r"loihi: a exceeded its register \d+ times, first in sample \d+ at step \d+ in neuron"
    ):
        lsm.run(strong, stimulus(rate=0.5), arithmetic="loihi", backend="reference")


def test_without_calibration_it_says_what_was_assumed():
    _, report = lsm.quantise(program())
    assert "no calibration data" in report.note
    assert "100 Hz" in str(report)


def test_rounding_at_random_keeps_the_mean_and_the_seed_fixes_it():
    source, calibration = program(), stimulus()
    first, again, other = (
        lsm.quantise(source, calibration, rounding="stochastic", seed=seed).program.weight for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    nearest = lsm.quantise(source, calibration).program.weight
    assert (
        abs((first - nearest).sum()) < 5 * np.sqrt(first.size) * 8 / 2
    )  # five standard deviations of a sum of roundings


def test_fractions_of_8_bits_survive_exactly():
    integers, report = lsm.quantise(one_neuron(), stimulus(n_channels=1))
    assert integers.weight[0] / report.scale == pytest.approx(0.5, rel=1 / 128)
    assert report.synapses[0].zero == 0


def test_everything_that_no_scale_can_mend_is_refused_at_once():
    wrong = program(
        threshold=np.where(np.arange(60) < 5, -1.0, 1.0),
        delay=np.full(program().n_synapses, 64),
        decay_u=np.full(60, 1 - 1e-4),
    )
    with pytest.raises(UnsupportedError) as error:
        lsm.quantise(wrong, stimulus())
    assert "neurons exc: a threshold -1" in str(error.value)
    assert "neurons exc: u keeps 0.9999 of itself per step" in str(error.value)
    assert "synapses columns -> exc (+): a delay of 65 steps, at most 64" in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"headroom": 0.5}, "at least 1"),
        ({"rounding": "up"}, "'nearest' or 'stochastic'"),
        ({"labels": [1, 2]}, "one label for each of 6"),
        ({"labels": [1, 1, 1, 1, 1, 2]}, "at least two classes with at least two samples"),
    ],
)
def test_wrong_options_are_named(change, message):
    with pytest.raises(DescriptionError, match=message):
        lsm.quantise(program(), stimulus(), **change)


def test_integers_are_not_quantised_again():
    integers, _ = lsm.quantise(one_neuron(), stimulus(n_channels=1))
    with pytest.raises(DescriptionError, match="expected float64"):
        lsm.quantise(integers)


def test_the_report_is_text_a_dict_and_a_picture(tmp_path):
    _, report = lsm.quantise(program(), stimulus(10), labels=[0, 1] * 5)
    text = str(report)
    for part in ("tau_syn ms", "columns -> exc (+)", "headroom", "correlation of spike counts", "readout accuracy"):
        assert part in text
    assert json.loads(json.dumps(report.to_dict()))["accuracy"] == list(report.accuracy)
    figure = report.plot()
    assert len(figure.axes) == 3
    figure.savefig(tmp_path / "report.png")


def test_the_accuracy_is_that_of_the_ridge_readout():
    stimuli, labels = stimulus(20), np.array([0, 1] * 10)
    integers, report = lsm.quantise(program(), stimuli, labels=labels)
    for network, found in zip((program(), integers), report.accuracy, strict=True):
        features = lsm.Counts(bins=5, sqrt=True).of(lsm.run(network, stimuli).spikes)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        assert found == cross_val_score(lsm.readout.ridge(), features, labels, cv=folds).mean()


def test_rates_and_counts_stay_close():
    _, report = lsm.quantise(program(), stimulus())
    for row in report.neurons:
        assert row.rate_after == pytest.approx(row.rate, rel=0.02)  # a chaotic liquid: single spikes move, rates hardly
    assert report.correlation > 0.98


def test_peaks_of_v_include_what_a_spike_resets():
    reached = measure(one_neuron(weight=[4.0], threshold=[1.0]), lsm.Spikes.from_dense(np.ones((5, 1), bool), 1e-3))
    assert reached.high[0] > 4
    assert reached.u[0] > reached.a[0] == 4


def test_a_saturated_v_is_counted():
    low = Program(
        arithmetic="loihi", dt=1e-3, n_inputs=1, n_neurons=1, indptr=[0, 1, 1], post=[0], weight=[-30000], delay=[0],
        threshold=[1], bias=[0], refractory=[0], du=[0], dv=[0],
    )  # fmt: skip
    peaks = measure(low, lsm.Spikes.from_dense(np.arange(40)[:, None] == 0, 1e-3))
    assert peaks.excursions.tolist()[:3] == [0, 0, 0]
    assert peaks.excursions[3] > 0
    assert peaks.first[3].tolist()[2] == 0
    assert peaks.low[0] == 1 - UV_LIMIT


def test_a_model_changes_its_arithmetic_and_keeps_it_in_a_file(tmp_path):
    pixels, labels = (part[:120] for part in digits.images())
    encoder = lsm.encode.Rate(max_rate=300 * lsm.Hz, frame=20 * ms)
    model = lsm.LiquidClassifier(digits.liquid(60, 0), encoder, sample_shape=(8, 8), scale=None).fit(pixels, labels)
    before = model.score(pixels, labels)
    assert model.set_params(arithmetic="loihi").score(pixels, labels) == pytest.approx(before, abs=0.05)
    model.save(tmp_path / "model.npz")
    loaded = lsm.LiquidClassifier.load(tmp_path / "model.npz").set_params(arithmetic="loihi")
    np.testing.assert_array_equal(loaded.predict(pixels), model.predict(pixels))
    with pytest.raises(DescriptionError, match="'float64' or 'loihi'"):
        model.set_params(arithmetic="int8").predict(pixels)


def test_no_way_leads_back_from_integers():
    integers, _ = lsm.quantise(one_neuron(), stimulus(n_channels=1))
    with pytest.raises(DescriptionError, match="a loihi program cannot be converted back"):
        lsm.run(integers, stimulus(n_channels=1), arithmetic="float64")


def test_a_threshold_that_would_vanish_is_refused():
    with pytest.raises(
        UnsupportedError, match=r"neurons neurons: a threshold 1e-06 becomes 0 at the scale .* that a allows"
    ):
        lsm.quantise(one_neuron(threshold=[1e-6], weight=[4.0], decay_u=[0.0]), stimulus(n_channels=1))


def test_neurons_without_any_input_are_quantised():
    alone = one_neuron(n_inputs=0, indptr=[0, 0], post=[], weight=[], delay=[], bias=[0.6])
    integers, report = lsm.quantise(alone)
    assert report.synapses == ()
    assert integers.bias[0] == pytest.approx(64 * report.scale * 0.6, rel=1 / 4095)
    assert report.neurons[0].rate_after == report.neurons[0].rate > 0
    assert len(report.plot().axes) == 3


def test_takes_a_liquid_at_the_step_of_the_calibration():
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("all", 4)],
        [lsm.Synapses("in", "all", lsm.AllToAll(), weight=lsm.Normal(0, 2))],
    )
    stimulus = lsm.encode.poisson(np.full((50, 3), 0.5), dt=2 * ms)
    assert (
        lsm.quantise(liquid, stimulus).program.digest
        == lsm.quantise(lsm.lower(liquid, 2 * ms), stimulus).program.digest
    )
    with pytest.raises(DescriptionError, match=r"dt is unknown; pass spikes, or lower\(liquid, dt\)"):
        lsm.quantise(liquid)


def test_other_types_are_refused():
    program = lsm.lower(lsm.Liquid([lsm.Inputs("in", 3)], [lsm.Neurons("all", 4)]), 1 * ms)
    with pytest.raises(DescriptionError, match="expected a Liquid or a Program"):
        lsm.quantise(5)
    with pytest.raises(DescriptionError, match="expected Spikes, or None"):
        lsm.quantise(program, np.zeros((5, 3)))


# what the version before Program 2 returned
PLAIN = {
    "nearest": [
        -2976, 2112, 256, 1376, 6784, -1168, 2368, 160, -176, 5408, -1712, 64, -2096, -1760, -320, 4224,
        2944, 1504, -1536, 5312, 5344, -816, -2736, 96, -1792, 5344, 2272, 2144, -224, 2144, 7168, -816,
    ],
    "stochastic": [
        -2976, 2112, 256, 1376, 6752, -1168, 2368, 160, -176, 5408, -1712, 64, -2096, -1760, -320, 4256,
        2912, 1504, -1536, 5312, 5344, -816, -2736, 96, -1792, 5344, 2272, 2144, -208, 2144, 7136, -816,
    ],
}  # fmt: skip


def test_plain_integers_never_change():
    rng = np.random.default_rng(5)
    rows = {"indptr": np.arange(0, 33, 2), "post": rng.integers(0, 12, 32), "delay": rng.integers(0, 9, 32)}
    plain = Program(
        "float64", 1e-3, 4, 12, **rows, weight=np.ldexp(rng.integers(-900, 2000, 32), -10), threshold=np.full(12, 1.5),
        bias=np.full(12, 0.125), refractory=np.full(12, 2), decay_u=np.full(12, 0.875), decay_v=np.full(12, 0.9375),
    )  # fmt: skip
    for rounding, weights in PLAIN.items():
        integers, report = lsm.quantise(plain, stimulus(n_channels=4), rounding=rounding)
        assert (int(integers.threshold[0]), int(integers.bias[0])) == (5778, 30816)
        assert integers.weight.tolist() == weights
        assert report.bound == "v"


def test_adaptation_that_silences_every_neuron_in_calibration_warns():
    silenced = lsm.Neurons("n", 5, tau_adapt=10.0, adapt_step=50.0)
    liquid = lsm.Liquid([lsm.Inputs("in", 3)], [silenced], [lsm.Synapses("in", "n", lsm.AllToAll(), weight=0.6)])
    stimulus = lsm.Spikes.from_dense(np.random.default_rng(0).random((2, 400, 3)) < 0.05, 2.5e-3)
    with pytest.warns(lsm.LsmWarning, match="quantise: on the calibration data no neuron spiked more than once"):
        lsm.quantise(liquid, stimulus)
