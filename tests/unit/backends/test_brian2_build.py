"""The way out: networks and scripts of Brian2 that fire the spikes of the program."""

import dataclasses
import doctest
import subprocess
import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.engine.reference import run_program
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim_brian2 import build, script
from tests.cases import ROOT

DUMP = """
import sys
step = {name: np.rint(np.asarray(m.t / defaultclock.dt)).astype(int) for name, m in monitors.items()}
np.savez(sys.argv[1], **{name + "_step": step[name] for name in monitors}, **{name + "_neuron": m.i for name, m in monitors.items()})
"""


@pytest.fixture
def b2(brian2):
    import brian2 as package

    assert brian2.name == "brian2"
    return package


def liquid():
    cell = {"tau_m": lsm.Uniform(20 * ms, 30 * ms), "t_ref": 2 * ms}
    delay = lsm.Uniform(1 * ms, 4 * ms)
    return lsm.Liquid(
        inputs=[lsm.Inputs("left ear", 5), lsm.Inputs("right ear", 3)],
        neurons=[lsm.Neurons("exc", 20, sign=1, **cell), lsm.Neurons("2nd", 5, sign=-1, tau_syn=3 * ms)],
        synapses=[
            lsm.Synapses("left ear", ("exc", "2nd"), lsm.FixedProbability(0.5), weight=0.6),
            lsm.Synapses("right ear", "exc", lsm.FixedProbability(0.5), weight=lsm.Gamma(0.5, 2)),
            lsm.Synapses("exc", ("exc", "2nd"), lsm.FixedProbability(0.3), weight=lsm.Gamma(0.2, 2), delay=delay),
            lsm.Synapses("2nd", "exc", lsm.AllToAll(), weight=-0.4, delay=delay),
        ],
        seed=3,
    )


def stimulus(seed=1, n_samples=1):
    return lsm.Spikes.from_dense(np.random.default_rng(seed).random((n_samples, 120, 8)) < 0.15, 1 * ms)


def events(monitor, dt):
    """Return step and neuron of each spike, sorted."""
    step = np.rint(np.asarray(monitor.t) / dt).astype(int)
    return sorted(zip(step.tolist(), np.asarray(monitor.i).tolist(), strict=True))


def expected(spikes):
    return list(zip(spikes.step.tolist(), spikes.channel.tolist(), strict=True))


def run(b2, net, names, n_steps, dt=1e-3):
    monitors = {name: b2.SpikeMonitor(net[name]) for name in names}
    net.add(*monitors.values())
    net.run(n_steps * dt * b2.second)
    return {name: events(monitor, dt) for name, monitor in monitors.items()}


def test_a_built_liquid_fires_the_same_under_its_own_names(b2):
    net = build(liquid(), stimulus(), names={"2nd": "inh"})
    right = lsm.run(liquid(), stimulus(), backend="reference").spikes
    got = run(b2, net, ["exc", "inh"], 120)
    assert got == {"exc": expected(right["exc"]), "inh": expected(right["2nd"])}
    assert right.n_events > 50
    assert {"left_ear", "left_ear_to_exc", "exc_to_inh", "inh_to_exc"} <= {thing.name for thing in net.objects}


def test_another_stimulus_can_be_set(b2):
    other = stimulus(seed=2)
    net = build(liquid(), dt=1 * ms, names={"2nd": "inh"})
    for name, members in (("left_ear", range(5)), ("right_ear", range(5, 8))):
        keep = np.isin(other.channel, members)
        net[name].set_spikes(other.channel[keep] - members.start, other.step[keep] * b2.ms)
    right = lsm.run(liquid(), other, backend="reference").spikes
    assert run(b2, net, ["exc"], 120)["exc"] == expected(right["exc"])


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_spikes_u_and_v_of_random_programs_are_those_of_the_reference(arithmetic, seed, b2):
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic)
    one = random_stimulus(rng, program, max_samples=1)
    right = run_program(program, one, lsm.Request(neurons=np.arange(program.n_neurons)))
    net = build(program, one)
    monitor = b2.StateMonitor(net["neurons"], ["u", "v"], record=True, when="end")
    net.add(monitor)
    assert run(b2, net, ["neurons"], int(one.n_steps[0]))["neurons"] == expected(right.spikes)
    np.testing.assert_array_equal(np.asarray(monitor.u).T, right.u[0])
    np.testing.assert_array_equal(np.asarray(monitor.v).T, right.v[0])


