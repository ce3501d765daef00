"""Random programs: what a seed gives, needs, joining."""

import numpy as np
import pytest

from lsm_sim.backend import find
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import answer, joined, joined_stimulus, part_of, random_program, random_stimulus, unions
from lsm_sim.testing import programs as drawing


@pytest.fixture
def extra_bias(monkeypatch):
    """Two needs, the first of which draws another bias."""

    def extra(rng, program):
        return {"bias": rng.integers(1, 100, program.n_neurons)}

    monkeypatch.setattr(drawing, "EXTRA_ARRAYS", {"extra-bias": extra, "nothing": lambda _rng, _program: {}})


@pytest.mark.usefixtures("extra_bias")
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_what_a_program_needs_changes_nothing_else_of_its_seed(arithmetic):
    for seed in range(20):
        rng, other = np.random.default_rng(seed), np.random.default_rng(seed)
        needs = drawing.some_needs(other, {"extra-bias", "nothing"}) | {"extra-bias"}
        plain, extended = random_program(rng, arithmetic), random_program(other, arithmetic, needs=needs)
        assert (extended.bias > 0).all()
        np.testing.assert_array_equal(extended.weight, plain.weight)
        np.testing.assert_array_equal(extended.threshold, plain.threshold)
        np.testing.assert_array_equal(random_stimulus(other, extended).step, random_stimulus(rng, plain).step)


def test_needs_are_drawn_alike_from_a_seed_and_differ_between_seeds():
    def drawn(seed):
        return drawing.some_needs(np.random.default_rng(seed), {"a", "b", "c"})

    assert all(drawn(seed) == drawn(seed) for seed in range(10))
    assert len({drawn(seed) for seed in range(40)}) == 8


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_each_need_that_can_be_drawn_is_one_of_the_program(arithmetic):
    for need in drawing.EXTRA_ARRAYS:
        assert random_program(np.random.default_rng(0), arithmetic, needs={need}).needs == {need}


def test_a_need_that_nobody_knows_is_refused():
    with pytest.raises(DescriptionError, match="random_program needs: got 'telepathy', expected some of: "):
        random_program(np.random.default_rng(0), "loihi", needs={"telepathy"})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_parts_of_a_joined_program_answer_as_they_do_alone(arithmetic):
    rng = np.random.default_rng(2)
    reference, n_spikes = find("reference"), 0
    needs = [drawing.some_needs(rng, drawing.EXTRA_ARRAYS) for _ in range(12)]  # so that some lack arrays of others
    for programs in unions([random_program(rng, arithmetic, needs=drawn) for drawn in needs]):
        stimuli = [random_stimulus(rng, program, max_samples=1, max_steps=1) for program in programs]
        dense = [rng.random((40, program.n_inputs)) < 0.3 for program in programs]
        stimuli = [one.from_dense(values, one.dt) for one, values in zip(stimuli, dense, strict=True)]
        together = answer(reference, joined(programs), joined_stimulus(stimuli))
        for i, (program, stimulus) in enumerate(zip(programs, stimuli, strict=True)):
            got, right = part_of(together, programs, i), part_of(answer(reference, program, stimulus), [program], 0)
            for name in ("spike", "u", "v"):
                np.testing.assert_array_equal(got[name], right[name])
            n_spikes += int(right["spike"].sum())
    assert n_spikes > 100
