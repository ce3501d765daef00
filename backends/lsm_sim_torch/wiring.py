"""The synapses of a program as sparse matrices.

What the sources send is kept step by step, ``signals`` (steps, C+N, batch). With delays up to D steps, all that arrives at a
step was sent in the D steps before it, which are D rows one after the other: a window. So the sum over all synapses and
delays is one product of a sparse matrix with the window, and the way back, from arrivals to sources, is another.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch

from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints

# PyTorch says once that this part of it is new, and once that it does not check such matrices.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    torch.eye(2).to_sparse_csr()
    torch.sparse_csr_tensor(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), size=(1, 1), check_invariants=False)


class Pattern:
    """Where a sparse matrix has entries; entries at the same place add up."""

    def __init__(self, row: Ints, col: Ints, shape: tuple[int, int], device: Any) -> None:
        order = np.lexsort((col, row))
        first = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
        self.shape, self.size = shape, len(row)
        self._first, self._col, self.order = (torch.as_tensor(x, device=device) for x in (first, col[order], order))

    def matrix(self, values: Any) -> Any:
        """Return the matrix with one value for each entry, in the order in which the entries were given."""
        ordered = values[self.order]
        return torch.sparse_csr_tensor(self._first, self._col, ordered, size=self.shape, check_invariants=False)


class Synapses:
    """Some of the synapses of a program: those at the indices ``at`` of `Program.synapses`, (S,), with these delays.

    ``target`` is the neuron, plus N for receptor 1; ``reach`` is more than every delay. The matrices are made when they are
    first used.
    """

    def __init__(self, program: Program, at: Ints, delay: Ints, reach: int, device: Any) -> None:
        every = program.synapses()
        self.source, self.delay = every.source[at], delay[at]
        self.target = every.receptor[at] * program.n_neurons + every.post[at].astype(np.int64)
        self.at = torch.as_tensor(at, device=device)
        self._device, self._reach = device, reach
        self._n_sources = program.n_inputs + program.n_neurons
        self._n_targets = program.n_receptors * program.n_neurons

    @property
    def sender(self) -> Ints:
        """The place of the source of each synapse in the window of signals before a step."""
        return (self._reach - 1 - self.delay) * self._n_sources + self.source

    @cached_property
    def there(self) -> Pattern:
        """The matrix from the window of signals before a step to the targets."""
        return Pattern(self.target, self.sender, (self._n_targets, self._reach * self._n_sources), self._device)

    @cached_property
    def back(self) -> Pattern:
        """The matrix from the window of gradients after a step to the sources."""
        place = self.delay * self._n_targets + self.target
        return Pattern(self.source, place, (self._n_sources, self._reach * self._n_targets), self._device)

    @cached_property
    def by_delay(self) -> list[tuple[int, Any, Pattern]]:
        """For each delay, the indices of its synapses and the matrix (targets, sources)."""
        out = []
        for one in np.unique(self.delay).tolist():
            which = np.flatnonzero(self.delay == one)
            shape = self._n_targets, self._n_sources
            pattern = Pattern(self.target[which], self.source[which], shape, self._device)
            out.append((one, torch.as_tensor(which, device=self._device)[pattern.order], pattern))
        return out

    def weight_gradient(self, arrivals: Any, signals: Any) -> Any:
        """Return the gradient of each weight: the sum over steps and batch of g(k) s(k - 1 - d).

        ``arrivals`` (steps, targets, batch) is the gradient g of what arrives, ``signals`` (reach + steps, sources, batch) what
        was sent, s.
        """
        return self._with_past(arrivals, signals, lambda delay, past: past(delay))

    def delay_gradient(self, arrivals: Any, signals: Any) -> Any:
        """Return the gradient of each delay for a weight of 1: the sum of g(k) (s(k - 1 - d'') - s(k - 1 - d')) / (d'' - d').

        d' and d'' are one step before and after the delay; at the shortest and the longest one of them is the delay itself.
        """

        def slope(delay: int, past: Callable[[int], Any]) -> Any:
            before, after = max(delay - 1, 0), min(delay + 1, self._reach - 1)
            return (past(after) - past(before)) / max(after - before, 1)

        return self._with_past(arrivals, signals, slope)

    def _with_past(self, arrivals: Any, signals: Any, part: Callable[[int, Callable[[int], Any]], Any]) -> Any:
        """Return the sum over steps and batch of ``arrivals`` and, for each delay, a part of what was sent before."""
        out = torch.zeros(len(self.at), dtype=arrivals.dtype, device=arrivals.device)
        n_steps, n_targets, batch = arrivals.shape
        to = arrivals.transpose(0, 1).reshape(n_targets, n_steps * batch)
        sent = signals.transpose(0, 1).reshape(signals.shape[1], -1)

        def past(delay: int) -> Any:
            first = (self._reach - 1 - delay) * batch
            return sent[:, first : first + n_steps * batch]

        for delay, which, pattern in self.by_delay:
            zeros = pattern.matrix(out.new_zeros(pattern.size))
            out[which] = torch.sparse.sampled_addmm(zeros, to, part(delay, past).T, beta=0.0).values()
        return out


class PlasticSynapses(Synapses):
    """The synapses of a block with short-term plasticity: what each delivers is rounded before the sum."""

    @cached_property
    def window(self) -> Any:
        """`sender` as a tensor."""
        return torch.as_tensor(self.sender, device=self._device)

    @cached_property
    def sums(self) -> Pattern:
        """The matrix that adds up what all synapses deliver to each target."""
        shape = self._n_targets, len(self.at)
        return Pattern(self.target, np.arange(len(self.at)), shape, self._device)


class Wiring:
    """The synapses of a program on a device: all static ones together, and each plastic block.

    ``delay`` (S,) takes the place of the delays of the program, as stored there; they are less than ``reach``.
    """

    def __init__(self, program: Program, device: Any = "cpu", delay: Ints | None = None, reach: int = 1) -> None:
        self.n_inputs, self.n_neurons = program.n_inputs, program.n_neurons
        self.n_receptors, self.reach = program.n_receptors, max(reach, program.max_delay + 1)
        self.n_sources, self.n_targets = self.n_inputs + self.n_neurons, self.n_receptors * self.n_neurons
        every = program.synapses()
        delay = (every.delay if delay is None else delay).astype(np.int64)
        plastic = [n for n, block in enumerate(program.blocks) if block.rule == "stp"]
        static = np.flatnonzero(~np.isin(every.block, plastic))
        self.static = Synapses(program, static, delay, self.reach, device)
        self.plastic = [
            PlasticSynapses(program, np.flatnonzero(every.block == n), delay, self.reach, device) for n in plastic
        ]

    def window(self, rows: Any, k: int) -> Any:
        """Return ``reach`` rows from row k on, one under the other."""
        return rows[k : k + self.reach].reshape(self.reach * rows.shape[1], rows.shape[2])
