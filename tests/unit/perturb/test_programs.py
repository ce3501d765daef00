"""Perturbations of programs, against their formulas."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms, perturb
from lsm_sim.errors import DescriptionError

PROGRAM = lsm.lower(models.speech(n_inputs=6, n_neurons=60, seed=3), 1 * ms)
STIMULUS = lsm.Spikes.from_dense(np.random.default_rng(3).random((2, 300, 6)) < 0.2, 1 * ms)


def loihi():
    return lsm.quantise(PROGRAM, STIMULUS).program


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_dead_neurons_never_spike_and_deliver_nothing(arithmetic):
    program = PROGRAM if arithmetic == "float64" else loihi()
    bias = np.full(60, 1, program.bias.dtype) if arithmetic == "loihi" else np.full(60, 1e-6)
    program = dataclasses.replace(program, bias=bias)
    hurt = perturb.DeadNeurons(0.3, seed=1)(program)
    silent = lsm.run(hurt, STIMULUS).spikes.counts().sum(axis=(0, 1)) == 0
    whole = lsm.run(program, STIMULUS).spikes.counts().sum(axis=(0, 1)) == 0
    dead = np.flatnonzero(hurt.bias == 0)
    assert len(dead) == 18
    assert not any(block.weight[np.isin(block.post, dead)].any() for block in hurt.blocks)
    assert silent[dead].all()
    assert not whole[dead].all()
    out = [block.weight[np.isin(block.sources() - 6, dead)] for block in hurt.blocks]
    assert not any(part.any() for part in out)
    kept = [~np.isin(block.post, dead) & ~np.isin(block.sources() - 6, dead) for block in program.blocks]
    for block, own, k in zip(program.blocks, hurt.blocks, kept, strict=True):
        assert np.array_equal(block.weight[k], own.weight[k])


def test_no_dead_neurons_leave_the_program_as_it_was():
    assert perturb.DeadNeurons(0.0)(PROGRAM).digest == PROGRAM.digest


def test_weight_noise_has_the_given_standard_deviation():
    noisy = perturb.WeightNoise(0.1, seed=4)(PROGRAM)
    used = PROGRAM.weight != 0
    relative = noisy.weight[used] / PROGRAM.weight[used] - 1
    assert relative.std() == pytest.approx(0.1, rel=5 / np.sqrt(used.sum()))
    assert abs(relative.mean()) < 5 * 0.1 / np.sqrt(used.sum())
    assert perturb.WeightNoise(0.0)(PROGRAM).digest == PROGRAM.digest
    assert perturb.WeightNoise(0.1, seed=5)(PROGRAM).digest != noisy.digest
    whole = perturb.WeightNoise(0.1)(loihi())
    assert whole.weight.dtype == np.int64


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_weights_of_few_bits_are_the_nearest_of_their_values(bits):
    coarse = perturb.WeightBits(bits)(PROGRAM)
    for before, after in zip(PROGRAM.blocks, coarse.blocks, strict=True):
        step = np.abs(before.weight).max() / (2 ** (bits - 1) - 1)
        assert np.abs(after.weight - before.weight).max() <= step / 2 + 2.0**-30
        assert len(np.unique(after.weight)) <= 2**bits - 1
        assert np.allclose(after.weight / step, np.rint(after.weight / step), atol=2.0**-29 / step)


def test_a_chain_of_perturbations_runs():
    chain = perturb.Chain((perturb.WeightBits(6), perturb.DeadNeurons(0.1), perturb.WeightNoise(0.05)))
    assert perturb.level_of(chain) == "program"
    assert lsm.run(chain(PROGRAM), STIMULUS).spikes.n_channels == 60


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: perturb.DeadNeurons(2), "DeadNeurons fraction: got 2, expected a probability"),
        (lambda: perturb.DeadNeurons()(STIMULUS), "DeadNeurons: got Spikes, expected a Program"),
        (
            lambda: perturb.DeadNeurons()(dataclasses.replace(PROGRAM, threshold=np.full(60, -1.0))),
            "got a negative threshold",
        ),
        (lambda: perturb.WeightNoise(-1), "WeightNoise sd: got -1, expected 0 to 10"),
        (lambda: perturb.WeightBits(1), "WeightBits bits: got 1, expected a whole number >= 2"),
    ],
)
def test_wrong_values_are_one_sentence(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
