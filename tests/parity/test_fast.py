"""The compiled engine against the reference, bit for bit, on random programs of both arithmetics."""

import dataclasses

import numpy as np
import pytest

from lsm_sim import Program, Spikes
from lsm_sim.backend import Request
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.spikes.bins import equal_bins, windows
from lsm_sim.testing import assert_same, random_program, random_request, random_stimulus, run, some_needs
from lsm_sim.testing.programs import EXTRA_ARRAYS
from lsm_sim_fast import Fast, Tuning, form
from lsm_sim_fast.pull_worker import PullWorker
from lsm_sim_fast.tuning import DEFAULT

SMALL_BUFFER = Tuning(spike_buffer=1)  # so that the kernel returns before almost every step with spikes
EXPECTED: dict[object, object] = {}  # what the reference gives, by case


def compare(arithmetic, seeds, fast, reference, ask=random_request, **drawn):
    """Compare random programs; three of four need a random part of everything beyond plain LIF."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        extended = seed % 4 != 0
        needs = some_needs(rng, EXTRA_ARRAYS) if extended else ()
        program = random_program(rng, arithmetic, needs=needs, **drawn)
        stimulus = random_stimulus(rng, program, max_samples=3, max_steps=80, graded=extended and seed % 3 == 0)
        request = ask(rng, program, stimulus)
        got = run(fast, program, stimulus, request)
        expected = expected_by(reference, program, stimulus, request, (arithmetic, seed, ask, *drawn.items()))
        assert_same(got, expected, request, stimulus, f"{arithmetic}, seed {seed}")


def expected_by(reference, program, stimulus, request, case):
    """Return what the reference gives for a case, which runs once for all forms."""
    if case not in EXPECTED:
        EXPECTED[case] = run(reference, program, stimulus, request)
    return EXPECTED[case]


def blocks_of(seeds):
    return pytest.mark.parametrize("seeds", seeds, ids=lambda seeds: f"seeds {seeds.start}-{seeds.stop - 1}")


@pytest.fixture(params=["vector", "mixed", "plain"])
def each_form(request, monkeypatch):
    """All forms of the innermost loops, whichever this machine would choose."""
    monkeypatch.setenv(form.SWITCH, request.param)
    form.choose.cache_clear()
    yield
    form.choose.cache_clear()


@pytest.mark.usefixtures("each_form")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@blocks_of([range(first, first + 50) for first in range(0, 300, 100)])
def test_every_bit_is_that_of_the_reference(arithmetic, seeds, reference):
    compare(arithmetic, seeds, Fast(tuning=SMALL_BUFFER if seeds.start % 200 else DEFAULT), reference)


@pytest.mark.usefixtures("each_form")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@blocks_of([range(1000, 1080)])
def test_blocks_of_neurons_change_no_bit(arithmetic, seeds, reference):
    fast = Fast(tuning=Tuning(block=1, short_row=2, large=10))  # 16 neurons per block
    compare(arithmetic, seeds, fast, reference, max_neurons=250)


def one_sample_in_three_threads(rng, program, stimulus):
    return dataclasses.replace(random_request(rng, program, stimulus), n_threads=3 * len(stimulus))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@blocks_of([range(2000, 2050), range(2100, 2150)])
def test_threads_that_share_a_sample_change_no_bit(arithmetic, seeds, reference):
    tuning = dataclasses.replace(SMALL_BUFFER if seeds.start % 200 else DEFAULT, share=1)
    compare(arithmetic, seeds, Fast(tuning=tuning), reference, one_sample_in_three_threads)


def only_counts(rng, _program, stimulus):
    bins = (
        windows(stimulus.n_steps, int(rng.integers(1, 30))) if rng.random() < 0.5 else equal_bins(stimulus.n_steps, 3)
    )
    return Request(spikes=False, bins=bins, n_threads=int(rng.integers(1, 3)), progress=False)


@pytest.mark.parametrize("each_form", ["mixed", "plain"], indirect=True)  # the vector form sorts nothing
@pytest.mark.usefixtures("each_form")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@blocks_of([range(2500, 2600)])
def test_neurons_sorted_for_counts_change_no_bit(arithmetic, seeds, fast, reference):
    compare(arithmetic, seeds, fast, reference, only_counts)


@pytest.mark.parametrize("each_form", ["vector", "plain"], indirect=True)  # rows of synapses play no part
@pytest.mark.usefixtures("each_form")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@blocks_of([range(3000, 3075), range(3150, 3225)])
def test_samples_side_by_side_change_no_bit(arithmetic, seeds, reference, monkeypatch):
    fast = Fast(tuning=Tuning(pull=True, pull_samples=0, pull_share=3))  # so that threads share most groups
    groups = []
    monkeypatch.setattr(PullWorker, "run", watched(PullWorker.run, groups))
    for seed in seeds:
        rng = np.random.default_rng(seed)
        extended = seed % 7 == 0  # such programs are pushed, whatever is asked
        needs = some_needs(rng, EXTRA_ARRAYS) if extended else ()
        program = random_program(rng, arithmetic, wide=False if seed % 10 else None, needs=needs)
        n_samples = 140 if seed % 30 == 0 else 5
        stimulus = random_stimulus(rng, program, max_samples=n_samples, max_steps=60, graded=extended)
        request = only_counts(rng, program, stimulus)
        got = run(fast, program, stimulus, request)
        expected = expected_by(reference, program, stimulus, request, (arithmetic, seed, "side by side"))
        assert_same(got, expected, request, stimulus, f"{arithmetic}, seed {seed}")
    assert len(groups) > len(seeds) // 2  # else this has tested the push kernel


def watched(function, calls):
    def wrapper(*args):
        calls.append(args)
        return function(*args)

    return wrapper


def test_a_row_longer_than_the_lanes_can_sum_is_cut(reference):
    """Five synapses from each of 400 sources with the largest mantissas: sums of bytes leave 16 bits if not cut."""
    fast = Fast(tuning=Tuning(pull=True, pull_samples=0))
    rng = np.random.default_rng(1)
    n = 400
    program = Program(
        arithmetic="float64", dt=1e-3, n_inputs=n, n_neurons=3, indptr=np.r_[np.arange(n + 1) * 5, [n * 5] * 3],
        post=rng.integers(0, 3, n * 5), weight=rng.choice([32767.0, 32767.0, 32767.0, -32641.0], n * 5), delay=rng.integers(0, 3, n * 5),
        threshold=np.full(3, 1e5), bias=np.zeros(3), refractory=np.zeros(3, int), decay_u=np.full(3, 0.5), decay_v=np.full(3, 0.9),
    )  # fmt: skip
    stimulus = Spikes.from_dense(rng.random((70, 30, n)) < 0.9, 1e-3)
    request = Request(spikes=False, bins=equal_bins(stimulus.n_steps, 30), n_threads=1, progress=False)
    got, expected = (run(engine, program, stimulus, request) for engine in (fast, reference))
    assert expected.counts.sum() > 100
    assert_same(got, expected, request, stimulus, "long rows")
