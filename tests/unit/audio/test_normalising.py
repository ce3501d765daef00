"""Front ends for rooms and voices: trimming, tilt and mean normalisation, against their formulas."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms, perturb
from lsm_sim.audio import TELEPHONE, AdaptivePreEmphasis, MeanNormalisation, MelSpectrogram, Recording, TiltTo, Trim
from lsm_sim.audio.tilt import tilt_of
from lsm_sim.errors import DescriptionError

RATE = 8000
ALL = [Trim(), AdaptivePreEmphasis(), TiltTo()]


def noise(seed, n=4000):
    return np.random.default_rng(seed).standard_normal(n) * 0.1


def burst(db, hang_over=0.0):
    """Return which samples are kept of 1 in 4000..6000, ``db`` lower in 2000..4000, and silence elsewhere."""
    samples = np.zeros(8000)
    samples[4000:6000] = 1
    samples[2000:4000] = 10 ** (-30 / 20)
    [kept] = Trim(db, hang_over=hang_over, window=1 / RATE).transform([samples])
    return len(kept)


def test_trimming_keeps_what_is_within_the_range_and_the_hang_over():
    assert burst(29.9) == 2000
    assert burst(30.1) == 4000
    assert burst(29.9, hang_over=100 * ms) == 2000 + 2 * 800
    assert burst(29.9, hang_over=2.0) == 8000


def test_a_sound_shorter_than_a_window_or_with_one_loud_window_is_kept():
    for samples in (np.array([0.5]), np.array([0.0, 0.5, 0.4, 0.0]), noise(9)):
        [kept] = Trim(1e-6, hang_over=0).transform([samples])
        assert len(kept) >= 1
        assert Trim(hang_over=1.0).transform([samples])[0].tolist() == samples.tolist()


def test_a_pause_within_a_sound_stays():
    samples = np.concatenate([np.ones(100), np.zeros(3000), np.ones(100)])
    [kept] = Trim().transform([samples])
    assert np.array_equal(kept, samples)


@pytest.mark.parametrize("before", [0, 37, 800, 1600])
def test_trimming_undoes_padding(before):
    one = noise(1)
    [plain], [padded] = (Trim(hang_over=0).transform([s]) for s in (one, np.pad(one, (before, 333))))
    assert np.array_equal(plain, padded)


def test_adaptive_pre_emphasis_is_the_written_out_filter_and_removes_the_correlation():
    x = np.cumsum(noise(2)) * 0.1
    a = np.dot(x[1:], x[:-1]) / np.dot(x, x)
    written = [x[0]] + [x[n] - 0.5 * a * x[n - 1] for n in range(1, len(x))]
    assert np.allclose(AdaptivePreEmphasis(0.5).transform([x])[0], written, rtol=0, atol=1e-15)
    [y] = AdaptivePreEmphasis().transform([x])
    assert abs(np.dot(y[1:], y[:-1]) / np.dot(y, y)) < 0.05 < 0.9 < a


@pytest.mark.parametrize("db", [-9.0, -6.0, 0.0, 6.0, 9.0])
@pytest.mark.parametrize("slope", [-6.0, 0.0])
def test_the_tilt_of_noise_is_brought_to_the_slope(db, slope):
    one = perturb.Tilt(db)(Recording(noise(3, 40000), RATE))
    assert tilt_of(one.samples, RATE, 400, 3200) == pytest.approx(db, abs=0.2)
    [brought] = TiltTo(slope).transform([one])
    assert tilt_of(brought.samples, RATE, 400, 3200) == pytest.approx(slope, abs=0.2)
    assert isinstance(brought, Recording)


@pytest.mark.parametrize("step", [Trim(), AdaptivePreEmphasis(), TiltTo()], ids=repr)
def test_gain_silence_arrays_and_recordings(step):
    x = noise(4)
    [plain], [loud] = step.transform([x]), step.transform([8 * x])
    assert np.allclose(8 * plain, loud, rtol=1e-9, atol=0)
    [as_recording] = step.transform([Recording(x, RATE)])
    assert np.array_equal(as_recording.samples, plain)
    for n in (1, 2, 50):
        [silent] = step.transform([np.zeros(n)])
        assert np.array_equal(silent, np.zeros(n))
        assert np.isfinite(step.transform([np.ones(n)])[0]).all()
    assert step.transform([]) == []
    assert repr(clone(step)) == repr(step)


def written_out(x, amount, decay):
    """Return the running normalisation, value by value."""
    s, n, out = np.zeros(x.shape[1]), 0.0, []
    for frame in x:
        w = frame.mean()
        s = np.array([decay * s[c] + (1 - decay) * w * frame[c] for c in range(len(s))])
        n = decay * n + (1 - decay) * w
        m = s / n if n > 0 else frame
        out.append([min(1, max(0, v - amount * (m[c] - m.mean()))) if v > 0 else 0 for c, v in enumerate(frame)])
    return np.array(out)


@pytest.mark.parametrize("seed", range(20))
def test_the_running_mean_is_the_written_out_loop_and_its_stream_the_same_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    levels = np.clip(rng.normal(0.4, 0.4, (rng.integers(1, 200), rng.integers(1, 40))), 0, 1)
    levels[: rng.integers(0, 5)] = 0
    tau, amount = float(rng.choice([0.05, 0.3, 5.0])), float(rng.choice([0.5, 1.0]))
    step = MeanNormalisation(amount, tau=tau, frame=5 * ms)
    [whole] = step.transform([levels])
    assert np.allclose(whole, written_out(levels, amount, np.exp(-5e-3 / tau)), rtol=0, atol=1e-12)
    stream = step.stream()
    cuts = np.sort(rng.integers(0, len(levels) + 1, rng.integers(0, 30)))
    pieces = [*(stream.advance(part) for part in np.split(levels, cuts)), stream.finish()]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_the_mean_of_a_sound_is_weighted_so_that_silence_changes_nothing():
    rng = np.random.default_rng(7)
    levels = rng.uniform(0.3, 0.7, (50, 8))
    [plain], [padded] = (MeanNormalisation().transform([x]) for x in (levels, np.pad(levels, ((20, 9), (0, 0)))))
    assert np.allclose(padded[20:70], plain)
    assert not padded[:20].any()
    weight = levels.mean(axis=1)
    mean = np.average(levels, axis=0, weights=weight)
    assert np.allclose(plain, np.clip(levels - (mean - mean.mean()), 0, 1))
    response = levels + rng.uniform(-0.1, 0.1, 8)  # of another microphone; the weights change a little
    assert np.abs(MeanNormalisation().transform([response])[0] - plain).max() < 0.05
    assert np.array_equal(MeanNormalisation(0.0).transform([levels])[0], levels)


def test_a_pipeline_with_a_running_mean_answers_live_as_it_does_offline():
    rng = np.random.default_rng(8)
    sounds = [rng.standard_normal(1600) * np.linspace(0.05, 1, 1600) for _ in range(6)]
    front = (MelSpectrogram(n_bands=8, reference=-20.0), MeanNormalisation(tau=0.1))
    encoder = lsm.encode.Rate(200, frame=5 * ms)
    liquid = models.speech(n_inputs=8, n_neurons=20)
    model = make_pipeline(*front, lsm.LiquidClassifier(liquid, encoder, lsm.Counts(1), scale=None))
    model.fit(sounds, [0, 1] * 3)
    with lsm.open(model) as live:
        for part in np.split(sounds[0], [3, 500, 501, 1100]):
            live.advance(part)
        live.finish()
        found = live.features()
    spikes = model[:-1].transform(sounds[:1])
    assert np.array_equal(found, model[-1].transformer_.transform(spikes)[0])


def test_a_telephones_band_leaves_nothing_to_a_sound_outside_of_it():
    t = np.arange(8000) / RATE
    low, speech = np.sin(2 * np.pi * 100 * t), np.sin(2 * np.pi * 1000 * t)
    [alone], [both] = (MelSpectrogram(**TELEPHONE, floor=30.0).transform([x]) for x in (speech, speech + low))
    assert np.abs(alone - both).max() < 0.03


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Trim(0).fit([]), "Trim db: got 0, expected a number > 0"),
        (lambda: Trim(hang_over=-1).fit([]), "Trim hang_over: got -1 s"),
        (lambda: Trim(window=0).fit([]), "Trim window: got 0"),
        (lambda: Trim().transform([np.empty(0)]), "sound 0: got shape .0,., expected"),
        (lambda: Trim().transform(Recording(noise(1), RATE)), "got one Recording, expected a list"),
        (lambda: AdaptivePreEmphasis(2).fit([]), "AdaptivePreEmphasis amount: got 2"),
        (lambda: TiltTo(30).fit([]), "TiltTo slope: got 30 dB per octave"),
        (lambda: TiltTo(f_min=3000).fit([]), "expected at least an octave"),
        (lambda: TiltTo().transform([Recording(noise(1), 6000)]), "TiltTo f_max: got 3200 Hz for a sound at 6000 Hz"),
        (lambda: MeanNormalisation().stream(), "MeanNormalisation: got no tau"),
        (lambda: MeanNormalisation(tau=-1).fit([]), "MeanNormalisation tau: got -1"),
        (lambda: MeanNormalisation().transform([np.full((3, 2), 7.0)]), "got levels outside"),
        (lambda: MeanNormalisation().transform([np.zeros(3)]), "sound 0: got shape .3,., expected .frames, bands."),
    ],
)
def test_wrong_values_are_one_sentence(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
