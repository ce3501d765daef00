"""Without PyTorch, the package of cells can be imported, makes data, and says what to type for the rest."""

import re
import subprocess
import sys

import numpy as np
import pytest

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.support import environment
from lsm_sim_liquid_torch import irregular_sinusoids


def test_a_missing_pytorch_names_the_command(monkeypatch):
    import lsm_sim_liquid_torch

    monkeypatch.setitem(sys.modules, "torch", None)
    command = re.escape(environment.install("cells"))
    with pytest.raises(BackendUnavailableError, match=f"torch: not installed; install it with: {command}"):
        lsm_sim_liquid_torch.CellClassifier  # noqa: B018


def test_what_does_not_exist_is_an_attribute_error():
    import lsm_sim_liquid_torch

    with pytest.raises(AttributeError, match="no attribute 'GRU'"):
        lsm_sim_liquid_torch.GRU  # noqa: B018


def test_importing_the_package_does_not_import_pytorch():
    code = "import lsm_sim, lsm_sim_liquid_torch, sys; assert not {'torch', 'ncps', 'torchdiffeq'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_sinusoids_have_their_frequency_at_their_times():
    X, times, y = irregular_sinusoids(30, frequencies=(2, 3, 7), noise=0.0, n_times=(20, 30), seed=1)
    assert np.bincount(y).tolist() == [10, 10, 10]
    for x, t, k in zip(X, times, y, strict=True):
        assert 20 <= len(t) <= 30
        assert (np.diff(t) > 0).all()
        angle = 2 * np.pi * (2, 3, 7)[k] * t
        waves = np.stack([np.sin(angle), np.cos(angle)], 1)
        np.testing.assert_allclose(waves @ np.linalg.lstsq(waves, x, rcond=None)[0], x, atol=1e-9)


def test_the_number_of_times_does_not_tell_the_class():
    _, times, y = irregular_sinusoids(4000, seed=3)
    lengths = np.array([len(t) for t in times])
    assert abs(lengths[y == 0].mean() - lengths[y == 1].mean()) < 2  # 4 standard errors
    again = irregular_sinusoids(4000, seed=3)[1]
    assert all(np.array_equal(a, b) for a, b in zip(times, again, strict=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_samples": 0}, "n_samples: got 0"),
        ({"frequencies": [5]}, r"frequencies: got \[5\], expected two or more numbers > 0"),
        ({"frequencies": [5, -1]}, "frequencies: got"),
        ({"duration": 0}, "duration: got 0"),
        ({"n_times": (5, 3)}, r"n_times: got \(5, 3\), expected the smallest and the largest number"),
        ({"n_times": 5}, "n_times: got 5"),
        ({"noise": -1}, "noise: got -1, expected a number >= 0"),
        ({"seed": "a"}, "seed: got 'a'"),
    ],
)
def test_wrong_settings_of_the_data_are_named(wrong, message):
    with pytest.raises(DescriptionError, match=message):
        irregular_sinusoids(**({"n_samples": 4} | wrong))
