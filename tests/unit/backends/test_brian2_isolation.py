"""A run of ours leaves no trace on the user's own Brian2."""

import dataclasses
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.backend import Request
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim_brian2 import build
from lsm_sim_brian2.inputs import Inputs
from lsm_sim_brian2.replicas import Replicas
from tests.cases import ROOT


@pytest.fixture
def numpy_target(brian2):
    return dataclasses.replace(brian2, codegen="numpy")


@pytest.fixture
def case():
    rng = np.random.default_rng(6)
    program = random_program(rng, "float64")
    return program, random_stimulus(rng, program)


MODEL = "dv/dt = (2 - v)/(10*ms) + 0.5*xi*(5*ms)**-0.5 : 1"


def users_own():
    """Return what a user's noisy network with the default clock and the magic network fires."""
    import brian2 as b2

    b2.start_scope()
    group = b2.NeuronGroup(50, MODEL, threshold="v > 1", reset="v = 0", method="euler")
    synapses = b2.Synapses(group, group, on_pre="v += 0.1")
    synapses.connect(p=0.2)
    monitor = b2.SpikeMonitor(group)
    names = group.name, synapses.name, monitor.name
    b2.run(20 * b2.ms)
    return names, np.array(monitor.i).tolist(), np.array(monitor.t).tolist()


def state():
    import importlib

    import brian2 as b2

    devices = importlib.import_module("brian2.devices.device")
    random = np.random.get_state()  # noqa: NPY002 - Brian2's own generator
    return (
        b2.prefs.as_file,
        str(b2.defaultclock.dt),
        [repr(values) for values in random],
        id(devices.active_device),
        list(devices.previous_devices),
        signal.getsignal(signal.SIGINT),
        sys.path[:],
        Path.cwd(),
    )


def everything(backend, case):
    program, stimulus = case
    with backend.compile(program) as runner:
        runner(stimulus, Request(neurons=np.arange(program.n_neurons), progress=False))
    return build(program, stimulus[0])


@pytest.mark.slow
def test_the_users_own_network_fires_the_same_before_and_after(numpy_target, case):
    import brian2 as b2

    b2.seed(1)
    before = users_own()
    kept = everything(numpy_target, case)  # so that its objects live on while the user's are made
    gc.collect()  # the names of the user's first network are free only then
    b2.seed(1)
    assert users_own() == before
    assert len(before[1]) > 20
    assert kept.objects


def test_preferences_clock_random_state_and_device_stay(numpy_target, case):
    import brian2 as b2

    b2.defaultclock.dt = 0.25 * b2.ms
    b2.prefs.codegen.runtime.cython.cache_dir = "somewhere"
    before = state()
    everything(numpy_target, case)
    assert state() == before
    b2.defaultclock.dt = 0.1 * b2.ms
    b2.prefs.codegen.runtime.cython.cache_dir = None


def test_a_run_does_not_search_all_objects_for_garbage(numpy_target, case, monkeypatch):
    import brian2 as b2

    if "logging.warn_for_unused_objects" not in b2.prefs:
        pytest.skip("this Brian2 collects garbage in every run")
    b2.prefs["logging.warn_for_unused_objects"] = True
    collected = []
    monkeypatch.setattr(gc, "collect", lambda *_: collected.append(1))
    everything(numpy_target, case)
    assert not collected
    assert b2.prefs["logging.warn_for_unused_objects"]


def test_they_stay_after_an_error_too(numpy_target, case, monkeypatch):
    program, stimulus = case

    def fail(_inputs, stimulus, samples):
        raise ZeroDivisionError(stimulus, samples)

    before = state()
    with monkeypatch.context() as patch, numpy_target.compile(program) as runner:
        patch.setattr(Inputs, "events", fail)
        with pytest.raises(Exception, match=r".*"):  # Brian2 wraps what is raised in its run
            runner(stimulus, Request(progress=False))
    assert state() == before


def test_a_standalone_project_of_the_users_own_is_not_touched(numpy_target, case, reference):
    import importlib

    import brian2 as b2

    program, stimulus = case
    devices = importlib.import_module("brian2.devices.device")
    b2.set_device("cpp_standalone", build_on_run=False)
    try:
        device = devices.get_device()
        queue = list(device.main_queue)
        with numpy_target.compile(program) as runner, reference.compile(program) as expected:
            got, right = runner(stimulus, Request(progress=False)), expected(stimulus, Request(progress=False))
        assert got.spikes.step.tolist() == right.spikes.step.tolist()
        assert devices.get_device() is device
        assert list(device.main_queue) == queue
    finally:
        devices.reset_device()
        device.reinit()


def test_float32_as_the_users_default_changes_no_bit(numpy_target, case, reference):
    import brian2 as b2

    program, stimulus = case
    request = Request(neurons=np.arange(program.n_neurons), progress=False)
    b2.prefs.core.default_float_dtype = np.float32
    try:
        with numpy_target.compile(program) as runner, reference.compile(program) as expected:
            got, right = runner(stimulus, request), expected(stimulus, request)
    finally:
        b2.prefs.core.default_float_dtype = np.float64
    for ours, theirs in zip(got.u + got.v, right.u + right.v, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def interrupt_when_running():
    """Send Ctrl-C half a second after Brian2 has begun to run; earlier it may be lost in what Python deletes."""
    from brian2 import Network

    while not Network._globally_running:
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)


def test_after_ctrl_c_the_next_run_is_right(numpy_target, reference):
    rng = np.random.default_rng(2)
    program = random_program(rng, "float64", max_inputs=4)
    long = lsm.Spikes.from_dense(rng.random((1, 200_000, program.n_inputs)) < 0.3, program.dt)
    short = random_stimulus(rng, program, max_samples=1)
    before = state()
    with numpy_target.compile(program) as runner, reference.compile(program) as expected:
        gc.collect()  # networks of other tests, so that it does not happen in between
        threading.Thread(target=interrupt_when_running, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            runner(long, Request(progress=False))
        assert time.monotonic() - start < 10  # the whole run takes longer
        assert state() == before
        got, right = runner(short, Request(progress=False)), expected(short, Request(progress=False))
    assert got.spikes.step.tolist() == right.spikes.step.tolist()
    assert got.spikes.channel.tolist() == right.spikes.channel.tolist()


class Thing:
    """An object that can be referred to weakly."""


def test_ctrl_c_ends_a_run_even_where_python_ignores_exceptions(numpy_target, monkeypatch, capsys):
    program = random_program(np.random.default_rng(2), "float64", max_inputs=4)
    stimulus = lsm.Spikes([], [], [0, 0], [1000], program.n_inputs, program.dt)
    collect, seen = Replicas._collect, []

    def interrupted(self):
        seen.append(self._k)
        if self._k == 20:
            thing = Thing()
            reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del thing  # which calls the function above, whose exceptions Python prints and ignores
            assert reference() is None
        collect(self)

    monkeypatch.setattr(Replicas, "_collect", interrupted)
    before = state()
    with numpy_target.compile(program) as runner, pytest.raises(KeyboardInterrupt):
        runner(stimulus, Request(progress=False))
    assert seen[-1] < 25
    assert state() == before
    assert "Traceback" not in capsys.readouterr().err


def test_the_core_and_the_package_import_without_brian2():
    code = "import lsm_sim, lsm_sim_brian2, sys; assert 'brian2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
