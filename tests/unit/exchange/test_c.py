"""The export to C gives the spikes of the reference, on this machine, and refuses what it cannot say."""

import dataclasses
import re
import subprocess

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy import deploy
from lsm_sim.exchange.c.writing import SUPPORTS
from lsm_sim.testing import RandomCases
from tests.unit.deploy import small
from tests.unit.exchange.on_host import COMPILER, answer, built, check_same, lines_of, needs_compiler

CASES = RandomCases("loihi", supports=SUPPORTS | {"graded"}, max_steps=60)
QUICK = (4, 11, 12, 13, 15, 30)  # each with 80 spikes or more; 12, 15 and 30 are graded
PROGRAM = CASES(4).program


@needs_compiler
@pytest.mark.parametrize("seed", QUICK)
def test_random_programs_spike_as_the_reference(seed, tmp_path):
    case = CASES(seed)
    check_same(case.program, case.stimulus, tmp_path / "c")


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("seed", range(1000, 1025))
def test_fifty_random_programs_spike_as_the_reference(seed, size, tmp_path):
    case = dataclasses.replace(CASES, size=size)(seed)
    check_same(case.program, case.stimulus, tmp_path / "c")


def test_the_quick_programs_need_everything_that_is_supported():
    cases = [CASES(seed) for seed in QUICK]
    assert frozenset().union(*(case.program.needs for case in cases)) >= SUPPORTS
    assert any(case.stimulus.payload is not None for case in cases)


@needs_compiler
def test_the_reported_ram_is_the_size_of_the_state(tmp_path):
    for seed in QUICK:
        done = lsm.export(CASES(seed).program, tmp_path / f"{seed}", to="c")
        exactly = f'#include "lsm.h"\ntypedef char exactly[sizeof(lsm_state) == {done.ram}u ? 1 : -1];\n'
        (tmp_path / f"{seed}/size.c").write_text(exactly)
        subprocess.run([COMPILER, "-std=c99", "-c", "-o", tmp_path / "size.o", tmp_path / f"{seed}/size.c"], check=True)


@needs_compiler
def test_the_makefile_builds_and_wrong_channels_change_nothing(tmp_path):
    lsm.export(PROGRAM, tmp_path / "c", to="c", name="liquid")
    subprocess.run(["make", "-s", "-C", tmp_path / "c", f"CC={COMPILER}"], check=True)
    program = tmp_path / "c/liquid"
    for text, why in (
        ("9\n", "no such channel"),
        ("1 0\n", "must ascend"),
        ("0 0\n", "must ascend"),
        ("x\n", "a number"),
    ):
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert why in done.stderr


def test_a_folder_that_is_there_is_kept(tmp_path):
    (tmp_path / "c").mkdir()
    with pytest.raises(lsm.DescriptionError, match=r"^[^:]+: is already there; choose another folder, or remove it$"):
        lsm.export(PROGRAM, tmp_path / "c", to="c")
    with pytest.raises(lsm.DescriptionError, match=r"^[^:]+: cannot write there, because \S+ is no folder$"):
        lsm.export(PROGRAM, tmp_path / "none/c", to="c")


def test_nothing_is_written_beyond_a_stated_ram(tmp_path):
    ram = lsm.export(PROGRAM, None, to="c").ram
    with pytest.raises(
        lsm.UnsupportedError, match=f"takes {ram} bytes of RAM, expected at most {ram - 1}; .* in_flight"
    ):
        lsm.export(PROGRAM, tmp_path / "c", to="c", max_ram=ram - 1)
    assert not (tmp_path / "c").exists()
    lsm.export(PROGRAM, tmp_path / "c", to="c", max_ram=ram)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["Makefile", "lsm.c", "lsm.h", "main.c"]


def test_the_sizes_of_tables_are_counted():
    program = dataclasses.replace(PROGRAM, neuron_groups={}, bias=np.arange(PROGRAM.n_neurons) + 300)
    flat = dataclasses.replace(program, bias=np.zeros(PROGRAM.n_neurons, np.int64))
    sizes = [lsm.export(one, None, to="c").tables for one in (program, flat)]
    assert sizes[0] - sizes[1] == 2 * PROGRAM.n_neurons


