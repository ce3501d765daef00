import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils import get_tags

from lsm_sim import DescriptionError, ms
from lsm_sim.audio import Cochleagram, MelSpectrogram, Recording
from lsm_sim.audio.cochlea import erb_space, gammatone_bank
from lsm_sim.audio.mel import mel_bank

FRONT_ENDS = [MelSpectrogram, Cochleagram]


def tone(frequency, seconds=0.5, rate=8000, loudness=0.5):
    return loudness * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("kind", FRONT_ENDS)
class TestEveryFrontEnd:
    @pytest.mark.parametrize("n", [1, 2, 199, 200, 201, 239, 240, 4000])
    def test_frames_are_the_whole_windows_and_at_least_one(self, kind, n):
        [frames] = kind().fit_transform([np.random.default_rng(n).normal(size=n)])
        assert frames.shape == (1 + max(0, n - 200) // 40, 32)

    @pytest.mark.parametrize("rate", [11025, 22050, 44100, 48000])
    def test_at_any_rate_frames_keep_their_times(self, kind, rate):
        rising = np.concatenate([np.zeros(rate), tone(1000, 1.0, rate)])
        [frames] = kind(rate).transform([rising])
        starts = [round(k * 0.005 * rate) for k in range(400)]
        assert frames.shape == (sum(start <= 2 * rate - round(0.025 * rate) for start in starts), 32)
        begin = np.flatnonzero(frames.any(axis=1))[0] * 5 * ms + 25 * ms  # the end of the first window with sound in it
        assert 1 < begin <= 1 + 6 * ms

    def test_a_short_sound_is_filled_with_zeros(self, kind):
        short = tone(1000, 0.01)
        filled = np.append(short, np.zeros(200 - len(short)))
        front = kind(pre_emphasis=0.0)  # with it, the step to zero would be heard
        np.testing.assert_allclose(*(front.transform([sound])[0] for sound in (short, filled)), rtol=0, atol=1e-12)

    def test_silence_gives_zeros(self, kind):
        [frames] = kind().transform([np.zeros(400)])
        assert frames.shape == (6, 32)
        assert not frames.any()

    @given(st.integers(1, 600), st.integers(0, 1000))
    @settings(derandomize=True, max_examples=30, deadline=None)
    def test_values_lie_between_0_and_1_and_the_loudest_is_1(self, kind, n, seed):
        [frames] = kind().transform([np.random.default_rng(seed).normal(size=n)])
        assert frames.min() >= 0
        assert frames.max() == 1

    def test_the_level_of_the_recording_does_not_matter(self, kind):
        sound = tone(700) + tone(2500, loudness=0.1)
        quiet, loud = kind().transform([sound / 1024, sound])  # a power of two: no rounding
        assert np.array_equal(quiet, loud)

    def test_levels_are_decibels_below_the_loudest(self, kind):
        rising = np.concatenate([tone(1000, loudness=0.01), tone(1000, loudness=1.0)])  # 40 dB apart
        [frames] = kind(floor=80.0).transform([rising])
        band = frames[-10].argmax()
        # Frames that begin at other phases of the tone differ by less than 0.1 dB of the 80.
        np.testing.assert_allclose(frames[[40, -10], band], [0.5, 1.0], rtol=0, atol=0.00125)

    @pytest.mark.parametrize("rate", [16000, 44100, 11025])
    def test_a_recording_of_another_rate_is_resampled(self, kind, rate):
        front = kind()
        own = front.transform([Recording(tone(1000), 8000)])[0]
        other = front.transform([Recording(tone(1000, rate=rate), rate)])[0]
        assert abs(len(own) - len(other)) <= 1
        inner = slice(10, -10)  # filters of the resampling ring at both ends
        # The tone's own band and its neighbours; resampling filters leave a ripple of some hundredths of a dB.
        near = slice(own[20].argmax() - 1, own[20].argmax() + 2)
        np.testing.assert_allclose(other[: len(own)][inner, near], own[: len(other)][inner, near], rtol=0, atol=0.005)

    def test_an_array_and_a_recording_of_the_own_rate_are_the_same(self, kind):
        array, recording = kind().transform([tone(500), Recording(tone(500), 8000)])
        assert np.array_equal(array, recording)

    def test_a_sound_does_not_depend_on_its_batch(self, kind):
        sounds = [tone(400), tone(900, 0.3), tone(2000, 0.01)]
        together = kind().transform(sounds)
        for sound, frames in zip(sounds, together, strict=True):
            assert np.array_equal(kind().transform([sound])[0], frames)

    def test_it_can_be_cloned_and_has_nothing_to_learn(self, kind):
        front = clone(kind(16000, n_bands=20, hop=10 * ms))
        assert front.get_params()["n_bands"] == 20
        assert not get_tags(front).requires_fit
        assert front.transform([tone(440, rate=16000)])[0].shape == (48, 20)

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"f_min": 5000}, "f_min < f_max"),
            ({"f_max": 4100}, "f_max"),
            ({"window": 0}, "window"),
            ({"hop": 0.01 * ms}, "at least one sample"),
            ({"n_bands": 0}, "n_bands"),
            ({"floor": 0}, "floor"),
            ({"sample_rate": 0}, "sample_rate"),
            ({"pre_emphasis": np.nan}, "pre_emphasis"),
        ],
    )
    def test_wrong_settings_are_named(self, kind, settings, words):
        with pytest.raises(DescriptionError, match=f"{kind.__name__}.*{words}"):
            kind(**settings).transform([tone(440)])

    @pytest.mark.parametrize(
        ("sounds", "words"),
        [
            ([np.zeros((10, 2))], "average channels first"),
            ([np.zeros(0)], "at least one sample"),
            ([tone(440), np.array([0.0, np.nan])], "sound 1: got nan"),
            (Recording(tone(440), 8000), "expected a list"),
        ],
    )
    def test_wrong_sounds_are_named(self, kind, sounds, words):
        with pytest.raises(DescriptionError, match=words):
            kind().transform(sounds)


