"""Two currents, adaptive thresholds, plasticity, payloads and initial state in Loihi's integers."""

import dataclasses
import json

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.dynamics import STP
from lsm_sim.dynamics.loihi import UV_LIMIT
from lsm_sim.engine.excursions import described
from lsm_sim.engine.reference import run_program
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.quantisation.groups import groups
from lsm_sim.quantisation.registers import measure
from lsm_sim.quantisation.rows import steps_to_fall
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim.testing.programs import EXTRA_ARRAYS
from tests.unit.quantisation import rich
from tests.unit.quantisation.rich import block, one_neuron, stimulus

PLASTIC = {"rule": "stp", "stp_U": [0.5, 0.5], "stp_decay_rec": [0.99, 0.99], "stp_decay_facil": [0.9, 0.9]}


def quantise(program, calibration=None, **how):
    calibration = stimulus(n_channels=program.n_inputs) if calibration is None else calibration
    return lsm.quantise(program, calibration, backend="reference", **how)


def quiet(program):
    """Return the program with values that fit into the chip's registers."""
    change = {"threshold": np.abs(program.threshold) + np.abs(program.threshold).max() + 0.01}
    for name in ("decay_u", "decay_u2"):
        if getattr(program, name) is not None:
            change[name] = np.minimum(getattr(program, name), 0.99)
    if program.jump is not None:
        change["jump"] = np.abs(program.jump)
    return dataclasses.replace(program, **change)


@pytest.mark.filterwarnings("ignore:quantise. on the calibration data no neuron")  # random networks may be that quiet
@pytest.mark.parametrize("seed", range(24))
def test_integers_need_what_the_network_needed(seed):
    rng = np.random.default_rng(seed)
    needs = [need for need in EXTRA_ARRAYS if rng.random() < 0.6]
    program = quiet(random_program(rng, "float64", max_delay=5, needs=needs, wide=False))
    calibration = random_stimulus(rng, program, graded=seed % 2 == 1)
    integers, report = quantise(program, calibration)
    assert integers.arithmetic == "loihi"
    assert integers.needs == program.needs
    assert [b.receptor for b in integers.blocks] == [b.receptor for b in program.blocks]
    assert [b.rule for b in integers.blocks] == [b.rule for b in program.blocks]
    for name in ("source", "post", "delay", "block"):
        np.testing.assert_array_equal(getattr(integers.synapses(), name), getattr(program.synapses(), name))
    assert set(report.excursions.values()) == {0}
    assert json.loads(json.dumps(report.to_dict()))["scale"] == report.scale


@pytest.mark.parametrize("make", [rich.with_two_currents, rich.with_adaptive_thresholds, rich.with_plasticity])
def test_rates_stay_within_a_tenth(make):
    _, report = quantise(make())
    for row in report.neurons:
        assert row.rate_after == pytest.approx(row.rate, rel=0.1)
        assert row.rate > 5
    assert report.correlation > 0.97


def test_rates_stay_within_a_tenth_with_payloads():
    program = rich.network()
    program = dataclasses.replace(program, weight=program.weight / 4)
    _, report = quantise(program, stimulus(payloads=[-3, 5, 9, 15]))
    for row in report.neurons:
        assert row.rate_after == pytest.approx(row.rate, rel=0.1)
    assert "4 calibration samples with payloads -3..15" in report.note
    assert report.headroom["sums with payloads"] > 2


def test_weights_of_every_block_share_the_scale_and_have_their_own_exponents():
    more = block([0, 1, 1], [0], [2.0**-10], [2])
    integers, report = quantise(one_neuron(more_blocks=[more]))
    first, second = integers.blocks
    assert first.weight[0] / report.scale == pytest.approx(0.5, rel=1 / 128)
    assert second.weight[0] == pytest.approx(2.0**-10 * report.scale, abs=0.5)
    assert second.delay.tolist() == [2]
    assert [row.name for row in report.synapses] == ["in -> neurons, block 0 (+)", "in -> neurons, block 1 (+)"]


def test_a_pair_of_groups_in_two_blocks_has_two_names_only_where_it_must():
    inhibition = block([0, 1, 1], [0], [-0.25], [0])
    assert [name for name, _ in groups(one_neuron(more_blocks=[inhibition]))] == [
        "in -> neurons (+)",
        "in -> neurons (-)",
    ]


