"""Lava against the reference, bit for bit, on random programs of both arithmetics."""

import dataclasses

import numpy as np
import pytest

from lsm_sim import Program, Spikes
from lsm_sim.backend import Request
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.testing import (
    RandomCases,
    answer,
    assert_same,
    check_case,
    joined,
    joined_stimulus,
    part_of,
    random_program,
    random_stimulus,
    run,
    some_needs,
    unions,
)
from lsm_sim.testing.programs import EXTRA_ARRAYS
from lsm_sim_lava import Lava
from lsm_sim_lava.plan import message_bits, plan
from tests.chip_like import chip_like

N_STEPS = 60


def quick_and_slow(seeds, n_quick):
    return [*seeds[:n_quick], *(pytest.param(seed, marks=pytest.mark.slow) for seed in seeds[n_quick:])]


def check_all(lava, reference, programs, seed):
    """Run the programs side by side in Lava and one by one in the reference; return the joined ones."""
    rng = np.random.default_rng(seed)
    all_joined = []
    for together in unions(programs):
        stimuli = []
        for program in together:
            one = random_stimulus(rng, program, max_samples=1, max_steps=1)
            dense = rng.random((N_STEPS, program.n_inputs)) < rng.choice([0.0, 0.05, 0.3, 1.0])
            stimuli.append(type(one).from_dense(dense, program.dt))
        whole = joined(together)
        outcome = answer(lava, whole, joined_stimulus(stimuli))
        for i, (program, stimulus) in enumerate(zip(together, stimuli, strict=True)):
            got, right = part_of(outcome, together, i), part_of(answer(reference, program, stimulus), [program], 0)
            assert got.keys() == right.keys()
            for name, values in right.items():
                np.testing.assert_array_equal(got[name], values, f"{name} of program {i} of seed {seed}: {program!r}")
        all_joined.append(whole)
    return all_joined


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", quick_and_slow(range(2), 1))
def test_forty_random_programs_equal_the_reference(arithmetic, seed, lava, reference):
    rng = np.random.default_rng(seed)
    check_all(lava, reference, [random_program(rng, arithmetic) for _ in range(40)], seed)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", quick_and_slow(range(10, 13), 1))
def test_ten_programs_for_stock_processes_equal_the_reference(arithmetic, seed, lava, reference):
    rng = np.random.default_rng(seed)
    for _ in range(2):
        program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
        assert plan(program).reasons == ()
        check_all(lava, reference, [program], seed)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", quick_and_slow(range(20, 26), 2))
def test_whatever_is_asked_for_equals_the_reference(arithmetic, seed, lava, monkeypatch):
    if seed % 2:
        monkeypatch.setattr("lsm_sim_lava.runner.copies", lambda *_args, **_others: 2)  # more than one job
    check_case(lava, RandomCases(arithmetic, supports=lava.supports, max_steps=60)(seed))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("graded", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("seed", quick_and_slow(range(30, 33), 1))
def test_thirty_random_programs_with_any_needs_equal_the_reference(arithmetic, graded, seed, lava, reference):
    rng = np.random.default_rng(seed + 100 * graded)
    programs = [random_program(rng, arithmetic, needs=some_needs(rng, EXTRA_ARRAYS)) for _ in range(30)]
    sizes = []
    for together in unions(programs):
        whole = joined(together)
        stimulus = random_stimulus(rng, whole, max_samples=3, max_steps=N_STEPS, graded=graded)
        sizes.append(message_bits(stimulus))
        neurons = np.arange(whole.n_neurons)
        request = Request(neurons=neurons, excursions=graded and arithmetic == "loihi", progress=False)
        got, right = (run(engine, whole, stimulus, request) for engine in (lava, reference))
        assert_same(got, right, request, stimulus, f"seed {seed}, {whole!r}")
    assert any(sizes) == graded


def graded_case(arithmetic, process, largest):
    """Return a program whose inputs Lava's own ``process`` runs, and a stimulus with payloads up to ``largest``."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
        if arithmetic == "loihi":  # so that sums fit
            weight = np.sign(program.weight) * rng.integers(1, 256, program.post.size)
            program = dataclasses.replace(program, weight=weight)
        stimulus = random_stimulus(rng, program, max_samples=3)
        kinds = {layer.process for layer in plan(program, message_bits=16).layers if layer.from_inputs}
        if stimulus.n_events > 50 and process in kinds:
            payload = rng.integers(-largest, largest + 1, stimulus.n_events)
            payload[::5] = largest
            return program, dataclasses.replace(stimulus, payload=payload)
    return pytest.fail("no such program")


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("process", ["Sparse", "DelaySparse"])
@pytest.mark.parametrize(("largest", "ours"), [(2**15 - 1, False), (2**15, True)])
def test_payloads_go_through_stock_synapses_where_16_bits_hold_them(
    arithmetic, process, largest, ours, lava, reference
):
    program, stimulus = graded_case(arithmetic, process, largest)
    chosen = plan(program, message_bits=message_bits(stimulus))
    assert chosen.reasons == (("payloads of more than 16 bits",) if ours else ())
    for layer in chosen.layers:
        assert (layer.process == "Synapses") == (ours and layer.from_inputs)
        assert layer.message_bits == ((32 if ours else 16) if layer.from_inputs else 0)
    request = Request(neurons=np.arange(program.n_neurons), progress=False)
    right = run(reference, program, stimulus, request)
    assert_same(run(lava, program, stimulus, request), right, request, stimulus, arithmetic)


@pytest.mark.slow
@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_stock_models_of_synapses_give_the_same_bits(arithmetic, reference):
    rng = np.random.default_rng(3)
    program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
    stimulus = random_stimulus(rng, program, max_samples=3)
    with Lava(stock_synapses=True) as stock:
        graded = [graded_case(arithmetic, process, 2**15 - 1) for process in ("Sparse", "DelaySparse")]
        for network, events in ((program, stimulus), *graded):
            request = Request(neurons=np.arange(network.n_neurons), progress=False)
            got, right = (run(engine, network, events, request) for engine in (stock, reference))
            assert_same(got, right, request, events, arithmetic)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_an_event_with_the_payload_0_delivers_nothing_but_uses_resources(arithmetic, lava, reference):
    values = {"weight": [64], "threshold": [90], "bias": [0], "refractory": [0], "stp_U": [2048, 0]}
    if arithmetic == "float64":
        values |= {"stp_U": [0.5, 0], "stp_decay_rec": [0.9, 0], "stp_decay_facil": [0.5, 0]}
        values |= {"decay_u": [0.5], "decay_v": [0.5]}
    else:
        values |= {"stp_drec": [400, 0], "stp_dfacil": [2048, 0], "du": [2047], "dv": [2048]}
    program = Program(
        arithmetic=arithmetic, dt=1e-3, n_inputs=1, n_neurons=1, indptr=[0, 1, 1], post=[0], delay=[0], rule="stp", **values
    )  # fmt: skip
    payload = np.array([0, 3, 0, 0, -2, 5])
    every = Spikes.from_events(np.arange(6), np.zeros(6), n_steps=10, n_channels=1, dt=1e-3, payload=payload)
    some = np.flatnonzero(payload)
    fewer = Spikes.from_events(some, np.zeros(some.size), n_steps=10, n_channels=1, dt=1e-3, payload=payload[some])
    right = answer(reference, program, every)
    assert not np.array_equal(right.u[0], answer(reference, program, fewer).u[0])
    np.testing.assert_array_equal(answer(lava, program, every).u[0], right.u[0])
