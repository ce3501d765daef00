"""Spikes whose events carry integers: kept by everything that handles spikes, and counted in the bound on sums."""

import pickle

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.engine.requests import check_payloads, largest_payloads
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.support import npz


def graded():
    """Return two samples of five steps and three channels."""
    step, channel, sample = [0, 0, 3, 1, 4], [0, 2, 1, 1, 0], [0, 0, 0, 1, 1]
    return Spikes.from_events(
        step, channel, sample=sample, n_steps=[5, 5], n_channels=3, dt=1e-3, payload=[7, -2, 1, 2**31 - 1, 3]
    )


def plain():
    return Spikes.from_events([0, 2], [1, 1], n_steps=5, n_channels=3, dt=1e-3)


def test_ones_are_no_payload():
    one = Spikes.from_events([0, 2], [1, 1], n_steps=5, n_channels=3, dt=1e-3, payload=[1, 1])
    assert one.payload is None
    assert one == plain()
    none = Spikes.from_events([], [], n_steps=5, n_channels=3, dt=1e-3, payload=[])
    assert none.payload is None


def test_payloads_are_int32_that_nobody_can_change():
    values = np.array([4, 5], np.int32)
    spikes = Spikes.from_events([0, 2], [1, 1], n_steps=5, n_channels=3, dt=1e-3, payload=values)
    values[0] = 9
    assert spikes.payload.tolist() == [4, 5]
    assert spikes.payload.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        spikes.payload[0] = 1


def test_sorting_moves_payloads_with_their_events():
    spikes = Spikes.from_events([2, 0], [1, 1], n_steps=5, n_channels=3, dt=1e-3, payload=[5, 4], sort=True)
    assert spikes.payload.tolist() == [4, 5]
    timed = Spikes.from_times([0.0021, 0.0], [1, 1], duration=5e-3, n_channels=3, dt=1e-3, payload=[5, 4])
    assert timed == spikes


def test_selections_keep_their_payloads():
    spikes = graded()
    assert spikes[0].payload.tolist() == [7, -2, 1]
    assert spikes[[1, 0]].payload.tolist() == [2**31 - 1, 3, 7, -2, 1]
    assert spikes.crop(1e-3, 4e-3).payload.tolist() == [1, 2**31 - 1]
    assert spikes.crop(3e-3, 4e-3).payload is None  # the only event left has 1
    named = Spikes.join({"a": spikes, "b": spikes})
    assert named["b"].payload.tolist() == spikes.payload.tolist()


def test_batches_and_sequences_fill_ones_where_a_part_has_none():
    one, other = plain(), graded()[0]
    assert Spikes.concatenate([one, other]).payload.tolist() == [1, 1, 7, -2, 1]
    assert Spikes.concatenate([other, one], along="time").payload.tolist() == [7, -2, 1, 1, 1]
    joined = Spikes.join({"a": one, "b": other})
    assert joined.channel.tolist() == [1, 3, 5, 1, 4]
    assert joined.payload.tolist() == [1, 7, -2, 1, 1]
    assert Spikes.concatenate([one, one]).payload is None


def test_sums_count_payloads_and_counts_do_not():
    spikes = graded()
    np.testing.assert_array_equal(spikes.counts(1)[:, 0], [[1, 1, 1], [1, 1, 0]])
    np.testing.assert_array_equal(spikes.payload_sums(1)[:, 0], [[7, 1, -2], [3, 2**31 - 1, 0]])
    np.testing.assert_array_equal(plain().payload_sums(5), plain().counts(5))
    assert spikes.payload_sums().dtype == np.int64


def test_files_pickles_and_tables_keep_payloads(tmp_path):
    spikes = graded()
    spikes.save(tmp_path / "spikes.npz")
    assert str(npz.read(tmp_path / "spikes.npz")["format"]) == "lsm_sim.spikes/2"
    assert Spikes.load(tmp_path / "spikes.npz") == spikes
    assert pickle.loads(pickle.dumps(spikes)) == spikes
    plain().save(tmp_path / "plain.npz")
    assert str(npz.read(tmp_path / "plain.npz")["format"]) == "lsm_sim.spikes/1"
    pytest.importorskip("pandas")
    table = spikes.to_pandas()
    assert table["payload"].tolist() == spikes.payload.tolist()
    assert Spikes.from_pandas(table, duration=[5e-3, 5e-3], n_channels=3, dt=1e-3) == spikes
    assert "payload" not in plain().to_pandas().columns


