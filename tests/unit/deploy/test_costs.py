"""Energies and times recomputed by hand from the counts of a network counted by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy.chips import TRUST
from lsm_sim.deploy.costs.activity import measure
from lsm_sim.deploy.costs.cpu import NOT_READABLE, energy_counters, measure_cpu, used_energy
from lsm_sim.deploy.costs.estimate import costs
from lsm_sim.deploy.costs.operations import Range, most_hops
from lsm_sim.deploy.report import remarks
from lsm_sim.errors import DescriptionError
from tests.unit.deploy.networks import CORE, by_hand, stimulus

PJ, NS = 1e-12, 1e-9
EXACT = {"rtol": 1e-12}  # sums of the same numbers in another order


@pytest.fixture
def activity():
    return measure(by_hand(), stimulus(), CORE)


def estimate(cost, name):
    return next(one for one in cost.estimates if one.table.name == name)


# Of the mean of both samples: 2 spikes, 3 + 2 synaptic operations, 12 updates, 2 + 1 messages sent, 2 received from the host.
@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "davies-2018",
            {
                "synapses": (5 * 23.6, 5 * 23.6),
                "neuron updates": (2 * 81 + 10 * 52, 12 * 81),
                "spikes": (0, 0),
                "messages": (3 * 1.7, 3 * 1.7),
            },
        ),
        (
            "sana-fe",
            {
                "synapses": (5 * 33.6, 5 * 33.6),
                "neuron updates": (2 * 72.8 + 10 * 51.2, 12 * 72.8),
                "spikes": (2 * 69.3, 2 * 69.3),
                "messages": (3 * 111, 3 * 111),
            },
        ),
    ],
)
def test_energies_are_those_made_by_hand(activity, name, parts):
    got = estimate(costs(activity, "loihi1"), name)
    assert got.parts.keys() == parts.keys()
    for part, ends in parts.items():
        np.testing.assert_allclose(got.parts[part], np.multiply(ends, PJ), **EXACT, err_msg=part)
    np.testing.assert_allclose(got.energy, np.sum([*parts.values()], axis=0) * PJ, **EXACT)


def test_the_replay_formula_of_sana_fe_gives_the_lower_end(activity):
    """events * 33.6 + N T * 51.2 + fired * (21.6 + 69.3) + messages * 111 pJ, as in a replay with SANA-FE itself."""
    energy = 5 * 33.6 + 12 * 51.2 + 2 * (21.6 + 69.3) + 3 * 111
    np.testing.assert_allclose(estimate(costs(activity, "loihi1"), "sana-fe").energy.low, energy * PJ, **EXACT)


def test_the_range_covers_both_tables(activity):
    got = costs(activity, "loihi1")
    ends = [one.energy for one in got.estimates]
    assert got.energy == (min(one.low for one in ends), max(one.high for one in ends))
    assert got.energy.low == estimate(got, "davies-2018").energy.low
    np.testing.assert_allclose(got.real_time_power, np.array(got.energy) / (4 * 1e-3), **EXACT)


def test_hops_are_charged_per_message_between_tiles(activity):
    five_cores = replace(activity, core_sizes=np.array([1, 1, 1, 0, 0]))  # two tiles, one hop at most
    one, other = (estimate(costs(each, "loihi1"), "davies-2018") for each in (activity, five_cores))
    moved = (2 + 2) * 4.0  # messages to other cores and from the host
    np.testing.assert_allclose(other.energy.high - one.energy.high, moved * PJ, rtol=1e-9)
    assert other.energy.low == one.energy.low
    np.testing.assert_allclose(other.step.high - one.step.high, 6.5 * NS, rtol=1e-9)


def test_hops_of_a_full_chip():
    assert most_hops(128) == 10


def test_a_step_is_the_busiest_core_and_the_barrier(activity):
    got = estimate(costs(activity, "loihi1"), "davies-2018")
    low = 2 * (3.5 + 2 * 5.3) + 2 * (2 * 3.5 + 2 * 2.1 + 8.4 + 5.3) + 2 * 5.3 + 3 * 2 * 5.3
    np.testing.assert_allclose(got.step.low, (low / 8 + 113) * NS, **EXACT)  # mean over the 8 steps of both samples
    np.testing.assert_allclose(got.longest_step.high, (2 * 3.5 + 2 * 2.1 + 2 * 8.4 + 465) * NS, **EXACT)
    total = costs(activity, "loihi1")
    np.testing.assert_allclose(total.latency, 4 * np.array(total.step), **EXACT)


def test_the_barrier_between_chips_widens_the_upper_end(activity):
    one, two = (costs(activity, "loihi1", n_chips=n) for n in (1, 2))
    np.testing.assert_allclose(two.step.high - one.step.high, 16.2e-6, rtol=1e-9)
    assert two.step.low == one.step.low
    assert any("links between chips" in line for line in remarks.notes(two))


def test_static_energy_is_beside_and_not_added(activity):
    got = costs(activity, "loihi1")
    rows = {row.what: row for row in got.static}
    real_time, fastest = rows["real time, dt of the program"], rows["fastest estimate"]
    np.testing.assert_allclose(real_time.energy, [0.104 * 4e-3] * 2, **EXACT)
    assert fastest.step == got.step.low
    np.testing.assert_allclose(fastest.energy, [0.104 * 4 * got.step.low] * 2, **EXACT)
    assert got.energy.high < 1e-8 < real_time.energy.low


def test_a_thousand_neurons_cost_far_more_static_than_dynamic_energy(activity):
    """1000 neurons with fan-out 50, of which 2 % spike in a step: 0.076 uJ, against 104 uJ static in 1 ms."""
    counts = dict.fromkeys(("input_operations", "messages", "local_messages", "input_messages"), np.zeros(1, int))
    counts |= {"steps": np.ones(1, int), "spikes": np.array([20]), "neuron_updates": np.array([1000])}
    times = {name: one._replace(mean=one.mean[:1]) for name, one in activity.serial_times.items()}
    one = replace(activity, **counts, synaptic_operations=np.array([1000]), serial_times=times)
    got = costs(one, "loihi1")
    assert f"{estimate(got, 'davies-2018').energy.low * 1e6:.3f}" == "0.076"
    np.testing.assert_allclose(got.static[0].energy.low, 104e-6, **EXACT)


def test_other_durations_of_a_step():
    slow = measure(by_hand(dt=0.5e-3), lsm.Spikes.from_events([0], [0], n_steps=4, n_channels=2, dt=0.5e-3), CORE)
    rows = costs(slow, "loihi1").static
    assert [row.step for row in rows[:2]] == [0.5e-3, 1e-3]


def test_loihi_2_has_no_energy_per_operation(activity):
    got = costs(activity, "loihi2")
    assert got.energy is got.step is got.latency is got.real_time_power is None
    assert got.estimates == ()
    assert got.static_power.value == (0.23, 0.28)
    np.testing.assert_allclose(got.static[0].energy, [0.23 * 4e-3, 0.28 * 4e-3], **EXACT)
    assert got.static[1].step == 5.4e-6
    assert any("not published" in line for line in remarks.notes(got))
    assert "not published" in remarks.claims(got)
    json.dumps(got.to_dict(), allow_nan=False)


def test_of_other_chips_nothing_is_known(activity):
    got = costs(activity, "mine")
    assert (got.energy, got.static, got.anchors) == (None, (), ())
    assert remarks.claims(got)


def test_chips_are_counted_by_their_cores(activity):
    many = replace(activity, core_sizes=np.ones(129, int))
    assert costs(many, "loihi1").n_chips == costs(many, "loihi2").n_chips == 2
    assert costs(many, "mine").n_chips == 1


def test_samples_without_spikes_cost_updates_only():
    silent = lsm.Spikes.from_events([], [], n_steps=[4, 2], n_channels=2, dt=1e-3)
    got = costs(measure(by_hand(), silent, CORE), "loihi1")
    np.testing.assert_allclose(got.energy, [9 * 51.2 * PJ, 9 * 81 * PJ], **EXACT)
    json.dumps(got.to_dict(), allow_nan=False)


def test_every_figure_has_source_and_trust(activity):
    for chip in ("loihi1", "loihi2"):
        plain = costs(activity, chip).to_dict()
        for one in (*plain["estimates"], *plain["anchors"], plain["static_power"]):
            assert one["source"]
            assert one["trust"] in TRUST


def test_claims_give_the_power_of_this_program(activity):
    got = costs(activity, "loihi1")
    text = remarks.claims(got)
    assert "power of one chip alone is 104 mW" in text
    assert "200 to 380 nW in real time (steps of 1.0 ms)" in text  # 805 and 1513 pJ in 4 ms
    assert "1000 times" in text


@pytest.mark.parametrize(
    "wrong", [{"activity": None}, {"chip": 3}, {"chip": ""}, {"n_chips": 0}, {"n_chips": "a"}, {"cpu": 1.0}]
)
def test_wrong_arguments_are_refused(activity, wrong):
    with pytest.raises(DescriptionError, match="costs: "):
        costs(**({"activity": activity} | wrong))


def test_this_machine_is_measured(tmp_path):
    got = measure_cpu(by_hand(), stimulus(), seconds=1e-3, powercap=tmp_path)
    assert (got.backend, got.samples, got.energy, got.energy_source) == ("fast", 2, None, NOT_READABLE)
    assert got.cpu_time > 0
    assert got.repeats >= 1
    json.dumps(got.to_dict(), allow_nan=False)


def rapl(folder, **energy):
    for name, value in energy.items():
        path = folder / name.replace("_", ":").replace("intel:rapl", "intel-rapl")
        path.mkdir(exist_ok=True)
        (path / "energy_uj").write_text(f"{value}\n")
        (path / "max_energy_range_uj").write_text("999\n")


def test_energy_counters_are_read_and_wrap(tmp_path):
    rapl(tmp_path, intel_rapl_0=900, intel_rapl_1=10, intel_rapl_0_0=5)
    before = energy_counters(tmp_path)
    assert before == {"intel-rapl:0": (900, 999), "intel-rapl:1": (10, 999)}
    rapl(tmp_path, intel_rapl_0=100, intel_rapl_1=30)
    assert used_energy(before, energy_counters(tmp_path)) == pytest.approx(220e-6, rel=1e-12)


def test_energy_counters_that_cannot_be_read_are_none(tmp_path):
    assert energy_counters(tmp_path / "missing") == {}
    rapl(tmp_path, intel_rapl_0=900)
    same = energy_counters(tmp_path)
    assert used_energy(same, same) is None  # a counter that stands still measures nothing
    assert used_energy({}, same) is None
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("none")
    assert energy_counters(tmp_path) == {}


def test_ranges():
    assert Range(1, 2).plus(Range(3, 5)) == (4, 7)
    assert Range(1, 2).scaled(3) == (3, 6)
