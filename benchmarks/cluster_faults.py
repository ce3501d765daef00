"""A transform on a real Dask cluster of two processes, with faults: same bytes, or one sentence and finished chunks kept.

    python benchmarks/cluster_faults.py

Starts a scheduler and two workers on the loopback interface. Each row says what was done and what came of it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import streams

N, CHUNK = 4000, 50
X = np.random.default_rng(0).random((N, 6, 4))
MODEL = lsm.LiquidTransformer(
    models.random_ei(n_inputs=4, n_neurons=500, seed=1), lsm.encode.Rate(100.0, frame=0.005), lsm.Counts(1)
).fit(X[:100])


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Yield the address of a scheduler, and its process followed by those of two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nworkers", "1", "--nthreads", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        processes = [subprocess.Popen([*start, "--no-dashboard"], cwd=folder, **quiet)]
        processes += [subprocess.Popen([*work, "--no-dashboard"], cwd=folder, **quiet) for _ in range(2)]
        try:
            _wait(address)
            yield address, processes
        finally:
            for process in processes:  # workers without a scheduler would wait for it
                _end(process.pid)
                process.wait()


def _end(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        own = psutil.Process(pid)
        for process in (*own.children(recursive=True), own):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _wait(address: str) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)


def worker_process(parent: subprocess.Popen[bytes]) -> int:
    """Return the process that works, which the nanny has started."""
    return max(psutil.Process(parent.pid).children(recursive=True), key=lambda one: one.memory_info().rss).pid


def kill_when(path: Path, n_chunks: int, pid: int) -> threading.Thread:
    """Kill a process as soon as so many chunks are finished."""

    def wait() -> None:
        log = path / "chunks.jsonl"
        while not log.exists() or log.read_bytes().count(b"\n") < n_chunks:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def same(one: Path, other: Path) -> bool:
    """Return whether two folders have the same files with the same bytes."""
    names = [sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()) for top in (one, other)]
    return names[0] == names[1] and all((one / name).read_bytes() == (other / name).read_bytes() for name in names[0])


def main() -> None:
    """Print a row for each fault."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        streams.transform(MODEL, X, folder / "alone", chunk=CHUNK)
        with cluster() as (address, processes):
            started = time.perf_counter()
            streams.transform(MODEL, X, folder / "cluster", chunk=CHUNK, dask=address)
            seconds = time.perf_counter() - started
            print(
                f"two workers, {N} samples: {seconds:.1f} s, same bytes: {same(folder / 'alone', folder / 'cluster')}"
            )
            kill_when(folder / "killed", 5, worker_process(processes[1]))
            streams.transform(MODEL, X, folder / "killed", chunk=CHUNK, dask=address)
            print(f"a worker killed after 5 chunks: same bytes: {same(folder / 'alone', folder / 'killed')}")
            kill_when(folder / "stopped", 5, processes[0].pid)
            started = time.perf_counter()
            try:
                streams.transform(MODEL, X, folder / "stopped", chunk=CHUNK, dask=address)
            except lsm.RunError as error:
                seconds = time.perf_counter() - started
                kept = len(streams.StoredFeatures(folder / "stopped"))
                print(f"the scheduler killed after 5 chunks: after {seconds:.1f} s, {kept} samples kept: {error}")
            streams.transform(MODEL, X, folder / "stopped", chunk=CHUNK, resume=True)
            print(f"resumed without the cluster: same bytes: {same(folder / 'alone', folder / 'stopped')}")
            started = time.perf_counter()
            try:
                streams.transform(MODEL, X, folder / "none", chunk=CHUNK, dask=address)
            except lsm.RunError as error:
                print(f"no scheduler: after {time.perf_counter() - started:.1f} s: {error}")


if __name__ == "__main__":
    main()
