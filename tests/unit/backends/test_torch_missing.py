"""Without PyTorch, or with one that is too old or broken, the torch backend says what to type."""

import re
import subprocess
import sys
import types

import pytest

from lsm_sim import backend as backends
from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support import environment

INSTALL = re.escape(environment.install("torch"))
UPGRADE = re.escape(environment.install("torch", "--upgrade"))


def test_a_missing_package_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendUnavailableError, match=f"torch: not installed; install it with: {INSTALL}"):
        backends.find("torch")


def test_the_twin_names_it_too(monkeypatch):
    import lsm_sim_torch

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendUnavailableError, match=f"torch: not installed; install it with: {INSTALL}"):
        lsm_sim_torch.Twin  # noqa: B018


def test_an_old_version_is_refused_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(__version__="1.13.1+cpu"))
    with pytest.raises(
        BackendUnavailableError, match=f"torch: got version 1.13.1.cpu, expected 2.13 or newer.*{UPGRADE}"
    ):
        backends.find("torch")


def test_a_broken_installation_is_named(monkeypatch):
    class Broken(types.ModuleType):
        def __getattr__(self, name):
            raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setitem(sys.modules, "torch", Broken("torch"))
    with pytest.raises(BackendUnavailableError, match=rf"torch: cannot be imported \(OSError: libgomp.*{UPGRADE}"):
        backends.find("torch")


def test_what_does_not_exist_is_an_attribute_error():
    import lsm_sim_torch

    with pytest.raises(AttributeError, match="no attribute 'Twins'"):
        lsm_sim_torch.Twins  # noqa: B018


def test_importing_the_package_does_not_import_pytorch():
    code = "import lsm_sim, lsm_sim_torch, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
