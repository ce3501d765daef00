"""Lava missing, broken or elsewhere; which processes a program takes; what a run gives in the user's terms."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import backend as backends
from lsm_sim.apps.demo import digits
from lsm_sim.backend import Request
from lsm_sim.dynamics.loihi import bias_fits, exponent_range, split_bias
from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim_lava import Lava, interpreter
from lsm_sim_lava.interpreter import Interpreter
from lsm_sim_lava.plan import common_exponents, plan
from tests.lava_faults.tools import program, stimulus


def script(folder, text):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_lava_that_is_not_installed_is_named_with_the_line_that_installs_it(monkeypatch):
    def missing(_name):
        raise interpreter.metadata.PackageNotFoundError

    monkeypatch.delenv(interpreter.VARIABLE, raising=False)
    monkeypatch.setattr(interpreter.metadata, "version", missing)
    with pytest.raises(BackendUnavailableError, match="lava-nc is not installed; install it with: pip install"):
        Lava()


def test_another_version_of_lava_is_refused(monkeypatch):
    monkeypatch.delenv(interpreter.VARIABLE, raising=False)
    monkeypatch.setattr(interpreter.metadata, "version", lambda _name: "0.9.0")
    with pytest.raises(BackendUnavailableError, match=r"got lava-nc 0\.9\.0 .* expected 0\.10\.0"):
        Lava()


@pytest.mark.parametrize("path", ["/no/such/python", "/etc/passwd", "/bin/true", "/bin/false"])
def test_a_path_that_is_no_python_is_refused(path, monkeypatch):
    monkeypatch.setenv(interpreter.VARIABLE, path)
    with pytest.raises(
        BackendUnavailableError, match=r"LSM_SIM_LAVA_PYTHON: got .*expected a Python interpreter|got lava-nc"
    ):
        Lava()


def test_a_python_without_lava_is_named(monkeypatch, tmp_path):
    python = script(tmp_path, "echo 'importlib.metadata.PackageNotFoundError: lava-nc' >&2; exit 1")
    monkeypatch.setenv(interpreter.VARIABLE, python)
    with pytest.raises(BackendUnavailableError, match="lacks lava-nc or psutil; install them there with"):
        Lava()


def test_an_import_that_fails_is_named(tmp_path):
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava/__init__.py").write_text("raise ImportError('a broken installation')")
    python = script(tmp_path, f'PYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"')
    with pytest.raises(BackendUnavailableError, match=r"cannot be imported in .*a broken installation"):
        Lava(interpreter=Interpreter(python, "0.10.0")).compile(program()).__enter__()


def test_a_worker_that_is_no_python_is_named():
    with pytest.raises(lsm.RunError, match="ended unexpectedly"), Lava(interpreter=Interpreter("/bin/true", "0.10.0")):
        pass


@pytest.mark.usefixtures("lava")
def test_lava_runs_in_the_python_that_the_variable_names(monkeypatch):
    monkeypatch.setenv(interpreter.VARIABLE, sys.executable)
    with Lava().compile(program()) as runner:
        assert runner(stimulus(50)).spikes.n_events == 65


@pytest.mark.parametrize("option", [{"time_limit": 0}, {"time_limit": -1}, {"arithmetic": "int8"}])
@pytest.mark.usefixtures("lava")
def test_wrong_options_are_refused(option):
    with pytest.raises(DescriptionError):
        Lava(**option)


@pytest.mark.usefixtures("lava")
def test_the_parent_never_imports_lava():
    code = """
import sys
from tests.lava_faults.tools import Lava, program, stimulus
with Lava().compile(program()) as runner:
    runner(stimulus(20))
assert not [name for name in sys.modules if name == "lava" or name.startswith("lava.")]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_many_runs_share_one_worker(lava):
    pids = set()
    for _ in range(3):
        with lava.compile(program()) as runner:
            runner(stimulus(20))
            pids.add(lava.worker.pid)
    assert len(pids) == 1
    assert pids != {0}


@pytest.mark.usefixtures("lava")
def test_a_worker_ends_with_its_compile():
    alone = Lava()
    with alone.compile(program()) as runner:
        runner(stimulus(20))
        assert alone.worker.alive
    assert not alone.worker.alive


def test_nothing_is_asked_for_and_nothing_is_returned(lava):
    with lava.compile(program()) as runner:
        outcome = runner(stimulus(20), Request(spikes=False))
    assert outcome.spikes is None
    assert outcome.counts is None
    assert outcome.u is None


