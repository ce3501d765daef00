"""Choose the Lava processes for a program: Lava's own where they can run it, else ours. This module does not import Lava."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from lsm_sim.dynamics.loihi import MAX_BIAS, MAX_DELAY, MAX_EXPONENT, bias_fits, exponent_range
from lsm_sim.program.blocks import AllSynapses, SynapseBlock, all_synapses
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints
from lsm_sim_lava.arrivals import Table

NeuronProcess = Literal["LIF", "LIFRefractory", "Neurons", "TwoCurrentNeurons"]
SynapseProcess = Literal["Sparse", "DelaySparse", "Synapses", "PlasticSynapses"]
MAX_LAYERS = 8  # of stock synapses per kind of source; a process costs about 0.1 ms per step, and ours needs only one
SLOTS = 4  # messages per channel; Lava's default of 64 needs 16 times the shared memory
MESSAGE_BITS = 16  # of a payload, with its sign, in Lava's own synapses
_WIDE_BITS = 32  # of payloads that need our own


@dataclass(frozen=True, eq=False)
class Plastic:
    """The rows of a layer with short-term plasticity: each is one source in one block, with a state of its own.

    ``source`` (rows,) is its input channel or neuron, ``arrays`` are those of the rule, (rows,) each, ``grid`` (rows,) is the
    exponent of the grid of its block's weights, and ``block`` (rows,) counts the program's blocks of this rule. ``begin`` has
    the state at the start, r and f (rows,); None: at rest.
    """

    source: Ints
    arrays: Mapping[str, Any]
    grid: Ints
    block: Ints
    begin: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """Synapses in one process; ``weight`` is in units of 2^``exponent``.

    ``message_bits`` is 0 for spikes and the size of the payload for graded events. ``pre`` counts input channels or neurons, or
    the rows of ``plastic`` where there is short-term plasticity.
    """

    process: SynapseProcess
    from_inputs: bool
    pre: Ints
    post: Ints
    weight: Any
    delay: Ints
    exponent: int = 0
    receptor: int = 0
    message_bits: int = 0
    plastic: Plastic | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """The processes of a program, and why some of them are not Lava's own."""

    neurons: NeuronProcess
    layers: tuple[Layer, ...]
    reasons: tuple[str, ...]


def plan(
    program: Program,
    *,
    message_bits: int = 0,
    excursions: bool = False,
    held: bool = False,
    max_layers: int = MAX_LAYERS,
) -> Plan:
    """Return the processes that run ``program`` exactly; `message_bits` says what its stimulus needs.

    ``held``: it goes on from a state in which neurons are held.
    """
    neurons, reasons = _neuron_process(program)
    if held:
        neurons, reasons = _own_neurons(program), [*reasons, "neurons are held at the start"]
    if excursions:
        neurons, reasons = _own_neurons(program), [*reasons, "excursions are counted"]
    layers: list[Layer] = []
    for from_inputs in (True, False):
        bits = message_bits if from_inputs else 0
        for receptor in range(program.n_receptors):
            stock, why = stock_layers(program, from_inputs, receptor, bits)
            if not why and len(stock) > max_layers:
                why = [f"synapses of {len(stock)} kinds (sign, exponent, repeated pairs), more than {max_layers}"]
            layers += [own_layer(program, from_inputs, receptor, bits)] if why else stock
            reasons += why
            layers += _plastic_layers(program, from_inputs, receptor, bits)
    if "stp" in program.needs:
        reasons.append("short-term plasticity")
    return Plan(neurons, tuple(layers), tuple(reasons))


def message_bits(stimulus: Spikes) -> int:
    """Return the size of a payload for `plan`: 0 without payloads, 16 if all have at most 15 bits and a sign, else 32."""
    if stimulus.payload is None:
        return 0
    largest = np.abs(stimulus.payload.astype(np.int64)).max(initial=0)
    return MESSAGE_BITS if largest < 1 << (MESSAGE_BITS - 1) else _WIDE_BITS


def shared_memory(program: Program, layers: Sequence[Layer], *, resumed: bool = False) -> int:
    """Return the bytes of shared memory of one copy's channels: input spikes and output arrivals of each layer.

    ``resumed``: it goes on from a state, and what was in flight arrives beside them.
    """
    n = program.n_neurons
    sources = n * program.n_receptors if resumed else 0
    for layer in layers:
        channels = 2 if layer.plastic and layer.message_bits else 1  # events, and their payloads
        sources += channels * (program.n_inputs if layer.from_inputs else n)
    return 8 * SLOTS * (sources + n * len(layers))


