"""The README of a deployment's folder: enough to use the program without lsm_sim."""

from __future__ import annotations

from typing import Any

from lsm_sim.deploy.on_chip import BASE, PULSE, RELEASES

_BANKS = """\
Channel `readout hold` b (bin b + 1) sends in every step before its bin begins, which holds the integrators of that bank at
-(2^23 - 1). `readout release` b sends in the first {releases} steps of its bin, each worth {pulse} * 64 in v, so that counting begins at
v = {base}. The score of a class is v / 64 of its integrator in the first bank, plus (v + {down}) / 64 of those in the other banks.
"""
_RELAYS = """\
Channel `readout gate` b sends in every step of bin b, so that the relays of that bin pass spikes on. The score of a class is v / 64.
"""
_TRACE = "The score of a class is v / 64.\n"
_RAMP = """\
Channel `readout ramp` sends in every step from step {first} after the end on; the first integrator that spikes is the class.
"""


def readme(made: Any, n_samples: int) -> str:
    """Return the text."""
    r, program = made.readout, made.program
    how = {"banks": _BANKS if r.n_bins > 1 else _TRACE, "relays": _RELAYS, "trace": _TRACE}[r.kind]
    text = how.format(releases=RELEASES, pulse=PULSE, base=BASE, down=-BASE)
    which = "last" if r.kind == "trace" else "first"
    when = f"the {which} {'step' if r.pulses == 1 else f'{r.pulses} steps'} of a sample"
    ramp = _RAMP.format(first=r.extra_steps - 1) if r.ramp else ""
    names = "\n".join(f"- channels {m.start} to {m.stop - 1}: `{name}`" for name, m in program.input_groups.items())
    groups = "\n".join(f"- neurons {m.start} to {m.stop - 1}: `{name}`" for name, m in program.neuron_groups.items())
    return f"""\
# A spiking classifier as one program of Loihi's integers

{program.n_neurons} neurons, {program.n_synapses} synapses, {program.n_inputs} input channels, steps of {program.dt:g} s.

    lsm-sim verify .                     # runs the {n_samples} samples again and compares every spike
    lsm-sim verify . --backend lava      # the same on Lava's simulator of the chip
    lsm-sim run . DATA                   # classes of other samples

| file | |
|---|---|
| `program.npz` | the network: arrays as in the documentation of lsm_sim.Program, no pickle |
| `samples.npz` | stimuli with control channels, and the spikes and v that they must give |
| `readout.npz` | the weights of the readout once more, (bins, outputs, neurons), and the biases |
| `model.npz` | the trained model, whose encoder turns samples into spikes; not there if only spikes can be run |
| `manifest.json` | versions, SHA-256 of every file, labels, scores |

Input channels:

{names}

Neurons:

{groups}

A sample of T steps takes T + {r.extra_steps}{f" + {r.ramp_steps}" if r.ramp else ""} steps. Both channels of `readout start` send in {when}.
{text}{ramp}
Before the next sample every u and v must be 0 again, and nothing may be on its way.
"""