def test_the_second_current_bounds_the_scale_by_its_own_registers():
    second = block([0, 1, 1], [0], [8.0], [0], receptor=1)
    program = one_neuron(more_blocks=[second], decay_u2=[0.5], weight=[2.0**-10], decay_v=[0.0], threshold=[200.0])
    spikes = lsm.Spikes.from_dense(np.ones((50, 1), bool), 1e-3)
    peaks = measure(program, spikes, "reference")
    assert peaks.a2[0] == 8
    assert peaks.a[0] == pytest.approx(2.0**-10)
    assert peaks.u2[0] == pytest.approx(16, rel=1e-9)
    assert peaks.drive[0] == pytest.approx(16 + 2.0**-8, rel=1e-6)
    integers, report = quantise(program, spikes, headroom=2)
    assert integers.du2.tolist() == [4096 // 2 - 1]
    assert report.headroom["a2"] == pytest.approx(2**15 / integers.more_blocks[0].weight[0])
    assert report.headroom["a2"] >= 2
    assert report.neurons[0].tau_syn_inh[1] == pytest.approx(1e-3 / np.log(2))
    assert report.neurons[0].tau_syn_inh_after == report.neurons[0].tau_syn_inh
    assert "tau_syn_inh ms" in str(report)
    assert report.bound == "threshold"
    assert quantise(dataclasses.replace(program, threshold=[20.0]), spikes, headroom=2).report.bound == "a2"


def test_adaptation_is_the_nearest_in_integers():
    program = one_neuron(weight=[4.0], decay_w=[0.99], jump=[0.3])
    integers, report = quantise(program)
    assert integers.dw.tolist() == [round(4096 * 0.01)]
    assert integers.jump.tolist() == [round(64 * report.scale * 0.3)]
    (row,) = report.neurons
    assert row.tau_adapt[1] == pytest.approx(-1e-3 / np.log(0.99))
    assert row.tau_adapt_after[1] == pytest.approx(-1e-3 / np.log(1 - 41 / 4096))
    assert row.jump[1] == integers.jump[0] / 64
    assert row.jump_error == pytest.approx(abs(integers.jump[0] / (64 * report.scale * 0.3) - 1))
    assert "tau_adapt ms" in str(report)


def test_a_small_jump_falls_faster_than_its_time_constant():
    jump, dw = np.array([100, 2**20, 100, 5]), np.array([1, 1, 41, 0])
    falls = steps_to_fall(jump, dw)
    assert falls[0] == 100 - int(100 / np.e)  # one per step, because of rounding toward zero
    assert falls[1] == pytest.approx(4096, rel=0.01)
    assert falls[2] < 100
    assert falls[3] == np.inf


def test_the_threshold_leaves_room_for_w():
    spikes = lsm.Spikes.from_dense(np.ones((60, 1), bool), 1e-3)
    program = one_neuron(weight=[8.0], decay_v=[0.0], decay_u=[0.9], decay_w=[0.999], jump=[30.0], refractory=[0])
    peaks = measure(program, spikes, "reference")
    assert peaks.w[0] >= 60
    integers, report = quantise(program, spikes, headroom=1.5)
    reached = (integers.threshold << 6) + measure(integers, spikes, "reference").w
    assert report.headroom["threshold + w"] == pytest.approx(UV_LIMIT / reached.max())
    assert report.headroom["threshold + w"] >= 1.49
    assert report.excursions["threshold + w"] == 0


def test_a_silent_neuron_leaves_room_for_one_jump():
    program = one_neuron(weight=[2.0**-20], decay_w=[0.99], jump=[1e4])
    integers, report = quantise(program, headroom=1)
    assert report.neurons[0].rate == 0
    assert report.bound == "threshold + w"
    assert (integers.threshold[0] << 6) + integers.jump[0] < UV_LIMIT


def test_a_threshold_that_v_cannot_exceed_counts_as_an_excursion():
    fields = {"arithmetic": "loihi", "weight": [30000], "threshold": [1], "bias": [0], "du": [0], "dv": [0]}
    fields |= {"dw": [0], "jump": [UV_LIMIT - 65], "decay_u": None, "decay_v": None}
    peaks = measure(one_neuron(**fields), lsm.Spikes.from_dense(np.ones((9, 1), bool), 1e-3), "reference")
    assert peaks.excursions[4] > 0
    assert peaks.first[4].tolist() == [0, 1, 0]


def test_plasticity_is_the_nearest_in_4096ths():
    program = one_neuron(weight=[3.0], **PLASTIC)
    integers, report = quantise(program)
    assert integers.stp_U.tolist() == [2048, 2048]
    assert integers.stp_drec.tolist() == [41, 41]
    assert integers.stp_dfacil.tolist() == [410, 410]
    (row,) = report.plasticity
    assert row.name == "in -> neurons"
    assert row.U == row.U_after == (0.5, 0.5, 0.5)
    assert row.U_error == 0
    assert row.tau_rec[1] == pytest.approx(-1e-3 / np.log(0.99))
    assert row.tau_rec_after[1] == pytest.approx(-1e-3 / np.log(1 - 41 / 4096))
    assert row.tau_facil_after[1] == pytest.approx(-1e-3 / np.log(1 - 410 / 4096))
    amount, exact = int(integers.weight[0]) // 2, report.scale * 3 * 0.5
    assert row.amount_error == pytest.approx(abs(amount / exact - 1), abs=1e-12)
    assert row.amount_bias == pytest.approx(amount / exact - 1, abs=1e-12)
    assert row.lost == 0
    assert "plastic synapses" in str(report)


def test_the_steady_error_is_that_of_a_train_of_20_hz():
    program = one_neuron(weight=[3.0], **PLASTIC | {"stp_U": [0.06, 0.5], "stp_decay_facil": [0.9992, 0.9]})
    _, report = quantise(program)
    r, f = 1.0, 0.0
    for k in range(20):  # a spike every 50 steps
        r, f = (1 - 0.99**50 * (1 - r), 0.9992**50 * f) if k else (r, f)
        x = f + 0.06 * (1 - f)
        r, f, exact = r - x * r, x, x * r
    arrays = {"stp_U": np.array([246]), "stp_drec": np.array([41]), "stp_dfacil": np.array([3])}
    state = STP.start(1, "loihi")
    for k in range(20):
        for _ in range(50 if k else 0):
            state = STP.rest["loihi"](arrays, state)
        state, efficacy = STP.send["loihi"](arrays, state, [0])
    assert report.plasticity[0].steady_error == pytest.approx(abs(efficacy[0] / 2**20 / exact - 1), rel=1e-9)
    assert 0.005 < report.plasticity[0].steady_error < 0.1


def test_sources_without_synapses_are_not_counted():
    plastic = PLASTIC | {"stp_U": [0.5, 1e-9], "stp_decay_rec": [0.99, 1 - 1e-7]}  # of the neuron, which has none
    (row,) = quantise(one_neuron(**plastic)).report.plasticity
    assert row.U == (0.5, 0.5, 0.5)


def test_synapses_that_deliver_nothing_are_counted():
    program = one_neuron(indptr=[0, 2, 2], post=[0, 0], weight=[4.0, 2.0**-12], delay=[0, 0], **PLASTIC)
    (row,) = quantise(program).report.plasticity
    assert row.lost == 1
    assert row.amount_error == 1
    assert abs(row.amount_bias) < 0.01


def test_calibration_counts_payloads():
    spikes = lsm.Spikes.from_events([0, 3], [0, 0], n_steps=9, n_channels=1, dt=1e-3, payload=[-100, 7])
    peaks = measure(one_neuron(), spikes, "reference")
    assert peaks.a[0] == pytest.approx(50)
    assert peaks.sums[0] == 50
    integers, report = quantise(one_neuron(), spikes)
    assert report.headroom["a"] == pytest.approx(2**15 / (100 * integers.weight[0]))
    assert report.headroom["sums with payloads"] == pytest.approx(2**31 / (100 * integers.weight[0]))


def test_the_scale_keeps_sums_of_large_payloads_within_32_bits():
    n = 200
    program = one_neuron(
        n_inputs=n, indptr=[*range(n + 1), n], post=[0] * n, weight=[0.5] * n, delay=[0] * n, threshold=[1e4]
    )
    events = {"n_steps": 1000, "n_channels": n, "dt": 1e-3}
    spikes = lsm.Spikes.from_events(5 * np.arange(n), np.arange(n), payload=[2**15 - 1] * n, **events)
    few = dataclasses.replace(spikes, payload=np.where(np.arange(n) % 2, 1 - 2**15, 2**15 - 1))
    assert quantise(program, few, headroom=1).program.weight.sum() * (2**15 - 1) < 2**31


def test_the_start_is_scaled():
    integers, report = quantise(one_neuron(u0=[0.25], v0=[-3.0]))
    assert integers.u0[0] == round(64 * report.scale * 0.25)
    assert integers.v0[0] == round(-64 * report.scale * 3.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"decay_w": [np.exp(-1 / 10000)], "jump": [0.1]},
            r"neurons neurons: tau_adapt 10 s is too long for steps of 0\.001 s, .*would never fall again .*\(its decay of 12 bits rounds to 0; use tau_adapt up to 8\.19 s, or dt from 0\.00123 s\)",
        ),
        ({"decay_w": [0.5], "jump": [-0.1]}, r"neurons neurons: a jump of -0\.1 of the threshold at a spike, expected"),
        (
            PLASTIC | {"stp_decay_rec": [np.exp(-1 / 11000), 0]},
            r"synapses in -> neurons: tau_rec 11 s is too long .*they would never recover .*up to 8\.19 s, or dt from",
        ),
        (
            PLASTIC | {"stp_decay_facil": [1 - 1e-5, 0]},
            r"in -> neurons: tau_facil 100 s .*facilitation would never end",
        ),
        (PLASTIC | {"stp_U": [1e-4, 0]}, r"synapses in -> neurons: U 0\.0001 becomes 0, so that they would deliver"),
        (
            {"decay_u2": [1 - 1e-4], "more_blocks": [block([0, 1, 1], [0], [1.0], [70], receptor=1)]},
            r"synapses in -> neurons, block 1 \(\+\): a delay of 71 steps.*u2 keeps 0\.9999 .*shorten tau_syn_inh",
        ),
    ],
)
def test_what_would_change_the_meaning_is_refused_with_a_remedy(change, words):
    with pytest.raises(UnsupportedError, match=words):
        quantise(one_neuron(**change))