def test_all_reasons_are_given_at_once(monkeypatch):
    program = RandomCases("float64", limits={"needs": ["stp", "two-currents"]}, supports=())(1).program
    program = dataclasses.replace(program, decay_w=np.zeros(program.n_neurons), jump=np.ones(program.n_neurons))
    monkeypatch.setattr("lsm_sim.exchange.c.writing.SUPPORTS", frozenset({"blocks"}))
    with pytest.raises(lsm.UnsupportedError) as error:
        lsm.export(program, None, to="c")
    for words in ("use lsm.quantise", "'stp'", "'adaptive-threshold'"):
        assert words in str(error.value)


@pytest.mark.parametrize("name", ["", "1a", "a-b", "main", "stdint", "ä", "a" * 32, None, "a b", "a\n"])
def test_names_that_c_does_not_allow_are_refused(name):
    with pytest.raises(lsm.DescriptionError, match="expected a C identifier"):
        lsm.export(PROGRAM, None, to="c", name=name)


def test_names_of_groups_become_identifiers(tmp_path):
    n = PROGRAM.n_neurons
    program = dataclasses.replace(PROGRAM, neuron_groups={"exc. 1": range(1), "für": range(1, n)})
    lsm.export(program, tmp_path / "c", to="c")
    header = (tmp_path / "c/lsm.h").read_text()
    assert "#define LSM_NEURONS_EXC__1_SIZE 1u\n" in header
    assert "#define LSM_NEURONS_F_R_FIRST 1u\n" in header
    twice = dataclasses.replace(PROGRAM, neuron_groups={"a.b": range(1), "A b": range(1, n)})
    with pytest.raises(lsm.DescriptionError, match=r"'a\.b' and 'A b' would both be A_B"):
        lsm.export(twice, None, to="c")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"to": "fortran"}, "expected 'c'"),
        ({"colour": 1}, "got the option 'colour', expected some of: name, max_ram"),
        ({"n_steps": 5}, "expected a Deployment"),
        ({"max_ram": -1}, "max_ram"),
        ({"network": small.liquid()}, "pass lsm.quantise"),
        ({"network": lsm.Program}, "got Program"),
    ],
)
def test_wrong_arguments_are_refused(how, words):
    with pytest.raises(lsm.DescriptionError, match=re.escape(words)):
        lsm.export(**({"network": PROGRAM, "path": None, "to": "c"} | how))


def check_decisions(made, folder, n=12):
    """Compare classes and sums of samples of one length with those of the deployment."""
    X, _ = small.signals(n)
    spikes = made.encode(X)
    lsm.export(made, folder, to="c", n_steps=int(spikes.n_steps[0]))
    text = "".join(f"{line}\n" for b in range(n) for line in lines_of(spikes, b))
    got = np.array([line.split() for line in answer(built(folder), text)], int)
    decided = made.run(X, backend="reference", progress=False)
    assert (got[:, 1:] == decided.sums).all()
    assert (np.asarray(made.classes)[got[:, 0]] == decided.classes).all()
    assert len(set(got[:, 0])) > 1


@pytest.fixture(scope="module")
def model():
    return small.trained()


@needs_compiler
@pytest.mark.parametrize("how", [{}, {"relays": True, "ramp": 255}], ids=["banks", "ramp"])
def test_a_deployment_decides_as_in_python(model, how, tmp_path):
    check_decisions(deploy(model, *small.signals(), **how), tmp_path / "c")


@needs_compiler
@pytest.mark.slow
def test_relays_and_traces_decide_as_in_python(model, tmp_path):
    check_decisions(deploy(model, *small.signals(), relays=True), tmp_path / "relays")
    check_decisions(deploy(small.trained(lsm.Traces(20 * lsm.ms)), *small.signals()), tmp_path / "trace")


def test_without_a_length_a_deployment_is_its_program(model, tmp_path):
    made = deploy(model, *small.signals())
    lsm.export(made, tmp_path / "a", to="c")
    lsm.export(made.program, tmp_path / "b", to="c")
    for path in (tmp_path / "a").iterdir():
        assert path.read_text() == (tmp_path / "b" / path.name).read_text()
    with pytest.raises(lsm.DescriptionError, match="graded"):
        lsm.export(made, None, to="c", n_steps=80, graded=True)