def _own_neurons(program: Program) -> NeuronProcess:
    return "TwoCurrentNeurons" if program.n_receptors > 1 else "Neurons"


_NOT_IN_LAVA = {"two-currents": "a second synaptic current", "adaptive-threshold": "an adaptive threshold"}


def _neuron_process(program: Program) -> tuple[NeuronProcess, list[str]]:
    """Return the neuron process and the reasons if it is not Lava's own.

    Lava's LIF has no refractory period; LIFRefractory has one value for all neurons, and only in floating point.
    """
    lacking = [what for need, what in _NOT_IN_LAVA.items() if need in program.needs]
    if lacking:
        return _own_neurons(program), lacking
    if program.arithmetic == "loihi":
        reasons = []
        if program.refractory.any():
            reasons.append("a refractory period: Lava has none in fixed point")
        if not bias_fits(program.bias).all():
            reasons.append(f"a bias that is not a mantissa up to {MAX_BIAS} times 2^0..2^{MAX_EXPONENT}")
        return ("Neurons" if reasons else "LIF"), reasons
    exact = all((1 - (1 - decay) == decay).all() for decay in (program.decay_u, program.decay_v))
    if not exact:  # Lava stores 1 - decay
        return "Neurons", ["a decay that differs from 1 - (1 - decay)"]
    held = np.unique(program.refractory)
    if held.size == 1 and held[0] > 0 and np.unique(program.decay_v).size == 1:
        return "LIFRefractory", []
    if held.size == 1 and held[0] > 0:
        return "Neurons", ["a refractory period with a decay of v that differs between neurons"]
    if held.size == 1 and not program.bias.any():
        return "LIF", []
    if held.size == 1:
        return "Neurons", ["a bias, which Lava's LIF adds in another order"]
    return "Neurons", ["refractory periods that differ between neurons"]


def own_layer(program: Program, from_inputs: bool, receptor: int = 0, message_bits: int = 0) -> Layer:
    """Return all static synapses of a receptor from the inputs, or from the neurons, for our own process."""
    s = _static(program, from_inputs, receptor)
    columns = s.source, s.post, s.weight, s.delay
    return Layer("Synapses", from_inputs, *columns, receptor=receptor, message_bits=message_bits)


def _static(program: Program, from_inputs: bool, receptor: int) -> AllSynapses:
    """Return the static synapses of a receptor; ``source`` counts input channels, or neurons."""
    blocks = [block for block in program.blocks if block.rule == "static" and block.receptor == receptor]
    return _from(all_synapses(blocks or [_NO_SYNAPSES]), program, from_inputs)


def _from(every: AllSynapses, program: Program, from_inputs: bool) -> AllSynapses:
    """Return the synapses from inputs or from neurons, without those of weight 0."""
    chosen = np.flatnonzero(((every.source < program.n_inputs) == from_inputs) & (every.weight != 0))
    own = AllSynapses(*(column[chosen] for column in every))
    return own._replace(source=own.source - (0 if from_inputs else program.n_inputs))


_NONE = np.empty(0, np.int64)
_NO_SYNAPSES = SynapseBlock(indptr=np.zeros(1, np.int64), post=_NONE, weight=_NONE, delay=_NONE)


def _plastic_layers(program: Program, from_inputs: bool, receptor: int, message_bits: int) -> list[Layer]:
    """Return all synapses with short-term plasticity of a receptor, from inputs or from neurons, as one layer at most."""
    columns, parts, n_rows = [], [], 0
    for number, block in enumerate(block for block in program.blocks if block.rule == "stp"):
        if block.receptor != receptor:
            continue
        s = _from(all_synapses([block]), program, from_inputs)
        source, row = np.unique(s.source, return_inverse=True)
        of_block = source + (0 if from_inputs else program.n_inputs)
        arrays = {name: values[of_block] for name, values in block.arrays.items()}
        columns.append((n_rows + row, s.post, s.weight, s.delay))
        same = {"grid": np.full(source.size, block.exponent), "block": np.full(source.size, number)}
        parts.append({"source": source} | same | arrays)
        n_rows += source.size
    if n_rows == 0:
        return []
    pre, post, weight, delay = (np.concatenate(column) for column in zip(*columns, strict=True))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    plastic = Plastic(rows.pop("source"), grid=rows.pop("grid"), block=rows.pop("block"), arrays=rows)
    return [Layer("PlasticSynapses", from_inputs, pre, post, weight, delay, 0, receptor, message_bits, plastic)]


