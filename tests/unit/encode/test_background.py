import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import AllToAll, Background, Hz, Inputs, Liquid, Neurons, Spikes, Synapses, encode, lower, ms
from lsm_sim.encode.background import start_background, with_background
from lsm_sim.errors import DescriptionError, LsmWarning

NOISE = Background("exc", 50 * Hz, 0.5)
RNG = np.random.default_rng(1)
STIMULUS = Spikes.from_dense([RNG.random((n, 3)) < 0.1 for n in (400, 300, 300)], 1 * ms)


def liquid(*background, seed=2, size=20, **exc):
    neurons = [Neurons("exc", size, **exc), Neurons("inh", 5, sign=-1)]
    synapses = [Synapses("in", "exc", AllToAll(), weight=0.1)]
    return Liquid([Inputs("in", 3)], neurons, synapses, seed=seed, background=background)


def noise(spikes, sample=0):
    return spikes.raster(sample)[:, 3:]


def test_each_neuron_has_a_channel_of_its_own_or_a_group_shares_one():
    both = liquid(NOISE, Background(("exc", "inh"), 10 * Hz, 0.25, per="group"))
    program = lower(both, 1 * ms)
    groups = {name: len(members) for name, members in program.input_groups.items()}
    assert groups == {"in": 3, "background 0 to exc": 20, "background 1 to exc": 1, "background 1 to inh": 1}
    assert both.n_inputs == 3
    assert program.n_synapses == 60 + 20 + 20 + 5
    assert with_background(STIMULUS, both).n_channels == program.n_inputs


def test_the_rate_is_as_asked_and_the_stimulus_is_kept():
    long = Spikes.from_dense(np.ones((1, 5000, 3)), 1 * ms)
    spikes = with_background(long, liquid(NOISE))
    assert spikes.raster()[:, :3].all()
    # 100 000 steps with p = 0.05: the standard deviation of the mean is 0.7 Hz
    assert abs(noise(spikes).mean() * 1000 - 50) < 3
    assert abs(np.corrcoef(noise(spikes)[:, 0], noise(spikes)[:, 1])[0, 1]) < 0.06  # 4 / sqrt(5000)


def test_noise_depends_on_seed_sample_and_trial_but_not_on_the_batch():
    own = liquid(NOISE)
    together = with_background(STIMULUS, own)
    for order in ([2, 0, 1], [1]):
        other = with_background(STIMULUS[order], own)
        for place, sample in enumerate(order):
            np.testing.assert_array_equal(other.raster(place), together.raster(sample))
    assert (noise(together, 1) != noise(together, 2)).any()
    for changed in (with_background(STIMULUS, own, trial=1), with_background(STIMULUS, liquid(NOISE, seed=3))):
        assert (noise(changed) != noise(together)).any()
    numbered = with_background(STIMULUS, own, trial=[0, 1, 0])
    np.testing.assert_array_equal(noise(numbered, 0), noise(together, 0))
    assert (noise(numbered, 1) != noise(together, 1)).any()


def test_noise_of_a_neuron_does_not_depend_on_neurons_after_it():
    few, many = (noise(with_background(STIMULUS, liquid(NOISE, size=size))) for size in (10, 20))
    np.testing.assert_array_equal(few, many[:, :10])


def test_payloads_of_the_stimulus_are_kept():
    graded = encode.graded(RNG.random((1, 50, 3)), dt=1 * ms)
    spikes = with_background(graded, liquid(NOISE))
    np.testing.assert_array_equal(spikes.payload_sums()[..., :3], graded.payload_sums())
    np.testing.assert_array_equal(spikes.payload_sums()[..., 3:], spikes.counts()[..., 3:])


def test_run_adds_the_noise_by_itself():
    own = liquid(NOISE)
    result = lsm.run(own, STIMULUS, backend="reference")
    by_hand = lsm.run(lower(own, 1 * ms), with_background(STIMULUS, own), backend="reference")
    assert result.spikes == by_hand.spikes
    assert result.spikes.n_events > 0
    assert lsm.run(own, {"in": STIMULUS}, backend="reference", trial=4).spikes != result.spikes
    silent = dataclasses.replace(own, background=[])
    assert lsm.run(silent, STIMULUS, backend="reference").spikes != result.spikes


