import dataclasses
import itertools
import sys
from typing import Any

import numpy as np
import pytest

from lsm_sim import Program, Spikes
from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.spikes.bins import equal_bins, windows
from tests.cases import GOLDEN


def random_dense(seed, ragged=True):
    rng = np.random.default_rng(seed)
    n_channels = int(rng.integers(0, 6))
    lengths = rng.integers(1, 30, rng.integers(1, 6)) if ragged else np.full(4, 20)
    return [rng.random((int(n), n_channels)) < rng.choice([0, 0.2, 1]) for n in lengths]


def same(a, b):
    for name in ("step", "channel", "offsets", "n_steps", "n_channels", "dt"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    return dict(a.groups) == dict(b.groups)


@pytest.fixture
def spikes():
    """Three samples of 4, 2 and 3 steps on 3 channels; the second is silent."""
    return Spikes(
        [0, 0, 3, 2, 2], [0, 2, 1, 0, 1], [0, 3, 3, 5], [4, 2, 3], 3, 0.1, {"left": range(2), "right": range(2, 3)}
    )


@pytest.mark.parametrize("seed", range(50))
def test_dense_round_trip(seed):
    dense = random_dense(seed)
    spikes = Spikes.from_dense(dense, 1e-3)
    assert spikes.n_steps.tolist() == [len(sample) for sample in dense]
    for b, sample in enumerate(dense):
        np.testing.assert_array_equal(spikes.raster(b), sample)
        np.testing.assert_array_equal(spikes.to_dense()[b, : len(sample)], sample)
        assert not spikes.to_dense()[b, len(sample) :].any()


def test_one_dense_sample_or_a_block_of_them():
    dense = np.array(random_dense(1, ragged=False))
    assert same(Spikes.from_dense(dense, 1e-3), Spikes.from_dense(list(dense), 1e-3))
    assert same(Spikes.from_dense(dense[0], 1e-3), Spikes.from_dense(dense[:1], 1e-3))
    assert same(Spikes.from_dense(dense.astype(int), 1e-3), Spikes.from_dense(dense.astype(float), 1e-3))


@pytest.mark.parametrize("seed", range(20))
def test_events_in_any_order_give_the_same_spikes(seed):
    spikes = Spikes.from_dense(random_dense(seed), 1e-3)
    order = np.random.default_rng(seed).permutation(spikes.n_events)
    events = {"n_steps": spikes.n_steps, "n_channels": spikes.n_channels, "dt": 1e-3}
    again = Spikes.from_events(
        spikes.step[order], spikes.channel[order], sample=spikes.sample[order], sort=True, **events
    )
    assert same(spikes, again)
    assert same(spikes, Spikes.from_events(spikes.step, spikes.channel, sample=spikes.sample, **events))


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 0.1, 1 / 3])
def test_times_on_the_grid_fall_into_their_own_step(dt):
    step = np.arange(1000)
    spikes = Spikes.from_times(step * dt, np.zeros(1000, int), duration=1000 * dt, n_channels=1, dt=dt)
    assert spikes.step.tolist() == step.tolist()
    np.testing.assert_array_equal(spikes.times(), step * dt)


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 1 / 3000])
def test_times_on_the_grid_fall_into_their_own_step_after_many_million_steps_too(dt):
    step = np.sort(np.random.default_rng(1).choice(2**31 - 2, 20_000, replace=False))
    one = np.zeros(step.size, int)
    spikes = Spikes.from_times(step * dt, one, duration=[(2**31 - 1) * dt], n_channels=1, dt=dt)
    np.testing.assert_array_equal(spikes.step, step)


def test_times_are_sorted_into_steps_of_their_sample():
    spikes = Spikes.from_times(
        [0.29, 0.05, 0.1], [1, 0, 1], sample=[1, 1, 0], duration=[0.2, 0.3], n_channels=2, dt=0.1
    )
    assert spikes.offsets.tolist() == [0, 1, 3]
    assert spikes.step.tolist() == [1, 0, 2]
    assert spikes.n_steps.tolist() == [2, 3]


