"""The synapses of a program as sparse matrices.

What the sources send is kept step by step, ``signals`` (steps, C+N, batch). With delays up to D steps, all that arrives at a
step was sent in the D steps before it, which are D rows one after the other: a window. So the sum over all synapses and
delays is one product of a sparse matrix with the window, and the way back, from arrivals to sources, is another.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import torch

from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints

with warnings.catch_warnings():  # PyTorch says once that this part of it is new
    warnings.simplefilter("ignore", UserWarning)
    torch.eye(2).to_sparse_csr()


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
    """Some of the synapses of a program: those at the indices ``at`` of `Program.synapses`, (S,).

    ``target`` is the neuron, plus N for receptor 1. The matrices are made when they are first used.
    """

    def __init__(self, program: Program, at: Ints, device: Any) -> None:
        every = program.synapses()
        self.source, self.delay = every.source[at], every.delay[at].astype(np.int64)
        self.target = every.receptor[at] * program.n_neurons + every.post[at].astype(np.int64)
        self.at = torch.as_tensor(at, device=device)
        self._device, self._reach = device, program.max_delay + 1
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
        """Return the gradient of each weight.

        ``arrivals`` (steps, targets, batch) is the gradient of what arrives, ``signals`` (reach + steps, sources, batch) what
        was sent.
        """
        out = torch.zeros(len(self.at), dtype=arrivals.dtype, device=arrivals.device)
        n_steps, n_targets, batch = arrivals.shape
        to = arrivals.transpose(0, 1).reshape(n_targets, n_steps * batch)
        sent = signals.transpose(0, 1).reshape(signals.shape[1], -1)
        for delay, which, pattern in self.by_delay:
            first = (self._reach - 1 - delay) * batch
            past = sent[:, first : first + n_steps * batch]
            zeros = pattern.matrix(out.new_zeros(pattern.size))
            out[which] = torch.sparse.sampled_addmm(zeros, to, past.T, beta=0.0).values()
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
    """The synapses of a program on a device: all static ones together, and each plastic block."""

    def __init__(self, program: Program, device: Any = "cpu") -> None:
        self.n_inputs, self.n_neurons = program.n_inputs, program.n_neurons
        self.n_receptors, self.reach = program.n_receptors, program.max_delay + 1
        self.n_sources, self.n_targets = self.n_inputs + self.n_neurons, self.n_receptors * self.n_neurons
        number = program.synapses().block
        plastic = [n for n, block in enumerate(program.blocks) if block.rule == "stp"]
        self.static = Synapses(program, np.flatnonzero(~np.isin(number, plastic)), device)
        self.plastic = [PlasticSynapses(program, np.flatnonzero(number == n), device) for n in plastic]

    def window(self, rows: Any, k: int) -> Any:
        """Return ``reach`` rows from row k on, one under the other."""
        return rows[k : k + self.reach].reshape(self.reach * rows.shape[1], rows.shape[2])
