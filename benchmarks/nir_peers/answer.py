"""Spikes of norse, spikingjelly and snntorch, for the tests: of files that lsm_sim wrote, and of files that they wrote themselves.

In an environment of Python 3.11, with the requirements in this folder::

    python3.11 -m venv peers
    peers/bin/pip install -r benchmarks/nir_peers/requirements.txt
    peers/bin/pip install --no-deps -r benchmarks/nir_peers/requirements-peers.txt
    .venv/bin/python -m tests.nir_peers.cases CASES          # lsm_sim writes CASES/*.nir, and stimuli
    peers/bin/python benchmarks/nir_peers/answer.py CASES tests/nir_peers/answers

.github/workflows/nir-peers.yml does that, and runs the tests with the new answers. Everything runs in double precision, a step at a time, from no state. Spikes are kept as the differences of step * N + neuron.
"""

from __future__ import annotations

import sys
import warnings
from importlib import metadata
from pathlib import Path

warnings.simplefilter("ignore")
import nir  # noqa: E402
import norse.torch as norse  # noqa: E402
import numpy as np  # noqa: E402
import snntorch  # noqa: E402
import torch  # noqa: E402
from norse.torch.utils.export_nir import to_nir as norse_to_nir  # noqa: E402
from norse.torch.utils.import_nir import from_nir as norse_from_nir  # noqa: E402
from snntorch.export_nir import export_to_nir as snntorch_to_nir  # noqa: E402
from snntorch.import_nir import import_from_nir as snntorch_from_nir  # noqa: E402
from spikingjelly.activation_based import layer, neuron  # noqa: E402
from spikingjelly.activation_based.nir_exchange import export_to_nir as spikingjelly_to_nir  # noqa: E402
from spikingjelly.activation_based.nir_exchange import import_from_nir as spikingjelly_from_nir  # noqa: E402

PACKAGES = ("torch", "nir", "nirtorch", "norse", "spikingjelly", "snntorch")
N_INPUTS, N_HIDDEN, N_LAST, N_STEPS = 6, 12, 5, 300
THRESHOLD = 1 + 2.0**-21  # no sum of the weights, which are multiples of 2^-8, is equal to it


def steps(module, stimulus, *, has_state):
    """Return the spikes (T, N) of a module that is called once for each step."""
    out, state = [], None
    with torch.no_grad():
        for row in torch.from_numpy(stimulus.astype(np.float64)):
            answer = module(row[None], state) if has_state else module(row[None])
            z, state = answer if has_state else (answer, None)
            out.append(z[0].numpy() > 0)
    return np.array(out)


def events(raster):
    return np.diff(np.flatnonzero(raster), prepend=0).astype(np.uint16)


def imported(name, graph, dt):
    """Return a graph as a module of one of the packages, in double precision."""
    if name == "norse":
        return norse_from_nir(graph, dt=dt).double()
    if name == "spikingjelly":
        return spikingjelly_from_nir(graph, dt=dt, dtype=torch.float64)
    return snntorch_from_nir(graph).double()


def answers_to_files(folder):
    """Return by name the spikes of each file that lsm_sim wrote; its name says which package reads it."""
    out = {}
    for path in sorted(folder.glob("*.nir")):
        with np.load(path.with_suffix(".npz")) as case:
            stimulus, dt = case["stimulus"], float(case["dt"])
        module = imported(path.stem.split("_")[0], nir.read(path), dt)
        out[path.stem] = events(steps(module, stimulus, has_state=True))
    return out


def dyadic(*shape, scale):
    """Return weights that are exact in single precision."""
    return torch.round(torch.randn(*shape) * scale * 2**8) / 2**8


def fill(module):
    """Draw all weights; the bias of the first layer is kept, others are 0."""
    for number, one in enumerate(m for m in module.modules() if isinstance(m, torch.nn.Linear)):
        one.weight.data = dyadic(*one.weight.shape, scale=0.5)
        if one.bias is not None:
            one.bias.data = dyadic(*one.bias.shape, scale=0.02) * (number == 0)
    return module


def spikingjelly_network():
    """Return layers of both neurons that it writes, as they are and as a graph."""
    how = {"v_threshold": THRESHOLD, "v_reset": 0.0}
    net = torch.nn.Sequential(
        layer.Linear(N_INPUTS, N_HIDDEN),
        neuron.CUBALIFNode(c_decay=0.75, v_decay=0.875, **how),
        layer.Linear(N_HIDDEN, N_LAST, bias=False),
        neuron.LIFNode(tau=4.0, decay_input=False, **how),
    )
    return fill(net), lambda net: spikingjelly_to_nir(net, torch.zeros(1, N_INPUTS), dt=1e-3), 1e-3


