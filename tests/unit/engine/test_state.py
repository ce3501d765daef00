"""States: files, what does not fit, and runs that go on. Random cuts are in tests/parity/test_conformance.py."""

import dataclasses
import pickle

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.backend import Request, compiled
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.support import npz
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim.testing.programs import EXTRA_ARRAYS

KEEP = Request(keep_state=True, progress=False)


def ended(arithmetic="float64", backend="fast", seed=3, needs=tuple(EXTRA_ARRAYS)):
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic, needs=needs)
    stimulus = random_stimulus(rng, program, max_samples=3)
    with compiled(program, backend) as run:
        return program, stimulus, run(stimulus, KEEP).state


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_files_and_bytes_are_the_same_whichever_engine_made_them(arithmetic, tmp_path):
    for name in ("fast", "reference"):
        _, _, state = ended(arithmetic, name)
        state.save(tmp_path / f"{name}.npz")
        assert State.load(tmp_path / f"{name}.npz") == state
        assert pickle.loads(pickle.dumps(state)) == state
    assert (tmp_path / "fast.npz").read_bytes() == (tmp_path / "reference.npz").read_bytes()


def test_a_state_of_another_program_is_refused():
    program, stimulus, state = ended()
    other = dataclasses.replace(program, bias=program.bias + 1)
    with compiled(other, "fast") as run, pytest.raises(DescriptionError, match="state: got that of another program"):
        run(stimulus, KEEP, state)