def test_an_estimator_predicts_the_same_in_lava_as_in_the_fast_engine(lava):
    pixels, labels = (part[:60] for part in digits.images())
    transformer = digits.transformer(digits.liquid(60, 0), 0).fit(pixels, labels)
    transformer.set_params(arithmetic="loihi")
    fast = transformer.transform(pixels)
    assert lava.name == "lava"
    np.testing.assert_array_equal(transformer.set_params(backend="lava").transform(pixels), fast)


@pytest.mark.usefixtures("lava")
def test_lava_quantises_where_it_is_told_to():
    source = lsm.lower(digits.liquid(30, 0), 1e-3)
    told = Lava(arithmetic="loihi")
    integers = told.legalise(source)
    assert integers.arithmetic == "loihi"
    assert told.legalise(integers) is integers
    assert Lava().legalise(source) is source


def test_weights_of_both_signs_are_two_processes_with_an_exponent_each():
    mixed = dataclasses.replace(program(), weight=np.array([128, 90 * 2, -7]), refractory=np.zeros(2, int))
    chosen = plan(mixed)
    assert chosen.neurons == "LIF"
    assert chosen.reasons == ()
    assert {(layer.process, bool((layer.weight > 0).all())) for layer in chosen.layers} == {
        ("Sparse", True), ("DelaySparse", True), ("Sparse", False),
    }  # fmt: skip
    for layer in chosen.layers:
        assert (np.abs(layer.weight) <= 255).all()


def test_a_weight_that_no_byte_holds_takes_our_own_process():
    chosen = plan(dataclasses.replace(program(), weight=np.array([257, 90, -7])))
    assert [layer.process for layer in chosen.layers if layer.from_inputs] == ["Synapses"]
    assert any("257" in reason for reason in chosen.reasons)
    assert any("refractory" in reason for reason in chosen.reasons)


def test_each_receptor_and_source_has_its_own_stock_synapses():
    more = [SynapseBlock(indptr=[0, 1, 2, 2], post=[1, 0], weight=[7, -8], delay=[0, 2], receptor=1)]
    chosen = plan(
        dataclasses.replace(program(), weight=np.array([128, 180, -7]), du2=np.array([1, 2]), more_blocks=more)
    )
    assert chosen.neurons == "TwoCurrentNeurons"
    assert chosen.reasons == ("a second synaptic current",)
    second = [(layer.process, layer.from_inputs, layer.weight.tolist()) for layer in chosen.layers if layer.receptor]
    assert second == [("Sparse", True, [7]), ("DelaySparse", False, [-1])]


def test_all_plastic_synapses_of_a_receptor_are_in_one_process_with_a_state_for_each_source_and_block():
    first = {"rule": "stp", "stp_U": [100, 200, 300], "stp_drec": [1, 2, 3], "stp_dfacil": [4, 5, 6]}
    more = SynapseBlock(indptr=[0, 1, 2, 3], post=[1, 0, 1], weight=[7, 8, 9], delay=[0, 0, 2],
                        **first | {"stp_U": [7, 8, 9]})  # fmt: skip
    chosen = plan(dataclasses.replace(program(), **first, more_blocks=[more]))
    assert [(layer.process, layer.from_inputs) for layer in chosen.layers] == [
        ("PlasticSynapses", True), ("PlasticSynapses", False),
    ]  # fmt: skip
    rows = chosen.layers[1].plastic
    assert rows.source.tolist() == [0, 1, 0, 1]
    assert rows.arrays["stp_U"].tolist() == [200, 300, 8, 9]


def test_exponents_cover_every_weight_with_few_processes():
    weight = np.array([1, 2, 255, 256, 510, 511, 32640, 32641])
    low, high = exponent_range(weight)
    assert (low > high).tolist() == [False] * 5 + [True, False, True]
    fits = low <= high
    chosen = common_exponents(low[fits], high[fits])
    np.testing.assert_array_equal((weight[fits] >> chosen) << chosen, weight[fits])
    assert len(np.unique(chosen)) == 3


def test_biases_split_into_mantissa_and_exponent():
    bias = np.array([0, 1, -1, 4095, 4096, -8190, 4095 << 7, -(4095 << 7), (4095 << 7) + 1, 4097])
    mantissa, exponent = split_bias(bias)
    fits = bias_fits(bias)
    assert fits.tolist() == [True] * 8 + [False, False]
    np.testing.assert_array_equal(mantissa[fits] << exponent[fits], bias[fits])


def test_info_says_which_python_runs_lava(lava):
    from lsm_sim.engine import availability

    assert sys.executable in str(availability.about("lava"))
    assert availability.about("reference") is None
    assert lava.name in backends.known()