@pytest.mark.parametrize("frequency", [200, 500, 1000, 2000, 3500])
def test_a_tone_is_loudest_in_the_band_around_it(frequency):
    [mel] = MelSpectrogram(pre_emphasis=0.0).transform([tone(frequency)])
    centres = 700 * (10 ** (np.linspace(*2595 * np.log10(1 + np.array([80, 4000]) / 700), 34)[1:-1] / 2595) - 1)
    assert mel[20].argmax() == np.abs(np.log(centres / frequency)).argmin()
    [cochlea] = Cochleagram(pre_emphasis=0.0).transform([tone(frequency)])
    assert cochlea[20].argmax() == np.abs(np.log(erb_space(80, 3600, 32) / frequency)).argmin()


def test_triangles_have_sum_1_and_cover_the_range():
    bank = mel_bank(32, 256, 8000, 80.0, 4000.0)
    np.testing.assert_allclose(bank.sum(axis=1), 1, rtol=1e-12)
    assert (bank[:, 4:-1].sum(axis=0) > 0).all()


def test_a_triangle_between_two_frequencies_takes_the_nearest():
    bank = mel_bank(64, 64, 8000, 80.0, 4000.0)
    assert (bank.sum(axis=1) > 0.999).all()


def test_a_warp_moves_the_bands():
    warped = MelSpectrogram(warp=1.25, pre_emphasis=0.0).transform([tone(1250)])[0][20].argmax()
    assert warped == MelSpectrogram(pre_emphasis=0.0).transform([tone(1000)])[0][20].argmax()


def test_gammatone_filters_pass_their_centre_frequency_unchanged():
    centres = erb_space(100, 3000, 8)
    gain = [
        np.abs(bank @ np.exp(-2j * np.pi * f * np.arange(len(bank)) / 8000))
        for f, bank in zip(centres, gammatone_bank(8, 8000, 100.0, 3000.0), strict=True)
    ]
    # The negative frequencies of a real filter add a little at low centres.
    np.testing.assert_allclose(gain, 1, atol=0.01)