def test_the_remedies_help():
    for tau, dt in ((8.19, 1e-3), (10, 1.23e-3)):
        program = one_neuron(dt=dt, decay_w=[np.exp(-dt / tau)], jump=[0.1], weight=[4.0])
        assert quantise(program, lsm.Spikes.from_dense(np.ones((20, 1), bool), dt)).program.dw.tolist() == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"decay_w": [1.0], "jump": [0.1]},  # never falls, as the user wants
        {"decay_w": [1 - 1e-6], "jump": [0.0]},  # does not adapt
        {"decay_u2": [1 - 1e-6]},  # no synapses on the second current
        PLASTIC | {"stp_decay_rec": [1.0, 1.0]},
        PLASTIC | {"stp_U": [1.0, 1.0], "stp_decay_facil": [1 - 1e-6] * 2},  # f has no effect
        PLASTIC | {"stp_U": [0.0, 0.0]},
    ],
)
def test_what_changes_nothing_is_not_refused(change):
    program = one_neuron(**change)
    integers, report = quantise(program)
    assert integers.needs == program.needs
    assert str(report)


def test_a_jump_that_would_vanish_is_refused():
    program = one_neuron(decay_w=[0.9], jump=[1e-6], weight=[4.0], decay_u=[0.0])
    with pytest.raises(
        UnsupportedError, match=r"neurons neurons: a jump 1e-06 of the threshold becomes 0 .* adapt_step"
    ):
        quantise(program)


