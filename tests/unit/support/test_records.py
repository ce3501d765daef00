"""Frozen records stay frozen and checked: their arrays cannot be made writable, and copies are built anew."""

import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.audio import Recording
from lsm_sim.datasets import Dataset, Source
from lsm_sim.dynamics import Units
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import read_only
from lsm_sim.testing import random_program

ROOT = Path(__file__).parents[3]


def units():
    return Units(1.0, np.zeros(3), np.ones(3), np.ones(3))


RECORDS = {
    "Spikes": (lambda: lsm.Spikes([0, 1], [0, 1], [0, 2], [5], 2, 1e-3), ("step", "channel", "offsets", "n_steps")),
    "Program": (
        lambda: random_program(np.random.default_rng(0), "float64"),
        ("indptr", "post", "weight", "delay", "bias"),
    ),
    "Units": (units, ("v_offset", "u_scale", "weight_scale")),
    "Neurons": (lambda: lsm.Neurons("a", 2, tau_m=[0.02, 0.03], positions=np.zeros((2, 3))), ("tau_m", "positions")),
    "Edges": (lambda: lsm.Edges([0, 1], [1, 0]), ("pre", "post")),
    "Synapses": (lambda: lsm.Synapses("a", "b", lsm.Edges([0, 1], [1, 0]), weight=[1, 2]), ("weight",)),
    "Recording": (lambda: Recording(np.zeros(5), 8000), ("samples",)),
    "Dataset": (lambda: Dataset("x", np.zeros((2, 3, 1)), np.array([0, 1]), ("a", "b"), Source("", "", "")), ("y",)),
}
COPIES = {
    "itself": lambda record: record,
    "copied": copy.copy,
    "deep-copied": copy.deepcopy,
    "pickled": lambda record: pickle.loads(pickle.dumps(record)),
    "pickled the oldest way": lambda record: pickle.loads(pickle.dumps(record, protocol=0)),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", RECORDS)
def test_arrays_cannot_be_made_writable(kind, how):
    make, names = RECORDS[kind]
    record = COPIES[how](make())
    for name in names:
        array = getattr(record, name)
        for view in (array, array[:1], array.view(), np.asarray(array)):
            assert not view.flags.writeable
            with pytest.raises(ValueError, match="cannot set WRITEABLE"):
                view.setflags(write=True)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", RECORDS)
def test_a_copy_has_the_same_content(kind, how):
    make, names = RECORDS[kind]
    record = make()
    copied = COPIES[how](record)
    assert type(copied) is type(record)
    for name in names:
        np.testing.assert_array_equal(getattr(copied, name), getattr(record, name))


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3), np.array(["a", "bcd"]), np.array(2.5), np.zeros(3, bool)]
)
def test_read_only_arrays_keep_their_type_and_shape(array):
    frozen = read_only(array.copy())
    assert (frozen.dtype, frozen.shape) == (array.dtype, array.shape)
    assert (frozen == array).all()


def test_a_copy_of_damaged_spikes_is_refused():
    spikes = RECORDS["Spikes"][0]()
    object.__setattr__(spikes, "channel", np.array([0, 2**30], np.int32))
    with pytest.raises(DescriptionError, match="channel: got 1073741824"):
        copy.deepcopy(spikes)


@pytest.mark.parametrize("backend", ["reference", "fast"])
def test_a_run_checks_the_events_again(backend):
    program = random_program(np.random.default_rng(1), "float64")
    assert program.n_inputs
    spikes = lsm.Spikes([0], [0], [0, 1], [5], program.n_inputs, program.dt)
    object.__setattr__(spikes, "channel", np.array([2**30], np.int32))
    with pytest.raises(DescriptionError, match="channel: got 1073741824 in sample 0"):
        lsm.run(program, spikes, backend=backend)


@pytest.mark.parametrize("backend", ["reference", "fast", "brian2"])
def test_a_run_checks_the_indices_of_synapses_again(backend):
    program = random_program(np.random.default_rng(0), "float64", max_neurons=20)
    assert program.n_synapses
    object.__setattr__(program, "post", program.post + 2**30)
    stimulus = lsm.Spikes([0], [0], [0, 1], [5], program.n_inputs, program.dt)
    with pytest.raises(DescriptionError, match="Program post: got neuron"):
        lsm.run(program, stimulus, backend=backend)


def test_another_thread_cannot_change_events_while_they_are_checked():
    channel = np.zeros(200_000, np.int32)
    step, stop = np.arange(channel.size, dtype=np.int32), threading.Event()

    def disturb():
        while not stop.is_set():
            channel[1000:] = 2**30
            channel[1000:] = 0

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(100):
            try:
                spikes = lsm.Spikes(step, channel, [0, step.size], [step.size], 1, 1e-3)
            except DescriptionError:
                continue
            assert spikes.channel.max() == 0
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "arguments",
    [
        ("20", "fast", "reference"),
        pytest.param(("100", "1000", "fast", "reference"), marks=pytest.mark.slow),
        pytest.param(("16", "brian2"), marks=pytest.mark.slow),
        pytest.param(("8", "lava"), marks=pytest.mark.slow),
    ],
)
def test_changed_arrays_give_an_error_or_the_right_answer(arguments):
    command = [sys.executable, "-m", "tests.mutations", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