def test_files_of_newer_versions_say_so(tmp_path):
    graded().save(tmp_path / "spikes.npz")
    arrays = npz.read(tmp_path / "spikes.npz")
    npz.write(tmp_path / "newer.npz", arrays | {"format": "lsm_sim.spikes/3"})
    with pytest.raises(DescriptionError, match=r"got format 'lsm_sim.spikes/3', expected .*so upgrade lsm_sim"):
        Spikes.load(tmp_path / "newer.npz")
    npz.write(tmp_path / "other.npz", arrays | {"format": "other"})
    with pytest.raises(DescriptionError, match=r"got format 'other', expected [^;]*$"):
        Spikes.load(tmp_path / "other.npz")
    npz.write(tmp_path / "damaged.npz", {name: value for name, value in arrays.items() if name != "payload"})
    with pytest.raises(DescriptionError, match="no 'payload' in the file; it is damaged"):
        Spikes.load(tmp_path / "damaged.npz")


def test_the_first_difference_names_the_event():
    one, other = graded(), plain()
    changed = Spikes.from_events(
        one.step, one.channel, sample=one.sample, n_steps=[5, 5], n_channels=3, dt=1e-3, payload=[7, -2, 5, 1, 3]
    )
    assert one != changed
    assert one.difference(changed) == "sample 0, step 3, channel 1: got the payload 1, expected 5 (2 payloads differ)"
    two = Spikes.from_events([0, 2], [1, 1], n_steps=5, n_channels=3, dt=1e-3, payload=[1, 2])
    assert other.difference(two) == "sample 0, step 2, channel 1: got the payload 1, expected 2 (1 payloads differ)"
    assert "payloads -2..2147483647" in repr(one)
    assert "payload" not in repr(other)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([1], r"events payload: got shape \(1,\), expected \(2,\), one for each event"),
        ([1, 2.5], "events payload: got 2.5, expected whole numbers"),
        ([1, np.nan], "events payload: got nan"),
        ([2**31, 1], r"Spikes payload: got 2147483648, expected integers within \+-\(2\^31 - 1\)"),
        (np.array([1, -(2**31)], np.int32), "Spikes payload: got -2147483648, expected integers within"),
        ("ab", "events payload: got values of type"),
    ],
)
def test_bad_payloads_are_refused(payload, words):
    with pytest.raises(DescriptionError, match=words):
        Spikes.from_events([0, 2], [1, 1], n_steps=5, n_channels=3, dt=1e-3, payload=payload)


@pytest.mark.parametrize("payload", [np.array([1, 2, 3]), np.array([1.0, 2.0]), np.array([3], np.int32)])
def test_payloads_are_checked_again_where_a_run_begins(payload):
    spikes = plain()
    object.__setattr__(spikes, "payload", payload)
    with pytest.raises(DescriptionError, match="Spikes payload: got another array than the constructor made"):
        check_payloads_of_a_run(spikes)


def check_payloads_of_a_run(spikes):
    from lsm_sim.engine.reference import run_program

    return run_program(program("float64", 0.5), spikes)


def program(arithmetic, weight, **changes):
    """Return three channels onto one neuron, which drives itself with the same weight."""
    decays = {"decay_u": [0.5], "decay_v": [0.5]} if arithmetic == "float64" else {"du": [9], "dv": [9]}
    rows = {"indptr": [0, 1, 2, 3, 4], "post": [0] * 4, "weight": [weight] * 4, "delay": [0] * 4}
    shape = {"arithmetic": arithmetic, "dt": 1e-3, "n_inputs": 3, "n_neurons": 1}
    return Program(**shape | rows | {"threshold": [5], "bias": [0], "refractory": [0]} | decays | changes)


def test_a_channel_counts_with_its_largest_payload():
    assert largest_payloads(program("float64", 1.0), graded()).tolist() == [7, 2**31 - 1, 2, 1]
    assert largest_payloads(program("float64", 1.0), plain()).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(("arithmetic", "weight", "most"), [("loihi", 1000, 715827), ("float64", 2.0**35, 87380)])
def test_payloads_that_break_the_bound_are_refused_with_the_largest_that_holds(arithmetic, weight, most):
    def stimulus(payload):
        return Spikes.from_events(
            [0, 0, 0], [0, 1, 2], n_steps=2, n_channels=3, dt=1e-3, payload=[payload, -payload, payload]
        )

    network = program(arithmetic, weight)
    check_payloads(network, stimulus(most))
    with pytest.raises(
        DescriptionError, match=rf"stimulus payload: got up to {most + 1} in .* at most {most} on every"
    ):
        check_payloads(network, stimulus(most + 1))


def test_the_bound_is_for_each_current():
    second = SynapseBlock(
        np.array([0, 1, 1, 1, 1]), np.array([0]), np.array([2**30]), np.array([0]), receptor=1
    )  # a sum of its own
    network = program("loihi", 1, more_blocks=[second], du2=[5])
    one = {"n_steps": 2, "n_channels": 3, "dt": 1e-3}
    check_payloads(network, Spikes.from_events([0, 0], [0, 1], payload=[1, 2**30], **one))
    with pytest.raises(DescriptionError, match="into neuron 0 sums are exact with at most 1 on every channel"):
        check_payloads(network, Spikes.from_events([0], [0], payload=[2], **one))
