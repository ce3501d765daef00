"""Send signals at random moments to commands, and check what they leave. ``python -m tests.signals 500 --seed 1``.

Each case starts a command, in half of the cases with older results in place, and sends SIGINT, SIGTERM, SIGHUP or SIGKILL after
a random part of the time that the command takes. Afterwards no file at a final name may be incomplete, no process and no
shared memory may be left, and, except after SIGKILL, no temporary file. What SIGKILL leaves must go with the next run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
PATIENCE = 60  # seconds to end; a machine may be busy
COMMANDS = {
    "run": ["run", "liquid.toml", "stimulus.npz", "-o", "spikes.npz", "--plot", "raster.png"],
    "train": [
        "train",
        "liquid8.toml",
        "digits.npz",
        "-o",
        "model.npz",
        "--shape",
        "8",
        "8",
        "--frame",
        "0.02",
        "--cv",
        "2",
    ],
    "evaluate": ["evaluate", "narma10", "--neurons", "20", "--seeds", "1", "-o", "results"],
    "demo": ["demo", "--neurons", "20", "--seeds", "1", "-o", "demo"],
    "quantise": ["quantise", "liquid.toml", "-c", "stimulus.npz", "-o", "integers.npz", "--plot", "report.png"],
}
RESULTS = {
    "run": ("spikes.npz", "raster.png"),
    "train": ("model.npz",),
    "evaluate": ("results/narma10.json", "results/narma10.txt"),
    "demo": ("demo/raster.png", "demo/confusion.png", "demo/trajectories.png", "demo/report.html"),
    "quantise": ("integers.npz", "report.png"),
}


@dataclass
class Case:
    """A command, a signal, and the moment as a part of the command's time."""

    command: str
    number: signal.Signals
    part: float
    older: bool


def cases(n: int, seed: int) -> list[Case]:
    """Return random cases, every command with every signal in turn."""
    rng = np.random.default_rng(seed)
    pairs = [(command, number) for number in SIGNALS for command in COMMANDS]
    return [Case(*pairs[i % len(pairs)], float(rng.uniform(0, 1.1)), bool(rng.random() < 0.5)) for i in range(n)]


def prepare(folder: Path) -> None:
    """Write small inputs; the digits come with scikit-learn."""
    from sklearn.datasets import load_digits

    import lsm_sim as lsm

    for name, n_inputs in (("liquid", 3), ("liquid8", 8)):
        synapses = [lsm.Synapses("in", "n", lsm.FixedProbability(0.5), weight=1.0)]
        lsm.Liquid([lsm.Inputs("in", n_inputs)], [lsm.Neurons("n", 20)], synapses).save(folder / f"{name}.toml")
    rng = np.random.default_rng(0)
    lsm.Spikes.from_dense(rng.random((20, 300, 3)) < 0.1, 1e-3).save(folder / "stimulus.npz")
    X, y = load_digits(return_X_y=True)
    np.savez(folder / "digits.npz", X=X[:200] / 16, y=y[:200])