def test_one_length_stands_for_all_samples():
    spikes = Spikes.from_events([0, 1], [0, 0], sample=[0, 2], n_steps=5, n_channels=1, dt=1e-3)
    assert spikes.n_steps.tolist() == [5, 5, 5]


def test_slicing_keeps_samples_whole(spikes):
    for key in (1, -1, slice(0, 2), slice(None, None, -1), [2, 0, 2], np.array([True, False, True]), []):
        chosen = np.atleast_1d(np.arange(3)[key])
        part = spikes[key]
        assert len(part) == chosen.size
        assert part.n_steps.tolist() == [[4, 2, 3][b] for b in chosen]
        for i, b in enumerate(chosen):
            np.testing.assert_array_equal(part.raster(i), spikes.raster(int(b)))


def test_iteration_yields_every_sample(spikes):
    assert [part.n_events for part in spikes] == [3, 0, 2]
    with pytest.raises(IndexError, match=r"no sample 3; there are 3"):
        spikes[3]


def test_groups_are_cut_out_by_name(spikes):
    right = spikes["right"]
    assert right.n_channels == 1
    np.testing.assert_array_equal(right.raster(0), spikes.raster(0)[:, 2:])
    assert dict(right.groups) == {"right": range(1)}
    with pytest.raises(DescriptionError, match=r"no group 'middle'; known: left, right"):
        spikes["middle"]


def test_concatenation_undoes_slicing(spikes):
    assert same(Spikes.concatenate([spikes[0], spikes[1:], spikes[:0]]), spikes)


def test_durations_and_rates_are_in_seconds_and_hertz(spikes):
    np.testing.assert_array_equal(spikes.durations, np.array([4, 2, 3]) * 0.1)
    np.testing.assert_allclose(spikes.rates(), [[2.5, 2.5, 2.5], [0, 0, 0], [1 / 0.3, 1 / 0.3, 0]], rtol=1e-15)


def brute_force(dense, edges):
    return [
        [sample[a:b].sum(axis=0) for a, b in itertools.pairwise(row)] for sample, row in zip(dense, edges, strict=True)
    ]


@pytest.mark.parametrize("seed", range(50))
def test_counts_are_sums_over_the_raster(seed):
    dense = random_dense(seed)
    spikes = Spikes.from_dense(dense, 1e-3)
    for bins in (1, 3, np.int64(7), windows(spikes.n_steps, 1 + seed % 8), windows(spikes.n_steps, 100)):
        edges = equal_bins(spikes.n_steps, int(bins)) if np.ndim(bins) == 0 else bins
        np.testing.assert_array_equal(spikes.counts(bins), brute_force(dense, edges))
        assert spikes.counts(bins).dtype == np.int32


