"""A feed-forward net of two layers in snnTorch: python benchmarks/coming_from/from_snntorch.py [seeds]."""

import sys

import numpy as np
import snntorch as snn
import torch
from network import C, Comparison, T, pairs
from scipy.sparse import csr_array

import lsm_sim as lsm

FIRST, SECOND = 50, 20  # neurons of the two layers
ALPHA, BETA = float(np.exp(-1 / 5)), float(np.exp(-1 / 30))  # of the synaptic current and of the membrane, per step


def their_spikes(w1, w2, events, neuron, dtype):
    """Return step and neuron of each spike; w1 is (FIRST, C), w2 is (SECOND, FIRST), as in torch.nn.Linear."""
    first, second = torch.tensor(w1, dtype=dtype), torch.tensor(w2, dtype=dtype)
    lif1, lif2 = neuron(), neuron()
    out = []
    for x in torch.tensor(events, dtype=dtype):
        spk1 = lif1(first @ x)
        spk2 = lif2(second @ spk1.to(dtype))
        out.append(torch.cat([spk1, spk2]))
    return pairs(*np.nonzero(torch.stack(out).numpy()))


def our_spikes(w1, w2, events, alpha, held):
    """Return the same from a Program, with the steps of snnTorch."""
    matrix = np.zeros((C + FIRST + SECOND, FIRST + SECOND))  # rows are sources: channels, then neurons
    matrix[:C, :FIRST], matrix[C : C + FIRST, FIRST:] = w1.T, w2.T
    wires = csr_array(np.round(matrix * 2**30) / 2**30)
    ones = np.ones(FIRST + SECOND)
    program = lsm.Program(
        arithmetic="float64", dt=1e-3, n_inputs=C, n_neurons=FIRST + SECOND,
        indptr=wires.indptr, post=wires.indices, weight=wires.data, delay=0 * wires.indices,  # 0: arrives in the next step
        threshold=ones, bias=0 * ones, refractory=np.full(FIRST + SECOND, held), decay_u=alpha * ones, decay_v=BETA * ones,
    )  # fmt: skip
    longer = np.concatenate([events, np.zeros((2, C), bool)])
    found = lsm.run(program, lsm.Spikes.from_dense(longer, 1e-3), progress=False).spikes
    step = found.step - np.where(found.channel < FIRST, 1, 2)  # a layer later in each layer
    inside = step < T
    return pairs(step[inside], found.channel[inside])


def network(seed, factor):
    rng = np.random.default_rng(seed)
    w1 = rng.normal(0.1, 0.5 / np.sqrt(C), (FIRST, C))
    w2 = rng.normal(0.05, 0.5 / np.sqrt(FIRST), (SECOND, FIRST))
    return factor * w1, factor * w2, rng.random((T, C)) < 0.1


def synaptic(**options):
    return snn.Synaptic(ALPHA, BETA, init_hidden=True, **options)


def leaky(**options):
    return snn.Leaky(BETA, init_hidden=True, **options)


KINDS = {  # name: neuron of snnTorch, ours decay_u, ours steps held after a spike
    "Synaptic, zero": (lambda: synaptic(reset_mechanism="zero"), ALPHA, 1),
    "Synaptic, zero, reset_delay=False": (lambda: synaptic(reset_mechanism="zero", reset_delay=False), ALPHA, 0),
    "Leaky, zero": (lambda: leaky(reset_mechanism="zero"), 0.0, 0),
    "Leaky, zero, reset_delay=False": (lambda: leaky(reset_mechanism="zero", reset_delay=False), 0.0, 0),
    "Leaky, subtract (default)": (leaky, 0.0, 0),
    "Leaky, subtract, reset_delay=False": (lambda: leaky(reset_delay=False), 0.0, 0),
}

print("snntorch", snn.__version__, "torch", torch.__version__, "numpy", np.__version__)
comparison = Comparison()
for seed in range(1, 1 + int((sys.argv[1:] or [3])[0])):
    for name, (neuron, alpha, held) in KINDS.items():
        w1, w2, events = network(seed, 1.0 if alpha == 0 else 0.15)
        ours = our_spikes(w1, w2, events, alpha, held)
        for dtype in (torch.float64, torch.float32):
            torch.set_default_dtype(dtype)
            comparison.add(f"{name}, {dtype}", seed, ours, their_spikes(w1, w2, events, neuron, dtype))
comparison.show()
