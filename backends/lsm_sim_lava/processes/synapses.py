"""Synapses: fast models of Lava's own Sparse and DelaySparse, and processes for synapses that those cannot represent."""

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

from lsm_sim.dynamics import STP, Arithmetic
from lsm_sim_lava.arrivals import Arrivals, Table
from lsm_sim_lava.plan import Plastic


class Synapses(AbstractProcess):
    """Synapses with any weights, signs and delays, also several per pair of neurons.

    ``graded``: what arrives at ``s_in`` are payloads, which multiply the weights.
    """

    def __init__(self, *, table: Table, graded: bool = False) -> None:
        super().__init__(table=table, graded=graded)
        self.s_in = InPort(shape=(len(table.indptr) - 1,))
        self.a_out = OutPort(shape=(table.n_post,))


class _Exchange:
    """Send the arrivals of this step before receiving its spikes, as Lava's models do, so that loops cannot deadlock."""

    def _exchange(self: Any, arrivals: Arrivals, graded: bool) -> None:
        self.a_out.send(arrivals.take())
        sent = self.s_in.recv()
        rows = np.flatnonzero(sent)
        if graded:
            payload = sent[rows]
            arrivals.send(rows, lambda weight, nth: weight * payload[nth])
        else:
            arrivals.send(rows)


class _OwnSynapses(_Exchange, PyLoihiProcessModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._arrivals, self._graded = Arrivals(proc_params["table"]), proc_params["graded"]

    def run_spk(self) -> None:
        """Exchange arrivals for spikes."""
        self._exchange(self._arrivals, self._graded)


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


class PlasticSynapses(AbstractProcess):
    """Synapses with short-term plasticity; see `lsm_sim.dynamics.plasticity`.

    ``table`` has the rows that ``plastic`` describes, several for a source that has synapses in several blocks. ``s_in`` takes
    spikes or events; ``graded``: the payloads of the events come through ``payload_in``.
    """

    def __init__(self, *, table: Table, plastic: Plastic, n_sources: int, graded: bool) -> None:
        super().__init__(table=table, plastic=plastic, graded=graded)
        self.s_in = InPort(shape=(n_sources,))
        self.payload_in = InPort(shape=(n_sources,))
        self.a_out = OutPort(shape=(table.n_post,))


class _PlasticSynapses(PyLoihiProcessModel):
    """Keeps r and f of each row and advances them by the steps of the reference (`lsm_sim.dynamics.STP`)."""

    _arithmetic: Arithmetic

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._arrivals, self._graded = Arrivals(proc_params["table"]), proc_params["graded"]
        plastic = proc_params["plastic"]
        self._source, self._p, self._grid = plastic.source, plastic.arrays, plastic.grid
        begin = plastic.begin
        self._state = STP.start(self._source.size, self._arithmetic) if begin is None else dict(begin)

    def run_spk(self) -> None:
        """Exchange arrivals for spikes, in the order of `_Exchange`."""
        self.a_out.send(self._arrivals.take())
        rows = np.flatnonzero(self.s_in.recv()[self._source])
        payload = self.payload_in.recv()[self._source[rows]] if self._graded else None
        self._state = STP.rest[self._arithmetic](self._p, self._state)
        self._state, efficacy = STP.send[self._arithmetic](self._p, self._state, rows)
        grid = self._grid[rows]

        def amount(weight: Any, nth: Any) -> Any:
            delivered = STP.amount[self._arithmetic](weight, efficacy[nth], grid[nth])
            return delivered if payload is None else delivered * payload[nth]

        self._arrivals.send(rows, amount)


@implements(proc=PlasticSynapses, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyPlasticSynapsesFloat(_PlasticSynapses):
    """Short-term plasticity in float64."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, bool)
    payload_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    _arithmetic = "float64"


@implements(proc=PlasticSynapses, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPlasticSynapsesFixed(_PlasticSynapses):
    """Short-term plasticity in integers."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, bool)
    payload_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    _arithmetic = "loihi"


class _QuickSparse(_Exchange):
    """The arithmetic of Lava's model of Sparse or DelaySparse, without a matrix product per step.

    Lava's DelaySparse builds a new matrix of (delays + 1) * N rows at every step: 11.5 ms at N = 1000.
    """

    _quick: Arrivals | None = None

    def run_spk(self: Any) -> None:
        """Exchange arrivals for spikes."""
        if self._quick is None:
            self._quick = Arrivals(self._table())
        self._exchange(self._quick, self.num_message_bits.item() > 0)

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