def stock_layers(
    program: Program, from_inputs: bool, receptor: int = 0, message_bits: int = 0
) -> tuple[list[Layer], list[str]]:
    """Return static synapses as Lava's Sparse and DelaySparse, or the reasons why this is not possible.

    In fixed point, excitatory and inhibitory synapses are in separate processes, because a process with both signs has even
    weights only, and each process has one exponent. A matrix has one synapse per pair, so a second one is in another process.
    """
    pre, post, weight, delay, *_ = _static(program, from_inputs, receptor)
    if pre.size and message_bits > MESSAGE_BITS:
        return [], [f"payloads of more than {MESSAGE_BITS} bits"]
    kind = np.zeros(pre.size, np.int64)
    exponent = np.zeros(pre.size, np.int64)
    if program.arithmetic == "loihi":
        low, high = exponent_range(weight)
        reasons = _weight_reasons(weight, low > high, delay, "input" if from_inputs else "recurrent")
        if reasons:
            return [], reasons
        exponent = common_exponents(low, high)
        kind = exponent * 2 + (weight < 0)
    kind = kind * max(pre.size, 1) + _repetition(kind, pre, post, program.n_neurons)
    layers = []
    for value in np.unique(kind):
        part = kind == value
        process: SynapseProcess = "DelaySparse" if delay[part].any() else "Sparse"
        e = int(exponent[part][0])
        mantissa = weight[part] >> e if program.arithmetic == "loihi" else weight[part]
        columns = pre[part], post[part], mantissa, delay[part]
        layers.append(Layer(process, from_inputs, *columns, e, receptor, message_bits))
    return layers, []


def _weight_reasons(weight: Ints, wrong: Bools, delay: Ints, what: str) -> list[str]:
    reasons = []
    if wrong.any():
        reasons.append(
            f"{int(wrong.sum())} {what} weights, such as {weight[wrong][0]}, that are not an 8-bit magnitude times 2^0..2^{MAX_EXPONENT}"
        )
    if delay.size and delay.max() > MAX_DELAY:
        reasons.append(f"{what} delays of {delay.max() + 1} steps, beyond {MAX_DELAY + 1}")
    return reasons


def common_exponents(low: Ints, high: Ints) -> Ints:
    """Return an exponent for each weight, using the smallest set of points with one in every interval [low, high]."""
    chosen = np.full(low.shape, -1)
    while (chosen < 0).any():
        point = high[chosen < 0].min()
        chosen[(chosen < 0) & (low <= point)] = point
    return chosen


def _repetition(kind: Ints, pre: Ints, post: Ints, n_neurons: int) -> Ints:
    """Return 0 for the first synapse of a pair, 1 for the second, ..., counted within each kind."""
    if kind.size == 0:
        return kind
    pair = pre * n_neurons + post
    order = np.lexsort((pair, kind))
    new = np.ones(kind.size, bool)
    new[1:] = (np.diff(pair[order]) != 0) | (np.diff(kind[order]) != 0)
    start = np.maximum.accumulate(np.where(new, np.arange(kind.size), 0))
    repetition = np.empty_like(kind)
    repetition[order] = np.arange(kind.size) - start
    return repetition


def replicated(layer: Layer, n_pre: int, n_post: int, copies: int) -> Layer:
    """Return the layer for ``copies`` independent copies of the network, with ``n_pre`` sources each."""
    shift, plastic, n_rows = np.repeat(np.arange(copies), layer.pre.size), layer.plastic, n_pre
    if plastic is not None:
        n_rows = plastic.source.size
        source = np.tile(plastic.source, copies) + np.repeat(np.arange(copies), n_rows) * n_pre
        arrays = {name: np.tile(values, copies) for name, values in plastic.arrays.items()}
        plastic = Plastic(source, arrays, np.tile(plastic.grid, copies), np.tile(plastic.block, copies))
    return replace(
        layer,
        pre=np.tile(layer.pre, copies) + shift * n_rows,
        post=np.tile(layer.post, copies) + shift * n_post,
        weight=np.tile(layer.weight, copies),
        delay=np.tile(layer.delay, copies),
        plastic=plastic,
    )


def table(layer: Layer, n_rows: int, n_post: int, dtype: type) -> Table:
    """Return the synapses of a layer as compressed rows by source."""
    order = np.argsort(layer.pre, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(layer.pre, minlength=n_rows))])
    return Table(indptr, layer.post[order], layer.weight[order].astype(dtype), layer.delay[order], n_post)
