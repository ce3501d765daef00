"""Perturbations of sounds, against their formulas."""

import numpy as np
import pytest
from scipy.signal import welch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from lsm_sim import perturb
from lsm_sim.audio import MelSpectrogram, Recording
from lsm_sim.errors import DescriptionError
from lsm_sim.units import ms

RATE = 8000


def sound(seed=0, n=4000, rate=RATE):
    return Recording(np.random.default_rng(seed).standard_normal(n) * 0.1, rate)


def level(sound, snr_of):
    return 10 * np.log10(np.mean(sound.samples**2) / np.mean((snr_of.samples - sound.samples) ** 2))


@pytest.mark.parametrize("snr", [-10.0, 0.0, 10.0, 35.5])
@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
def test_noise_has_the_ratio_that_was_asked_for(kind, snr):
    one = sound(1)
    noisy = perturb.Noise(snr, kind, others=[sound(k, 900) for k in range(2, 5)])(one)
    assert level(one, noisy) == pytest.approx(snr, abs=1e-6)


def spectrum(before, after):
    """Return frequencies and the level of each, in dB, that was added or multiplied."""
    f, own = welch(after, RATE, nperseg=512)
    return f, 10 * np.log10(own / (1 if before is None else welch(before, RATE, nperseg=512)[1]))


def slope(f, decibels, low=100, high=3500):
    """Return the slope of a level in dB per octave."""
    inside = (f >= low) & (f <= high)
    return np.polyfit(np.log2(f[inside]), decibels[inside], 1)[0]


def test_pink_noise_falls_by_three_decibels_per_octave_and_white_noise_does_not():
    tone = Recording(np.full(200000, 1e-3), RATE)
    for kind, expected in (("pink", -3.01), ("white", 0.0)):
        noise = perturb.Noise(0.0, kind)(tone).samples - tone.samples
        assert slope(*spectrum(None, noise)) == pytest.approx(expected, abs=0.15), kind


@pytest.mark.parametrize("db", [-6.0, -3.0, 0.0, 6.0, 12.0])
def test_a_tilt_measured_on_white_noise_is_that_slope_around_the_pivot(db):
    white = sound(3, 200000)
    f, gained = spectrum(white.samples, perturb.Tilt(db)(white).samples)
    assert slope(f, gained) == pytest.approx(db, abs=0.02)
    assert np.interp(1000, f, gained) == pytest.approx(0, abs=0.05)


def test_two_opposite_tilts_give_the_sound_back():
    one = Recording(np.concatenate([np.zeros(500), sound(4).samples, np.zeros(500)]), RATE)
    back = perturb.Chain((perturb.Tilt(3), perturb.Tilt(-3)))(one)
    # the first filter's response ends outside the sound, and is cut off there
    assert np.sqrt(np.mean((back.samples - one.samples) ** 2)) < 0.01 * one.samples.std()


def test_padding_puts_zeros_around_the_samples_and_noise_has_its_level():
    one = sound(5)
    padded = perturb.Padding(50 * ms, 100 * ms)(one).samples
    assert np.array_equal(padded, np.concatenate([np.zeros(400), one.samples, np.zeros(800)]))
    loud = perturb.Padding(10.0, 10.0, level=-20.0)(one).samples
    power = np.mean(loud[:80000] ** 2) / np.mean(one.samples**2)
    assert 10 * np.log10(power) == pytest.approx(-20, abs=0.2)
    lengths = [len(perturb.Padding(0.2, 0.2, random=True)(sound(k))) - 4000 for k in range(40)]
    assert 0 <= min(lengths) < 1000 < 2200 < max(lengths) <= 3200, lengths


def test_gain_speed_and_band():
    one = sound(6)
    assert np.allclose(perturb.Gain(20.0)(one).samples, 10 * one.samples)
    assert np.abs(perturb.Gain(60.0, clip=True)(one).samples).max() == 1
    t = np.arange(8000) / RATE
    tone = Recording(np.sin(2 * np.pi * 500 * t), RATE)
    fast = perturb.Speed(1.25)(tone)
    assert len(fast) == 6400
    assert np.abs(np.fft.rfft(fast.samples)).argmax() / fast.duration == pytest.approx(625, abs=2)
    f, gained = spectrum(one.samples, perturb.Band(300, 3400)(sound(6)).samples)
    assert np.interp([1000, 2000], f, gained) == pytest.approx([0, 0], abs=0.2)
    for edge in (300, 3400):
        tone = Recording(np.sin(2 * np.pi * edge * t), RATE)
        power = np.mean(perturb.Band()(tone).samples[4000:] ** 2) / np.mean(tone.samples[4000:] ** 2)
        assert 10 * np.log10(power) == pytest.approx(-3.01, abs=0.1), edge


