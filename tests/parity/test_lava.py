"""Lava against the reference, bit for bit, on random programs of both arithmetics."""

import numpy as np
import pytest

from lsm_sim.backend import Request
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim_lava import Lava
from lsm_sim_lava.plan import plan
from tests.cases import answer
from tests.parity.test_fast import assert_same, random_request, run
from tests.programs import random_program, random_stimulus
from tests.side_by_side import chip_like, joined, joined_stimulus, part_of, unions

N_STEPS = 60


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
            expected = answer(reference, program, stimulus)
            expected_parts = expected.spikes.raster(), expected.u[0], expected.v[0]
            for got, right in zip(part_of(outcome, together, i), expected_parts, strict=True):
                np.testing.assert_array_equal(got, right, err_msg=f"program {i} of seed {seed}: {program!r}")
        all_joined.append(whole)
    return all_joined


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", [0, 1])
def test_forty_random_programs_equal_the_reference(arithmetic, seed, lava, reference):
    rng = np.random.default_rng(seed)
    check_all(lava, reference, [random_program(rng, arithmetic) for _ in range(40)], seed)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_ten_programs_for_stock_processes_equal_the_reference(arithmetic, seed, lava, reference):
    rng = np.random.default_rng(seed)
    for _ in range(2):
        program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
        assert plan(program).reasons == ()
        check_all(lava, reference, [program], seed)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", range(20, 26))
def test_whatever_is_asked_for_equals_the_reference(arithmetic, seed, lava, reference, monkeypatch):
    if seed % 2:
        monkeypatch.setattr("lsm_sim_lava.runner.copies", lambda _program, _excursions: 2)  # more than one job
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic)
    stimulus = random_stimulus(rng, program, max_samples=4, max_steps=60)
    request = random_request(rng, program, stimulus)
    got, expected = (run(engine, program, stimulus, request) for engine in (lava, reference))
    assert_same(got, expected, f"{arithmetic}, seed {seed}")


@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_stock_models_of_synapses_give_the_same_bits(arithmetic, reference):
    rng = np.random.default_rng(3)
    program = chip_like(rng, random_program(rng, arithmetic, max_neurons=40, max_inputs=9))
    stimulus = random_stimulus(rng, program, max_samples=3)
    request = Request(neurons=np.arange(program.n_neurons), progress=False)
    with Lava(stock_synapses=True) as stock:
        assert_same(run(stock, program, stimulus, request), run(reference, program, stimulus, request), arithmetic)
