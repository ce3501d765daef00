"""Spikes to Neo and back: equal to the bit; of others, every spike in the step that covers it, or an error."""

import dataclasses
import sys

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.errors import BackendUnavailableError, DescriptionError

neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")


def random_spikes(seed):
    """Return ragged samples, some silent, with groups and for every second seed with payloads."""
    rng = np.random.default_rng(seed)
    n_channels, dt = int(rng.integers(1, 6)), float(rng.choice([1e-3, 1e-4, 1 / 3000, 7e-4, 2e-6]))
    dense = [rng.random((t, n_channels)) < rng.choice([0, 0.2, 1]) for t in rng.integers(1, 40, rng.integers(1, 5))]
    spikes = Spikes.from_dense(dense, dt)
    payload = rng.integers(-9, 9, spikes.n_events) if seed % 2 else None
    return dataclasses.replace(spikes, groups={"a": range(1), "b": range(1, n_channels)}, payload=payload)


def trains(*times, units="ms", t_stop=10.0, **options):
    return [neo.SpikeTrain(one, units=units, t_stop=t_stop, **options) for one in times]


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("seed", range(30))
def test_there_and_back_gives_equal_spikes(seed, silent):
    spikes = random_spikes(seed)
    assert Spikes.from_neo(spikes.to_neo(silent=silent)) == spikes


def test_after_many_million_steps_too():
    steps = np.sort(np.random.default_rng(3).choice(2**31 - 2, 3000, replace=False))
    spikes = Spikes.from_events(steps, np.zeros(3000, int), n_steps=2**31 - 1, n_channels=1, dt=1e-4)
    assert Spikes.from_neo(spikes.to_neo()) == spikes


def test_a_batch_without_samples_comes_back():
    none = Spikes.from_dense(np.zeros((0, 5, 3), bool), 1e-3)
    assert Spikes.from_neo(none.to_neo()) == none


def test_the_block_has_units_ends_channels_and_groups():
    spikes = dataclasses.replace(Spikes.from_dense(np.eye(4), 2e-3), groups={"exc": range(1, 3)})
    (segment,) = spikes.to_neo().segments
    train = segment.spiketrains[2]
    assert train.units == pq.s
    assert float(train.t_start) == 0.0
    assert float(train.t_stop.rescale("ms")) == 8.0
    assert train.rescale("ms").magnitude.tolist() == [4.0]
    assert [one.annotations for one in segment.spiketrains] == [
        {"channel": 0},
        {"channel": 1, "group": "exc"},
        {"channel": 2, "group": "exc"},
        {"channel": 3},
    ]


@pytest.mark.parametrize("kind", [neo.PickleIO, neo.NeoMatlabIO])
def test_files_of_neo_keep_equal_spikes(kind, tmp_path):
    spikes = dataclasses.replace(random_spikes(8), payload=None)
    path = str(tmp_path / "spikes.mat")
    kind(path).write_block(spikes.to_neo())
    assert Spikes.from_neo(kind(path).read_block()) == spikes


def test_payloads_that_a_file_has_lost_are_an_error(tmp_path):
    path, spikes = str(tmp_path / "spikes.mat"), random_spikes(1)
    assert spikes.payload is not None
    neo.NeoMatlabIO(path).write_block(spikes.to_neo())
    with pytest.raises(
        DescriptionError, match="the payloads are lost, as in files whose format has no array annotations"
    ):
        Spikes.from_neo(neo.NeoMatlabIO(path).read_block())


def test_a_part_of_a_segment_is_a_part_of_the_sample():
    spikes = random_spikes(2)
    spikes = Spikes.concatenate([spikes[[0]], spikes[[0]]], along="time")
    part = spikes.to_neo().segments[0].time_slice(3 * spikes.dt * pq.s, (spikes.n_steps[0] - 0.5) * spikes.dt * pq.s)
    assert Spikes.from_neo(part) == spikes.crop(3 * spikes.dt)


@pytest.mark.parametrize("dt", [1e-3, 1 * pq.ms, 1000 * pq.us])
def test_trains_of_others_get_the_step_that_covers_each_spike(dt):
    spikes = Spikes.from_neo(trains([0.0, 2.999, 3.0], [9.999]), dt=dt)
    assert (spikes.step.tolist(), spikes.channel.tolist()) == ([0, 2, 3, 9], [0, 0, 0, 1])
    assert (spikes.n_steps.tolist(), spikes.n_channels, spikes.dt) == ([10], 2, 1e-3)


def test_time_counts_from_the_earliest_t_start_and_an_incomplete_step_is_a_whole_one():
    one = neo.SpikeTrain([1.0005, 1.0201], units="s", t_start=1.0, t_stop=1.0204)
    other = neo.SpikeTrain([1001.0], units="ms", t_start=1001.0, t_stop=1010.0)
    spikes = Spikes.from_neo([one, other], dt=1e-3)
    assert spikes.n_steps.tolist() == [21]
    assert (spikes.step.tolist(), spikes.channel.tolist()) == ([0, 1, 20], [0, 1, 0])


