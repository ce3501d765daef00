"""On a graphics card spikes are those of the reference, gradients those of the processor, and training learns as much."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.testing import BackendConformance, RandomCases
from lsm_sim.testing.programs import EXTRA_ARRAYS

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import FastSigmoid, Torch, Twin, differentiable, network  # noqa: E402
from tests.torch import test_checkpoint, test_estimators, test_regressor  # noqa: E402
from tests.torch.test_adjoint import gradients, of_seed  # noqa: E402
from tests.torch.test_backend import FLOAT64  # noqa: E402
from tests.torch.test_twin import check_same, disturb, everything, plain_events  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card of NVIDIA here")
CASES = RandomCases("float64", supports={*EXTRA_ARRAYS, "graded"}, max_steps=40)


class TestBackend(BackendConformance):
    backend = Torch(device="auto")  # a card if there is one; without one everything here is skipped
    arithmetics = ("float64",)
    cases = FLOAT64
    n_programs, n_joined = 20, 1


def test_the_backend_takes_the_card():
    assert "cuda" in Torch(device="auto").about
    assert "cuda" in Torch(device="cuda").about


@pytest.mark.parametrize("seed", range(12))
def test_the_spikes_of_a_twin_are_those_of_the_reference(seed, reference):
    case = CASES(seed)
    stimulus = plain_events(case.program, case.stimulus)
    longest = (case.program.max_delay + 3) * case.program.dt
    own = {"train": everything(case.program), "max_delay": longest}
    twin = Twin(case.program, weight_bits=(None, None, 8, 16)[seed % 4], device="cuda", **own)
    check_same(twin, twin.program(), stimulus, reference, case.label)
    assert next(twin.parameters()).is_cuda
    disturb(twin, seed)
    check_same(twin, twin.program(), stimulus, reference, f"{case.label}, disturbed")


@pytest.mark.parametrize("seed", range(8))
def test_gradients_are_those_of_the_processor(seed):
    """Sums of many products are in another order, so the last bits of double precision differ."""
    program, _, values, inputs = of_seed(seed)
    found = []
    for device in ("cpu", "cuda"):
        problem = network.problem_of(program, FastSigmoid(), device)
        own = {name: value.detach().to(device).requires_grad_() for name, value in values.items()}
        spikes, gradient = gradients(differentiable.run, problem, inputs.detach().to(device).requires_grad_(), own)
        found.append({name: value.cpu() for name, value in {"spikes": spikes.detach(), **gradient}.items()})
    assert torch.equal(found[0].pop("spikes"), found[1].pop("spikes"))
    for name, expected in found[0].items():
        if expected.numel():
            difference = (found[1][name] - expected).abs().max()
            assert difference <= 1e-9 * expected.abs().max(), f"seed {seed}, {program!r}, {name}"


def test_a_classifier_learns_as_on_the_processor():
    X, y = test_estimators.patterns()
    losses = {}
    for device in ("cpu", "cuda"):
        model = test_estimators.model(epochs=30, device=device).fit(X, y)
        losses[device] = model.history_[-1]["loss"]
        assert model.score(*test_estimators.patterns(seed=5)) > 0.8, device
        assert isinstance(model.classifier_, lsm.LiquidClassifier)
    assert losses["cuda"] < 1.5 * losses["cpu"] + 0.05


def test_few_bits_delays_and_early_stopping_train_on_a_card_too():
    own = {"train": ("input_weight", "recurrent_delay"), "max_delay": 0.01, "weight_bits": 8, "patience": 3}
    model = test_estimators.model(device="cuda", **own).fit(*test_estimators.patterns())
    assert {"loss", "validation_loss", "validation_score"} <= set(model.history_[0])


def test_a_regressor_learns_on_a_card():
    X, y = test_regressor.slopes()
    model = test_regressor.model(device="cuda", patience=2).fit(X, y)
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]
    assert np.isfinite(model.predict(X)).all()


def test_a_training_that_was_interrupted_on_the_processor_continues_on_a_card(monkeypatch, tmp_path):
    path, data = tmp_path / "training.pt", (test_checkpoint.X, test_checkpoint.Y)
    test_checkpoint.interrupted(monkeypatch, 2, path)
    continued = test_checkpoint.model(checkpoint=path, device="cuda").fit(*data)
    whole = test_checkpoint.model().fit(*data)
    assert continued.history_[:2] == whole.history_[:2]
    assert continued.history_[-1]["loss"] == pytest.approx(whole.history_[-1]["loss"], rel=0.2)  # other last bits
