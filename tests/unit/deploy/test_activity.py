"""Everything that is counted, on a network counted by hand and on random ones counted one event after the other."""

import json

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy.costs import activity
from lsm_sim.deploy.costs.activity import measure
from lsm_sim.deploy.costs.operations import DAVIES, SANA_FE, TABLES
from lsm_sim.errors import DescriptionError
from tests.unit.deploy.networks import CORE, by_hand, stimulus

# In sample 0, neurons 0 and 2 spike at steps 1 and 3.
BY_HAND = {
    "steps": [5, 3],
    "spikes": [4, 0],
    "input_events": [3, 0],
    "synaptic_operations": [2 * (2 + 1), 0],
    "input_operations": [2 * 2, 0],
    "neuron_updates": [15, 9],
    "messages": [4, 0],
    "local_messages": [2, 0],
    "input_messages": [4, 0],
    "busiest_mean": [(3 + 4 + 3 + 4 + 2) / 5, 2],
    "busiest_most": [4, 2],
    "core_sizes": [2, 1],
    "traffic": [[1, 1], [1, 0]],
    "input_traffic": [1, 1],
    "core_operations": [6 / 8, 4 / 8],
    "core_spikes": [2 / 8, 2 / 8],
    "core_work": [2 + 6 / 8, 1 + 4 / 8],
}


@pytest.mark.parametrize("backend", ["reference", "fast"])
def test_counts_are_those_made_by_hand(backend):
    got = measure(by_hand(), stimulus(), CORE, backend=backend)
    for name, expected in BY_HAND.items():
        np.testing.assert_array_equal(getattr(got, name), expected, err_msg=name)


def test_payloads_do_not_change_the_counts():
    graded = lsm.Spikes.from_events(
        [0, 1, 2], [0, 1, 0], payload=[3, 2, 3], sample=[0, 0, 0], n_steps=[5, 3], n_channels=2, dt=1e-3
    )
    got = measure(by_hand(), graded, CORE)
    np.testing.assert_array_equal(got.synaptic_operations, BY_HAND["synaptic_operations"])
    np.testing.assert_array_equal(got.input_events, BY_HAND["input_events"])


def test_a_program_in_loihi_arithmetic_is_counted_too():
    integers = by_hand(
        arithmetic="loihi",
        weight=[64, 64, 1, 1, 1],
        threshold=np.full(3, 32),
        bias=np.zeros(3, int),
        decay_u=None,
        decay_v=None,
        du=np.full(3, 4095),
        dv=np.full(3, 4095),
    )
    got = measure(integers, stimulus(), CORE)
    for name, expected in BY_HAND.items():
        np.testing.assert_array_equal(getattr(got, name), expected, err_msg=name)


def test_without_cores_everything_stays_in_one():
    got = measure(by_hand(), stimulus())
    assert got.n_cores == 1
    np.testing.assert_array_equal(got.messages, [0, 0])
    np.testing.assert_array_equal(got.local_messages, [4, 0])
    np.testing.assert_array_equal(got.input_messages, [2, 0])
    np.testing.assert_array_equal(got.busiest_most, [3 + 3, 3])


def test_serial_times_are_those_made_by_hand():
    times = measure(by_hand(), stimulus(), CORE).serial_times
    ns = 1e-9
    # step 1, core 0: 2 synaptic operations, 1 spike, 2 messages sent, 2 received, one neuron idle in the lower end
    low, high = (2 * 4.7 + 30 + 2 * 5.1 + 2 * 16 + 9.7 + update for update in (6.0, 9.7))
    np.testing.assert_allclose(times["sana-fe"].longest[0], [low * ns, high * ns], rtol=1e-12)
    low, high = (2 * 3.5 + 2 * 2.1 + 8.4 + update for update in (5.3, 8.4))
    np.testing.assert_allclose(times["davies-2018"].longest[0], [low * ns, high * ns], rtol=1e-12)
    np.testing.assert_allclose(times["davies-2018"].mean[1], [2 * 5.3 * ns, 2 * 8.4 * ns], rtol=1e-12)
    # steps 0 and 2: 1 synaptic operation and no message within the core; step 4: nothing
    low = (2 * (3.5 + 2 * 5.3) + 2 * (2 * 3.5 + 2 * 2.1 + 8.4 + 5.3) + 2 * 5.3) / 5
    np.testing.assert_allclose(times["davies-2018"].mean[0, 0], low * ns, rtol=1e-12)