def test_equal_bins_put_step_k_into_bin_k_bins_over_steps():
    lengths = np.arange(1, 40)
    for bins in (1, 2, 5, 13, 50):
        for n, edges in zip(lengths, equal_bins(lengths, bins), strict=True):
            of_step = np.searchsorted(edges, np.arange(n), side="right") - 1
            assert of_step.tolist() == [k * bins // n for k in range(n)]


def test_windows_cover_the_longest_sample():
    assert windows(np.array([5, 2]), 2).tolist() == [[0, 2, 4, 5], [0, 2, 2, 2]]
    assert windows(np.array([5, 2]), 10**30).tolist() == [[0, 5], [0, 2]]


def test_files_come_back_as_they_were(spikes, tmp_path):
    cases = [spikes, spikes[:0], Spikes.from_dense(np.zeros((3, 0)), 1e-4)]
    cases += [Spikes(spikes.step, spikes.channel, spikes.offsets, spikes.n_steps, 3, 0.1, {"b": range(1, 3)})]
    for case in cases:
        case.save(tmp_path / "spikes.npz")
        assert same(case, Spikes.load(tmp_path / "spikes.npz"))


def test_arrays_are_read_only_and_the_givers_are_not(spikes):
    with pytest.raises(ValueError, match=r"read-only"):
        spikes.step[0] = 1
    step = np.array([0])
    Spikes(step, [0], [0, 1], [1], 1, 1e-3)
    step[0] = 5


def test_repr_says_what_it_is(spikes):
    assert repr(spikes) == "Spikes(3 samples of 2..4 steps, 3 channels, 5 events, dt=0.1 s)"
    assert repr(spikes[:0]) == "Spikes(0 samples of 0 steps, 3 channels, 0 events, dt=0.1 s)"


def events(step, channel, **others):
    return lambda: Spikes.from_events(step, channel, **({"n_steps": 4, "n_channels": 2, "dt": 1e-3} | others))


NUMBERS: Any = [1]
EMPTY: Any = {"step": [], "channel": [], "offsets": [0, 0], "n_steps": [1], "n_channels": 1, "dt": 1e-3}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (events([4], [0]), r"Spikes step: got 4 in sample 0, expected 0\.\.3"),
        (events([-1], [0]), "Spikes step: got -1 in sample 0"),
        (events([0], [2]), r"Spikes channel: got 2 in sample 0, expected 0\.\.1"),
        (events([0], [-1]), "Spikes channel: got -1"),
        (events([0], [2**32]), "Spikes channel: got 4294967296"),
        (events([1, 0], [0, 0]), "the event at step 0, channel 0 of sample 0 is out of order; sort events"),
        (events([0, 0], [1, 0]), "the event at step 0, channel 0 of sample 0 is out of order"),
        (
            events([1, 1], [0, 0]),
            "the event at step 1, channel 0 of sample 0 appears twice; a channel spikes at most once",
        ),
        (events([0, 0], [0, 0], sample=[1, 0]), "events: the samples are not in order; sort the events"),
        (events([0], [0], sample=[3], n_steps=[4, 4]), r"events sample: got 3, expected 0\.\.1 as n_steps says"),
        (events([0], [0], sample=[-1]), "events sample: got -1"),
        (events([0], [0], sample=[10**14]), "events of 100000000000001 samples: needs about"),
        (events([0, 1], [0]), "expected lists of equal length"),
        (events([0.5], [0]), "events step: got 0.5, expected whole numbers"),
        (events([np.nan], [0]), "events step: got nan, expected finite"),
        (events([1j], [0]), "events step: got values of type complex128"),
        (events([[0], [0, 1]], [0]), "events step: got nested sequences of unequal length"),
        (events(["a"], [0]), "events step: got values of type <U1"),
        (events([], [], n_steps=0), "sample 0 has 0 steps, expected at least 1; drop it"),
        (events([], [], n_steps=2**31), "n_steps: got 2147483648, expected less than 2"),
        (events([], [], n_steps=[[4]]), r"events n_steps: got shape \(1, 1\)"),
        (events([], [], n_channels=-1), "Spikes n_channels: got -1, expected a whole number >= 0"),
        (events([], [], n_channels=True), "Spikes n_channels: got True"),
        (events([], [], dt=0), "Spikes dt: got 0, expected a number > 0"),
        (events([], [], dt=np.inf), "Spikes dt: got inf"),
        (
            lambda: Spikes(**EMPTY | {"offsets": [0, 1]}),
            "Spikes offsets: expected 2 non-decreasing values from 0 to the 0 events",
        ),
        (lambda: Spikes(**EMPTY | {"offsets": [0]}), "Spikes offsets: expected 2"),
        (lambda: Spikes(**EMPTY | {"groups": {"a": range(3)}}), "expected a range inside 0"),
        (lambda: Spikes(**EMPTY | {"groups": {"a": 3}}), "Spikes groups: 'a' is 3, expected a range"),
        (lambda: Spikes.from_dense(5, 1e-3), "dense spikes: got 5, expected shape"),
        (lambda: Spikes.from_dense(np.zeros(4), 1e-3), r"dense spikes: got \(4,\), expected shape"),
        (lambda: Spikes.from_dense(np.array(1), 1e-3), r"dense spikes: got \(\), expected shape"),
        (
            lambda: Spikes.from_dense([[0, 1], [1, 0]], 1e-3),
            r"dense spikes of sample 0: got shape \(2,\), expected \(T, C\)",
        ),
        (
            lambda: Spikes.from_dense(np.full((2, 2), 0.5), 1e-3),
            "sample 0: got 0.5, expected 0 or 1; encode analog signals",
        ),
        (lambda: Spikes.from_dense(np.full((2, 2), np.nan), 1e-3), "sample 0: got nan"),
        (lambda: Spikes.from_dense([np.zeros((2, 2)), np.zeros((2, 3))], 1e-3), r"got samples of \[2, 3\] channels"),
        (lambda: Spikes.from_dense(np.zeros((0, 2)), 1e-3), "sample 0 has 0 steps"),
        (
            lambda: Spikes.from_times([1e300], [0], duration=1, n_channels=1, dt=1e-3),
            r"times: got 1e\+300 s, expected less than 2\^31 steps",
        ),
        (lambda: Spikes.from_times([0], [0], duration=1e300, n_channels=1, dt=1e-3), "duration: got 1e.300 s"),
        (lambda: Spikes.from_times([-0.1], [0], duration=1, n_channels=1, dt=1e-3), "Spikes step: got -100"),
        (lambda: Spikes.from_times([1.0], [0], duration=1, n_channels=1, dt=1e-3), "Spikes step: got 1000"),
        (
            lambda: Spikes.from_times([0.01, 0.02], [0, 0], duration=1, n_channels=1, dt=0.1),
            "appears twice.*; use a smaller dt than 0.1 s",
        ),
        (lambda: Spikes.concatenate([]), "got no parts"),
        (lambda: Spikes.concatenate(NUMBERS), "got int, expected Spikes"),
        (
            lambda: Spikes.concatenate([Spikes(**EMPTY), Spikes(**EMPTY | {"dt": 1.0})]),
            "expected equal channels and dt",
        ),
        (lambda: Spikes(**EMPTY).counts(0), "bins: got 0, expected a whole number >= 1"),
        (lambda: Spikes(**EMPTY).counts(1.5), "bins: got 1.5"),
        (lambda: Spikes(**EMPTY).counts(10**13), "bins: needs about"),
        (
            lambda: Spikes(**EMPTY).counts([0, 1]),
            r"bins: got edges of shape \(2,\), expected a number of bins or edges of shape \(1, bins \+ 1\)",
        ),
        (
            lambda: Spikes(**EMPTY).counts([[0, 2]]),
            r"bins: got edges \[0, 2\] for sample 0, expected them to rise from 0 to its 1 steps",
        ),
        (lambda: Spikes(**EMPTY).counts([[0, 1, 0, 1]]), "expected them to rise"),
        (
            lambda: Spikes(**EMPTY | {"n_steps": [2**30], "n_channels": 2**20}).to_dense(),
            "Spikes.to_dense: needs about",
        ),
        (lambda: Spikes(**EMPTY | {"n_steps": [2**30], "n_channels": 2**20}).raster(), "Spikes.raster: needs about"),
        (lambda: Spikes(**EMPTY | {"n_channels": 2**30}).counts(2**20), "Spikes.counts: needs about"),
        (lambda: Spikes(**EMPTY | {"n_channels": 2**31}), "n_channels: got 2147483648, expected less than 2"),
        (lambda: windows(np.array([5]), 0), "window width in steps: got 0"),
    ],
)
def test_impossible_spikes_are_an_error(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()


def test_a_case_file_gives_its_stimulus():
    stimulus, program = Spikes.load(GOLDEN[0]), Program.load(GOLDEN[0])
    assert len(stimulus) == 1
    assert (stimulus.n_channels, stimulus.dt) == (program.n_inputs, program.dt)


def test_events_of_32_bits_are_compared_in_64():
    step, channel = np.array([0, 5000], np.int32), np.array([5, 3], np.int32)
    assert Spikes(step, channel, [0, 2], [5001], 2**20, 1e-3).n_events == 2  # 5000 * 2^20 leaves 32 bits
    assert step.flags.writeable
    with pytest.raises(DescriptionError, match=r"step 0, channel 5 of sample 0 is out of order"):
        Spikes(step[::-1], channel[::-1], [0, 2], [5001], 2**20, 1e-3)


@pytest.mark.parametrize("n_steps", [[[5], [5], [5]], [[5, 5, 5]], 5], ids=["column", "row", "one number"])
def test_steps_of_another_shape_are_refused(n_steps):
    with pytest.raises(
        DescriptionError, match=r"Spikes n_steps: got shape \(.*\), expected a list with the steps of each"
    ):
        Spikes([], [], [0, 0, 0, 0][: np.size(n_steps) + 1], n_steps, n_channels=2, dt=0.001)


def test_spikes_are_equal_by_value(spikes):
    again = Spikes(spikes.step, spikes.channel, spikes.offsets, spikes.n_steps, 3, 0.1, spikes.groups)
    assert spikes == again
    assert (spikes != again) is False
    assert spikes.difference(again) is None
    assert spikes != "spikes"
    with pytest.raises(TypeError, match="unhashable"):
        hash(spikes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"step": [0, 0, 3, 1, 2], "channel": [0, 2, 1, 1, 1]},
            "sample 2, step 1, channel 1: got no spike, expected one",
        ),
        (
            {"step": [0, 1, 3, 2, 2]},
            "sample 0, step 0, channel 2: got a spike, expected none (2 spikes differ; 5 and 5",
        ),
        ({"offsets": [0, 3, 5, 5], "n_steps": [4, 3, 3]}, "sample 1: got 2 steps, expected 3"),
        ({"n_channels": 4}, "n_channels: got 3, expected 4"),
        ({"dt": 0.2}, "dt: got 0.1, expected 0.2"),
        ({"groups": {}}, "groups: got {'left': range(0, 2), 'right': range(2, 3)}, expected {}"),
        ({"n_steps": [4, 2, 3, 1], "offsets": [0, 3, 3, 5, 5]}, "got 3 samples, expected 4"),
    ],
)
def test_the_first_difference_is_one_sentence(spikes, change, message):
    fields = {f.name: getattr(spikes, f.name) for f in dataclasses.fields(spikes)} | change
    other = Spikes(**fields)
    assert spikes != other
    assert spikes.difference(other).startswith(message)


