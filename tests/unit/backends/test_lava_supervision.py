"""What happens when a run in Lava goes wrong, and what is left of it: nothing."""

import random
import subprocess
import sys
import tempfile
import time

import pytest

pytest.importorskip("lsm_sim_lava")
from lsm_sim_lava import supervisor
from lsm_sim_lava.interpreter import Interpreter
from tests.lava_faults import FAULTS, tools

SAYS = {
    "exception in the neurons": "the injected fault",
    "exception in the synapses": "the injected fault",
    "exception in the source": "the injected fault",
    "SIGTERM to the worker": "ended unexpectedly (signal SIGTERM)",
    "SIGKILL to the worker": "ended unexpectedly (signal SIGKILL)",
    "SIGSTOP to the worker": "a Lava process was stopped by a signal",
    "SIGKILL to a Lava process": "a Lava process was killed by SIGKILL",
    "SIGSTOP to a Lava process": "a Lava process was stopped by a signal",
    "SIGTERM to the parent": "ended with -15",
    "SIGKILL to the parent": "ended with -9",
    "Ctrl-C in a script": "ended with",
    "Ctrl-C": "KeyboardInterrupt",
    "time-out": "no result within 0.5 s",
    "a process that hangs": "the run hangs (no step for 1 s after step 4)",
    "full disk": "No space left on device",
    "no folder": "cannot write to",
    "broken pipe": "the worker has ended",
    "SIGTERM to the worker at start": "ended unexpectedly (signal SIGTERM)",
    "SIGKILL to the worker at start": "ended unexpectedly (signal SIGKILL)",
    "SIGSTOP to the worker at start": "a Lava process was stopped by a signal",
    "SIGKILL to a Lava process at start": "a Lava process was killed by SIGKILL",
    "SIGTERM to a Lava process at start": "a Lava process was killed by SIGTERM",
    "SIGSTOP to a Lava process at start": "a Lava process was stopped by a signal",
    "SIGTERM to the parent at start": "ended with -15",
    "SIGKILL to the parent at start": "ended with -9",
    "Ctrl-C in a script at start": "ended with",
    "small /dev/shm": " bytes: ",
    "small disk": " bytes: ",
}


@pytest.fixture
def alone(lava, monkeypatch):
    """Keep the files of workers in a folder that is empty, so that whatever is found there is left over."""
    assert lava.name == "lava"
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is too long for the names of sockets
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


QUICK = (
    "exception in the neurons",
    "SIGKILL to the worker",
    "Ctrl-C",
    "no folder",
    "SIGKILL to a Lava process at start",
)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in FAULTS]
)
def test_a_fault_ends_clean_and_says_why(name):
    if name == "full disk" and sys.platform != "linux":
        pytest.skip("needs /dev/full")
    tools.struck.clear()
    begin = time.monotonic()
    assert SAYS[name] in FAULTS[name](random.Random())
    assert (
        time.monotonic() - (tools.struck or [begin])[-1] < 60
    )  # 3 s on a machine that does nothing else; a hang lasts longer
    assert tools.left_behind() == []


def test_the_run_after_a_fault_works(lava):
    with type(lava)(time_limit=3) as slow, slow.compile(tools.program()) as runner:
        with pytest.raises(tools.RunError, match="no result within 3 s at step"):
            runner(tools.stimulus())
        assert runner(tools.stimulus(50)).spikes.n_events == 65


def test_too_little_shared_memory_is_said_before_anything_starts(lava, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 100}))
    with (
        lava.compile(tools.program()) as runner,
        pytest.raises(tools.RunError, match="MiB of shared memory"),
    ):
        runner(tools.stimulus(20))


CHILD = """
import os, time
from pathlib import Path
pid = os.fork()
if pid == 0:
    {end}
time.sleep({late})
os.waitpid(pid, 0)
Path({answer!r} + ".part").write_text("{{}}")
os.replace({answer!r} + ".part", {answer!r})  # as the worker does: never half an answer
time.sleep(60)
"""


def wait_for(folder, end, late):
    """Return what the supervisor says of a worker whose child ends at once and is collected after ``late`` seconds."""
    answer = folder / "done.json"
    worker = supervisor.Worker(Interpreter(sys.executable, "none"))
    code = CHILD.format(end=end, late=late, answer=str(answer))
    worker.folder = folder / "worker"
    worker.folder.mkdir()
    worker._process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        return worker._wait(answer, supervisor.Limits(60, 60, 60))
    finally:
        worker.close()


@pytest.fixture
def impatient(monkeypatch):
    """Look ten times as often, so that three looks take 0.3 s."""
    monkeypatch.setattr(supervisor, "_LOOK", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_process_that_ended_regularly_may_be_collected_late(tmp_path, monkeypatch):
    """As on a busy machine at the end of a sample."""
    monkeypatch.setattr(supervisor, "_LOOKS_ENDED", 100)  # this machine may be busy too
    assert wait_for(tmp_path, "os._exit(0)", late=0.5) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="reads exit statuses from /proc")
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("os._exit(3)", "ended with exit status 3"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("os.kill(os.getpid(), 19)", "was stopped by a signal"),
    ],
)
def test_a_process_that_failed_is_reported_at_the_second_look(tmp_path, monkeypatch, end, says):
    monkeypatch.setattr(supervisor, "_LOOKS_ENDED", 10**6)
    with pytest.raises(tools.RunError, match=rf"the run failed \(a Lava process {says}\); run again"):
        wait_for(tmp_path, end, late=60)


@pytest.mark.usefixtures("impatient")
def test_a_process_that_ended_for_good_is_reported_in_the_end(tmp_path):
    with pytest.raises(tools.RunError, match=r"\(a Lava process ended\)"):
        wait_for(tmp_path, "os._exit(0)", late=60)


def test_a_process_that_ended_counts_only_while_no_steps_are_run(monkeypatch):
    monkeypatch.setattr(supervisor.process_group, "broken", lambda _pid: {(7, "ended")})
    worker = supervisor.Worker(Interpreter(sys.executable, "none"))
    worker._process = type("Process", (), {"pid": 5})()
    before = {}
    for _ in range(100):
        before = worker._check_processes(before, moving=True)
    for looks in range(1, 10):
        before = worker._check_processes(before, moving=False)
        assert before == {(7, "ended"): looks}
    with pytest.raises(tools.RunError, match="a Lava process ended"):
        worker._check_processes(before, moving=False)


def test_a_worker_that_cannot_write_its_answer_leaves_a_sign(tmp_path):
    """On a full disk; without it the parent would wait until it takes the run for a hanging one."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from lsm_sim_lava import worker\n"
        "def full(*_args, **_others):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "Path.write_text = full\n"
        f"sys.argv[1:] = [{str(tmp_path)!r}, str(os.getppid())]\n"
        "worker.main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not (tmp_path / "failure.txt").exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert (tmp_path / "failure.txt").read_text() == ""
    finally:
        process.kill()
        process.wait()
