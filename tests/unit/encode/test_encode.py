import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsm_sim import DescriptionError, Hz, Spikes, encode, ms


def ramp(frames=20, channels=3):
    return np.linspace(0, 1, frames * channels).reshape(frames, channels)


ENCODERS = [
    encode.Poisson(max_rate=300 * Hz, frame=10 * ms, seed=3),
    encode.Rate(max_rate=300 * Hz, frame=10 * ms, seed=3),
    encode.Latency(frame=10 * ms),
    encode.Delta(step=0.05, frame=10 * ms),
    encode.Population(n=5, max_rate=300 * Hz, frame=10 * ms),
    encode.BSA(frame=10 * ms),
    encode.SideBySide((encode.Rate(frame=10 * ms), encode.Delta(step=0.05, frame=10 * ms))),
]


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
class TestEveryEncoder:
    def test_has_the_channels_and_the_duration_that_it_promises(self, encoder):
        spikes = encoder([ramp(20), ramp(7)], 1 * ms)
        assert spikes.n_channels == encoder.n_channels(3)
        assert spikes.n_steps.tolist() == [200, 70]
        assert spikes.n_events > 0

    def test_a_sample_does_not_depend_on_its_batch(self, encoder):
        together = encoder([ramp(20), ramp(7), ramp(9)], 1 * ms)
        alone = encoder([ramp(9)], 1 * ms)
        assert np.array_equal(together[2].raster(), alone.raster())

    def test_the_same_call_gives_the_same_spikes(self, encoder):
        first, second = encoder(ramp(), 1 * ms), encoder(ramp(), 1 * ms)
        assert np.array_equal(first.to_dense(), second.to_dense())

    def test_accepts_a_static_vector_as_one_frame(self, encoder):
        assert encoder([np.array([0.2, 0.9, 1.0])], 1 * ms).n_steps.tolist() == [10]

    @pytest.mark.parametrize(
        ("signals", "words"),
        [
            ([np.array([[0.1, np.nan]])], "nan"),
            ([np.array([[0.1, np.inf]])], "inf"),
            ([np.array([[0.1, 1j]])], "complex"),
            ([np.array([["a", "b"]])], "expected real numbers"),
            ([], "empty batch"),
            ([np.empty((0, 2))], "at least one frame"),
            ([np.zeros((2, 2)), np.zeros((2, 3))], "same number"),
            (np.zeros((2, 2, 2, 2)), "expected a list"),
            ("text", "expected a list"),
        ],
    )
    def test_says_what_is_wrong_with_a_signal(self, encoder, signals, words):
        with pytest.raises(DescriptionError, match=words):
            encoder(signals, 1 * ms)


@pytest.mark.parametrize("encoder", ENCODERS[:3], ids=lambda encoder: type(encoder).__name__)
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_values_outside_the_unit_range_are_refused(encoder, value):
    with pytest.raises(DescriptionError, match=r"expected values in \[0, 1\]"):
        encoder([np.array([[0.5, value, 0.5]])], 1 * ms)


@pytest.mark.parametrize("code", [encode.Rate, encode.Poisson])
def test_more_than_one_spike_per_step_is_refused(code):
    with pytest.raises(DescriptionError, match="one spike per step"):
        code(max_rate=1001 * Hz)([ramp()], 1 * ms)


def test_poisson_spikes_have_the_rate_of_the_value():
    n = 200_000
    spikes = encode.poisson(np.full((n, 1), 0.5), max_rate=100 * Hz, seed=1)
    expected = n * 0.05
    assert abs(spikes.n_events - expected) < 5 * np.sqrt(expected)  # five standard deviations of a binomial count


@given(st.floats(0, 1), st.floats(0, 0.99))
def test_rate_spikes_are_the_whole_numbers_that_the_integral_passes(value, phase):
    spikes = encode.rate(np.full((100, 1), value), max_rate=500 * Hz, phase=phase)
    total = np.cumsum(np.r_[phase, np.full(100, 0.5 * value)])[-1]  # the same order of sums as the encoder
    assert spikes.n_events == np.floor(total)