def test_the_unit_of_times_does_not_move_a_spike():
    steps = np.random.default_rng(5).integers(0, 2000, 300)
    for unit in ("s", "ms", "us"):
        times = (np.unique(steps) * 1e-4 * pq.s).rescale(unit) + (1234.5678 * pq.s).rescale(unit)
        train = neo.SpikeTrain(times, t_start=1234.5678 * pq.s, t_stop=1235 * pq.s)
        assert Spikes.from_neo(train, dt=1e-4).step.tolist() == np.unique(steps).tolist(), unit


def test_blocks_segments_and_lists_are_samples():
    block = neo.Block()
    block.segments.extend([neo.Segment(), neo.Segment()])
    for segment in block.segments:
        segment.spiketrains.extend(trains([1.0], [2.0]))
    of_block = Spikes.from_neo(block, dt=1e-3)
    assert len(of_block) == 2
    assert Spikes.from_neo(list(block.segments), dt=1e-3) == of_block
    assert Spikes.from_neo([trains([1.0], [2.0])] * 2, dt=1e-3) == of_block
    assert Spikes.from_neo(block.segments[0], dt=1e-3) == of_block[0]
    assert Spikes.from_neo(block.segments[0].spiketrains, dt=1e-3) == of_block[0]


def test_channels_come_from_the_annotation_or_the_order():
    named = [neo.SpikeTrain([1.0], units="ms", t_stop=9, channel=c) for c in (4, 0)]
    assert Spikes.from_neo(named, dt=1e-3).channel.tolist() == [0, 4]
    assert Spikes.from_neo(named, dt=1e-3, n_channels=9).n_channels == 9
    named[0].annotations = {}
    assert Spikes.from_neo(named, dt=1e-3).channel.tolist() == [0, 1]


def test_payloads_of_some_trains_are_kept():
    graded = trains([1.0, 2.0], array_annotations={"payload": [5, -3]}) + trains([1.0])
    assert Spikes.from_neo(graded, dt=1e-3).payload.tolist() == [5, 1, -3]


class TestErrors:
    @pytest.mark.parametrize(
        ("data", "options", "message"),
        [
            (trains([1.0, 1.4]), {"dt": 1e-3}, "appears twice; .* use a smaller dt than 0.001 s"),
            (trains([1.0]), {}, "from_neo dt: got none, expected the duration of a step"),
            (trains([1.0]), {"dt": 1 * pq.mV}, "from_neo dt: got 1.0 mV, expected a time"),
            (trains([10.0]), {"dt": 1e-3}, "sample 0 has a spike at 0.01 s, where its last step has ended"),
            (trains([1.0], [2.0], channel=7), {"dt": 1e-3}, "two trains have channel 7, expected one each"),
            (trains([1.0], channel="A1"), {"dt": 1e-3}, "annotation 'channel' in sample 0: got 'A1', expected a whole"),
            ([], {"dt": 1e-3}, "got an empty list, expected a Neo Block"),
            ([1.0], {"dt": 1e-3}, "got a list with float in it, expected a Neo Block"),
            ([[1.0]], {"dt": 1e-3}, "sample 0 contains float, expected SpikeTrains"),
            (neo.Segment(), {"dt": 1e-3}, "sample 0 has no spike trains, so its duration is unknown"),
            (np.zeros(3), {"dt": 1e-3}, "got ndarray, expected a Neo Block"),
            (neo.Block(lsm_sim=3), {"dt": 1e-3}, "annotation 'lsm_sim': got '3', expected dt, n_channels"),
        ],
    )
    def test_say_what_is_wrong(self, data, options, message):
        with pytest.raises(DescriptionError, match=message):
            Spikes.from_neo(data, **options)

    def test_segments_of_different_dt_do_not_mix(self):
        parts = [Spikes.from_dense(np.eye(2), dt).to_neo().segments[0] for dt in (1e-3, 2e-3)]
        with pytest.raises(DescriptionError, match=r"got segments with dt 0.001 and 0.002, expected equal ones"):
            Spikes.from_neo(parts)

    @pytest.mark.parametrize("call", [lambda: random_spikes(0).to_neo(), lambda: Spikes.from_neo([])])
    def test_without_neo_the_command_that_installs_it_is_named(self, call, monkeypatch):
        monkeypatch.setitem(sys.modules, "neo", None)
        with pytest.raises(
            BackendUnavailableError, match=r"neo is not installed; install it with: pip install '.*\[analysis\]'"
        ):
            call()


@pytest.mark.parametrize("quantity", [1 * pq.ms, [1, 2] * pq.ms])
def test_quantities_elsewhere_are_refused_instead_of_read_as_seconds(quantity):
    with pytest.raises(DescriptionError, match="got a Quantity in ms, expected plain numbers in SI units"):
        Spikes.from_times(quantity, [0], duration=1.0, n_channels=1, dt=1e-3)
    with pytest.raises(DescriptionError, match="train of channel 0: got a SpikeTrain in ms"):
        Spikes.from_trains(trains([1.0]), duration=1.0, dt=1e-3)
