"""The way to the chip, with a stand-in for Intel's closed extension of Lava: everything up to the device runs."""

import dataclasses
import textwrap

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim import backend as backends
from lsm_sim.backend import Request
from lsm_sim.errors import BackendUnavailableError, RunError, UnsupportedError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.testing import answer, random_program, random_stimulus
from lsm_sim.testing.programs import EXTRA_ARRAYS
from tests.chip_like import chip_like

pytestmark = pytest.mark.usefixtures("lava")

FILES = {
    "lava/utils/loihi2_profiler.py": "",
    "lava/magma/core/model/c/model.py": "class CLoihiProcessModel: pass",
    "lava/magma/core/model/nc/model.py": "class AbstractNcProcessModel: pass",
    "lava/proc/embedded_io/__init__.py": "from lava.proc.embedded_io import spike",
    "lava/proc/embedded_io/spike.py": """
        import numpy as np
        from lava.magma.core.decorator import implements, requires
        from lava.magma.core.model.py.model import PyLoihiProcessModel
        from lava.magma.core.model.py.ports import PyInPort, PyOutPort
        from lava.magma.core.model.py.type import LavaPyType
        from lava.magma.core.process.ports.ports import InPort, OutPort
        from lava.magma.core.process.process import AbstractProcess
        from lava.magma.core.resources import CPU
        from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

        class Adapter(AbstractProcess):
            def __init__(self, *, shape, num_message_bits):
                super().__init__(shape=shape)
                assert num_message_bits == 0
                self.inp, self.out = InPort(shape=shape), OutPort(shape=shape)
        class PyToNxAdapter(Adapter): pass
        class NxToPyAdapter(Adapter): pass

        class Pass(PyLoihiProcessModel):
            inp: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
            out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
            def run_spk(self):
                self.out.send(self.inp.recv())
        @implements(proc=PyToNxAdapter, protocol=LoihiProtocol)
        @requires(CPU)
        class PyIn(Pass): pass
        @implements(proc=NxToPyAdapter, protocol=LoihiProtocol)
        @requires(CPU)
        class PyOut(Pass): pass
    """,
}