@pytest.mark.parametrize("seed", range(20))
def test_the_first_difference_is_that_of_the_dense_arrays(seed):
    rng = np.random.default_rng(seed)
    dense = rng.random((3, 10, 4)) < 0.3
    other = dense ^ (rng.random(dense.shape) < 0.02)
    found = Spikes.from_dense(dense, 1e-3).difference(Spikes.from_dense(other, 1e-3))
    wrong = np.argwhere(dense != other)
    if not wrong.size:
        assert found is None
    else:
        b, k, c = wrong[0]
        assert found.startswith(f"sample {b}, step {k}, channel {c}: got {'a' if dense[b, k, c] else 'no'} spike")
        assert f"({len(wrong)} spikes differ" in found


def test_a_difference_from_something_else_is_an_error(spikes):
    with pytest.raises(DescriptionError, match="got ndarray, expected Spikes"):
        spikes.difference(spikes.raster())


class TestTrains:
    def test_are_the_times_of_each_channel(self, spikes):
        for b in range(3):
            expected = [(np.flatnonzero(column) * 0.1).tolist() for column in spikes.raster(b).T]
            assert [train.tolist() for train in spikes.trains(b)] == expected
        assert [train.tolist() for train in spikes["right"].trains(0)] == [[0]]

    @pytest.mark.parametrize("seed", range(20))
    def test_come_back_as_spikes(self, seed):
        spikes = Spikes.from_dense(random_dense(seed), 1e-3)
        for b, one in enumerate(spikes):
            trains = spikes.trains(b)
            options = {"duration": float(one.durations[0]), "dt": 1e-3, "n_channels": one.n_channels}
            assert Spikes.from_trains(trains, **options) == one
            assert Spikes.from_trains(dict(enumerate(trains)), **options) == one

    def test_count_the_channels_themselves(self):
        assert Spikes.from_trains({4: [0.2, 0.1]}, duration=0.3, dt=0.1).n_channels == 5
        assert Spikes.from_trains([[], []], duration=0.3, dt=0.1).n_channels == 2

    @pytest.mark.parametrize(
        ("trains", "message"),
        [
            ([[0.1], [[0.2]]], r"train of channel 1: got shape \(1, 1\)"),
            ([["a"]], "train of channel 0: got values of type"),
            ({-1: [0.1]}, "trains: channel: got -1"),
            (np.zeros(3), "trains: got ndarray, expected a list of arrays of times, or a dict"),
            ([[0.1, 0.11]], "appears twice; a channel spikes at most once per step; use a smaller dt"),
            ([[5.0]], "step: got 50 in sample 0, expected 0..2"),
        ],
    )
    def test_that_are_wrong_are_answered_in_a_sentence(self, trains, message):
        with pytest.raises(DescriptionError, match=message):
            Spikes.from_trains(trains, duration=0.3, dt=0.1)

    def test_of_a_sample_that_does_not_exist(self, spikes):
        with pytest.raises(IndexError, match="no sample 3; there are 3"):
            spikes.trains(3)


