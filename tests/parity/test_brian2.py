"""The Brian2 backend against the reference, bit for bit (v too), beyond tests/parity/test_conformance.py.

Programs one by one find what depends on a program's shape; ten that are joined find the rest at the price of one Brian2
network.
"""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from lsm_sim.backend import Request
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.testing import (
    RandomCases,
    assert_same,
    check_case,
    joined,
    random_program,
    random_stimulus,
    run,
)
from lsm_sim.testing.checking import check_cuts
from lsm_sim.testing.programs import EXTRA_ARRAYS
from lsm_sim_brian2 import engine, replicas, rounds

JOINED = 10


@pytest.fixture
def numpy_target(brian2):
    return dataclasses.replace(brian2, codegen="numpy")


def check(backend, arithmetic, seed, n_programs):
    check_case(backend, RandomCases(arithmetic, n_programs, backend.supports)(seed))


@pytest.mark.slow
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_of_more_programs_is_that_of_the_reference(arithmetic, numpy_target):
    for seed in range(3, 14):
        check(numpy_target, arithmetic, seed, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1002, 1008))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_of_more_joined_programs_is_that_of_the_reference(arithmetic, seed, numpy_target):
    check(numpy_target, arithmetic, seed, JOINED)


@pytest.mark.slow
@pytest.mark.usefixtures("compiled_code")
@pytest.mark.parametrize("seed", [2000])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_is_the_same_when_compiled_with_cython(arithmetic, seed, brian2):
    check(dataclasses.replace(brian2, codegen="cython"), arithmetic, seed, JOINED)


@pytest.mark.slow
@pytest.mark.usefixtures("compiled_code")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_run_goes_on_from_a_state_when_compiled_with_cython(arithmetic, brian2):
    cython = dataclasses.replace(brian2, codegen="cython")
    check_cuts(cython, RandomCases(arithmetic, JOINED, cython.supports)(1002), 1002)


def small_case(arithmetic, seed=5):
    rng = np.random.default_rng(seed)
    program = joined([random_program(rng, arithmetic, wide=False) for _ in range(4)])
    return program, random_stimulus(rng, program, max_samples=4, max_steps=60)


@pytest.mark.slow
@pytest.mark.usefixtures("make")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_standalone_is_compiled_once_and_runs_again_with_other_stimuli(arithmetic, brian2, reference, tmp_path):
    import brian2 as b2

    program, first = small_case(arithmetic)
    rng = np.random.default_rng(9)
    shape = 7, int(first.n_steps.max()), program.n_inputs
    more = Spikes.from_dense(rng.random(shape) < 0.3, program.dt)  # needs several processes
    request = Request(
        neurons=np.array([3, 0, 3]), excursions=arithmetic == "loihi", bins=None, n_threads=2, progress=False
    )
    backend = dataclasses.replace(brian2, mode="standalone", directory=str(tmp_path / "with space"))
    before = dict(os.environ), Path.cwd(), str(b2.defaultclock.dt), b2.prefs.as_file, b2.get_device()
    with backend.compile(program) as runner, reference.compile(program) as expected:
        for stimulus in (first, more, first):
            assert_same(runner(stimulus, request), expected(stimulus, request), request, stimulus, arithmetic)
            assert len(list((tmp_path / "with space").iterdir())) == 1  # one build, which serves all
    assert list((tmp_path / "with space").iterdir()) == []
    assert (dict(os.environ), Path.cwd(), str(b2.defaultclock.dt), b2.prefs.as_file, b2.get_device()) == before


def rich_case(arithmetic, n_programs=2, seed=5):
    """Return a program with all that a program may need, half-way roundings included, and two samples with payloads."""
    rng = np.random.default_rng(seed)
    programs = [random_program(rng, arithmetic, wide=False, needs=EXTRA_ARRAYS) for _ in range(n_programs)]
    program = joined([*programs, half_way(arithmetic)])
    lengths = 40, 25
    stimulus = Spikes.from_dense([rng.random((n, program.n_inputs)) < 0.3 for n in lengths], program.dt)
    payload = rng.integers(-9, 10, stimulus.n_events).astype(np.int32)
    return program, dataclasses.replace(stimulus, payload=payload)


