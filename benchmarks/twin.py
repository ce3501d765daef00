"""Milliseconds per step, forward and backward, of a twin, of the same program in plain PyTorch, and of snnTorch.

One network, N neurons, one thread, the gradient of all recurrent and input weights. snnTorch (pip install snntorch) has no
delays and no sparse weights: it runs the network whose delays are one step and whose refractory period is one step, with the
missing weights held at 0, as its users write it. Rounds alternate. Elapsed time is what a user waits for; processor time is the
same on an idle machine, and does not count other programs on a busy one.

    python benchmarks/twin.py
    python benchmarks/twin.py --device cuda --neurons 1000 --batch 256      without plain PyTorch and snnTorch
"""

from __future__ import annotations

import argparse
import time
from importlib.util import find_spec

import numpy as np
import torch

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim_torch import FastSigmoid, Twin, differentiable, network, plain

DT = 1 * ms
DELAYS = {
    "delays 1 ms": None,
    "delays 1-5 ms": lsm.Uniform(1 * ms, 5 * ms),
    "delays 1-20 ms": lsm.Uniform(1 * ms, 20 * ms),
}
TAU_M, TAU_SYN, T_REF = 30 * ms, 5 * ms, 1 * ms


def program(n: int, n_inputs: int, delay: lsm.Uniform | None) -> lsm.Program:
    excitatory = 4 * n // 5
    times = {"tau_m": TAU_M, "tau_syn": TAU_SYN, "t_ref": T_REF}
    groups = [lsm.Neurons("exc", excitatory, sign=1, **times), lsm.Neurons("inh", n - excitatory, sign=-1, **times)]
    both, sparse = ("exc", "inh"), lsm.FixedProbability(0.1)
    synapses = [
        lsm.Synapses("in", both, lsm.FixedProbability(0.3), weight=lsm.Normal(0.3, 0.1)),
        lsm.Synapses("exc", both, sparse, weight=0.1, delay=delay),
        lsm.Synapses("inh", both, sparse, weight=-0.3, delay=delay),
    ]
    return lsm.lower(lsm.Liquid([lsm.Inputs("in", n_inputs)], groups, synapses, seed=1), DT)


def of_twin(one: lsm.Program, dtype: torch.dtype, inputs: torch.Tensor, device: str = "cpu"):
    twin = Twin(one, dtype=dtype, device=device)
    inputs = inputs.to(device, dtype)

    def run() -> torch.Tensor:
        twin.zero_grad()
        spikes = twin(inputs)
        spikes.sum().backward()
        return spikes.detach()

    return run


def of_plain(one: lsm.Program, dtype: torch.dtype, inputs: torch.Tensor):
    problem, values = network.problem_of(one, FastSigmoid(), dtype=dtype), network.values_of(one, dtype=dtype)
    weight = values[differentiable.WEIGHT].requires_grad_()
    by_step = inputs.to(dtype).permute(1, 2, 0).contiguous()

    def run() -> torch.Tensor:
        weight.grad = None
        spikes = plain.run(problem, by_step, values)
        spikes.sum().backward()
        return spikes.detach().permute(2, 0, 1)

    return run


def of_snntorch(one: lsm.Program, dtype: torch.dtype, inputs: torch.Tensor):
    import snntorch
    from snntorch import surrogate

    n, n_inputs, every = one.n_neurons, one.n_inputs, one.synapses()
    dense = np.zeros((n, n_inputs + n))
    np.add.at(dense, (every.post, every.source), every.weight)
    weight = torch.nn.Parameter(torch.tensor(dense, dtype=dtype))
    mask = torch.tensor(dense != 0, dtype=dtype)
    cell = snntorch.Synaptic(
        alpha=float(one.decay_u[0]),
        beta=float(one.decay_v[0]),
        threshold=float(one.threshold[0]),
        spike_grad=surrogate.fast_sigmoid(slope=5),
        reset_mechanism="zero",
    )
    by_step = inputs.to(dtype).transpose(0, 1).contiguous()

    def run() -> torch.Tensor:
        weight.grad = None
        into = (weight * mask).T
        synaptic = membrane = spikes = torch.zeros(len(inputs), n, dtype=dtype)
        events, out = torch.zeros(len(inputs), n_inputs, dtype=dtype), []
        for now in by_step:
            arriving = torch.cat([events, spikes], 1) @ into
            spikes, synaptic, membrane = cell(arriving, synaptic, membrane)
            out.append(spikes)
            events = now
        found = torch.stack(out, 1)
        found.sum().backward()
        return found.detach()

    return run


def measure(runs: dict, rounds: int, n_steps: int) -> dict[str, list[tuple[float, float]]]:
    """Return elapsed and processor time per step in milliseconds of each round."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter(), time.process_time()
            run()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            end = time.perf_counter(), time.process_time()
            times[name].append(tuple(1e3 * (b - a) / n_steps for a, b in zip(start, end, strict=True)))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, default=200)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="cpu", help="cuda: the twin on this card, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng, n_inputs = np.random.default_rng(0), 40
    inputs = torch.tensor(rng.random((args.batch, args.steps, n_inputs)) < 0.05, dtype=torch.float64)
    programs = {name: program(args.neurons, n_inputs, delay) for name, delay in DELAYS.items()}
    runs = {}
    for name, one in programs.items():
        for dtype in (torch.float32, torch.float64):
            label = f"{name}, {str(dtype).removeprefix('torch.')}"
            runs[f"twin, {label}"] = of_twin(one, dtype, inputs)
            if args.device != "cpu":
                runs[f"twin on {args.device}, {label}"] = of_twin(one, dtype, inputs, args.device)
            elif name != "delays 1-20 ms":
                runs[f"plain PyTorch, {label}"] = of_plain(one, dtype, inputs)
    first = programs["delays 1 ms"]
    if args.device == "cpu" and find_spec("snntorch"):
        runs |= {
            f"snnTorch, delays 1 ms, {str(d).removeprefix('torch.')}": of_snntorch(first, d, inputs)
            for d in (torch.float32, torch.float64)
        }
    elif args.device == "cpu":
        print("snnTorch is not installed: pip install snntorch")
    spikes = {name: run().cpu() for name, run in runs.items()}
    exact = spikes["twin, delays 1 ms, float64"]
    print(
        f"{first}, {args.batch} samples, {args.steps} steps, {float(exact.mean()) / DT:.0f} spikes per second and neuron, 1 thread"
    )
    for name, own in spikes.items():
        if "delays 1 ms" in name:
            print(f"{name}: {int((own != exact).sum())} of {int(exact.sum())} spikes differ from the twin's in float64")
    times = measure(runs, args.rounds, args.steps)
    print(
        f"{'ms per step, forward and backward':<40}{'elapsed: least':>16}{'median':>10}{'processor: least':>20}{'median':>10}"
    )
    for name, values in times.items():
        (least, least_cpu), (middle, middle_cpu) = np.min(values, 0), np.median(values, 0)
        print(f"{name:<40}{least:>16.2f}{middle:>10.2f}{least_cpu:>20.2f}{middle_cpu:>10.2f}")


if __name__ == "__main__":
    main()
