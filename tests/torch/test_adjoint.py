"""The hand-written gradient equals that of PyTorch for every number that can be trained, in random programs."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.testing import RandomCases
from lsm_sim.testing.programs import EXTRA_ARRAYS

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import differentiable, network, plain  # noqa: E402
from lsm_sim_torch.surrogate import FastSigmoid, Triangle  # noqa: E402

CASES = RandomCases("float64", supports=EXTRA_ARRAYS.keys(), max_steps=30)
QUICK = range(20)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def of_seed(seed, dtype=torch.float64):
    """Return what is given, the values to be trained and the input of a random case, which may have payloads."""
    case, rng = CASES(seed), np.random.default_rng(seed)
    surrogate = FastSigmoid() if seed % 2 else Triangle()
    problem = network.problem_of(case.program, surrogate, dtype=dtype)
    values = network.values_of(case.program, dtype=dtype)
    values["delay"] = torch.tensor(case.program.synapses().delay + 1, dtype=dtype)
    values = {name: value.requires_grad_() for name, value in values.items()}
    payload = (
        rng.integers(-2, 3, (30, case.program.n_inputs, 3))
        if seed % 3 == 0
        else rng.random((30, case.program.n_inputs, 3)) < 0.3
    )
    return case.program, problem, values, torch.tensor(payload, dtype=dtype, requires_grad=True)


def gradients(run, problem, inputs, values):
    """Return the spikes and the gradient of a random sum of them, by the name of the value."""
    spikes = run(problem, inputs, values)
    factor = torch.tensor(np.random.default_rng(0).standard_normal(spikes.shape), device=spikes.device)
    asked = {"inputs": inputs, **values}
    found = torch.autograd.grad((spikes * factor).sum(), asked.values(), allow_unused=True)
    return spikes, {
        name: torch.zeros_like(asked[name]) if g is None else g for name, g in zip(asked, found, strict=True)
    }


@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 40))])
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
    kinds = {"inputs", "weight", "delay", *network.ARRAYS, "stp_U", "stp_decay_rec", "stp_decay_facil"}
    missing = set(kinds)
    for seed in QUICK:
        _, problem, values, inputs = of_seed(seed)
        _, found = gradients(differentiable.run, problem, inputs, values)
        missing -= {
            name.partition("/")[0] for name, gradient in found.items() if gradient.numel() and gradient.abs().max() > 0
        }
        if not missing:
            break
    assert not missing


def test_the_gradient_of_a_delay_is_the_slope_of_a_weight_that_is_shared_between_the_steps_beside_it():
    """Synapses of weight 0 one step before and after another have the gradients that say what a share of its weight does."""
    seed = 7
    rng = np.random.default_rng(seed)
    delays, weights = np.tile([0, 1, 2, 3], 6), np.tile([0, 0.75, 0, 0], 6)
    program = lsm.Program(
        **{"arithmetic": "float64", "dt": 1e-3, "n_inputs": 2, "n_neurons": 4},
        indptr=[0, 8, 16, 20, 24, 24, 24],
        post=np.repeat([0, 1, 2, 3, 2, 3], 4),
        **{"weight": weights, "delay": delays, "threshold": np.full(4, 0.5), "bias": np.zeros(4)},
        **{"decay_u": np.full(4, 0.5), "decay_v": np.full(4, 0.75), "refractory": np.zeros(4, int)},
    )
    values = network.values_of(program) | {"delay": torch.tensor(delays + 1.0)}
    values = {name: values[name].requires_grad_(name in ("weight", "delay")) for name in values}
    inputs = torch.tensor(rng.random((40, 2, 3)) < 0.3, dtype=torch.float64)
    spikes = differentiable.run(network.problem_of(program, FastSigmoid()), inputs, values)
    factor = torch.tensor(rng.standard_normal(spikes.shape))
    by_weight, by_delay = torch.autograd.grad((spikes * factor).sum(), (values["weight"], values["delay"]))
    first, _, third, _ = by_weight.view(6, 4).T
    assert spikes[:, 2:].any(), f"seed {seed}"
    assert by_delay.abs().max() > 0, f"seed {seed}"
    assert torch.allclose(by_delay.view(6, 4)[:, 1], 0.75 * (third - first) / 2, rtol=1e-12, atol=1e-14), f"seed {seed}"
