"""The hand-written gradient equals that of PyTorch for every number that can be trained, in random programs."""

import numpy as np
import pytest

from lsm_sim.testing import RandomCases
from lsm_sim.testing.programs import EXTRA_ARRAYS

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import differentiable, network, plain  # noqa: E402
from lsm_sim_torch.surrogate import FastSigmoid, Triangle  # noqa: E402

CASES = RandomCases("float64", supports=EXTRA_ARRAYS.keys(), max_steps=30)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def of_seed(seed, dtype=torch.float64):
    """Return what is given, the values to be trained and the input of a random case, which may have payloads."""
    case, rng = CASES(seed), np.random.default_rng(seed)
    surrogate = FastSigmoid() if seed % 2 else Triangle()
    problem = network.problem_of(case.program, surrogate, dtype=dtype)
    values = {name: value.requires_grad_() for name, value in network.values_of(case.program, dtype=dtype).items()}
    payload = (
        rng.integers(-2, 3, (30, case.program.n_inputs, 3))
        if seed % 3 == 0
        else rng.random((30, case.program.n_inputs, 3)) < 0.3
    )
    return case.program, problem, values, torch.tensor(payload, dtype=dtype, requires_grad=True)


def gradients(run, problem, inputs, values):
    """Return the spikes and the gradient of a random sum of them, by the name of the value."""
    spikes = run(problem, inputs, values)
    factor = torch.tensor(np.random.default_rng(0).standard_normal(spikes.shape))
    asked = {"inputs": inputs, **values}
    found = torch.autograd.grad((spikes * factor).sum(), asked.values(), allow_unused=True)
    return spikes, {
        name: torch.zeros_like(asked[name]) if g is None else g for name, g in zip(asked, found, strict=True)
    }


@pytest.mark.parametrize("seed", range(40))
def test_every_gradient_is_that_of_pytorch(seed):
    program, problem, values, inputs = of_seed(seed)
    spikes, ours = gradients(differentiable.run, problem, inputs, values)
    expected_spikes, expected = gradients(plain.run, problem, inputs, values)
    assert torch.equal(spikes, expected_spikes)
    for name, gradient in ours.items():
        if gradient.numel():
            size = expected[name].abs().max()
            assert (gradient - expected[name]).abs().max() <= 1e-12 * size, f"seed {seed}, {program!r}, {name}"


def test_the_cases_have_gradients_of_every_kind():
    seen = set()
    for seed in range(40):
        _, problem, values, inputs = of_seed(seed)
        _, found = gradients(differentiable.run, problem, inputs, values)
        seen |= {
            name.partition("/")[0] for name, gradient in found.items() if gradient.numel() and gradient.abs().max() > 0
        }
    assert seen == {"inputs", "weight", *network.ARRAYS, "stp_U", "stp_decay_rec", "stp_decay_facil"}
