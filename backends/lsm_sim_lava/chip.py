"""Build a network of Lava's own processes for Loihi 2 and run it. Imported only by the worker. Unverified on hardware.

Only members of Intel's research community can run this on a device; the tests run every line up to the device with a mock of
the closed-source extension.
"""

from __future__ import annotations

from typing import Any

from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2HwCfg
from lava.utils import loihi

from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_lava import network
from lsm_sim_lava.plan import Plan, stock_layers
from lsm_sim_lava.processes.spike_file import SpikeFile
from lsm_sim_lava.recorder import Recording


def choose_host(address: str, partition: str, board: str) -> None:
    """Tell Lava where the chip is; without any of the three, Lava uses its environment variables."""
    if address:
        loihi.use_ethernet_host(address)
    elif partition or board:
        loihi.use_slurm_host(partition=partition or None, board=board or None)


def run(program: Program, stimulus: Spikes, recording: Recording) -> None:
    """Run one sample on the chip; spikes are sent and received through the extension's adapters."""
    from lava.proc import embedded_io

    layers = [layer for from_inputs in (True, False) for layer in stock_layers(program, from_inputs)[0]]
    parts: dict[str, Any] = {}

    def entry(events: Any) -> Any:
        adapter = parts["in"] = embedded_io.spike.PyToNxAdapter(shape=events.s_out.shape, num_message_bits=0)
        events.s_out.connect(adapter.inp)
        return adapter.out

    plan = Plan("LIF", tuple(layers), ())
    neurons = network.build(program, stimulus, recording, plan, entry=entry)
    adapter = embedded_io.spike.NxToPyAdapter(shape=neurons.s_out.shape, num_message_bits=0)
    sink = SpikeFile(n_neurons=program.n_neurons, recording=recording)
    neurons.s_out.connect(adapter.inp)
    adapter.out.connect(sink.a_in)
    try:
        neurons.run(condition=RunSteps(num_steps=recording.n_steps), run_cfg=Loihi2HwCfg(select_tag="fixed_pt"))
    finally:
        neurons.stop()
