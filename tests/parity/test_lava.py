"""Lava against the reference, bit for bit, on random programs of both arithmetics."""

import numpy as np
import pytest

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
    unions,
)
from lsm_sim_lava import Lava
from lsm_sim_lava.plan import plan
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
        monkeypatch.setattr("lsm_sim_lava.runner.copies", lambda _program, _message_bits: 2)  # more than one job
    check_case(lava, RandomCases(arithmetic, supports=lava.supports, max_steps=60)(seed))


@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_stock_models_of_synapses_give_the_same_bits(arithmetic, reference):
    rng = np.random.default_rng(3)
    program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
    stimulus = random_stimulus(rng, program, max_samples=3)
    request = Request(neurons=np.arange(program.n_neurons), progress=False)
    with Lava(stock_synapses=True) as stock:
        got = run(stock, program, stimulus, request)
        assert_same(got, run(reference, program, stimulus, request), request, stimulus, arithmetic)
