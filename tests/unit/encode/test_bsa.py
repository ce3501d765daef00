import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsm_sim import DescriptionError, Hz, encode, ms


def papers_algorithm(signal, response, threshold):
    """BSA as the paper writes it: one channel, two sums of errors, an absolute threshold."""
    rest = signal.copy()
    spikes = []
    for i in range(len(rest)):
        inside = range(min(len(response), len(rest) - i))
        error1 = sum(abs(rest[i + j] - response[j]) for j in inside)
        error2 = sum(abs(rest[i + j]) for j in inside)
        spikes.append(bool(error1 <= error2 - threshold))
        if spikes[-1]:
            for j in inside:
                rest[i + j] -= response[j]
    return spikes


@given(st.lists(st.integers(0, 256), min_size=1, max_size=80), st.sampled_from([0.5, 0.75, 1.0]))
@settings(derandomize=True, max_examples=60, deadline=None)  # the first call imports scipy.signal
def test_the_spikes_are_those_of_the_papers_algorithm(values, threshold):
    signal = np.array(values) / 256  # on the encoder's grid, so that both compute the same sums exactly
    encoder = encode.BSA(max_rate=500 * Hz, cutoff=50 * Hz, taps=12 * ms, threshold=threshold)
    response = encoder.response(1 * ms)
    expected = papers_algorithm(signal, response, threshold * np.abs(response).sum())
    assert encoder([signal[:, None]], 1 * ms).raster()[:, 0].tolist() == expected


def test_the_reconstruction_is_the_spikes_convolved_with_the_filter():
    encoder = encode.BSA()
    spikes = encoder([np.linspace(0, 1, 200)[:, None]], 1 * ms)
    [again] = encoder.reconstruct(spikes)
    expected = np.convolve(spikes.raster()[:, 0], encoder.response(1 * ms))[:200]
    np.testing.assert_allclose(again[:, 0], expected, rtol=0, atol=1e-12)  # np.convolve adds in another order


def test_a_slow_signal_comes_back():
    time = np.arange(1000)[:, None] * ms
    signal = 0.5 + 0.4 * np.sin(2 * np.pi * np.array([1, 2, 4]) * time)
    encoder = encode.BSA()
    [again] = encoder.reconstruct(encoder([signal], 1 * ms))
    middle = slice(50, -50)  # the filter of 24 ms has nothing to add to at the ends
    height = encoder.response(
        1 * ms
    ).max()  # one spike more or less: the signal cannot be met more closely than by about that
    error = np.abs(again - signal)[middle]
    assert error.max() < height
    assert (
        np.sqrt(np.mean(error**2)) < height / 3
    )  # errors spread evenly over +- half the height have an rms of 0.29 of it


def test_a_constant_fires_at_its_share_of_the_largest_rate():
    spikes = encode.bsa(np.full((2000, 1), 0.5), max_rate=400 * Hz)
    assert abs(spikes.n_events - 400) < 20  # 0.5 * 400 Hz * 2 s; the ends lose a filter's length


def test_silence_has_no_spikes():
    assert encode.bsa(np.zeros((100, 3))).n_events == 0


def test_the_filter_stands_for_one_spike_at_the_largest_rate():
    response = encode.BSA(max_rate=250 * Hz).response(1 * ms)
    assert len(response) == 24
    assert abs(response.sum() - 4) < 24 * 2**-33  # each tap is rounded to a multiple of 2^-32


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": 0}, "BSA threshold"),
        ({"threshold": 1.5}, "BSA threshold"),
        ({"taps": 0}, "BSA taps"),
        ({"cutoff": -1}, "BSA cutoff"),
        ({"power": 0}, "BSA power"),
        ({"taps": 0.1 * ms}, "at least one step"),
        ({"cutoff": 500}, "less than 500 Hz"),
        ({"max_rate": 2000}, "one spike per step"),
    ],
)
def test_wrong_settings_are_named(settings, words):
    with pytest.raises(DescriptionError, match=words):
        encode.BSA(**settings)([np.zeros((5, 1))], 1 * ms)


def test_values_outside_the_unit_range_are_refused():
    with pytest.raises(DescriptionError, match=r"expected values in \[0, 1\]"):
        encode.bsa(np.full((5, 1), 1.5))