def half_way(arithmetic):
    """Return a program in which a first spike delivers half a weight, which is odd."""
    weight = np.array([1, 3, 5, -1, -3, -5])
    arrays = {"threshold": 10, "bias": 0, "refractory": 0}
    if arithmetic == "float64":
        arrays |= {"decay_u": 0.0, "decay_v": 0.0}
        stp = {"stp_U": 0.5, "stp_decay_rec": 0.0, "stp_decay_facil": 0.0}
    else:
        arrays |= {"du": 4095, "dv": 4096}
        stp = {"stp_U": 2048, "stp_drec": 4096, "stp_dfacil": 4096}
    return Program(
        arithmetic=arithmetic,
        dt=1e-3,
        n_inputs=1,
        n_neurons=6,
        indptr=np.array([0, *[6] * 7]),
        post=np.arange(6),
        weight=weight,
        delay=np.arange(6),
        rule="stp",
        **{name: np.full(6, value) for name, value in arrays.items()},
        **{name: np.full(7, value) for name, value in stp.items()},
    )


def all_of(program, **others):
    return Request(
        neurons=np.arange(program.n_neurons), excursions=program.arithmetic == "loihi", progress=False, **others
    )


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_of_all_features_at_once(arithmetic, numpy_target, reference):
    """By one runner with and without payloads; they need different networks."""
    program, graded = rich_case(arithmetic)
    with numpy_target.compile(program) as runner, reference.compile(program) as expected:
        for stimulus in (graded, dataclasses.replace(graded, payload=None), graded[1:]):
            got, right = (one(stimulus, all_of(program)) for one in (runner, expected))
            assert_same(got, right, all_of(program), stimulus, arithmetic)


@pytest.mark.parametrize("n_inputs", [0, 2])
def test_channels_without_synapses_bear_payloads(n_inputs, numpy_target, reference):
    program = random_program(np.random.default_rng(1), "float64", max_inputs=0)
    indptr = np.concatenate([np.zeros(n_inputs, int), program.indptr])
    program = dataclasses.replace(program, n_inputs=n_inputs, indptr=indptr, input_groups={})
    stimulus = Spikes.from_dense(np.ones((2, 20, n_inputs), bool), program.dt)
    stimulus = dataclasses.replace(stimulus, payload=np.full(stimulus.n_events, 3, np.int32))
    got, right = (run(one, program, stimulus, all_of(program)) for one in (numpy_target, reference))
    assert_same(got, right, all_of(program), stimulus, f"{n_inputs} channels")


@pytest.mark.slow
@pytest.mark.usefixtures("make")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_of_all_features_at_once_is_the_same_in_standalone_programs(arithmetic, brian2, reference):
    program, stimulus = rich_case(arithmetic, n_programs=1, seed=55)  # few blocks, as each is compiled
    got, right = (
        run(one, program, stimulus, all_of(program, n_threads=1))
        for one in (dataclasses.replace(brian2, mode="standalone"), reference)
    )
    assert_same(got, right, all_of(program), stimulus, arithmetic)


@pytest.mark.parametrize("n_replicas", [1, 2, 3])
def test_no_bit_depends_on_the_number_of_replicas(n_replicas, numpy_target, reference, monkeypatch):
    monkeypatch.setattr(rounds, "MOST_REPLICAS", n_replicas)
    monkeypatch.setattr(replicas, "_BUFFER", 5)  # so that spikes are counted in many parts
    program, _ = small_case("loihi")
    rng = np.random.default_rng(3)
    stimulus = Spikes.from_dense([rng.random((n, program.n_inputs)) < 0.3 for n in (5, 40, 1, 40, 17)], program.dt)
    request = Request(neurons=np.arange(4), excursions=True, steps=np.array([0, 7, 30]), progress=False)
    got, expected = (run(one, program, stimulus, request) for one in (numpy_target, reference))
    assert_same(got, expected, request, stimulus, f"{n_replicas} replicas")


def test_a_runner_serves_calls_of_any_size(numpy_target, reference):
    program, _ = small_case("float64")
    rng = np.random.default_rng(4)
    batch = Spikes.from_dense(rng.random((6, 30, program.n_inputs)) < 0.2, program.dt)
    with numpy_target.compile(program) as runner, reference.compile(program) as expected:
        for stimulus in (batch[:2], batch, batch[:1], batch[2:4], batch):
            request = Request(progress=False)
            assert_same(
                runner(stimulus, request), expected(stimulus, request), request, stimulus, f"{len(stimulus)} samples"
            )


def test_a_network_is_built_once_for_calls_of_one_size(numpy_target, monkeypatch):
    program, stimulus = small_case("float64")
    built = []

    class Counted(replicas.Replicas):
        def __init__(self, *args, **kwargs):
            built.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(engine, "Replicas", Counted)
    with numpy_target.compile(program) as runner:
        for _ in range(3):
            runner(stimulus, Request(progress=False))
    assert len(built) == 1
