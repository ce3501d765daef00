import numpy as np
import pytest

from lsm_sim import Counts, DescriptionError, Spikes, Traces, ms
from lsm_sim.engine.reference import Reference
from lsm_sim.testing import random_program, random_stimulus


def spikes_of(*lengths, channels=4, seed=0):
    rng = np.random.default_rng(seed)
    return Spikes.from_dense([rng.random((n, channels)) < 0.3 for n in lengths], 1 * ms)


def test_counts_are_those_of_the_dense_raster_bin_by_bin():
    spikes = spikes_of(10, 17)
    features = Counts(bins=5).of(spikes).reshape(2, 5, 4)
    for b, n in enumerate((10, 17)):
        dense = spikes.raster(b)
        expected = [dense[np.arange(n) * 5 // n == j].sum(axis=0) for j in range(5)]
        assert np.array_equal(features[b], expected)


def test_sqrt_is_the_square_root_of_the_counts():
    spikes = spikes_of(30)
    assert np.array_equal(Counts(bins=2, sqrt=True).of(spikes) ** 2 // 0.999999, Counts(bins=2).of(spikes) // 0.999999)


def test_windows_of_seconds_pad_short_samples_with_zeros():
    spikes = spikes_of(10, 4)
    features = Counts(window=3 * ms).of(spikes).reshape(2, 4, 4)
    assert np.array_equal(features[0, 3], spikes.raster(0)[9:].sum(axis=0))
    assert not features[1, 2:].any()
    assert Counts(window=3 * ms, n_windows=6).of(spikes).shape == (2, 24)
    with pytest.raises(DescriptionError, match=r"got a sample of 0\.01 s"):
        Counts(window=3 * ms, n_windows=2).of(spikes)


@pytest.mark.parametrize("resolution", [2.0**-10, 0.01, None])
def test_traces_are_the_sum_of_decayed_spikes(resolution):
    spikes = spikes_of(12, 7)
    tau = 4 * ms
    features = Traces(tau, times=(0.5, 1.0), resolution=resolution).of(spikes).reshape(2, 2, 4)
    for b, n in enumerate((12, 7)):
        for j, end in enumerate((round(n / 2), n)):
            kernel = np.exp(-(end - 1 - np.arange(end)) * 1 * ms / tau)
            if resolution is not None:
                kernel = np.rint(kernel / resolution) * resolution
            # the same numbers added in another order
            np.testing.assert_allclose(features[b, j], kernel @ spikes.raster(b)[:end], rtol=1e-13)


def test_a_spike_leaves_a_trace_for_7_6_time_constants():
    tau, n = 30 * ms, 400
    one = [Spikes.from_events([n - 1 - age], [0], n_steps=n, n_channels=1, dt=1 * ms) for age in range(n)]
    left = Traces(tau).of(Spikes.concatenate(one)).ravel()
    last = int(tau / (1 * ms) * np.log(2 / 2**-10))
    assert 227 <= last <= 229
    assert left[0] == 1
    assert left[last] == 2**-10
    assert not left[last + 1 :].any()


def test_traces_of_any_chunks_add_up_to_those_of_the_whole():
    seed = np.random.SeedSequence().entropy
    rng = np.random.default_rng(seed)
    raster = rng.random((600, 5)) < 0.2
    whole = Traces(30 * ms).of(Spikes.from_dense([raster], 1 * ms))
    cuts = np.sort(rng.choice(np.arange(1, 600), 7, replace=False))
    total = np.zeros_like(whole)
    for chunk in np.split(np.arange(600), cuts):
        part = np.zeros_like(raster)
        part[chunk] = raster[chunk]
        total += Traces(30 * ms).of(Spikes.from_dense([part], 1 * ms))
    assert np.array_equal(total, whole), seed


@pytest.mark.parametrize("resolution", [0, -1, 0.7, 2.0**-31, np.nan, "fine"])
def test_traces_refuse_a_resolution_that_is_no_fraction_of_a_spike(resolution):
    with pytest.raises(DescriptionError, match="Traces resolution"):
        Traces(30 * ms, resolution=resolution)


def test_traces_at_seconds_refuse_a_sample_that_ends_earlier():
    spikes = spikes_of(12, 7)
    assert Traces(4 * ms, times=(5 * ms,), seconds=True).of(spikes).shape == (2, 4)
    with pytest.raises(DescriptionError, match="at least"):
        Traces(4 * ms, times=(8 * ms,), seconds=True).of(spikes)


def test_counts_per_second_are_divided_by_the_length_of_each_bin():
    spikes = spikes_of(12, 7)
    counts, rates = (Counts(3, per_second=per_second).of(spikes).reshape(2, 3, 4) for per_second in (False, True))
    lengths = np.array([[4, 4, 4], [3, 2, 2]])[:, :, None] * spikes.dt
    assert np.array_equal(rates, counts / lengths)


def test_an_empty_bin_has_the_rate_0():
    rates = Counts(window=3 * ms, per_second=True).of(spikes_of(12, 7)).reshape(2, 4, 4)
    assert not rates[1, 3].any()


@pytest.mark.parametrize("sqrt", [False, True])
@pytest.mark.parametrize("per_second", [False, True])
def test_features_know_how_many_spikes_they_stand_for(sqrt, per_second):
    spikes = spikes_of(12, 7)
    counted = Counts(3, sqrt=sqrt, per_second=per_second)
    assert counted.n_spikes(counted.of(spikes), spikes) == pytest.approx(spikes.n_events, rel=1e-12)  # roots and ratios


@pytest.mark.parametrize(
    "features",
    [Counts(3), Counts(window=4 * ms), Counts(2, sqrt=True), Counts(3, per_second=True), Traces(9 * ms, (0.3, 1.0))],
)
def test_running_gives_the_features_of_the_spikes(features):
    rng = np.random.default_rng(5)
    program = random_program(rng, "float64")
    stimulus = random_stimulus(rng, program)
    with Reference().compile(program) as runner:
        assert np.array_equal(features.run(runner, stimulus), features.of(runner(stimulus).spikes))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Counts(bins=0), "bins"),
        (lambda: Counts(bins=2.5), "bins"),
        (lambda: Counts(window=0), "window"),
        (lambda: Traces(0), "tau"),
        (lambda: Traces(1 * ms, times=()), "times"),
        (lambda: Traces(1 * ms, times=(0.5, 0.4)), "ascending"),
        (lambda: Traces(1 * ms, times=(1.5,)), "fractions"),
    ],
)
def test_says_what_is_wrong_with_a_feature(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()
