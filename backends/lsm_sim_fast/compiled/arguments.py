"""What the kernels are handed: tuples with named fields, which Numba compiles like plain ones.

Arrays of neurons hold those of one thread, padded to whole vectors where the vector form reads them. C is the number of
input channels and N that of neurons of the program.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Share(NamedTuple):
    """The neurons of one thread, which has blocks of its own."""

    edges: Any  # first neuron of each block, and one past the last, (blocks + 1,)
    order: Any  # the program's number of each neuron; empty: in the order of the program
    spiked: Any  # room for one flag per neuron, uint8


class Arrivals(NamedTuple):
    """What is to arrive: a strip for each block, in slots of ``width`` places."""

    strip: Any  # (blocks, span * width)
    width: int
    slots: int  # those in use: the longest delay in steps
    span: int  # those of a strip
    unit: float  # of what is in the strip


class Synapses(NamedTuple):
    """The synapses onto the neurons of one thread, packed in rows by source: place above ``shift`` bits of mantissa."""

    narrow: Any  # uint32; empty where that is not enough
    wide: Any  # uint64; empty otherwise
    shift: Any  # uint64
    indptr: Any  # rows in vectors, input channels first, (blocks, C+N+1)
    n_inputs: int
    ahead: int  # so many rows ahead synapses are asked for
    lines: int  # so many cache lines of them
    halves: int  # 32-byte vectors in one of its own


class Neurons(NamedTuple):
    """Parameters of neurons, in the push kernel arrays; numbers are those of one neuron, or of all where they are alike."""

    keep_u: Any  # fraction that a step keeps
    keep_v: Any
    threshold: Any
    bias: Any
    refractory: Any  # steps
    alike: bool  # all have the same keep_u, keep_v, threshold and bias
    wide: bool  # loihi: sums may leave int32, see `lsm_sim_fast.bounds.wide`


class State(NamedTuple):
    """State of neurons."""

    u: Any
    v: Any
    free_at: Any  # first step at which v moves again


class MoreNeurons(NamedTuple):
    """Parameters beyond plain LIF, as in `Neurons`; those that the neurons lack are 0 and not read."""

    two: int  # 1: there is a second synaptic current
    adaptive: int  # 1: thresholds adapt
    keep_u2: Any
    keep_w: Any
    jump: Any


class MoreState(NamedTuple):
    """State beyond plain LIF; empty where the neurons lack it."""

    u2: Any
    w: Any


class Plastic(NamedTuple):
    """Blocks of synapses with short-term plasticity, onto the neurons of one thread, packed like `Synapses` in 32-byte vectors."""

    narrow: Any
    wide: Any
    shift: Any
    indptr: Any  # (Q, blocks, C+N+1)
    rows: Any  # first source of each block that has synapses, and one past the last, (Q, 2)
    lift: Any  # from the grid of a block to that of the strip, (Q,)
    use: Any  # U of each source, (Q, C+N)
    keep_rec: Any
    keep_facil: Any
    r: Any
    f: Any
    amounts: Any  # room for those of the longest row, in the type of the strip


class Extras(NamedTuple):
    """Everything beyond plain LIF; the kernel for plain LIF gets None in its place."""

    second: int  # place of the second current's arrivals in a slot
    unit2: float  # of its arrivals
    neurons: MoreNeurons
    alike: int  # 1: all parameters of neurons, also those of `Neurons`, are alike
    state: MoreState
    plastic: Plastic
    payload: Any  # of each event of the sample; empty: 1 each
    u2: Any  # recorded values, as in `Variables`
    w: Any
    chip: Any  # 1 in loihi arithmetic, None in float64: its type chooses what is compiled


class Team(NamedTuple):
    """What the threads of one sample share: the spikes of two steps, and how far each thread has come."""

    number: int  # of this thread
    lists: Any  # (2, threads, N + 16)
    sizes: Any  # (2, threads)
    flags: Any  # see `lsm_sim_fast.compiled.waiting`


class Events(NamedTuple):
    """Events of one sample, sorted by step; also the buffer for spikes, which is empty where they are not stored."""

    step: Any
    channel: Any


class Bins(NamedTuple):
    """Spike counts of one sample, or of all of a batch (then with a first axis of B); without edges nothing is counted."""

    edges: Any  # (K + 1,)
    counts: Any  # (K, N)


class Variables(NamedTuple):
    """Recorded values of each variable, (steps, columns); a variable without columns is not recorded."""

    u: Any
    v: Any


class Recording(NamedTuple):
    """What one thread records."""

    steps: Any
    neurons: Any  # those of this thread
    columns: Any  # where each of them goes
    values: Variables


class Group(NamedTuple):
    """Up to 64 samples that are pulled side by side, and how far each has come."""

    sample: Any  # number of each in the batch
    event: Any  # next event of each
    bin: Any  # current bin of each


class Stimulus(NamedTuple):
    """Events of all samples of a batch, those of one sample after the other, sorted by step."""

    step: Any
    channel: Any
    offsets: Any  # (B + 1,)


class PullShare(NamedTuple):
    """The neurons of one thread of a group."""

    number: int  # of this thread
    first: int  # neuron
    flags: Any  # see `lsm_sim_fast.compiled.waiting`
    waiting: Any  # (1,), 1 while this thread waits for others
    counters: Any  # spikes of each neuron and lane in the current bin, (N, 64)
    sums: Any  # room for one number per lane, zeros
    spiked: Any  # room for one flag per lane, uint8


class Sources(NamedTuple):
    """Who spiked in the last steps, and the synapses that the neurons of one thread read, by target."""

    words: Any  # a bit per lane, input channels first, (slots * width,)
    width: int
    n_inputs: int
    indptr: Any
    packed: Any  # (S, 3), see `lsm_sim_fast.pull_layout`
    unit: float  # of mantissas


def type_of(record, name):
    """Return the type of a field, given Numba's type of a record."""
    return record.types[record.fields.index(name)]
