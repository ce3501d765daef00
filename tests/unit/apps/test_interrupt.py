"""Ctrl-C ends a long run within a second and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import lsm_sim as lsm

LONG_RUN = """
import sys, time
import numpy as np
import lsm_sim as lsm
from lsm_sim import ms

liquid = lsm.Liquid(
    [lsm.Inputs("in", 10)],
    [lsm.Neurons("n", 200)],
    [lsm.Synapses("in", "n", lsm.FixedProbability(0.3), weight=0.5)],
)
backend, n_samples, n_steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
stimulus = lsm.Spikes.from_events([], [], n_steps=[n_steps] * n_samples, n_channels=10, dt=1 * ms)
lsm.run(liquid, lsm.Spikes.from_dense(np.ones((5, 10)), 1 * ms), backend=backend)  # compiles what has to be compiled
print("running", flush=True)
try:
    lsm.run(liquid, stimulus, backend=backend, n_threads=2)
except KeyboardInterrupt:
    import threading
    print("interrupted with", threading.active_count(), "thread", flush=True)
    sys.exit(7)
print("ended too early", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are a thing of POSIX")
@pytest.mark.parametrize(
    ("backend", "n_samples", "n_steps"),
    [("fast", 2, 100_000_000), ("fast", 200_000, 2000), ("reference", 1, 10_000_000), ("reference", 10_000, 2000)],
    ids=["fast, long samples", "fast, many samples", "reference, a long sample", "reference, many samples"],
)
def test_ctrl_c_ends_a_run_within_a_second(backend, n_samples, n_steps):
    command = [sys.executable, "-c", LONG_RUN, backend, str(n_samples), str(n_steps)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            time.sleep(0.7)
            process.send_signal(signal.SIGINT)
            begin = time.perf_counter()
            assert process.stdout.readline() == "interrupted with 1 thread\n"
            assert time.perf_counter() - begin < 1
            assert process.wait(timeout=10) == 7
        finally:
            process.kill()


def start(tmp_path, *words, **options):
    """Start ``lsm-sim`` on small inputs."""
    lsm.Liquid([lsm.Inputs("in", 3)], [lsm.Neurons("n", 5)]).save(tmp_path / "net.toml")
    lsm.Spikes.from_dense(np.ones((2, 50, 3)), 1e-3).save(tmp_path / "spikes.npz")
    command = [sys.executable, "-c", "from lsm_sim.apps.cli import main; main()", *words]
    return subprocess.Popen(command, cwd=tmp_path, **options)


@pytest.mark.skipif(os.name != "posix", reason="descriptors are a thing of POSIX")
@pytest.mark.parametrize(
    "closed", [*(pytest.param(some, marks=pytest.mark.slow) for some in ((0,), (2,), (0, 2))), (0, 1, 2)], ids=str
)
def test_closed_standard_streams_are_no_error(tmp_path, closed):
    def close():
        for number in closed:
            os.close(number)

    words = ("run", "net.toml", "spikes.npz", "-o", "out.npz", "--backend", "reference")
    with start(tmp_path, *words, stdout=subprocess.PIPE, preexec_fn=close) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "out.npz").exists()
    assert (b"backend" in out) == (1 not in closed)


@pytest.mark.skipif(os.name != "posix", reason="signals are a thing of POSIX")
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGHUP, signal.SIGINT))],
)
def test_a_signal_ends_a_command_with_its_number(tmp_path, number):
    def heed():  # who starts the tests may ignore signals, as nohup does, and programs inherit that
        signal.signal(number, signal.SIG_DFL)

    words = ("demo", "--seeds", "1000", "-o", "results")
    with start(tmp_path, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed) as process:
        assert process.stdout is not None
        assert b"1000 seeds" in process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (128 + number, b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.toml", "spikes.npz"]


def test_a_signal_that_became_another_exception_during_an_import_still_gives_its_number():
    """An extension module that is interrupted while it imports NumPy raises ImportError."""
    code = """
import sys
from lsm_sim.apps.cli import main
from lsm_sim.support import ending
ending._received.append(15)
sys.modules["lsm_sim.apps.cli.app"] = None  # importing it is an ImportError
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")
