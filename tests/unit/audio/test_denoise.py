"""Spectral subtraction against its formula."""

import numpy as np
import pytest

from lsm_sim.audio import Recording, SpectralSubtraction
from lsm_sim.errors import DescriptionError

RATE = 8000
T = np.arange(16000) / RATE
TONE = np.sin(2 * np.pi * 1000 * T) * (np.sin(2 * np.pi * 2 * T) > 0)  # 250 ms on, 250 ms off


@pytest.mark.parametrize("n", [1, 5, 100, 255, 256, 257, 1000, 4099])
def test_a_factor_of_zero_gives_the_sound_back(n):
    x = np.random.default_rng(n).standard_normal(n)
    assert np.allclose(SpectralSubtraction(0.0).transform([x])[0], x, rtol=0, atol=1e-12)


def test_the_gain_is_the_written_out_formula():
    """Noise that is the same in all frames: gain sqrt(1 - factor / -ln(1 - quantile)) everywhere, or the floor."""
    x = np.sin(2 * np.pi * 1000 * T)  # 32 periods in a window of 256 samples, 8 in a quarter of it
    for factor, floor, expected in (
        (0.1, 20.0, np.sqrt(1 + 0.1 / np.log(0.8))),
        (2.0, 20.0, 0.1),
        (2.0, 6.0, 10**-0.3),
    ):
        [y] = SpectralSubtraction(factor, floor=floor).transform([x])
        assert np.allclose(y[400:-400], expected * x[400:-400], atol=1e-6), factor


def test_noise_falls_and_the_tone_stays():
    noise = 0.1 * np.random.default_rng(1).standard_normal(len(T))
    [y] = SpectralSubtraction().transform([Recording(TONE + noise, RATE)])
    off, on = np.convolve(np.abs(TONE), np.ones(513), "same") == 0, np.abs(TONE) > 0  # off: no window holds the tone
    # power of noise is exponentially distributed: the mean of max(p - 2, 0) is exp(-2); overlapping windows lower it more
    assert 0.01 < y.samples[off].var() / noise[off].var() < np.exp(-2) + 0.01
    assert np.dot(y.samples[on], TONE[on]) / np.dot(TONE[on], TONE[on]) == pytest.approx(1, abs=0.05)
    before, after = (np.mean((s - TONE) ** 2) for s in (TONE + noise, y.samples))
    assert after < before / 5


def test_gain_and_silence():
    x = np.random.default_rng(2).standard_normal(3000)
    [plain], [loud] = (SpectralSubtraction().transform([s]) for s in (x, 8 * x))
    assert np.allclose(8 * plain, loud)
    assert not SpectralSubtraction().transform([np.zeros(900)])[0].any()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"factor": -1}, "SpectralSubtraction factor: got -1"),
        ({"floor": 0}, "SpectralSubtraction floor: got 0"),
        ({"quantile": 1}, "SpectralSubtraction quantile: got 1, expected more than 0 and less"),
        ({"window": 0}, "SpectralSubtraction window: got 0"),
    ],
)
def test_wrong_values_are_one_sentence(how, message):
    with pytest.raises(DescriptionError, match=message):
        SpectralSubtraction(**how).fit([])
