import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.audio import LateralInhibition, MelSpectrogram
from lsm_sim.errors import DescriptionError


def written_out(levels, amount, width, compression):
    """The docstring's formula, band by band; the Gaussian ends at 4 standard deviations."""
    reach = int(4 * width + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / width) ** 2)
    last = levels.shape[1] - 1
    around = [(weights * levels[:, np.clip(c + offsets, 0, last)]).sum(1) / weights.sum() for c in range(last + 1)]
    sharp = np.clip((levels - amount * np.transpose(around)) / (1 - amount), 0, 1)
    return np.array([[min(1, y * max(0.2, *frame) ** -compression) for y in frame] for frame in sharp])


@pytest.mark.parametrize("seed", range(10))
def test_inhibition_is_the_written_out_formula_and_its_stream_the_same_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0, 1, (rng.integers(1, 100), rng.integers(1, 40)))
    amount, width = float(rng.choice([0.0, 0.3, 0.5, 0.9])), float(rng.choice([0.5, 4.0, 8.0]))
    compression = float(rng.choice([0.0, 0.5, 1.0]))
    step = LateralInhibition(amount, width, compression)
    [whole] = step.fit_transform([levels])
    expected = written_out(levels, amount, width, compression)
    assert np.allclose(whole, expected, rtol=0, atol=1e-12)  # sums of another order
    stream = step.stream()
    cuts = np.sort(rng.integers(0, len(levels) + 1, rng.integers(0, 30)))
    pieces = [*(stream.advance(part) for part in np.split(levels, cuts)), stream.finish()]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_a_flat_spectrum_stays_and_a_peak_is_sharpened():
    flat, peak = np.full((3, 16), 0.4), np.full((1, 16), 0.4)
    peak[0, 8] = 0.6
    [same], [sharp] = (LateralInhibition().transform([x]) for x in (flat, peak))
    assert np.allclose(same, flat, rtol=0, atol=1e-12)
    assert sharp[0, 8] - sharp[0, 7] > 0.39  # twice the difference, because 1 / (1 - 0.5) = 2
    tilt = 0.3 + 0.01 * np.arange(16)[None]
    [found] = LateralInhibition().transform([peak + tilt - 0.3])
    assert found.argmax() == 8


def test_compression_raises_quiet_frames_and_leaves_their_shape():
    levels = np.array([[0.1, 0.5, 0.3], [0.05, 0.25, 0.15], [0.02, 0.1, 0.06], [0.0, 0.0, 0.0]])
    [full] = LateralInhibition(0.0, compression=1.0).transform([levels])
    assert np.allclose(full[:2], [[0.2, 1.0, 0.6]] * 2, rtol=0, atol=1e-12)
    assert np.allclose(full[2], levels[2] / 0.2, rtol=0, atol=1e-12)  # below 0.2: no more than that
    assert not full[3].any()


def test_a_pipeline_with_inhibition_answers_live_as_it_does_offline():
    rng = np.random.default_rng(8)
    sounds = [rng.standard_normal(1600) * np.linspace(0.05, 1, 1600) for _ in range(6)]
    front = (MelSpectrogram(n_bands=8, reference=-20.0), LateralInhibition(compression=0.5))
    liquid = models.speech(n_inputs=8, n_neurons=20)
    encoder = lsm.encode.Rate(200, frame=5 * ms)
    model = make_pipeline(*front, lsm.LiquidClassifier(liquid, encoder, lsm.Counts(1), scale=None))
    model.fit(sounds, [0, 1] * 3)
    with lsm.open(model) as live:
        for part in np.split(sounds[0], [3, 500, 501, 1100]):
            live.advance(part)
        live.finish()
        found = live.features()
    levels = model[:-1].transform(sounds[:1])
    assert found.any()
    assert np.array_equal(found, model[-1].transformer_.transform(levels)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: LateralInhibition(1.0).fit([]),
            "LateralInhibition amount: got 1, expected at least 0 and less than 1",
        ),
        (lambda: LateralInhibition("x").fit([]), "LateralInhibition amount: got values of type"),
        (lambda: LateralInhibition(width=0).fit([]), "LateralInhibition width: got 0"),
        (lambda: LateralInhibition(compression=2).fit([]), "LateralInhibition compression: got 2"),
        (lambda: LateralInhibition(width=1e9).fit([]), "expected at most 1048576"),
        (lambda: LateralInhibition().transform([np.full((3, 2), 7.0)]), "got levels outside"),
        (lambda: LateralInhibition().transform([np.zeros(3)]), "sound 0: got shape .3,., expected .frames, bands."),
    ],
)
def test_wrong_values_are_one_sentence(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def test_a_stream_that_has_ended_or_changes_its_bands_is_refused():
    stream = LateralInhibition().stream()
    stream.advance(np.zeros((2, 4)))
    with pytest.raises(DescriptionError, match=r"expected .frames, 4."):
        stream.advance(np.zeros((2, 5)))
    assert stream.finish().shape == (0, 4)
    with pytest.raises(DescriptionError, match="got more after finish"):
        stream.advance(np.zeros((2, 4)))