class TestTables:
    def test_have_a_row_for_each_event(self, spikes):
        table = spikes.to_pandas()
        assert list(table.columns) == ["sample", "time", "channel", "group"]
        assert table["sample"].tolist() == [0, 0, 0, 2, 2]
        assert table["time"].tolist() == (np.array([0, 0, 3, 2, 2]) * 0.1).tolist()
        assert table["group"].tolist() == ["left", "right", "left", "left", "left"]
        assert "group" not in dataclasses.replace(spikes, groups={}).to_pandas()

    @pytest.mark.parametrize("seed", range(20))
    def test_come_back_as_spikes(self, seed):
        spikes = Spikes.from_dense(random_dense(seed), 1e-3)
        table = spikes.to_pandas().sample(frac=1, random_state=seed)  # in any order
        options = {"duration": spikes.durations, "n_channels": spikes.n_channels, "dt": 1e-3}
        assert Spikes.from_pandas(table, **options) == spikes

    def test_without_a_sample_column_are_one_sample(self, spikes):
        table = spikes[0].to_pandas()[["time", "channel"]]
        assert len(Spikes.from_pandas(table, duration=0.4, n_channels=3, dt=0.1)) == 1

    def test_that_are_wrong_are_answered_in_a_sentence(self, spikes):
        with pytest.raises(
            DescriptionError, match=r"no column time; got sample, channel, group, expected time \(in sec"
        ):
            Spikes.from_pandas(spikes.to_pandas().drop(columns="time"), duration=1, n_channels=3, dt=0.1)
        with pytest.raises(DescriptionError, match="got ndarray, expected a pandas DataFrame"):
            Spikes.from_pandas(np.zeros(3), duration=1, n_channels=3, dt=0.1)

    def test_need_pandas(self, spikes, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(
            BackendUnavailableError, match="pandas is not installed; install it with: pip install pandas"
        ):
            spikes.to_pandas()


class TestCrop:
    @pytest.mark.parametrize("seed", range(20))
    def test_gives_the_steps_between_two_times(self, seed):
        rng = np.random.default_rng(seed)
        dense = random_dense(seed)
        spikes = Spikes.from_dense(dense, 1e-3)
        first = int(rng.integers(0, min(map(len, dense))))
        last = first + 1 + int(rng.integers(0, 10))
        assert spikes.crop(first * 1e-3, last * 1e-3) == Spikes.from_dense([d[first:last] for d in dense], 1e-3)
        assert spikes.crop(first * 1e-3) == Spikes.from_dense([d[first:] for d in dense], 1e-3)
        assert spikes.crop() == spikes

    def test_keeps_groups(self, spikes):
        assert spikes.crop(0.1).groups == spikes.groups

    @pytest.mark.parametrize(
        ("start", "stop", "message"),
        [
            (0.2, None, "crop start: got 0.2 s, but sample 1 lasts only 0.2 s; drop it first"),
            (0.1, 0.1, "got start 0.1 s and stop 0.1 s, expected stop at least one step of 0.1 s later"),
            (-0.1, None, "crop start: got -0.1 s, expected a time >= 0"),
            ("x", None, "crop start: got values of type"),
        ],
    )
    def test_outside_is_an_error(self, spikes, start, stop, message):
        with pytest.raises(DescriptionError, match=message):
            spikes.crop(start, stop)


@pytest.mark.parametrize("seed", range(10))
def test_cropping_undoes_concatenation_in_time(seed):
    rng = np.random.default_rng(seed)
    parts = [Spikes.from_dense(rng.random((3, n, 4)) < 0.3, 1e-3) for n in (5, 1, 9)]
    whole = Spikes.concatenate(parts, along="time")
    assert whole == Spikes.from_dense(np.concatenate([part.to_dense() for part in parts], axis=1), 1e-3)
    assert [whole.crop(a * 1e-3, b * 1e-3) for a, b in ((0, 5), (5, 6), (6, 15))] == parts


def test_the_samples_of_a_batch_become_one_of_their_total_duration(spikes):
    whole = Spikes.concatenate(list(spikes), along="time")
    np.testing.assert_array_equal(whole.raster(), np.concatenate([spikes.raster(b) for b in range(3)]))
    assert whole.groups == spikes.groups


def test_concatenation_in_time_needs_equal_numbers_of_samples(spikes):
    with pytest.raises(DescriptionError, match="got parts of 3 and 1 samples, expected equal numbers along time"):
        Spikes.concatenate([spikes, spikes[0]], along="time")
    with pytest.raises(DescriptionError, match="along: got 'channels', expected 'samples' or 'time'"):
        Spikes.concatenate([spikes], along="channels")


@pytest.mark.parametrize("seed", range(10))
def test_groups_are_joined_by_name(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, 4)
    one, other = ([rng.random((n, c)) < 0.4 for n in lengths] for c in (3, 2))
    joined = Spikes.join({"one": Spikes.from_dense(one, 1e-3), "other": Spikes.from_dense(other, 1e-3)})
    expected = Spikes.from_dense([np.hstack(pair) for pair in zip(one, other, strict=True)], 1e-3)
    assert joined == dataclasses.replace(expected, groups={"one": range(3), "other": range(3, 5)})
    np.testing.assert_array_equal(joined["other"].to_dense(), Spikes.from_dense(other, 1e-3).to_dense())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (lambda _: {}, "Spikes.join: got an empty one, expected a dict of Spikes"),
        (lambda s: [s], "got list, expected a dict"),
        (lambda s: {"a": s, "b": dataclasses.replace(s, dt=0.2)}, "steps of 0.1 s in 'a' and of 0.2 s in 'b'"),
        (lambda s: {"": s}, "expected a non-empty printable string"),
    ],
)
def test_what_cannot_be_joined_is_answered_in_a_sentence(spikes, parts, message):
    with pytest.raises(DescriptionError, match=message):
        Spikes.join(parts(spikes))