@pytest.mark.parametrize("backend", ["fast", "reference"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"u": s.u[:, :-1]}, "state u: got shape"),
        (lambda _: {"w": None}, "state w: got none, expected an array"),
        (lambda s: {"hold": s.hold - 10}, "state hold: got -10"),
        (lambda s: {"in_flight": s.in_flight[:, :, :-1]}, "state in_flight: got shape"),
        (lambda s: {"in_flight": s.in_flight + 2.0**-60}, "state in_flight: expected multiples"),
        (lambda s: {"in_flight": s.in_flight + 2.0**60}, "state in_flight: expected multiples"),
        (lambda s: {"r": s.r + 2}, r"state r: got [0-9.]+ \.\. 3, expected"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(backend, change, message):
    program, stimulus, state = ended()
    with compiled(program, backend) as run, pytest.raises(DescriptionError, match=message):
        run(stimulus, KEEP, dataclasses.replace(state, **change(state)))


@pytest.mark.parametrize("backend", ["fast", "reference"])
@pytest.mark.parametrize("name", ["u", "u2", "v", "w", "r", "in_flight"])
def test_integers_beyond_the_registers_are_refused(backend, name):
    program, stimulus, state = ended("loihi")
    with compiled(program, backend) as run, pytest.raises(DescriptionError, match=f"state {name}: "):
        run(stimulus, KEEP, dataclasses.replace(state, **{name: getattr(state, name) + 2**33}))


def test_numbers_that_are_none_are_refused():
    _, _, state = ended()
    bad = state.v.copy()
    bad[0, 0] = np.nan
    with pytest.raises(DescriptionError, match="state v: got nan"):
        dataclasses.replace(state, v=bad)
    _, _, whole = ended("loihi")
    with pytest.raises(DescriptionError, match=r"state v: got 0\.5, expected whole numbers"):
        dataclasses.replace(whole, v=whole.v * 0 + 0.5)


def test_as_many_samples_as_the_stimulus_has():
    program, stimulus, state = ended()
    with compiled(program, "fast") as run, pytest.raises(DescriptionError, match="state: got 1 samples, expected"):
        run(lsm.Spikes.concatenate([stimulus, stimulus]), KEEP, state[0])


def test_a_damaged_file_is_refused(tmp_path):
    _, _, state = ended()
    state.save(tmp_path / "state.npz")
    arrays = npz.read(tmp_path / "state.npz")
    npz.write(tmp_path / "less.npz", {name: values for name, values in arrays.items() if name != "hold"})
    with pytest.raises(DescriptionError, match=r"less\.npz: no hold in the file"):
        State.load(tmp_path / "less.npz")
    npz.write(tmp_path / "other.npz", arrays | {"format": "lsm_sim.spikes/1"})
    with pytest.raises(DescriptionError, match=r"expected 'lsm_sim\.state/1'"):
        State.load(tmp_path / "other.npz")


def test_an_engine_without_states_refuses_them():
    class Plain:
        name, supports = "plain", frozenset()

        def legalise(self, program):
            return program

        def compile(self, program):
            from lsm_sim.engine.reference import Reference

            return Reference().compile(program)

    program, stimulus, state = ended(needs=())
    with compiled(program, Plain()) as run:
        for request, given in ((KEEP, None), (Request(progress=False), state)):
            with pytest.raises(UnsupportedError, match="'state'"):
                run(stimulus, request, given)


def test_run_goes_on():
    cells = lsm.Neurons("n", 20, tau_adapt=50 * ms, adapt_step=0.2, t_ref=3 * ms)
    loop = lsm.Synapses("n", "n", lsm.FixedProbability(0.2), weight=0.3, delay=7 * ms, stp=lsm.TsodyksMarkram(0.5, 0.1))
    entry = lsm.Synapses("in", "n", lsm.AllToAll(), weight=0.5)
    liquid = lsm.Liquid([lsm.Inputs("in", 5)], [cells], [entry, loop], seed=2)
    stimulus = lsm.Spikes.from_dense(np.random.default_rng(1).random((2, 200, 5)) < 0.1, 1 * ms)
    whole = lsm.run(liquid, stimulus, keep_state=True)
    first = lsm.run(liquid, stimulus.crop(0, 0.08), keep_state=True)
    second = lsm.run(liquid, stimulus.crop(0.08), state=first.state, keep_state=True, backend="reference")
    assert lsm.Spikes.concatenate([first.spikes, second.spikes], along="time") == whole.spikes
    assert second.state == whole.state
    assert whole.spikes.n_events > 100
    with pytest.raises(DescriptionError, match="keep_state=True"):
        _ = lsm.run(liquid, stimulus).state


@pytest.mark.parametrize("backend", ["fast", "reference"])
def test_a_neuron_that_is_held_has_no_potential(backend):
    program, stimulus, state = ended()
    changed = dataclasses.replace(state, v=state.v + 1, hold=state.hold + 1)
    with compiled(program, backend) as run, pytest.raises(DescriptionError, match="state v: expected 0 where hold"):
        run(stimulus, KEEP, changed)


def test_brian2_refuses_states_in_standalone_programs(brian2, monkeypatch):
    from lsm_sim_brian2 import compiler

    monkeypatch.setattr(compiler, "check_standalone", lambda: None)
    program, stimulus, state = ended()
    standalone = dataclasses.replace(brian2, mode="standalone")
    assert "state" in brian2.supports - standalone.supports
    with standalone.compile(program) as run:
        for request, given in ((KEEP, None), (Request(progress=False), state)):
            with pytest.raises(UnsupportedError, match="'state'"):
                run(stimulus, request, given)


@pytest.mark.parametrize("name", ["brian2", "lava"])
def test_a_state_that_does_not_fit_is_refused_by_the_other_engines_too(name, request):
    program, stimulus, state = ended()
    with compiled(program, request.getfixturevalue(name)) as run, pytest.raises(DescriptionError, match="state w: got"):
        run(stimulus, KEEP, dataclasses.replace(state, w=None))


def test_neurons_that_are_held_at_the_start_take_our_own_process():
    from lsm_sim_lava.plan import plan

    program, _, _ = ended(needs=())
    assert plan(program, held=True).neurons == "Neurons"
    assert "neurons are held at the start" in plan(program, held=True).reasons


@pytest.mark.parametrize("stock", [False, True])
def test_lava_goes_on_with_neurons_that_are_held_and_with_stock_synapses(stock, lava):
    """A hold that the program itself never gives is for our own neurons."""
    program, stimulus, state = ended("loihi", needs=())
    held = dataclasses.replace(state, v=state.v * 0, hold=state.hold * 0 + 5)
    with (
        compiled(program, "reference") as expected,
        compiled(program, dataclasses.replace(lava, stock_synapses=stock)) as run,
    ):
        assert run(stimulus, KEEP, held) == expected(stimulus, KEEP, held)