class SnntorchNetwork(torch.nn.Module):
    """Layers of three of the neurons that it writes, one of them recurrent.

    The fourth, RSynaptic, resets a step late: with reset_delay=False line 375 of snntorch/_neurons/rsynaptic.py changes the
    argument ``mem``, not ``self.mem``.
    """

    def __init__(self):
        super().__init__()
        how = {"threshold": THRESHOLD, "reset_mechanism": "zero", "reset_delay": False}
        wide = torch.full((N_HIDDEN,), 1.0)
        self.first = torch.nn.Linear(N_INPUTS, N_HIDDEN)
        self.synaptic = snntorch.Synaptic(
            alpha=0.75 * wide, beta=0.875 * wide, **{**how, "threshold": THRESHOLD * wide}
        )
        self.second = torch.nn.Linear(N_HIDDEN, N_HIDDEN, bias=False)
        self.recurrent = snntorch.RLeaky(beta=0.75, linear_features=N_HIDDEN, **how)
        self.third = torch.nn.Linear(N_HIDDEN, N_LAST, bias=False)
        last = torch.full((N_LAST,), 1.0)
        self.leaky = snntorch.Leaky(beta=0.875 * last, **{**how, "threshold": THRESHOLD * last})

    def forward(self, x, state=None):
        s = state or [torch.zeros(1, size, dtype=x.dtype) for size in (*(N_HIDDEN,) * 4, N_LAST)]
        z, s[0], s[1] = self.synaptic(self.first(x), s[0], s[1])
        z, s[3] = self.recurrent(self.second(z.to(x.dtype)), s[2], s[3])
        s[2] = z.to(x.dtype)  # spikes are in single precision
        z, s[4] = self.leaky(self.third(s[2]), s[4])
        return z, s


def snntorch_network():
    net = fill(SnntorchNetwork())
    return net, lambda net: snntorch_to_nir(net, torch.zeros(1, N_INPUTS), ignore_dims=[0]), 1e-4


def norse_network():
    """Return layers of both neurons that it writes, with a number for each neuron, because nir does not write scalars."""
    wide, last = torch.full((N_HIDDEN,), 1.0), torch.full((N_LAST,), 1.0)
    first = norse.LIFParameters(
        tau_syn_inv=250 * wide, tau_mem_inv=125 * wide, v_th=THRESHOLD * wide, v_leak=0 * wide, v_reset=0 * wide
    )
    second = norse.LIFBoxParameters(tau_mem_inv=125 * last, v_th=THRESHOLD * last, v_leak=0 * last, v_reset=0 * last)
    net = norse.SequentialState(
        torch.nn.Linear(N_INPUTS, N_HIDDEN),
        norse.LIFCell(first),
        torch.nn.Linear(N_HIDDEN, N_LAST),
        norse.LIFBoxCell(second),
    )
    for one in (net[0], net[2]):
        one.weight.data, one.bias.data = 8 * dyadic(*one.weight.shape, scale=0.5), 0 * one.bias.data
    return net, lambda net: norse_to_nir(net, torch.zeros(1, N_INPUTS)), 1e-3


NETWORKS = {"norse": norse_network, "snntorch": snntorch_network, "spikingjelly": spikingjelly_network}


def own_files(folder):
    """Write a file by each package, and return its stimulus, time step, and the spikes of the module that was written."""
    out = {}
    for seed, (name, network) in enumerate(NETWORKS.items()):
        torch.manual_seed(seed)
        net, to_graph, dt = network()
        graph = to_graph(net)
        nir.write(folder / f"{name}.nir", graph)
        stimulus = np.random.default_rng(seed).random((N_STEPS, N_INPUTS)) < 0.2
        stimulus[0] = False  # our first event arrives at step 1
        module = net.double()
        spikes = steps(module, stimulus, has_state=name != "spikingjelly")
        out |= {f"{name}_stimulus": np.packbits(stimulus), f"{name}_dt": dt, f"{name}_spikes": events(spikes)}
        print(name, spikes.sum())
    return out


def main():
    folder, answers = map(Path, sys.argv[1:])
    answers.mkdir(exist_ok=True)
    versions = {f"version_{name}": metadata.version(name) for name in PACKAGES}
    np.savez_compressed(answers / "own.npz", **own_files(answers), **versions)
    np.savez_compressed(answers / "recurrent.npz", **answers_to_files(folder), **versions)


if __name__ == "__main__":
    main()
