"""Synapses: fast models of Lava's own Sparse and DelaySparse, and a process for synapses that those cannot represent."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.sparse.models import (
    PyDelaySparseModelBitAcc,
    PyDelaySparseModelFloat,
    PySparseModelBitAcc,
    PySparseModelFloat,
)
from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights

from lsm_sim_lava.arrivals import Arrivals, Table


class Synapses(AbstractProcess):
    """Synapses with any weights, signs and delays, also several per pair of neurons."""

    def __init__(self, *, table: Table) -> None:
        super().__init__(table=table)
        self.s_in = InPort(shape=(len(table.indptr) - 1,))
        self.a_out = OutPort(shape=(table.n_post,))


class _Exchange:
    """Send the arrivals of this step before receiving its spikes, as Lava's models do, so that loops cannot deadlock."""

    def _exchange(self: Any, arrivals: Arrivals) -> None:
        self.a_out.send(arrivals.take())
        arrivals.send(self.s_in.recv())


class _OwnSynapses(_Exchange, PyLoihiProcessModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._arrivals = Arrivals(proc_params["table"])

    def run_spk(self) -> None:
        """Exchange arrivals for spikes."""
        self._exchange(self._arrivals)


@implements(proc=Synapses, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PySynapsesFloat(_OwnSynapses):
    """Arrivals in float64."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, bool)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Synapses, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySynapsesFixed(_OwnSynapses):
    """Arrivals as integers."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, bool)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


class _QuickSparse(_Exchange):
    """The arithmetic of Lava's model of Sparse or DelaySparse, without a matrix product per step.

    Lava's DelaySparse builds a new matrix of (delays + 1) * N rows at every step: 11.5 ms at N = 1000.
    """

    _quick: Arrivals | None = None

    def run_spk(self: Any) -> None:
        """Exchange arrivals for spikes."""
        if self._quick is None:
            self._quick = Arrivals(self._table())
        self._exchange(self._quick)

    def _table(self: Any) -> Table:
        weights = self._final_weights().tocsc()
        delays = self.delays.tocsc() if hasattr(self, "delays") else None
        data = weights.data << self.proc_params.get("weight_exp", 0) if weights.data.dtype.kind == "i" else weights.data
        delay = np.zeros(weights.nnz, np.int64) if delays is None else delays.data.astype(np.int64)
        return Table(weights.indptr.astype(np.int64), weights.indices.astype(np.int64), data, delay, weights.shape[0])

    def _final_weights(self: Any) -> Any:
        return self.weights


class _QuickFixed(_QuickSparse):
    def _final_weights(self: Any) -> Any:
        mode = self.proc_params.get("sign_mode") or determine_sign_mode(self.weights)
        return truncate_weights(clip_weights(self.weights, mode, num_bits=8), mode, num_weight_bits=8)


class QuickSparseFloat(_QuickSparse, PySparseModelFloat):
    """Sparse in floating point."""


class QuickDelaySparseFloat(_QuickSparse, PyDelaySparseModelFloat):
    """DelaySparse in floating point."""


class QuickSparseFixed(_QuickFixed, PySparseModelBitAcc):
    """Sparse in fixed point."""


class QuickDelaySparseFixed(_QuickFixed, PyDelaySparseModelBitAcc):
    """DelaySparse in fixed point."""