NEEDS = ["adaptive-threshold", "blocks", "initial-state", "stp", "two-currents"]
NAMES = {"w": "theta"}  # w is the weight of a synapse


def rich_case(arithmetic, needs=NEEDS, *, graded=True, seed=1):
    """Return a program of ten neurons and four channels with these needs, and a stimulus."""
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic, needs=needs)
    dense = rng.random((1, 60, program.n_inputs)) < 0.3
    one = lsm.Spikes.from_dense(dense, program.dt)
    if graded:
        one = dataclasses.replace(one, payload=rng.integers(-9, 10, one.n_events).astype(np.int32))
    return program, one


@pytest.mark.parametrize(
    "needs", [*([need] for need in NEEDS), NEEDS, []], ids=lambda needs: "+".join(needs) or "graded"
)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_all_that_a_program_may_need_is_built(arithmetic, needs, b2):
    program, one = rich_case(arithmetic, needs, graded=len(needs) != 1)
    right = run_program(program, one, lsm.Request(neurons=np.arange(program.n_neurons)))
    net = build(program, one)
    names = {name: NAMES.get(name, name) for name in program.state}
    monitor = b2.StateMonitor(net["neurons"], list(names.values()), record=True, when="end")
    net.add(monitor)
    assert run(b2, net, ["neurons"], 60)["neurons"] == expected(right.spikes)
    for name, own in names.items():
        np.testing.assert_array_equal(np.asarray(getattr(monitor, own)).T, right.traces[name][0])


def test_payloads_are_found_at_any_step_and_delay(b2):
    """One channel, one neuron, three delays; a step of 0.1 ms is no binary fraction."""
    n_steps, delay = 3000, np.array([0, 7, 63])
    ones = {name: np.ones(1) for name in ("threshold", "decay_v")}
    program = lsm.Program(
        arithmetic="float64", dt=1e-4, n_inputs=1, n_neurons=1, indptr=np.array([0, 3, 3]), post=np.zeros(3, int),
        weight=np.array([1.0, 1024.0, 1048576.0]), delay=delay, bias=np.zeros(1), refractory=np.zeros(1, int),
        decay_u=np.zeros(1), **ones,
    )  # fmt: skip
    payload = np.random.default_rng(1).integers(-99, 99, n_steps).astype(np.int32)
    one = lsm.Spikes.from_dense(np.ones((1, n_steps, 1), bool), 1e-4)
    one = dataclasses.replace(one, payload=payload)
    net = build(program, one)
    monitor = b2.StateMonitor(net["neurons"], "u", record=True, when="end")
    net.add(monitor)
    net.run(n_steps * 1e-4 * b2.second)
    right = run_program(program, one, lsm.Request(neurons=np.arange(1)))
    np.testing.assert_array_equal(np.asarray(monitor.u)[0], right.u[0][:, 0])


def test_each_block_of_a_pair_has_a_name_of_its_own(b2):
    program, one = rich_case("float64", ["blocks"], graded=False)
    assert b2.prefs.codegen.target == "numpy"
    n_blocks = sum(part.pre == "in" for part in program.projections())
    net = build(program, one)
    net.run(program.dt * b2.second)
    names = sorted(thing.name for thing in net.objects if thing.name.startswith("in_to"))
    assert names == ["in_to_neurons", *(f"in_to_neurons_{n}" for n in range(2, n_blocks + 1))]
    assert n_blocks > 1


def test_the_users_synapses_and_monitors_join_the_network(b2):
    net = build(liquid(), stimulus(), names={"2nd": "inh"})
    extra = b2.Synapses(net["left_ear"], net["inh"], on_pre="a_post += 0.9", clock=net["inh"].clock, name="extra")
    extra.connect(p=1.0)
    net.add(extra)
    with_extra = run(b2, net, ["inh"], 120)["inh"]
    assert len(with_extra) > len(lsm.run(liquid(), stimulus(), backend="reference").spikes["2nd"].step)