RANDOM = [
    perturb.Noise(10.0),
    perturb.Noise(10.0, "pink"),
    perturb.Noise(10.0, "babble", others=[sound(k) for k in range(20, 24)]),
    perturb.Padding(0.1, 0.1, random=True),
    perturb.Padding(0.1, 0.1, level=-30.0),
]


@pytest.mark.parametrize("one", RANDOM, ids=repr)
def test_random_numbers_depend_on_the_sample_and_the_seed_not_on_the_batch(one):
    sounds = [sound(k) for k in range(3)]
    together = one(sounds)
    assert all(np.array_equal(a.samples, one(b).samples) for a, b in zip(together, sounds, strict=True))
    other = type(one)(**{**vars(one), "seed": 7})
    assert not np.array_equal(other(sounds[0]).samples, together[0].samples)
    assert [x.sample_rate for x in together] == [RATE] * 3


def test_silence_has_no_ratio_and_stays_silent():
    silent = Recording(np.zeros(100), RATE)
    assert not perturb.Noise(10.0)(silent).samples.any()


def test_babble_does_not_hold_the_recording_itself():
    one, other = sound(1, 400), Recording(np.full(100, 0.5), RATE)
    noise = perturb.Noise(0.0, "babble", others=[one, other])(one).samples - one.samples
    assert np.allclose(noise, noise[0])  # only the constant one


def test_a_perturbation_is_a_step_of_a_pipeline():
    sounds = [sound(k) for k in range(2)]
    steps = make_pipeline(FunctionTransformer(perturb.Noise(10.0)), MelSpectrogram())
    assert np.array_equal(
        steps.fit_transform(sounds)[1], MelSpectrogram().fit_transform(perturb.Noise(10.0)(sounds))[1]
    )
    assert perturb.Noise(10.0)([]) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: perturb.Noise(float("nan")), "Noise snr: got nan, expected finite"),
        (lambda: perturb.Noise(float("inf")), "Noise snr: got inf, expected finite"),
        (lambda: perturb.Noise(10.0, "babble"), "Noise others: got none, expected recordings"),
        (lambda: perturb.Noise(10, "babble", others=[sound(1)])(sound(1)), "got only the recording itself"),
        (lambda: perturb.Noise(10, "babble", others=[Recording(np.zeros(9), RATE)]), "got silent recordings only"),
        (lambda: perturb.Noise(10, "babble", others=[sound(1), sound(2, rate=44100)]), "expected one sample rate"),
        (lambda: perturb.Noise(10, "babble", others=[sound(1, rate=16000)])(sound(1)), "expected one sample rate"),
        (lambda: perturb.Gain(3)([sound(1), sound(2, rate=16000)]), "8000 Hz in sound 0 and 16000 Hz in sound 1"),
        (lambda: perturb.Gain(3)([np.zeros(4)]), "got ndarray as sound 0, expected a Recording"),
        (lambda: perturb.Gain(3)([Recording(np.empty(0), RATE)]), "expected .n,. with at least one sample"),
        (lambda: perturb.Band(300, 3400)(sound(1, rate=6000)), "Band high: got 3400 Hz for a recording at 6000 Hz"),
        (lambda: perturb.Band(3400, 300), "expected low < high"),
        (lambda: perturb.Speed(0.0), "Speed factor: got 0"),
        (lambda: perturb.Padding(-1.0), "Padding before: got -1 s"),
        (lambda: perturb.Tilt(100), "Tilt slope: got 100 dB per octave"),
        (lambda: perturb.Chain([]), "Chain steps: got none"),
        (lambda: perturb.Chain([perturb.Tilt(), perturb.LostSpikes()]), "perturbations of sounds and of spikes"),
        (lambda: perturb.Chain([3]), "perturbation: got int, expected one of"),
    ],
)
def test_wrong_values_are_one_sentence(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
