"""What cannot run says why and what to do."""

import dataclasses
import re
import sys
import types
import warnings

import numpy as np
import psutil
import pytest

from lsm_sim import backend as backends
from lsm_sim.backend import Request
from lsm_sim.errors import BackendUnavailableError, DescriptionError, UnsupportedError
from lsm_sim.support import environment, memory
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim_brian2 import Brian2, available, compiler, engine

INSTALL = re.escape(environment.install("brian2", "--upgrade"))


def case(arithmetic="float64"):
    rng = np.random.default_rng(8)
    program = random_program(rng, arithmetic)
    return program, random_stimulus(rng, program)


def test_brian2_missing_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(BackendUnavailableError, match=rf"^brian2: not installed; install it with: {INSTALL}$"):
        backends.find("brian2")


def test_brian2_too_old_says_which_version_is_expected(monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2", types.SimpleNamespace(__version__="2.5.1"))
    with pytest.raises(
        BackendUnavailableError, match=rf"got version 2.5.1, expected 2.8 or newer; upgrade it with: {INSTALL}"
    ):
        Brian2()


@pytest.mark.parametrize("error", [AttributeError("module 'numpy' has no attribute 'ptp'"), ImportError("DLL")])
def test_brian2_broken_by_numpy_names_the_numpy_at_hand(monkeypatch, error):
    def fail(_name):
        raise error

    monkeypatch.setattr(available.importlib, "import_module", fail)
    with pytest.raises(BackendUnavailableError, match=rf"cannot be imported with numpy {np.__version__}.*{INSTALL}"):
        Brian2()


def test_a_package_that_brian2_needs_is_named(monkeypatch):
    def fail(_name):
        raise ModuleNotFoundError("No module named 'sympy'", name="sympy")

    monkeypatch.setattr(available.importlib, "import_module", fail)
    with pytest.raises(BackendUnavailableError, match="No module named 'sympy'"):
        Brian2()


@pytest.mark.parametrize("option", [{"codegen": "c++"}, {"mode": "gpu"}])
def test_unknown_options_list_the_choices(option):
    with pytest.raises(DescriptionError, match=r"expected one of 'auto', 'numpy', 'cython'|'runtime', 'standalone'"):
        Brian2(**option)


def test_without_a_compiler_cython_becomes_numpy_with_one_warning(brian2, reference, monkeypatch, tmp_path):
    monkeypatch.setattr(compiler.shutil, "which", lambda _tool: None)
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)  # in which nothing is compiled yet
    program, stimulus = case()
    with dataclasses.replace(brian2, codegen="cython").compile(program) as run, reference.compile(program) as expected:
        with pytest.warns(UserWarning, match="cannot compile with Cython .*no .* found.* apt install") as caught:
            got = run(stimulus, Request(progress=False))
        assert len(caught) == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run(stimulus, Request(progress=False))  # said once
        assert got.spikes.step.tolist() == expected(stimulus, Request(progress=False)).spikes.step.tolist()


def test_a_compiler_that_fails_becomes_numpy_with_one_warning(brian2, reference, monkeypatch, tmp_path):
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    program, stimulus = case()
    go = engine.Replicas.run

    def fail_in_cython(*args, **kwargs):
        import brian2 as b2

        if b2.prefs.codegen.target == "cython":
            raise RuntimeError("error: command failed with exit code 1")
        return go(*args, **kwargs)

    monkeypatch.setattr(engine.Replicas, "run", fail_in_cython)
    with dataclasses.replace(brian2, codegen="cython").compile(program) as run, reference.compile(program) as expected:
        with pytest.warns(
            UserWarning, match="cannot compile with Cython .RuntimeError: error: command failed"
        ) as caught:
            got = run(stimulus, Request(progress=False))
        assert len(caught) == 1
        assert got.spikes.step.tolist() == expected(stimulus, Request(progress=False)).spikes.step.tolist()


def test_standalone_without_a_compiler_names_the_package(brian2, monkeypatch):
    monkeypatch.setattr(compiler.shutil, "which", lambda _tool: None)
    standalone = dataclasses.replace(brian2, mode="standalone")
    with pytest.raises(BackendUnavailableError, match=r"no .*make found; .*apt install g\+\+ make"):
        standalone.compile(case()[0]).__enter__()


def test_a_program_beyond_the_memory_is_refused_before_it_is_built(brian2, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=100))
    monkeypatch.setattr(memory, "_LITTLE", 0)  # a small network stands for a large one
    with pytest.raises(DescriptionError, match=r"the Brian2 network of .* synapses: needs about .* make it smaller"):
        brian2.compile(case()[0]).__enter__()


def test_more_cells_than_brian2_can_number_are_unsupported(brian2, monkeypatch):
    monkeypatch.setattr(engine, "_INT32", 3)
    with pytest.raises(UnsupportedError, match=r"expected less than 2\^31"):
        brian2.legalise(case()[0])


@pytest.mark.usefixtures("brian2")
@pytest.mark.parametrize(
    ("codegen", "preferred", "n_steps", "expected"),
    [
        ("numpy", "cython", 10**9, "numpy"),
        ("cython", "numpy", 1, "cython"),
        ("auto", "numpy", 10**9, "numpy"),
        ("auto", "cython", 1, "cython"),
        ("auto", "auto", 1000, "numpy"),
        ("auto", "auto", compiler.MANY_STEPS, "cython"),
    ],
)
def test_auto_follows_the_preference_then_the_work(monkeypatch, tmp_path, codegen, preferred, n_steps, expected):
    import brian2 as b2

    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    b2.prefs.codegen.target = preferred
    kind = {"arithmetic": "float64"}
    assert compiler.choose_target(codegen, kind, n_steps) == expected
    compiler.mark_compiled(kind)  # what is compiled already is used from then on
    again = "cython" if (codegen, preferred) == ("auto", "auto") else expected
    assert compiler.choose_target(codegen, kind, n_steps) == again
