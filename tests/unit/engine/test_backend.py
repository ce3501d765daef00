import re
from importlib import metadata
from typing import ClassVar

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.backend import Backend
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.engine import protocol as backends
from lsm_sim.errors import BackendUnavailableError, DescriptionError, LsmError, RunError, UnsupportedError
from lsm_sim.support import environment
from lsm_sim.testing import random_program, random_stimulus


def test_known_backends_are_those_that_packages_declare():
    assert {"fast", "reference"} <= set(backends.known())
    assert backends.known() == sorted(backends.known())


def test_a_backend_keeps_the_protocol_and_its_name(backend):
    assert isinstance(backend, Backend)
    assert backend.name in backends.known()


def test_an_unknown_backend_is_answered_with_the_known_ones():
    with pytest.raises(DescriptionError, match=rf"no backend 'nest'; known: {', '.join(backends.known())}"):
        backends.find("nest")


def declare(monkeypatch, value):
    entry = metadata.EntryPoint("odd", value, backends.ENTRY_POINTS)
    monkeypatch.setattr(backends, "_declared", lambda: (entry,))


def test_a_missing_package_is_answered_with_the_line_that_installs_it(monkeypatch):
    declare(monkeypatch, "no_such_package:Backend")
    assert backends.known() == ["odd"]
    with pytest.raises(
        BackendUnavailableError,
        match=r"cannot be imported \(.*\); install it with: " + re.escape(environment.install("odd")) + "$",
    ):
        backends.find("odd")


class Plain:
    """What a backend consists of, without `supports`."""

    name = "odd"

    def legalise(self, program):
        return program

    def compile(self, program):
        raise NotImplementedError


class Lists(Plain):
    supports: ClassVar = ["adaptive-threshold"]


class Numbers(Plain):
    supports = frozenset({1})


class Half:
    name = "odd"
    supports: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Plain", "backend 'odd': Plain has no supports, expected what lsm_sim.backend.Backend lists; supports is a"),
        ("Half", "backend 'odd': Half has no legalise, compile, expected"),
        (
            "Lists",
            r"backend 'odd': got supports = \['adaptive-threshold'\], expected a frozenset of strings, empty for",
        ),
        ("Numbers", r"backend 'odd': got supports = frozenset\(\{1\}\), expected a frozenset of strings"),
    ],
)
def test_a_backend_that_lacks_a_part_is_refused_when_it_is_found(kind, message, monkeypatch):
    declare(monkeypatch, f"{__name__}:{kind}")
    with pytest.raises(DescriptionError, match=message):
        backends.find("odd")


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_exact_backends_take_programs_as_they_are(engine, arithmetic):
    program = random_program(np.random.default_rng(0), arithmetic)
    assert backends.find(engine).legalise(program) is program


def test_a_runner_may_be_used_again(backend):
    rng = np.random.default_rng(1)
    program = backend.legalise(random_program(rng, "float64"))
    stimulus = random_stimulus(rng, program)
    with backend.compile(program) as run:
        first, second = run(stimulus), run(stimulus)
    np.testing.assert_array_equal(first.spikes.step, second.spikes.step)


def test_errors_can_be_caught_by_their_common_and_their_python_names():
    assert issubclass(DescriptionError, (LsmError, ValueError))
    for error, builtin in (
        (UnsupportedError, NotImplementedError),
        (BackendUnavailableError, ImportError),
        (RunError, RuntimeError),
    ):
        assert issubclass(error, LsmError)
        assert issubclass(error, builtin)


def test_an_object_without_supports_is_refused_before_it_runs():
    class Old:
        name = "old"

        def legalise(self, program):
            raise AssertionError("it must not be asked")

        compile = legalise

    liquid = lsm.Liquid([], [lsm.Neurons("n", 1)])
    stimulus = lsm.Spikes.from_dense(np.zeros((5, 0), bool), 1e-3)
    with pytest.raises(DescriptionError, match=r"Old has no supports, expected what lsm_sim\.backend"):
        lsm.run(liquid, stimulus, backend=Old())