@pytest.fixture
def extension(tmp_path, monkeypatch):
    """Install the stand-in for the child process."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def program(seed=3):
    rng = np.random.default_rng(seed)
    found = chip_like(rng, random_program(rng, "loihi", max_neurons=30, max_inputs=9))
    return dataclasses.replace(found, delay=np.minimum(found.delay, 62), threshold=np.maximum(found.threshold, 1),
                               du=np.maximum(found.du, 0), dv=np.minimum(found.dv, 4095))  # fmt: skip


def test_without_the_extension_it_says_what_is_missing_and_what_runs_instead():
    with pytest.raises(BackendUnavailableError, match=r"lava-loihi.*INRC.*backend='lava' with arithmetic='loihi'"):
        backends.find("loihi2")


@pytest.mark.usefixtures("extension")
def test_the_network_for_the_chip_gives_the_spikes_of_the_reference(reference):
    rng = np.random.default_rng(5)
    chip, network = backends.find("loihi2"), program()
    stimulus = random_stimulus(rng, network, max_samples=3, max_steps=50)
    with chip.compile(chip.legalise(network)) as runner:
        got = runner(stimulus, Request(excursions=True, progress=False))
    expected = answer(reference, network, stimulus, neurons=np.empty(0, int), excursions=True)
    for name in ("step", "channel", "offsets"):
        np.testing.assert_array_equal(getattr(got.spikes, name), getattr(expected.spikes, name))
    np.testing.assert_array_equal(got.excursions.count, expected.excursions.count)


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("seed", [7, 8])
def test_all_samples_in_one_job_begin_at_rest_and_are_read_at_pauses(reference, seed, monkeypatch):
    """Ragged samples one after the other: spikes, u and v at a few steps are those of separate runs."""
    from lsm_sim_lava.supervisor import Worker

    jobs, run = [], Worker.run
    monkeypatch.setattr(Worker, "run", lambda self, *a: jobs.append(a) or run(self, *a))
    rng = np.random.default_rng(seed)
    network = program(seed)
    network = dataclasses.replace(network, weight=network.weight // 4, bias=np.abs(network.bias) // 32 * 32)
    stimulus = random_stimulus(rng, network, max_samples=4, max_steps=40)
    stimulus = Spikes.concatenate([stimulus, random_stimulus(rng, network, max_steps=60)])
    request = Request(neurons=np.arange(network.n_neurons), steps=np.array([0, 7, 23]), progress=False)
    chip = backends.find("loihi2")
    with chip.compile(network) as runner:
        got = runner(stimulus, request)
    expected = answer(reference, network, stimulus, neurons=request.neurons, steps=request.steps)
    assert len(jobs) == 1
    assert got.spikes.difference(expected.spikes) is None
    for name in ("u", "v"):
        for one, other in zip(got.traces[name], expected.traces[name], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("extension")
def test_a_recording_of_every_step_is_refused():
    chip, network = backends.find("loihi2"), program()
    stimulus = random_stimulus(np.random.default_rng(0), network, max_samples=1, max_steps=100)
    stimulus = Spikes.concatenate([stimulus] * 3, along="time")
    steps = np.arange(65)
    with (
        chip.compile(network) as runner,
        pytest.raises(UnsupportedError, match="at 65 steps, only at up to 64"),
    ):
        runner(stimulus, Request(neurons=np.arange(1), steps=steps))


@pytest.mark.slow
@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("how", [{}, {"relays": True, "ramp": 2040}])
def test_a_deployment_decides_as_on_the_other_engines(how):
    from lsm_sim.deploy import deploy
    from tests.unit.deploy.small import signals, trained

    X, y = signals(ragged=True)
    made = deploy(trained(ragged=True), X, y, **how)
    on_chip, here = made.run(X[:2], backend="loihi2"), made.run(X[:2])
    np.testing.assert_array_equal(on_chip.sums, here.sums)
    np.testing.assert_array_equal(on_chip.classes, here.classes)
    if how:
        np.testing.assert_array_equal(on_chip.steps, here.steps)


@pytest.mark.usefixtures("extension")
def test_payloads_are_refused_by_name_whoever_calls_the_runner():
    chip, network = backends.find("loihi2"), program()
    stimulus = random_stimulus(np.random.default_rng(0), network)
    graded = dataclasses.replace(stimulus, payload=np.full(stimulus.n_events, 2))
    with chip.compile(network) as runner, pytest.raises(UnsupportedError, match=r"loihi2: .*payloads \('graded'\)"):
        runner(graded)
    with backends.compiled(network, chip) as runner, pytest.raises(UnsupportedError, match=r"payloads \('graded'\)"):
        runner(graded)


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("need", sorted(EXTRA_ARRAYS))
@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_what_the_chip_lacks_is_refused_by_name_before_anything_starts(need, arithmetic, monkeypatch):
    def start(_worker):
        raise AssertionError("the worker was started")

    monkeypatch.setattr("lsm_sim_lava.supervisor.Worker.start", start)
    chip = backends.find("loihi2")
    network = random_program(np.random.default_rng(1), arithmetic, needs=[need])
    with pytest.raises(UnsupportedError, match=f"loihi2: .*the program needs '{need}'"):
        chip.legalise(network)
    with pytest.raises(UnsupportedError, match=f"the program needs '{need}'"), chip.compile(network):
        pass


@pytest.mark.usefixtures("extension")
def test_a_board_that_does_not_answer_is_an_error():
    from lsm_sim_lava import Loihi2

    network = program()
    with Loihi2(address="no.such.host.invalid").compile(network) as runner, pytest.raises(RunError, match="ping"):
        runner(random_stimulus(np.random.default_rng(0), network))


@pytest.mark.usefixtures("extension")
def test_a_float64_program_is_quantised_on_the_way():
    chip = backends.find("loihi2")
    network = Program(
        arithmetic="float64", dt=1e-3, n_inputs=1, n_neurons=1, indptr=[0, 1, 1], post=[0], weight=[0.25], delay=[2],
        threshold=[1.0], bias=[0.0], refractory=[0], decay_u=[0.75], decay_v=[0.75],
    )  # fmt: skip
    legal = chip.legalise(network)
    assert legal.arithmetic == "loihi"
    assert chip.legalise(legal) is legal


@pytest.mark.usefixtures("extension")
def test_every_reason_is_named_at_once_with_its_group():
    wrong = Program(
        arithmetic="loihi", dt=1e-3, n_inputs=0, n_neurons=2, indptr=[0, 1, 2], post=[0, 1], weight=[257, -3], delay=[0, 63],
        threshold=[0, 5], bias=[4097, 0], refractory=[0, 2], du=[-1, 0], dv=[0, 4096],
        neuron_groups={"a": range(1), "b": range(1, 2)},
        more_blocks=[SynapseBlock(indptr=[0, 1, 2], post=[1, 0], weight=[-259, 7], delay=[0, 70])],
    )  # fmt: skip
    with pytest.raises(UnsupportedError) as error:
        backends.find("loihi2").legalise(wrong)
    for part in (
        "no input channels",
        "neurons a: threshold 0",
        "neurons a: du -1",
        "neurons a: bias 4097",
        "neurons b: refractory 2",
        "neurons b: dv 4096",
        "synapses a -> a (+): weight 257",
        "synapses b -> b (-): a delay of 64 steps, at most 63",
        "synapses a -> b (-): weight -259",
        "synapses b -> a (+): a delay of 71 steps, at most 63",
        "the program needs 'blocks'",
    ):
        assert part in str(error.value)
