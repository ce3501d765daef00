"""Features of spikes that come in pieces: those of the spikes so far as one sample, to the bit, at any time."""

import itertools

import numpy as np
import pytest

from lsm_sim import Counts, Spikes, Traces
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import streaming
from lsm_sim.learn.streaming import start_features

DT = 1e-3


class Latest:
    """Features of a user's own: the last step of each neuron in a group, and the number of steps."""

    def of(self, spikes):
        one = spikes["exc"]
        out = np.full((len(spikes), 3), -1.0)
        np.maximum.at(out, (one.sample, one.channel), one.step)
        return np.hstack([out, spikes.n_steps[:, None]])

    def run(self, runner, stimulus, n_threads=None, progress=None):
        raise NotImplementedError


FEATURES = {
    "counts": Counts(),
    "roots": Counts(sqrt=True, per_second=True),
    "bins": Counts(bins=3, sqrt=True),
    "windows": Counts(window=20e-3, n_windows=20, per_second=True),
    "trace": Traces(tau=3e-3),
    "coarse trace": Traces(tau=5e-3, resolution=0.25),
    "trace without rounding": Traces(tau=0.3e-3, resolution=None),
    "long trace without rounding": Traces(tau=20e-3, resolution=None),
    "traces": Traces(tau=5e-3, times=(0.3, 1.0)),
    "own": Latest(),
}


def _spikes(rng, n_steps):
    dense = rng.random((n_steps, 5)) < rng.choice([0.02, 0.3])
    step, channel = np.nonzero(dense)
    payload = rng.integers(-3, 4, step.size) if rng.random() < 0.3 else None
    return Spikes(step, channel, [0, step.size], [n_steps], 5, DT, {"exc": range(1, 4)}, payload)


def _cut(spikes, rng):
    n_steps = int(spikes.n_steps[0])
    cuts = np.unique([0, *rng.integers(0, n_steps + 1, rng.integers(1, 30)), n_steps])
    return [spikes.crop(a * DT, b * DT) for a, b in itertools.pairwise(cuts.tolist())]


def _last(spikes, n_steps):
    total = int(spikes.n_steps[0])
    return spikes if n_steps is None or total <= n_steps else spikes.crop((total - n_steps) * DT)


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("n_steps", [None, 1, 17, 60, 1000])
def test_features_at_any_time_are_those_of_the_spikes_so_far(name, n_steps):
    features = FEATURES[name]
    for seed in range(15):
        rng = np.random.default_rng(seed)
        stream = start_features(features, 5, DT, n_steps)
        for _ in range(2):  # the second time after a reset
            parts = _cut(_spikes(rng, int(rng.integers(1, 400))), rng)
            for k, part in enumerate(parts):
                stream.advance(part)
                if rng.random() < 0.6 or k == len(parts) - 1:
                    expected = features.of(_last(Spikes.concatenate(parts[: k + 1], "time"), n_steps))[0]
                    assert np.array_equal(stream.now(), expected), f"seed {seed}, piece {k}"
            stream.reset()


def test_memory_is_bounded_where_old_spikes_do_not_count():
    part = Spikes.from_dense(np.ones((100, 5)), DT)
    for stream in (Traces(tau=5e-3).stream(5, DT), Counts(bins=2).stream(5, DT, 40)):
        for _ in range(200):
            stream.advance(part)
        assert stream._events.shape[1] < 3000
    assert not hasattr(Counts().stream(5, DT), "_events")


def test_counts_go_on_beyond_32_bits():
    stream = Counts(per_second=True).stream(2, DT)
    stream.advance(Spikes.from_dense(np.ones((10, 2)), DT))
    stream._time += 2**40
    stream._total += 2**40
    stream.advance(Spikes.from_dense(np.ones((10, 2)), DT))
    assert np.allclose(stream.now(), (2**40 + 20) / ((2**40 + 20) * DT))


def test_too_many_spikes_are_one_sentence_and_change_nothing(monkeypatch):
    monkeypatch.setattr(streaming, "MOST_EVENTS", 1000)
    stream, part = Counts(bins=2).stream(5, DT), Spikes.from_dense(np.ones((100, 5)), DT)
    stream.advance(part)
    stream.advance(part)
    before = stream.now()
    with pytest.raises(DescriptionError, match="got 1500 spikes, expected at most 1000 spikes; give n_steps, or reset"):
        stream.advance(part)
    assert np.array_equal(stream.now(), before)
    stream = Counts(bins=2).stream(5, DT, 150)
    for _ in range(20):
        stream.advance(part)


@pytest.mark.parametrize("name", FEATURES)
def test_wrong_spikes_and_arguments_are_one_sentence(name):
    stream = start_features(FEATURES[name], 5, DT)
    with pytest.raises(DescriptionError, match="got no step yet"):
        stream.now()
    wrong = [np.ones((2, 5)), Spikes.from_dense(np.ones((2, 3, 5)), DT), Spikes.from_dense(np.ones((3, 4)), DT)]
    for spikes in [*wrong, Spikes.from_dense(np.ones((3, 5)), 2 * DT), None]:
        with pytest.raises(DescriptionError, match=r"features: got .*, expected"):
            stream.advance(spikes)
    for arguments in ((0, DT), (5, 0.0), (5, "1"), (5, DT, 0), (5, DT, 1.5), (5, DT, "2")):
        with pytest.raises(DescriptionError, match=r"n_channels|dt|n_steps"):
            start_features(FEATURES[name], *arguments)


@pytest.mark.parametrize("features", [None, "counts", Counts, Latest])
def test_what_is_no_features_is_refused(features):
    with pytest.raises(DescriptionError, match="expected features such as"):
        start_features(features, 5, DT)
