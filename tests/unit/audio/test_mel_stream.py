"""Mel spectrograms with a fixed reference: of sounds that come in pieces, and of whole ones, to the bit."""

import numpy as np
import pytest
from sklearn.base import clone

from lsm_sim.audio import MelSpectrogram, Recording
from lsm_sim.errors import DescriptionError


def _front_end(rng, **changed):
    form = {"n_bands": int(rng.integers(4, 40)), "reference": float(rng.uniform(-40, 0)), "floor": rng.uniform(20, 80)}
    timing = {"window": float(rng.choice([5e-3, 25e-3, 40e-3])), "hop": float(rng.choice([1e-3, 5e-3, 3.3e-3, 60e-3]))}
    return MelSpectrogram(8000, pre_emphasis=float(rng.choice([0.0, 0.97])), **timing, **form | changed)


@pytest.mark.parametrize("seed", range(60))
def test_the_pieces_are_the_frames_of_the_whole_sound(seed):
    rng = np.random.default_rng(seed)
    mel = _front_end(rng)
    sound = rng.normal(size=rng.integers(1, 3000)) * rng.choice([1e-4, 0.1, 1.0])
    n_cuts = len(sound) if seed % 10 == 0 else rng.integers(0, 40)  # now and then one sample at a time
    cuts = np.arange(len(sound)) if seed % 10 == 0 else np.sort(rng.integers(0, len(sound) + 1, n_cuts))
    stream = mel.stream()
    pieces = [*(stream.advance(part) for part in np.split(sound, cuts)), stream.finish()]
    [whole] = mel.transform([sound])
    assert np.array_equal(np.concatenate(pieces), whole)
    assert all(piece.shape[1] == stream.n_bands for piece in pieces)
    assert mel.transform([sound, sound])[1].tobytes() == whole.tobytes()


@pytest.mark.parametrize("seed", range(20))
def test_with_its_own_peak_as_reference_a_sound_has_the_usual_levels(seed):
    rng = np.random.default_rng(seed)
    sound = rng.normal(size=rng.integers(10, 3000))
    usual = _front_end(rng, reference=None)
    fixed = clone(usual).set_params(reference=usual.loudest([sound]))
    # the sums over frequencies are in another order
    np.testing.assert_allclose(fixed.transform([sound])[0], usual.transform([sound])[0], rtol=0, atol=1e-12)


def test_a_full_scale_sine_is_at_0_db_and_louder_ones_are_clipped():
    tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    # bands of one frequency each, as the mean over a wide triangle is below its peak; 1000 Hz is one of the frequencies
    form = {"pre_emphasis": 0.0, "n_bands": 100, "window": 32e-3, "f_min": 500.0, "f_max": 1500.0}
    assert MelSpectrogram(8000, **form).loudest([tone]) == pytest.approx(0, abs=1e-3)
    levels = [MelSpectrogram(8000, reference=0.0, **form).transform([k * tone])[0].max() for k in (0.1, 0.9, 10)]
    assert levels[0] == pytest.approx(1 - 20 / 60, abs=1e-4)
    assert levels[1] < levels[2] == 1


def test_silence_gives_zeros_and_a_stream_of_nothing_no_frames():
    mel = MelSpectrogram(reference=-20.0)
    assert not mel.transform([np.zeros(900)])[0].any()
    assert mel.stream().finish().shape == (0, 32)
    assert mel.stream().advance([]).shape == (0, 32)
    [resampled] = mel.transform([Recording(np.ones(1600), 16000)])
    assert resampled.shape == (16, 32)


def test_what_is_wrong_is_one_sentence():
    with pytest.raises(DescriptionError, match=r"got no reference, .* not known while it plays; give reference"):
        MelSpectrogram().stream()
    for reference in ("loud", np.nan, [1.0], 1e6):
        with pytest.raises(DescriptionError, match="MelSpectrogram reference"):
            MelSpectrogram(reference=reference).fit([])
    with pytest.raises(DescriptionError, match="got silence"):
        MelSpectrogram().loudest([np.zeros(100)])
    stream, sound = MelSpectrogram(reference=-20.0).stream(), np.random.default_rng(0).normal(size=500)
    first = stream.advance(sound[:300])
    for wrong in (np.ones((2, 2)), "sound", [np.nan], None):
        with pytest.raises(DescriptionError, match="samples"):
            stream.advance(wrong)
    got = np.concatenate([first, stream.advance(sound[300:])])
    assert np.array_equal(got, MelSpectrogram(reference=-20.0).transform([sound])[0])
    stream.finish()
    for call in (stream.finish, lambda: stream.advance([0.0])):
        with pytest.raises(DescriptionError, match=r"after finish\(\)"):
            call()