def test_rate_raises_the_value_to_the_power():
    spikes = encode.rate(np.full((1000, 1), 0.5), max_rate=500 * Hz, power=2, phase=0.0)
    assert spikes.n_events == 125  # 1000 steps of 1/8, a sum without rounding


def test_latency_is_shorter_for_larger_values_and_silent_at_the_threshold():
    spikes = encode.latency([np.array([1.0, 0.5, 0.0, 0.2])], frame=11 * ms, threshold=0.2)
    assert list(zip(spikes.step, spikes.channel, strict=True)) == [(0, 0), (5, 1)]


def test_delta_counts_add_up_to_the_change():
    signal = np.concatenate([np.linspace(0, 1, 50), np.linspace(1, 0.3, 50), np.full(50, 0.3)])[:, None]
    on, off = encode.delta(signal, step=0.1).counts(1)[0, 0]
    assert on - off == 3
    assert on == 10


def test_delta_catches_up_with_a_jump_one_spike_at_a_time():
    spikes = encode.delta(np.full((30, 1), 1.0), step=0.125)
    assert spikes.step.tolist() == list(range(8))


def test_delta_level_moves_once_per_step_as_the_definition_says():
    signals = [np.random.default_rng(b).random((frames, 3)) for b, frames in enumerate([40, 7, 150, *[25] * 70])]
    spikes = encode.delta(signals, step=0.08, start=0.3)  # more samples than are taken through time together
    for b, signal in enumerate(signals):
        level = np.zeros(3)
        for k, value in enumerate((signal - 0.3) / 0.08):
            on, off = value - level >= 1, value - level <= -1
            assert np.array_equal(spikes[b].raster()[k], np.r_[on, off])
            level += on.astype(int) - off.astype(int)


def test_population_peaks_at_the_channel_of_the_value():
    counts = encode.population(np.full((1000, 1), 0.5), n=5, max_rate=200 * Hz).counts(1)[0, 0]
    assert counts.argmax() == 2
    assert counts[1] - counts[3] in (-1, 0, 1)  # symmetric but for the phases


def test_linear_interpolation_joins_the_centres_of_frames():
    signal = np.array([[0.0], [1.0]])
    held, joined = (encode.signals.resample(signal, 4, how) for how in ("hold", "linear"))
    assert held.ravel().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert joined.ravel().tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]


def test_a_frame_that_is_no_whole_number_of_steps_is_refused():
    with pytest.raises(DescriptionError, match="whole number of steps"):
        encode.rate(ramp(), frame=1.5 * ms)


def test_passthrough_takes_spikes_and_dense_arrays():
    dense = np.eye(4, dtype=bool)
    spikes = Spikes.from_dense(dense, 1 * ms)
    for given_spikes in (spikes, [spikes], dense):
        assert np.array_equal(encode.passthrough(given_spikes).raster(), dense)
    with pytest.raises(DescriptionError, match=r"steps of 0\.001 s"):
        encode.passthrough(spikes, dt=2 * ms)


def test_brian2_like_quantities_are_read_as_their_si_values():
    class Quantity(np.ndarray):
        """Stands for a Brian2 quantity: an array subclass in SI units."""

    frame = np.array(0.01).view(Quantity)
    assert encode.rate(ramp(5), frame=frame).n_steps.tolist() == [50]


@pytest.mark.parametrize(
    "code",
    [
        encode.Poisson,
        encode.Rate,
        encode.Latency,
        encode.Delta,
        encode.Population,
        encode.BSA,
        encode.Bits,
    ],
)
class TestSettings:
    def test_after_the_first_need_their_names(self, code):
        with pytest.raises(TypeError, match="positional argument"):
            code(1, 1)

    @pytest.mark.parametrize("value", ["a", None, -1, [1, 2], np.nan, 1j])
    def test_of_a_wrong_kind_are_named(self, code, value):
        for name in code().get_params():
            optional = value is None and name in ("frame", "phase")
            signed = value == -1 and (name in ("low", "start") or code is encode.Latency)
            if not optional and not signed:
                with pytest.raises(DescriptionError, match=rf"{code.__name__}.* ({name}|low < high)"):
                    code(**{name: value})