def counted_one_by_one(program, inputs, spikes, core):
    """Count what `measure` counts, one event after the other."""
    n_cores = core.max() + 1
    sums = {name: np.zeros(len(inputs), int) for name in activity._SUMS}
    traffic, work = np.zeros((n_cores, n_cores)), []
    synapses = program.synapses()
    for b in range(len(inputs)):
        ops = np.zeros((inputs.n_steps[b], n_cores), int)
        for part, name in ((inputs[b], "input"), (spikes[b], "spike")):
            for step, channel in zip(part.step, part.channel, strict=True):
                row = channel + (program.n_inputs if name == "spike" else 0)
                targets = core[synapses.post[synapses.source == row]]
                np.add.at(ops[step], targets, 1)
                reached = set(targets.tolist())
                if name == "input":
                    sums["input_events"][b] += 1
                    sums["input_operations"][b] += targets.size
                    sums["input_messages"][b] += len(reached)
                    continue
                sums["spikes"][b] += 1
                sums["synaptic_operations"][b] += targets.size
                sums["local_messages"][b] += core[channel] in reached
                sums["messages"][b] += len(reached - {core[channel]})
                for one in reached:
                    traffic[core[channel], one] += 1 / len(inputs)
        work.append((ops + np.bincount(core, minlength=n_cores)).max(axis=1))
    return sums, traffic, work


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("cells", [2**22, 7])
def test_counts_equal_those_made_one_by_one(seed, cells, monkeypatch):
    monkeypatch.setattr(activity, "_CELLS", cells)  # 7: steps are counted in many pieces
    monkeypatch.setattr(activity, "_STEPS", 100 * cells)
    rng = np.random.default_rng(seed)
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("exc", 12)],
        [
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.4), weight=20.0),
            lsm.Synapses("exc", "exc", lsm.FixedProbability(0.3), weight=4.0, delay=lsm.Uniform(1e-3, 4e-3)),
            lsm.Synapses("exc", "exc", lsm.FixedProbability(0.2), weight=3.0, stp=lsm.TsodyksMarkram(0.5, 0.1)),
        ],
        seed=seed,
    )
    program = lsm.lower(liquid, 1e-3)
    ragged = [rng.random((steps, 3)) < 0.2 for steps in rng.integers(1, 40, 5)]
    inputs, core = lsm.Spikes.from_dense(ragged, 1e-3), rng.permutation(np.arange(12) % 4)
    spikes = lsm.run(program, inputs).spikes
    got = measure(program, inputs, core)
    sums, traffic, work = counted_one_by_one(program, inputs, spikes, core)
    for name, expected in sums.items():
        np.testing.assert_array_equal(getattr(got, name), expected, err_msg=f"{name}, seed {seed}")
    np.testing.assert_allclose(got.traffic, traffic, rtol=1e-12, err_msg=f"seed {seed}")  # sums of 1/5
    np.testing.assert_array_equal(got.busiest_most, [one.max() for one in work])
    np.testing.assert_allclose(got.busiest_mean, [one.mean() for one in work], rtol=1e-15)
    assert sums["messages"].any(), f"seed {seed}"


def test_samples_without_spikes_give_zeros():
    silent = lsm.Spikes.from_events([], [], n_steps=[4, 4], n_channels=2, dt=1e-3)
    with_none = measure(by_hand(), silent, CORE)
    assert not with_none.traffic.any()
    assert with_none.busiest_most.tolist() == [2, 2]
    json.dumps(with_none.to_dict(), allow_nan=False)


def test_the_dict_is_plain_and_has_traffic_by_pair():
    plain = json.loads(json.dumps(measure(by_hand(), stimulus(), CORE).to_dict(), allow_nan=False))
    assert plain["traffic"] == [[0, 0, 1.0], [0, 1, 1.0], [1, 0, 1.0]]
    assert plain["spikes"] == [4, 0]
    assert set(plain["serial_times"]) == set(TABLES) == {DAVIES.name, SANA_FE.name}


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        measure(by_hand(), stimulus(), CORE).traffic[0] = 1


def test_per_sample_gives_mean_and_range_in_words():
    rows = measure(by_hand(), stimulus(), CORE).per_sample()
    assert rows["spikes of neurons"] == (2.0, 0, 4)
    assert rows["steps"] == (4.0, 3, 5)


@pytest.mark.parametrize(
    ("core", "words"),
    [
        ([0, 1], "got shape"),
        ([0, -1, 0], "got -1"),
        ([0, 0, 3], "got 3, expected at most 2"),
        (["a", "b", "c"], "expected real numbers"),
        ([0.5, 0, 0], "whole numbers"),
    ],
)
def test_wrong_cores_are_refused(core, words):
    with pytest.raises(DescriptionError, match=words):
        measure(by_hand(), stimulus(), core)


def test_wrong_arguments_are_refused():
    with pytest.raises(DescriptionError, match="expected a Program"):
        measure("program", stimulus())
    with pytest.raises(DescriptionError, match="expected Spikes"):
        measure(by_hand(), np.zeros((3, 2)))
    with pytest.raises(DescriptionError, match="at least one"):
        measure(by_hand(), stimulus()[[]])