def test_excursions_count_either_current_and_their_sum():
    second = block([0, 1, 1], [0], [2**15], [0], receptor=1)
    fields = {"arithmetic": "loihi", "weight": [1], "threshold": [9], "bias": [0], "du": [0], "dv": [0], "du2": [-1]}
    program = one_neuron(**fields, decay_u=None, decay_v=None, more_blocks=[second])
    spikes = lsm.Spikes.from_events([0, 1, 2, 3], [0] * 4, n_steps=6, n_channels=1, dt=1e-3)
    excursions = run_program(program, spikes, lsm.backend.Request(excursions=True)).excursions
    a, u, drive = excursions.count[0]
    assert a == 4  # those of the second current: the first is far from its limit
    assert excursions.step[0].tolist() == [1, 4, 4]
    assert u == 2  # nothing decays, so it is still too large in the last step
    assert drive == 2
    assert "a exceeded its register 4 times, first in sample 0 at step 1 in neuron 0" in described(excursions)
    peaks = measure(program, spikes, "reference")
    assert peaks.excursions[:3].tolist() == [4, 2, 2]


def test_a_loihi_program_with_everything_cannot_be_quantised_again():
    with pytest.raises(DescriptionError, match="expected float64"):
        lsm.quantise(quantise(rich.with_adaptive_thresholds()).program, backend="reference")