@pytest.mark.parametrize("beside", [False, True])
def test_the_script_fires_the_same_without_lsm_sim(b2, beside, tmp_path):
    assert b2.prefs.codegen.target == "numpy"
    arrays = tmp_path / "arrays.npz" if beside else None
    code = script(liquid(), stimulus(), names={"2nd": "inh"}, arrays=arrays)
    assert "lsm_sim" not in code.split('"""')[2]
    compile(code, "script", "exec")
    (tmp_path / "liquid.py").write_text(code + DUMP, encoding="utf-8")
    command = [sys.executable, "-I", "liquid.py", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    right = lsm.run(liquid(), stimulus(), backend="reference").spikes
    assert done.stdout.splitlines() == [f"exc {right['exc'].n_events} spikes", f"inh {right['2nd'].n_events} spikes"]
    out = np.load(tmp_path / "out.npz")
    for name, group in (("exc", "exc"), ("inh", "2nd")):
        got = sorted(zip(out[f"{name}_step"].tolist(), out[f"{name}_neuron"].tolist(), strict=True))
        assert got == expected(right[group])


def test_a_loihi_script_fires_the_same(b2, tmp_path):
    assert b2.prefs.codegen.target == "numpy"
    rng = np.random.default_rng(1)
    program = random_program(rng, "loihi", max_inputs=4)
    one = random_stimulus(rng, program, max_samples=1)
    (tmp_path / "loihi.py").write_text(script(program, one), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "loihi.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"neurons {run_program(program, one).spikes.n_events} spikes\n"


@pytest.mark.parametrize("graded", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_script_of_all_that_a_program_may_need_fires_the_same(arithmetic, graded, b2, tmp_path):
    assert b2.prefs.codegen.target == "numpy"
    program, one = rich_case(arithmetic, graded=graded)
    code = script(program, one)
    assert ("Tsodyks" in code, "TimedArray" in code, "rint.implementations" in code) == (
        True,
        graded,
        arithmetic == "float64",
    )
    (tmp_path / "rich.py").write_text(code + DUMP, encoding="utf-8")
    command = [sys.executable, "-I", "rich.py", "out.npz"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    out, right = np.load(tmp_path / "out.npz"), run_program(program, one).spikes
    got = sorted(zip(out["neurons_step"].tolist(), out["neurons_neuron"].tolist(), strict=True))
    assert got == expected(right)
    assert right.n_events > 20


def test_wrong_arguments_are_answered_in_one_sentence(b2):
    assert b2.prefs.codegen.target == "numpy"
    program = lsm.lower(liquid(), 1 * ms)
    cases = [
        (lambda: build(liquid()), "dt: got None, expected a step in seconds"),
        (lambda: build(program, dt=1e-3), "dt: got 0.001 with a Program"),
        (lambda: build("net"), "network: got str, expected a Liquid or a Program"),
        (lambda: build(liquid(), stimulus(n_samples=2)), r"got 2 samples, expected one; take one with stimulus\[0\]"),
        (lambda: build(program, names={"soma": "x"}), "names: no group 'soma'; known: left ear, right ear, exc, 2nd"),
        (lambda: build(program, names={"exc": "a b"}), "names: got 'a b' for 'exc', expected letters"),
        (lambda: build(program, names={"exc": "left_ear"}), "two groups or synapses get the same Brian2 name left_ear"),
        (lambda: script(program, "x"), "stimulus: got str, expected Spikes"),
    ]
    for call, message in cases:
        with pytest.raises(DescriptionError, match=message):
            call()


@pytest.mark.parametrize("page", ["brian2.md", "coming-from.md"])
def test_the_examples_of_the_page_give_what_they_say(page, b2):
    assert b2.prefs.codegen.target == "numpy"
    failed, attempted = doctest.testfile(str(ROOT / "docs" / page), module_relative=False)
    assert attempted > 0
    assert failed == 0
