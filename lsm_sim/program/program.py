"""The discrete-time network that every engine runs: flat arrays, steps instead of seconds.

Step k = 0, 1, 2, ... A spike (or stimulus event) at step k on a synapse with delay d arrives at step k + 1 + d. Everything
starts from rest (u = u0, v = v0, which are 0 unless given; nothing in flight). ``arithmetic="float64"``, per neuron::

    a[k] = sum of arrivals at k                       # accumulated separately, added once
    u = decay_u * u + a[k]
    v = decay_v * v + (u + bias)      unless held     # u is never held
    s[k] = v > threshold                              # strict
    v = 0 where s;  a neuron that spiked at k is held at k+1 .. k+refractory

``arithmetic="loihi"``, all integers::

    x = toward_zero(u * (4096 - (du + 1)) / 4096) + (a[k] << 6)      # in int32
    u = x - 2^24 if x > 2^23;  x + 2^24 if x <= -2^23;  else x         # u wraps
    v = clip(toward_zero(v * (4096 - dv) / 4096) + u + bias, -(2^23-1), 2^23-1)   unless held      # v saturates
    s = v > (threshold << 6);  then as above

What a program may have beyond that, each of it optional (`Program.needs` says what it has):

- more blocks of synapses over the same sources, each with its own receptor and rule;
- a second synaptic current: arrivals of receptor 1 are summed apart in a2, u2 = decay_u2 * u2 + a2[k], and v adds
  ((u + u2) + bias);
- an adaptive threshold: each step, held or not, w = decay_w * w, s = v > threshold + w, then w = w + jump where s
  (loihi: w is rounded toward zero, the threshold is (threshold << 6) + w, and w stops at 2^23 - 1);
- short-term plasticity of a block: see `lsm_sim.dynamics.plasticity`;
- events of a stimulus with a payload, which multiplies what they deliver.

`lsm_sim.engine.reference` is the executable form, with the steps of `lsm_sim.dynamics.lif`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from lsm_sim.dynamics import LIF, Arithmetic, NeuronModel, Rule, Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program import checks, file
from lsm_sim.program.append import append
from lsm_sim.program.blocks import AllSynapses, SynapseBlock, all_synapses
from lsm_sim.program.difference import difference
from lsm_sim.program.projections import Projection, rows_of_groups, split
from lsm_sim.program.summary import summary
from lsm_sim.support import npz
from lsm_sim.support.checks import Ints
from lsm_sim.support.printing import html_text
from lsm_sim.support.records import rebuild

Groups = Mapping[str, range]


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A discrete-time network: N neurons, C input channels, synapses in compressed rows by source.

    Parameters
    ----------
    arithmetic
        ``"float64"`` or ``"loihi"``; see the module for what each means.
    dt
        Duration of a step, in seconds.
    n_inputs, n_neurons
        C and N.
    indptr, post, weight, delay
        Synapses: row r < C is input channel r, row C + i is neuron i; ``indptr`` (C+N+1,), the others (S,). ``post`` is
        the target neuron; ``delay`` >= 0 in steps. float64: weights are multiples of 2^-30 and the magnitudes of the
        weights into a neuron sum to less than 2^53 times their smallest common grid, so that sums are exact in
        any order. loihi: integers. They are the first block of synapses.
    threshold, bias, refractory
        (N,); ``refractory`` in steps held after the spike step.
    decay_u, decay_v
        float64 only, (N,): factor kept per step.
    du, dv
        loihi only, (N,): decay per step in 1/4096.
    u0, v0
        u and v at the start of each sample, (N,); v counts from v_reset. None: 0.
    decay_u2, decay_w, jump
        A second synaptic current and an adaptive threshold, (N,): factor kept per step, and what w rises by at a spike.
    du2, dw
        loihi, in place of decay_u2 and decay_w: decay per step in 1/4096.
    receptor, rule, stp_U, stp_decay_rec, stp_decay_facil, stp_drec, stp_dfacil
        Of the first block; see `SynapseBlock`.
    more_blocks
        Further blocks of synapses; ``blocks`` has all of them.
    input_groups, neuron_groups
        The user's names, each with the range of channels or neurons it covers.
    units
        Conversion to the user's units; None: unknown. Spikes do not depend on it.
    """

    arithmetic: Arithmetic
    dt: float
    n_inputs: int
    n_neurons: int
    indptr: Ints
    post: Ints
    weight: Any
    delay: Ints
    threshold: Any
    bias: Any
    refractory: Ints
    decay_u: Any = None
    decay_v: Any = None
    du: Any = None
    dv: Any = None
    u0: Any = None
    v0: Any = None
    decay_u2: Any = None
    du2: Any = None
    decay_w: Any = None
    dw: Any = None
    jump: Any = None
    receptor: int = 0
    rule: Rule = "static"
    stp_U: Any = None
    stp_decay_rec: Any = None
    stp_decay_facil: Any = None
    stp_drec: Any = None
    stp_dfacil: Any = None
    more_blocks: Sequence[SynapseBlock] = ()
    input_groups: Groups = field(default_factory=dict)
    neuron_groups: Groups = field(default_factory=dict)
    units: Units | None = None

    model: ClassVar[NeuronModel] = LIF

    def __post_init__(self) -> None:
        for name, value in checks.checked(vars(self), self.model).items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    @property
    def blocks(self) -> tuple[SynapseBlock, ...]:
        """All blocks of synapses, at least one."""
        first = SynapseBlock(**{one.name: getattr(self, one.name) for one in fields(SynapseBlock)})
        return (first, *self.more_blocks)

    @property
    def n_synapses(self) -> int:
        """Number of synapses in all blocks, S."""
        return len(self.post) + sum(block.n_synapses for block in self.more_blocks)

    @property
    def max_delay(self) -> int:
        """The longest stored delay, in steps; a spike arrives at most max_delay + 1 steps after it was sent."""
        return max(int(block.delay.max(initial=0)) for block in self.blocks)

    @property
    def n_receptors(self) -> int:
        """Number of synaptic currents of a neuron: 1 or 2."""
        return 2 if "two-currents" in self.needs else 1

    @property
    def weight_exponent(self) -> int:
        """The smallest e >= 0 for which every weight is a multiple of 2^-e (0 for loihi)."""
        return max(block.exponent for block in self.blocks)

    @property
    def arrays(self) -> dict[str, Any]:
        """The arrays of the neurons that this program has, by name, (N,) each."""
        values = {array.name: getattr(self, array.name) for array in self.model.arrays[self.arithmetic]}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def needs(self) -> frozenset[str]:
        """What an engine must be able to do beyond plain LIF; see `lsm_sim.backend.Backend.supports`."""
        needs = {
            array.need
            for array in self.model.arrays[self.arithmetic]
            if array.need is not None and getattr(self, array.name) is not None
        }
        needs |= {rule for rule in (self.rule, *(block.rule for block in self.more_blocks)) if rule != "static"}
        if self.more_blocks and not needs & {"stp", "two-currents"}:  # an engine that does either knows blocks
            needs.add("blocks")
        return frozenset(needs)

    @property
    def state(self) -> tuple[str, ...]:
        """The names of the state variables of neurons, which can be recorded."""
        return self.model.variables(self.needs)

    def start(self) -> dict[str, Any]:
        """Return the state variables at the start of a sample, by name, (N,) each."""
        return self.model.start(self.arrays, self.arithmetic)

    @property
    def digest(self) -> str:
        """A hash (SHA-256) of everything that a run depends on; names of groups and units are not part of it."""
        total = hashlib.sha256()
        for name, value in sorted(self.meaning().items()):
            array = np.asarray(value)
            kind = "<i8" if array.dtype.kind in "iu" else "<f8" if array.dtype.kind == "f" else array.dtype.str
            total.update(f"{name} {array.shape} {kind} ".encode())
            total.update(np.ascontiguousarray(array.astype(kind)).tobytes())
        return total.hexdigest()

    def difference(self, other: Program) -> str | None:
        """Return in one sentence where this program differs first from ``other``, field by field; None: nowhere.

        "got" in the sentence is ``self``, "expected" is ``other``. Names of groups and units are compared too, so that
        ``a.difference(b) is None`` and ``a == b`` mean the same; programs with the same ``digest`` spike alike.
        """
        if not isinstance(other, Program):
            raise DescriptionError(f"Program.difference: got {type(other).__name__}, expected a Program")
        return difference(self, other)

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field."""
        if not isinstance(other, Program):
            return NotImplemented
        return self is other or difference(self, other) is None

    def __hash__(
        self,
    ) -> int:  # of sizes only, because `digest` reads every synapse
        return hash((self.arithmetic, self.dt, self.n_inputs, self.n_neurons, self.n_synapses))

    def synapses(self) -> AllSynapses:
        """Return the synapses of all blocks, those of one block after the other."""
        return all_synapses(self.blocks)

    def sources(self) -> Ints:
        """Return the row of each synapse, shape (S,), in the order of `synapses`."""
        return self.synapses().source

    def rows(self) -> list[tuple[str, range]]:
        """Return the rows of each group that sends spikes, input groups first."""
        return rows_of_groups(self.n_inputs, self.input_groups, self.neuron_groups)

    def projections(self) -> list[Projection]:
        """Return the synapses by pair of groups; pairs without synapses are omitted."""
        return split(self.blocks, self.rows(), self.neuron_groups)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of `Neurons` computed from the arrays, (N,) each, in the user's units if they are known.

        ``v_rest`` is v_rest + i_bias * tau_m, the potential at which v settles.
        """
        return self.model.invert(self.arrays, self.arithmetic, self.dt, self.units)

    def weights(self) -> Any:
        """Return the weight of each synapse, shape (S,), in the user's units if known, else in the program's.

        They are in the order of `synapses`.
        """
        if self.units is None:
            return self.synapses().weight
        parts = [block.weight / self.units.weight_scale_of(block.receptor)[block.post] for block in self.blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def append(
        self, neurons: Any, inputs: Any = None, *, source: Any = (), post: Any = (), weight: Any = (), delay: Any = 0
    ) -> Program:
        """Return the program with further neurons, input channels and static synapses.

        What the program has keeps its numbers, so that it spikes as before unless new synapses lead into it; only the rows of
        neurons begin later if there are new input channels.

        Parameters
        ----------
        neurons
            By name of the new group, a dict of the arrays of its neurons, (n,) each: all that every program of this arithmetic
            has, such as ``threshold``, and possibly others. Where some neurons have an array that others lack, those have 0.
        inputs
            By name of the new group, its number of channels; None: no new channels.
        source, post, weight, delay
            Synapses, (S,) each, or one weight or delay for all. ``source`` are rows of the new program: its channels, old then
            new, then its neurons, old then new; ``post`` are its neurons.
        """
        return Program(
            **append(
                self, neurons, {} if inputs is None else inputs, source=source, post=post, weight=weight, delay=delay
            )
        )

    def meaning(self) -> dict[str, Any]:
        """Return every number and array that a run depends on, by name: no names of groups, no units."""
        return file.to_arrays(vars(self), self.model)

    def to_arrays(self) -> dict[str, Any]:
        """Return the program as named arrays, as they are in an .npz file."""
        kind = f"{file.PROGRAM}/{file.version(self.needs)}"
        return {"format": kind} | self.meaning() | file.labels(self.input_groups, self.neuron_groups, self.units)

    @staticmethod
    def from_arrays(arrays: Mapping[str, Any], where: str = "program") -> Program:
        """Return the program in the arrays of an .npz file, case files included; ``where`` names the file in errors."""
        try:
            return Program(**file.from_arrays(arrays, where, Program.model))
        except DescriptionError as error:
            message = str(error)
            raise DescriptionError(message if message.startswith(f"{where}: ") else f"{where}: {message}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the program to an .npz file; an unfinished file is never left behind."""
        npz.write(path, self.to_arrays())

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Program:
        """Read a program, or the program of a case file, from an .npz file."""
        return Program.from_arrays(npz.read(path), where=str(path))

    def __repr__(self) -> str:
        return (
            f"Program({self.arithmetic}, dt={self.dt:g} s, {self.n_inputs} inputs, {self.n_neurons} neurons, "
            f"{self.n_synapses} synapses, delays 1..{self.max_delay + 1} steps)"
        )

    def _repr_html_(self) -> str:
        return html_text(self.summary())

    def summary(self) -> str:
        """Return the program as a human-readable table, in the user's units if they are known."""
        return summary(self)