def test_without_background_nothing_changes():
    assert with_background(STIMULUS, liquid()) is STIMULUS
    assert "background" not in liquid().to_dict()
    plain = lower(liquid(), 1 * ms)
    noisy = lower(liquid(NOISE), 1 * ms)
    np.testing.assert_allclose(noisy.weights()[:60], plain.weights(), rtol=1e-3)  # a grid of 16 bits each


def test_estimators_and_quantisation_add_it_too():
    X = RNG.random((12, 20, 3))
    labels = np.arange(12) % 2
    model = lsm.LiquidTransformer(
        liquid(NOISE), encode.Rate(100 * Hz, frame=10 * ms), lsm.Counts(), backend="reference"
    )
    features = model.fit(X, labels).transform(X)
    stimulus = model.encode(X)
    assert stimulus.n_channels == 3
    expected = lsm.run(liquid(NOISE), stimulus, backend="reference").spikes.counts()
    np.testing.assert_array_equal(features, expected.reshape(12, -1))
    np.testing.assert_array_equal(model.transform(X[::-1]), features[::-1])
    assert lsm.rescale.mean_rate(liquid(NOISE), stimulus) == pytest.approx(expected.sum() / (25 * 12 * 0.2))
    chip = model.set_params(arithmetic="loihi").fit(X, labels)
    again = lsm.LiquidTransformer.from_parts(*chip.to_parts())
    np.testing.assert_array_equal(again.transform(X), chip.transform(X))
    assert lsm.quantise(liquid(NOISE), stimulus).program.n_inputs == 23


def test_forecasters_add_it_too():
    series = np.sin(np.arange(80) / 3)
    made = lambda n: Liquid(  # noqa: E731
        [Inputs("in", n)], [Neurons("n", 10)], [Synapses("in", "n", AllToAll(), weight=1.5)],
        background=[Background("n", 100 * Hz, 0.7)],
    )  # fmt: skip
    model = lsm.LiquidForecaster(made, encode.Population(4, frame=5 * ms), washout=20, dt=1 * ms).fit(series)
    quiet = dataclasses.replace(model.liquid_, background=[])
    without = lsm.LiquidForecaster(quiet, encode.Population(4, frame=5 * ms), washout=20, dt=1 * ms).fit(series)
    assert (model.features(series) != without.features(series)).any()


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_files_have_it(tmp_path, suffix):
    own = liquid(NOISE, Background(("exc", "inh"), 10 * Hz, lsm.Gamma(0.2, 2), per="group"))
    own.save(tmp_path / f"net.{suffix}")
    assert Liquid.load(tmp_path / f"net.{suffix}") == own
    assert own.to_dict()["format"] == "lsm_sim.liquid/2"


