"""Exported C gives the spikes of the reference on an emulated Cortex-M4; sizes and instructions are those of what runs there."""

import dataclasses
import subprocess

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.apps.demo import digits
from lsm_sim.deploy import deploy
from tests.unit.deploy import small
from tests.unit.exchange.on_cortex import linked, make, needs_cortex, on_cortex, ran, sizes, symbols
from tests.unit.exchange.on_host import check_decisions, check_same
from tests.unit.exchange.test_c import CASES, PROGRAM, QUICK


@needs_cortex
@pytest.mark.parametrize("seed", QUICK[:3])
def test_random_programs_spike_as_the_reference_on_a_cortex(seed, tmp_path):
    case = CASES(seed)
    check_same(case.program, case.stimulus, tmp_path / "c", on_cortex, cortex=True)


@needs_cortex
@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("seed", range(1000, 1025))
def test_fifty_random_programs_spike_as_the_reference_on_a_cortex(seed, size, tmp_path):
    case = dataclasses.replace(CASES, size=size)(seed)
    check_same(case.program, case.stimulus, tmp_path / "c", on_cortex, cortex=True)


@pytest.fixture(scope="module")
def model():
    return small.trained()


@needs_cortex
@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"relays": True, "ramp": 255}], ids=["banks", "ramp"])
def test_a_deployment_decides_as_in_python_on_a_cortex(model, how, tmp_path):
    made = deploy(model, *small.signals(), **how)
    check_decisions(made, small.signals(12, ragged=True)[0], tmp_path / "c", on_cortex, cortex=True)


@needs_cortex
@pytest.mark.slow
def test_handwritten_digits_fit_512_kb_of_flash_and_64_kb_of_ram(tmp_path):
    X, y = digits.images()
    liquid = digits.liquid(200, seed=0)
    liquid = dataclasses.replace(liquid, neurons=[dataclasses.replace(one, t_ref=0.0) for one in liquid.neurons])
    encoder = lsm.encode.Rate(300, frame=0.03)
    model = lsm.LiquidClassifier(
        liquid, encoder, lsm.Counts(bins=3), "centred_ridge", scale=None, sample_shape=(8, 8)
    ).fit(X[:300], y[:300])
    check_decisions(deploy(model, X[:100], y[:100]), X[300:310], tmp_path / "c", on_cortex, cortex=True)
    flash, ram = linked(tmp_path / "c", FLASH="512000", RAM="64000")  # the linker refuses what does not fit, too
    assert flash < 512_000
    assert ram < 64_000


@needs_cortex
@pytest.mark.parametrize("seed", QUICK[1:4])
def test_reported_sizes_are_those_of_the_compiled_program(seed, tmp_path):
    case, folder = CASES(seed), tmp_path / "c"
    done = lsm.export(case.program, folder, to="c", graded=case.stimulus.payload is not None, cortex=True)
    stacks = [linked(folder, STACK=size)[1] for size in ("1K", "2K")]
    assert stacks[1] - stacks[0] == 1024
    (state,) = (int(size, 16) for size, name in symbols(folder) if name == "state")
    assert done.ram == state < stacks[0] - 1024
    compiled = "arm-none-eabi-gcc -std=c99 -O2 -mcpu=cortex-m4 -mthumb -ffreestanding -c -o lsm.o lsm.c"
    subprocess.run(compiled.split(), cwd=folder, check=True)
    text, data, bss = sizes(folder / "lsm.o")
    assert done.tables <= text <= done.flash  # the code is an estimate that must not be too low
    assert data == bss == 0


@needs_cortex
def test_instructions_of_a_step_are_counted(tmp_path):
    n = 10
    quiet = dataclasses.replace(PROGRAM, bias=np.zeros(PROGRAM.n_neurons, np.int64))
    lsm.export(quiet, tmp_path / "c", to="c", cortex=True)
    first = ran(tmp_path / "c", n * "\n")
    assert first.steps == n
    assert 10 * PROGRAM.n_neurons < first.mean <= first.most < 1000 * PROGRAM.n_neurons
    assert 0 < first.stack < 1024
    assert ran(tmp_path / "c", n * "\n") == first


@needs_cortex
def test_instructions_are_not_reported_where_the_clock_does_not_follow_them(tmp_path):
    lsm.export(PROGRAM, tmp_path / "c", to="c", cortex=True)
    done = make(tmp_path / "c", "cortex-run", "\n", ICOUNT="-icount shift=7")
    assert done.returncode == 0, done.stderr
    assert "instructions are not counted: the clock does not follow them" in done.stderr


@needs_cortex
def test_wrong_input_and_a_stack_that_is_too_small_end_the_program(tmp_path):
    lsm.export(PROGRAM, tmp_path / "c", to="c", cortex=True)
    done = make(tmp_path / "c", "cortex-run", "9\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "lsm: no such channel" in done.stderr
    done = make(tmp_path / "c", "cortex-run", "\n", STACK="64")
    assert done.returncode != 0
    assert "lsm: a fault of the processor" in done.stderr


def test_the_files_for_a_cortex_are_written_only_when_asked(tmp_path):
    plain = lsm.export(PROGRAM, None, to="c")
    more = lsm.export(PROGRAM, tmp_path / "c", to="c", cortex=True)
    assert more.files == (*plain.files, "cortex.c", "cortex.ld")
    assert "cortex" in (tmp_path / "c/Makefile").read_text()
    assert dataclasses.replace(more, files=plain.files) == plain
    lsm.export(PROGRAM, tmp_path / "plain", to="c")
    assert "cortex" not in (tmp_path / "plain/Makefile").read_text()
    with pytest.raises(lsm.DescriptionError, match="export cortex"):
        lsm.export(PROGRAM, None, to="c", cortex="yes")
