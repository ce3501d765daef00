"""PyTorch: one dense matrix product per step, without delays, or one sparse product for each delay."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lsm_sim import Program
from lsm_sim.apps.bench.peer import Counts, Peer, Ready, Settings, Task
from lsm_sim.errors import BackendUnavailableError, UnsupportedError
from lsm_sim.support.checks import Bools

_MOST_DENSE = 5000  # neurons; for more, one product per step takes longer than the rest of the benchmark


def peers(settings: Settings) -> list[Peer]:
    """Return the ways to write a liquid in PyTorch, without gradients."""
    if importlib.util.find_spec("torch") is None:
        raise BackendUnavailableError("not installed; install it with: pip install torch")
    dense = "float32, one dense product per step and batch; all delays are one step"
    sparse = "float32, one sparse (CSR) product per step and delay; exact delays, so only rounding differs"
    return [
        *(_peer("torch, dense", dense, n, _dense) for n in sorted({1, settings.n_threads})),
        _peer("torch, sparse with delays", sparse, 1, _sparse),
    ]


_Recurrence = Callable[[Any, list[Any], int], Any]
"""Function of the input currents (N, B), the latest spikes by age [(N, B), ...] and the step; returns all currents (N, B)."""


def _peer(name: str, about: str, n_threads: int, make: Callable[[Program], tuple[_Recurrence, int]]) -> Peer:
    @contextmanager
    def prepare(task: Task) -> Iterator[Ready]:
        import torch

        before = torch.get_num_threads()
        recurrence, depth = make(task.program)
        weights = torch.from_numpy(_matrix(task.program, inputs=True))

        def run(n: int) -> Counts:
            torch.set_num_threads(n_threads)
            with torch.inference_mode():
                return _simulate(task.program, task.dense[:n], weights, recurrence, depth, task.counts.shape[1])

        try:
            yield Ready(run, batch=len(task.counts))
        finally:
            torch.set_num_threads(before)

    return Peer(name, prepare, about, n_threads, exact=False)


def _simulate(program: Program, dense: Bools, weights: Any, recurrence: _Recurrence, depth: int, bins: int) -> Counts:
    """Run a batch; every tensor has shape (N, B)."""
    import torch

    n_steps = dense.shape[1]
    inputs = torch.from_numpy(np.ascontiguousarray(dense.transpose(1, 2, 0), np.float32))
    names = ("decay_u", "decay_v", "threshold", "bias", "refractory")
    columns = (torch.from_numpy(getattr(program, name).astype(np.float32))[:, None] for name in names)
    decay_u, decay_v, threshold, bias, refractory = columns
    shape = program.n_neurons, len(dense)
    u, v, free_at, counts = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape), torch.zeros((bins, *shape))
    spikes = [torch.zeros(shape) for _ in range(depth)]
    for k in range(n_steps):
        arriving = weights @ inputs[k - 1] if k else torch.zeros(shape)  # an input spike arrives one step later
        u.mul_(decay_u).add_(recurrence(arriving, spikes, k))
        v = torch.where(free_at > k, v, v * decay_v + (u + bias))
        fires = v > threshold
        v.masked_fill_(fires, 0)
        free_at = torch.where(fires, k + 1 + refractory, free_at)
        spikes[k % depth] = fires.float()
        counts[k * bins // n_steps] += spikes[k % depth]
    return np.asarray(counts.permute(2, 0, 1).numpy().astype(np.int32))


def _dense(program: Program) -> tuple[_Recurrence, int]:
    import torch

    if program.n_neurons > _MOST_DENSE:
        raise UnsupportedError(f"a dense matrix for {program.n_neurons} neurons is far slower than sparse ones")
    weights = torch.from_numpy(_matrix(program, inputs=False))
    return lambda currents, spikes, _k: torch.addmm(currents, weights, spikes[0]), 1


def _sparse(program: Program) -> tuple[_Recurrence, int]:
    import torch
    from scipy.sparse import csr_matrix

    rows, shape = program.sources() - program.n_inputs, (program.n_neurons, program.n_neurons)
    depth, matrices = program.max_delay + 1, []
    for delay in range(depth):
        which = (rows >= 0) & (program.delay == delay)
        one = csr_matrix((program.weight[which].astype(np.float32), (program.post[which], rows[which])), shape)
        parts = (torch.from_numpy(array) for array in (one.indptr, one.indices, one.data))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # CSR support is beta
            matrices.append(torch.sparse_csr_tensor(*parts, size=shape, check_invariants=False))

    def recurrence(currents: Any, spikes: list[Any], k: int) -> Any:
        for delay, matrix in enumerate(matrices):
            currents = torch.addmm(currents, matrix, spikes[(k - 1 - delay) % depth])
        return currents

    return recurrence, depth


def _matrix(program: Program, *, inputs: bool) -> Any:
    """Return the weights from input channels or from neurons as a dense matrix, (N, sources)."""
    rows = program.sources()
    which = (rows < program.n_inputs) == inputs
    first, width = (0, program.n_inputs) if inputs else (program.n_inputs, program.n_neurons)
    matrix = np.zeros((program.n_neurons, width), np.float32)
    np.add.at(matrix, (program.post[which], rows[which] - first), program.weight[which])
    return matrix
