"""The tests of backends pass a right one and catch a wrong one; `foreign` has both."""

import dataclasses
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lsm_sim.backend import find
from lsm_sim.engine import protocol
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.testing import BackendConformance, RandomCases, check_case
from lsm_sim.testing.refusal import UNKNOWN_NEED, with_unknown_need
from tests.cases import GOLDEN, ROOT
from tests.unit.testing import foreign

PAGE = ROOT / "docs/backends.md"
MODULE = ROOT / "tests/unit/testing/foreign.py"


class Conformance(BackendConformance):
    """Not collected, as its name does not begin with Test."""

    max_steps = 40


FAULTS = {
    "a spike dropped": (foreign.altered(foreign.without_its_last_spike), "random", "got no spike, expected a spike"),
    "the last bit of v": (
        foreign.altered(foreign.with_the_last_bit_of_v_changed),
        "recordings",
        r"v: got .*, expected",
    ),
    "no counts without spikes": (
        foreign.altered(foreign.without_counts_of_silent_runs),
        "counts",
        "bin .* counts: got 0",
    ),
    "late excursions": (foreign.altered(foreign.with_late_excursions), "excursions", "kind '.*', excursions.step: got"),
    "more than was requested": (foreign.altered(foreign.with_all_variables), "recordings", "got .*u of sample 0"),
    "many threads": (foreign.altered(foreign.wrong_in_many_threads), "threads", "n_threads=5.*got no spike"),
    "state of an earlier run": (foreign.KeepsState(), "batches", "got no spike"),
    "programs that stay illegal": (foreign.ChangesLegalPrograms(), "legalise_leaves", "a program that was legal"),
}


def named(part):
    (name,) = [name for name in dir(Conformance) if name.startswith("test_") and part in name]
    return getattr(Conformance(), name)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("arithmetic", ["loihi"])
def test_a_mistake_is_found_and_named(fault, arithmetic):
    backend, part, message = FAULTS[fault]
    others = [range(10)] if part == "random" else []
    with pytest.raises(AssertionError, match=message):
        named(part)(backend, arithmetic, *others)
    named(part)(foreign.MyBackend(), arithmetic, *others)


def test_a_backend_that_ignores_what_it_does_not_know_is_found():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        named("legalise_refuses")(foreign.IgnoresNeeds(), "float64")


def test_a_backend_that_does_not_look_at_the_stimulus_is_found():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        named("does_not_fit")(foreign.WithoutChecks(), "float64")


def test_a_backend_that_declares_a_need_that_does_not_exist_is_found():
    class Boastful(foreign.MyBackend):
        supports = frozenset({"initial_stat"})

    with pytest.raises(pytest.fail.Exception, match="supports: got initial_stat, which no program needs"):
        named("is_a_backend")(Boastful())


def test_a_backend_that_declares_nothing_is_found():
    class Silent:
        name = "silent"
        legalise = compile = None

    with pytest.raises(DescriptionError, match=r"Silent has no supports, expected what lsm_sim\.backend"):
        named("is_a_backend")(Silent())


def test_a_case_file_with_another_answer_is_found():
    named("in_the_file")(foreign.MyBackend(), GOLDEN[0])
    with pytest.raises(pytest.fail.Exception, match=r"\.npz: step \d+, neuron \d+: spike: got no spike"):
        named("in_the_file")(foreign.altered(foreign.without_its_last_spike), GOLDEN[0])


def test_a_failure_tells_the_seed_that_draws_the_program_again():
    with pytest.raises(AssertionError) as error:
        named("random")(foreign.altered(foreign.without_its_last_spike), "float64", range(20))
    seed = int(re.match(r"float64, seed (\d+), Program\(", str(error.value)).group(1))
    cases = Conformance().random_cases(foreign.MyBackend(), "float64")
    assert repr(cases(seed).program) in str(error.value)
    assert cases(seed).program.digest == cases(seed).program.digest != cases(seed + 1).program.digest


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_a_need_is_refused_by_name_although_the_program_is_right(engine):
    program = RandomCases("float64")(0).program
    with pytest.raises(
        UnsupportedError, match=rf"{engine}: the program needs '{UNKNOWN_NEED}', which this backend does not"
    ):
        find(engine).legalise(with_unknown_need(program))
    assert with_unknown_need(program).digest == program.digest


def test_programs_can_be_adapted_to_the_backend():
    def without_delays(_rng, program):
        return dataclasses.replace(program, delay=np.zeros_like(program.delay))

    class Adapted(Conformance):
        adapt = staticmethod(without_delays)

    class Refuses(foreign.MyBackend):
        def legalise(self, program):
            protocol.check_supported(self, program, ["delays"] if program.max_delay else [])
            return program

    with pytest.raises(UnsupportedError, match="mine: delays"):
        named("random")(Refuses(), "loihi", range(10))
    Adapted().test_every_bit_of_random_programs(Refuses(), "loihi", range(10))


def test_a_backend_that_quantises_is_compared_with_what_it_runs():
    class Coarse(foreign.MyBackend):
        def legalise(self, program):
            protocol.check_supported(self, program)
            return dataclasses.replace(program, weight=np.rint(program.weight))

    for seed in range(10):
        check_case(Coarse(), RandomCases("float64")(seed))


@pytest.fixture
def run_pytest(tmp_path):
    """Run pytest on a test module in a folder of its own, as in another project."""

    def run(code, *options):
        (tmp_path / "my_backend.py").write_text(MODULE.read_text())
        (tmp_path / "test_my_backend.py").write_text(code)
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["lsm_sim.testing.plugin"]\n')
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("value", ["None", "my_backend.MyBackend"])
def test_a_class_without_an_instance_says_so(value, run_pytest):
    code = f"import my_backend\nfrom lsm_sim.testing import BackendConformance\nclass TestIt(BackendConformance):\n    backend = {value}"
    done = run_pytest(code, "-k", "is_a_backend")
    assert done.returncode == 1
    assert re.search("TestIt.backend: got .*, expected an instance or the name of a backend", done.stdout)


def example():
    """Return the test module of the page."""
    (code,) = re.findall(r"```python\n(# tests/test_my_backend\.py\n.*?)```", PAGE.read_text(), re.DOTALL)
    return code


def test_the_example_of_the_page_passes(run_pytest, tmp_path):
    done = run_pytest(example(), f"--lsm-cases={GOLDEN[0].parent}", "--lsm-programs=3", "--lsm-seed=7", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    cases = {case.get("name") for case in ET.parse(tmp_path / "out.xml").iter("testcase")}
    assert {
        "test_every_bit_of_random_programs[float64-seeds 7-9]",
        "test_answers_are_those_in_the_file[float64_equal]",
    } <= cases
    assert {"test_every_bit_of_joined_programs[loihi-1003]"} <= cases


def test_the_example_of_the_page_fails_with_a_dropped_spike(run_pytest):
    code = example().replace("MyBackend()", "altered(without_its_last_spike)").replace("import MyBackend", "import *")
    done = run_pytest(code, "-k", "TestMyBackend and random and float64", "--lsm-programs=5")
    assert done.returncode == 1
    assert re.search(r"float64, seed \d+, Program\(.*\): sample \d+, step \d+, neuron \d+: got no spike", done.stdout)
