"""The export to C gives the spikes of the reference, on this machine, and refuses what it cannot say."""

import dataclasses
import re
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy import deploy
from lsm_sim.deploy.folding import bin_edges
from lsm_sim.deploy.on_chip import check_bins
from lsm_sim.exchange.c.readout import SampleReadout
from lsm_sim.exchange.c.writing import SUPPORTS
from lsm_sim.testing import RandomCases
from tests.unit.deploy import small
from tests.unit.exchange.on_host import (
    CLANG,
    COMPILER,
    WARNINGS,
    as_text,
    built,
    check_decisions,
    check_same,
    needs_compiler,
    on_host,
)

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
        ("9999999999\n", "too large"),
        ("stop\n", "expected a number, or start"),
        ("start 5\n", "end of the line"),
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


@pytest.mark.parametrize(
    "name", ["", "1a", "a-b", "main", "Cortex", "makefile", "stdint", "ä", "a" * 32, None, "a b", "a\n"]
)
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
        ({"to": "fortran"}, "got 'fortran', expected "),
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


@pytest.fixture(scope="module")
def model():
    return small.trained()


@pytest.fixture(scope="module")
def made(model):
    return deploy(model, *small.signals())


@needs_compiler
@pytest.mark.parametrize("how", [{}, {"relays": True, "ramp": 255}], ids=["banks", "ramp"])
def test_a_deployment_decides_as_in_python_about_samples_of_any_length(model, how, tmp_path):
    check_decisions(deploy(model, *small.signals(), **how), small.signals(12, ragged=True)[0], tmp_path / "c")


@needs_compiler
@pytest.mark.slow
def test_relays_windows_and_traces_decide_as_in_python(model, tmp_path):
    X = small.signals(12, ragged=True)[0]
    check_decisions(deploy(model, *small.signals(), relays=True), X, tmp_path / "relays")
    windows = lsm.Counts(window=33 * lsm.ms, n_windows=4)
    for name, features in (("windows", windows), ("traces", lsm.Traces(20 * lsm.ms))):
        trained = small.trained(features, ragged=True)
        check_decisions(deploy(trained, *small.signals(ragged=True)), X, tmp_path / name)


@needs_compiler
def test_without_a_line_of_start_a_sample_has_the_most_steps(made, tmp_path):
    spikes = made.encode(small.signals(2)[0])
    lsm.export(made, tmp_path / "c", to="c", n_steps=int(spikes.n_steps[0]))
    with_start = as_text(spikes, "start {}")
    lines = on_host(tmp_path / "c", with_start)
    assert len(lines) == 2
    assert on_host(tmp_path / "c", re.sub("start.*\n", "", with_start)) == lines


@needs_compiler
def test_a_sample_of_a_wrong_length_is_refused(made, tmp_path):
    lsm.export(made, tmp_path / "c", to="c", n_steps=80)
    header = (tmp_path / "c/lsm.h").read_text()
    assert "LSM_SHORTEST_SAMPLE 25u" in header
    assert "LSM_LONGEST_SAMPLE 80u" in header
    program = built(tmp_path / "c")
    for text, why in (
        ("start 24\n" + 24 * "\n", "shorter or longer"),
        ("start 81\n" + 81 * "\n", "shorter or longer"),
        ("start -1\n", "shorter or longer"),
        ("start 25\n" + 24 * "\n", "the input ends within a sample"),
        ("start\n", "a number"),
        ("start 25\n3\n", "those of samples"),
    ):
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, ""), text
        assert why in done.stderr, text
    assert len(on_host(tmp_path / "c", "start 25\n" + 25 * "\n")) == 1


@pytest.mark.parametrize("kind", ["banks", "relays", "trace", "windows", "one bin"])
@pytest.mark.parametrize("pulses", [1, 7, 40])
def test_the_shortest_sample_is_the_shortest_that_python_takes(made, kind, pulses):
    windows, trace = lsm.Counts(window=30 * lsm.ms, n_windows=3), lsm.Traces(20 * lsm.ms)
    features = {"windows": windows, "trace": trace, "one bin": lsm.Counts()}
    n_bins = 1 if kind in ("trace", "one bin") else 3
    readout = dataclasses.replace(
        made.readout,
        kind=kind if kind in ("relays", "trace") else "banks",
        weights=made.readout.weights[:n_bins],
        pulses=pulses,
    )
    changed = SimpleNamespace(readout=readout, features=features.get(kind, made.features), program=made.program)
    shortest = SampleReadout(changed, 80).shortest

    def stimulus(n_steps):
        spikes = lsm.Spikes.from_events([], [], n_steps=[n_steps], n_channels=readout.n_inputs, dt=made.program.dt)
        edges = bin_edges(changed.features, spikes)
        check_bins(edges, readout.kind, "deployment")
        return readout.control(spikes, edges)

    stimulus(shortest)
    if shortest > 1:
        with pytest.raises(lsm.DescriptionError):
            stimulus(shortest - 1)


@pytest.mark.parametrize(
    ("n_steps", "words"), [(24, "first bin of 8 steps"), (0, "n_steps"), (2**20 + 1, "n_steps"), (1.5, "n_steps")]
)
def test_a_longest_sample_that_cannot_be_is_refused(made, n_steps, words):
    with pytest.raises(lsm.DescriptionError, match=words):
        lsm.export(made, None, to="c", n_steps=n_steps)


def test_a_longest_sample_with_more_windows_than_the_readout_has_is_refused(made):
    features = lsm.Counts(window=30 * lsm.ms, n_windows=3)
    changed = SimpleNamespace(readout=made.readout, features=features, program=made.program)
    assert SampleReadout(changed, 90).longest == 90
    with pytest.raises(lsm.DescriptionError, match=r"got a sample of 0\.091 s, expected at most .* = 0\.09 s"):
        SampleReadout(changed, 91)


@pytest.mark.skipif(CLANG is None, reason="no clang on this machine")
def test_clang_has_no_warning(made, tmp_path):
    lsm.export(made, tmp_path / "made", to="c", n_steps=80)
    lsm.export(CASES(12).program, tmp_path / "graded", to="c", graded=True)
    for folder in ("made", "graded"):
        files = [tmp_path / folder / file for file in ("lsm.c", "main.c")]
        done = subprocess.run(
            [CLANG, *WARNINGS.split(), "-fsyntax-only", *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_without_a_length_a_deployment_is_its_program(made, tmp_path):
    lsm.export(made, tmp_path / "a", to="c")
    lsm.export(made.program, tmp_path / "b", to="c")
    for path in (tmp_path / "a").iterdir():
        assert path.read_text() == (tmp_path / "b" / path.name).read_text()
    with pytest.raises(lsm.DescriptionError, match="graded"):
        lsm.export(made, None, to="c", n_steps=80, graded=True)
