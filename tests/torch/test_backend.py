"""The torch backend answers as the reference does, to the bit, and refuses what it cannot run."""

import numpy as np
import pytest

from lsm_sim import backend as backends
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.support import npz
from lsm_sim.testing import BackendConformance, answer, random_program, random_stimulus
from tests.cases import CONFORMANCE, CONFORMANCE2, GOLDEN

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import Torch, running  # noqa: E402

FLOAT64 = [path for path in (*GOLDEN, *CONFORMANCE, *CONFORMANCE2) if str(npz.read(path)["arithmetic"]) == "float64"]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


class TestTorch(BackendConformance):
    backend = Torch(device="cpu")
    arithmetics = ("float64",)
    cases = FLOAT64
    n_programs, n_joined = 20, 1


@pytest.mark.slow
class TestMore(TestTorch):
    n_programs, n_joined = 40, 2


def test_it_is_found_by_its_name_and_says_what_it_runs_on():
    found = backends.find("torch")
    assert (found.name, isinstance(found, Torch)) == ("torch", True)
    assert found.about.startswith(f"PyTorch {torch.__version__} on ")


def test_pieces_of_time_and_groups_of_samples_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    backend = Torch(device="cpu")
    program = random_program(rng, "float64", needs=("stp", "two-currents", "adaptive-threshold"))
    stimulus = random_stimulus(rng, program, max_samples=4, graded=True)
    whole = answer(backend, program, stimulus, keep_state=True)
    monkeypatch.setattr(running, "_VALUES", 600)
    assert answer(backend, program, stimulus, keep_state=True) == whole


def test_loihi_arithmetic_is_refused_with_the_backend_that_has_it():
    program = random_program(np.random.default_rng(0), "loihi")
    with pytest.raises(UnsupportedError, match=r"torch: the program is in loihi arithmetic.*use backend='fast'"):
        Torch(device="cpu").legalise(program)


def test_an_unknown_device_is_refused():
    with pytest.raises(DescriptionError, match=r"Torch device: got 'tpu', expected 'auto', 'cpu' or 'cuda'"):
        Torch(device="tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_missing_card_is_refused():
    with pytest.raises(DescriptionError, match=r"Torch device: got 'cuda', but PyTorch finds no such card here"):
        Torch(device="cuda")