class Bench:
    """A folder with inputs and with the results of each command, and how long it takes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seconds = folder, dict[str, float]()
        (folder / "good").mkdir()
        (folder / "tmp").mkdir()
        prepare(folder / "good")
        self._environment = os.environ | {"TMPDIR": str(folder / "tmp"), "MPLBACKEND": "agg"}

    def start(self, command: str, work: Path) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, so that what it leaves can be found."""
        with (self.folder / "stderr").open("wb") as stderr:
            return subprocess.Popen(
                [sys.executable, "-c", "from lsm_sim.apps.cli import main; main()", *COMMANDS[command]],
                cwd=work,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=_hear_all,
            )

    def work(self, command: str, *, older: bool) -> Path:
        """Return a new folder with the inputs, and with older results."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.folder / "good", work)
        if older:
            shutil.copytree(self.folder / f"done {command}", work, dirs_exist_ok=True)
        return work

    def measure(self, command: str) -> None:
        """Run a command to its end, keep its results, and note its time (the second time, with warm caches)."""
        for _ in range(2):
            work = self.work(command, older=False)
            begin = time.monotonic()
            process = self.start(command, work)
            if process.wait(timeout=600) != 0:
                raise RuntimeError(f"{command}: {(self.folder / 'stderr').read_text()}")
            self.seconds[command] = time.monotonic() - begin
        for name in RESULTS[command]:
            target = self.folder / f"done {command}" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(work / name, target)

    def run(self, case: Case) -> tuple[int, list[str]]:
        """Run a case; return the exit code and what is wrong."""
        if case.command not in self.seconds:
            self.measure(case.command)
        work = self.work(case.command, older=case.older)
        before = set(os.listdir("/dev/shm")) if Path("/dev/shm").is_dir() else set()  # noqa: PTH208
        process = self.start(case.command, work)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=case.part * self.seconds[case.command])
        process.send_signal(case.number)
        begin = time.monotonic()
        wrong = []
        try:
            code = process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            wrong.append(f"did not end in {time.monotonic() - begin:.0f} s")
            process.kill()
            code = process.wait()
        wrong += orphans(process.pid)
        wrong += [f"shared memory {name}" for name in new_segments(before, process.pid)]
        wrong += self.check(case, work, code)
        shutil.rmtree(self.folder / "tmp")
        (self.folder / "tmp").mkdir()
        return code, wrong

    def check(self, case: Case, work: Path, code: int) -> list[str]:
        """Return what is wrong with the exit code, the words, the results and the other files."""
        wrong = []
        text = (self.folder / "stderr").read_text(errors="replace")
        if code not in (0, 128 + case.number, -case.number) and not (code == 1 and text.strip() == "Aborted!"):
            wrong.append(f"exit code {code}: {text[-200:]}")
        if "Traceback" in text and code != -signal.SIGINT:  # Python's own words while it starts
            wrong.append(f"traceback: {text[-200:]}")
        expected = {path.name for path in (self.folder / "good").iterdir()} | set(RESULTS[case.command])
        for path in sorted(work.rglob("*")):
            name = str(path.relative_to(work))
            if path.is_dir():
                continue
            if name in RESULTS[case.command] and not is_whole(path):
                wrong.append(f"incomplete {name}")
            if name not in expected and case.number != signal.SIGKILL:
                wrong.append(f"temporary file {name}")
        if case.number != signal.SIGKILL:
            wrong += [f"temporary file tmp/{path.name}" for path in (self.folder / "tmp").iterdir()]
        return wrong


def _hear_all() -> None:
    """Undo what shells do to background jobs: they ignore Ctrl-C."""
    for number in SIGNALS[:3]:
        signal.signal(number, signal.SIG_DFL)


def is_whole(path: Path) -> bool:
    """Return whether a result is complete."""
    data = path.read_bytes()
    checks: dict[str, Callable[[], bool]] = {
        ".npz": lambda: bool(_npz(path)),
        ".png": lambda: data.startswith(b"\x89PNG") and b"IEND" in data[-12:],
        ".json": lambda: isinstance(json.loads(data), dict),
        ".txt": lambda: data.endswith(b" s\n"),
        ".html": lambda: data.rstrip().endswith(b"</html>"),
    }
    try:
        return checks[path.suffix]()
    except ValueError:
        return False


def _npz(path: Path) -> bool:
    from lsm_sim.support import npz

    return "format" in npz.read(path)


def orphans(session: int) -> list[str]:
    """Return the processes of a session that live a second after its first one has ended."""
    end, found = time.monotonic() + 1, ["unknown"]
    while found and time.monotonic() < end:
        found = []
        for process in psutil.process_iter(["pid", "name", "status"]):
            with contextlib.suppress(OSError):
                if os.getsid(process.pid) == session and process.info["status"] != psutil.STATUS_ZOMBIE:
                    found.append(f"process {process.pid} {process.info['name']}")
        time.sleep(0.05 if found else 0)
    return found


def new_segments(before: set[str], pid: int) -> list[str]:
    """Return new shared memory of a process; names of Lava's and joblib's contain its number."""
    if not Path("/dev/shm").is_dir():
        return []
    return [name for name in os.listdir("/dev/shm") if name not in before and str(pid) in name]  # noqa: PTH208


def main() -> None:
    """Run the cases and print a table; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.signals", description=__doc__)
    parser.add_argument("n", type=int, help="number of cases")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed, done = 0, dict[str, list[int]]()
    with tempfile.TemporaryDirectory(prefix="lsm_sim_signals_") as folder:
        bench = Bench(Path(folder))
        for i, case in enumerate(cases(asked.n, asked.seed)):
            code, wrong = bench.run(case)
            failed += bool(wrong)
            ended = done.setdefault(case.number.name, [0, 0])
            ended[0] += 1
            ended[1] += code != 0
            note = "; ".join(wrong) or "clean"
            print(
                f"{i + 1:4} {case.command:9} {case.number.name:8} at {case.part:.2f}  code {code:4}  {note}", flush=True
            )
    for name, (all_of_them, interrupted) in done.items():
        print(f"{name:8} {all_of_them} cases, {interrupted} before the end of the command")
    print(f"{failed} of {asked.n} cases left something")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