def test_equal_samples_are_warned_of():
    twice = STIMULUS[[0, 0]]
    with pytest.warns(LsmWarning, match="background: samples 0 and 1 are equal"):
        with_background(twice, liquid(NOISE))
    spikes = with_background(twice, liquid(NOISE), trial=[0, 1])
    assert (noise(spikes, 0) != noise(spikes, 1)).any()


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (lambda: Background("exc", 0, 0.1), "Background to exc rate: got 0, expected a number > 0"),
        (lambda: Background("exc", 10 * Hz, [0.1, 0.2]), "Background to exc weight: got an array"),
        (lambda: Background("exc", 10 * Hz, 0.1, per="layer"), "per: got 'layer', expected 'neuron' or 'group'"),
        (lambda: Background((), 10 * Hz, 0.1), "Background to: expected different groups"),
        (lambda: liquid(Background("out", 10 * Hz, 0.1)), "Background to: no neuron group 'out'; known: exc, inh"),
        (
            lambda: liquid(Background("exc", 10 * Hz, lsm.Normal(0, 1)), tau_syn_inh=5 * ms),
            "background 0 to exc -> exc receptor: got None for weights of both signs",
        ),
        (
            lambda: lsm.run(liquid(Background("exc", 2000 * Hz, 0.1)), STIMULUS),
            "background 0 to exc rate: got 2000 Hz, expected at most one spike per step, 1000 Hz",
        ),
        (lambda: lsm.run(liquid(NOISE), STIMULUS, trial=[0, 1]), "trial: got an array of shape .* each of 3 samples"),
        (lambda: lsm.run(lower(liquid(), 1 * ms), STIMULUS, trial=1), "trial: got a number for a Program"),
        (lambda: with_background(encode.rate(np.ones((9, 2)), dt=1 * ms), liquid(NOISE)), "got 2 channels, expected 3"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(create, message):
    with pytest.raises(DescriptionError, match=message):
        create()


BOTH = liquid(NOISE, Background(("exc", "inh"), 30 * Hz, 0.25, per="group"))


def test_noise_in_pieces_does_not_depend_on_the_cuts():
    n_steps = 3000
    whole = np.stack(start_background(BOTH, 1 * ms).advance(n_steps))
    for seed in range(60):
        rng = np.random.default_rng(seed)
        background, got, first = start_background(BOTH, 1 * ms), [], 0
        while first < n_steps:
            n = min(int(rng.choice([1, 2, 30, 700])), n_steps - first)
            step, channel = background.advance(n)
            assert ((step >= 0) & (step < n)).all(), f"seed {seed}"
            got.append(np.stack([step + first, channel]))
            first += n
        assert np.array_equal(np.concatenate(got, axis=1), whole), f"seed {seed}"


def test_noise_in_pieces_has_the_rate_and_the_channels_of_the_batch():
    background = start_background(BOTH, 1 * ms)
    step, channel = background.advance(5000)
    assert (background.n_channels, channel.min()) == (25, 3)
    dense = np.zeros((5000, 25), bool)
    dense[step, channel] = True
    # 100 000 steps with p = 0.05: the standard deviation of the mean is 0.7 Hz; 10 000 steps with 0.03: 1.7 Hz
    assert dense[:, 3:23].mean() * 1000 == pytest.approx(50, abs=3)
    assert dense[:, 23:].mean() * 1000 == pytest.approx(30, abs=7)


def test_each_trial_and_seed_of_a_stream_has_noise_of_its_own():
    def drawn(seed=2, trial=0):
        return start_background(liquid(NOISE, seed=seed), 1 * ms, trial).advance(300)

    assert all(np.array_equal(a, b) for a, b in zip(drawn(), drawn(), strict=True))
    assert not np.array_equal(drawn()[0], drawn(trial=1)[0])
    assert not np.array_equal(drawn()[0], drawn(seed=3)[0])


def test_noise_joins_the_pieces_of_a_stimulus():
    stimulus = Spikes.from_events([0, 2, 2], [1, 0, 2], n_steps=400, n_channels=3, dt=1 * ms, payload=[5, -2, 3])
    background, noise = start_background(BOTH, 1 * ms), start_background(BOTH, 1 * ms).advance(400)
    parts = [background.join(stimulus.crop(a * ms, b * ms)) for a, b in ((0, 2), (2, 3), (3, 400))]
    got = Spikes.concatenate(parts, along="time")
    step, channel = np.concatenate([stimulus.step, noise[0]]), np.concatenate([stimulus.channel, noise[1]])
    payload = np.concatenate([stimulus.payload, np.ones(noise[0].size, int)])
    assert got == Spikes.from_events(
        step,
        channel,
        n_steps=400,
        n_channels=25,
        dt=1 * ms,
        payload=payload,
        sample=np.zeros(step.size, int),
        sort=True,
    )
    assert start_background(liquid(), 1 * ms).join(stimulus) is stimulus
    assert [part.size for part in start_background(liquid(), 1 * ms).advance(5)] == [0, 0]


def test_wrong_arguments_of_a_stream_of_noise_are_one_sentence():
    for arguments in ((None, 1 * ms), (BOTH, 0), (BOTH, 1 * ms, -1), (BOTH, 1 * ms, 0.5), (BOTH, 1.0)):
        with pytest.raises(DescriptionError, match="got"):
            start_background(*arguments)
    background = start_background(BOTH, 1 * ms)
    for n_steps in (0, 1.5, None):
        with pytest.raises(DescriptionError, match="n_steps"):
            background.advance(n_steps)
    with pytest.raises(DescriptionError, match=r"expected one sample of 3 channels in steps of 0.001 s"):
        background.join(STIMULUS)
