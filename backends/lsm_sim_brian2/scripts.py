"""A liquid or program as a Brian2 script that runs without lsm_sim."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_brian2 import equations, script_parts, synapses
from lsm_sim_brian2.readable import brian2_names, input_events, input_payloads, synapse_names, to_program

_HEAD = '''\
"""{title}

Written by lsm_sim {version}. It needs Python, brian2 and numpy, and prints the number of spikes of each group.

Each step k of duration dt updates a neuron as follows, where a[k] is the sum of the weights that arrive at step k:
{meaning}
A spike at step k on a synapse with delay d arrives at step k + 1 + d/dt.
"""

{imports}
import numpy as np
from brian2 import {names}

prefs.codegen.target = "numpy"  # compiles nothing; "cython" is faster, but its fast-math may change the last bit of v
defaultclock.dt = {dt!r} * second

{arrays}

MODEL = """
{model}
"""

STEP = """
{step}
"""  # one sum per statement, so that Brian2 keeps the order


def neurons(name, size, **parameters):
    """Return a group of neurons; variables that are not given start at 0."""
    group = NeuronGroup(size, MODEL, threshold="{threshold}", reset="{reset}", name=name)
    group.run_regularly(STEP, when="groups", order=1)  # before the threshold is compared
    for parameter, values in parameters.items():
        setattr(group, parameter, values)
    return group


def inputs(name, size):
    """Return input channels with the spikes of the stimulus."""
    return SpikeGeneratorGroup(size, arrays[name + "_channel"], arrays[name + "_step"] * defaultclock.dt, name=name)


{synapses}

'''

_TAIL = """
network = Network(*groups.values(), *connections, *monitors.values())
network.run({n_steps} * defaultclock.dt)
for name, monitor in monitors.items():
    print(name, monitor.num_spikes, "spikes")
"""


def script(
    network: Liquid | Program,
    stimulus: Spikes,
    *,
    names: Mapping[str, str] | None = None,
    arrays: str | os.PathLike[str] | None = None,
) -> str:
    """Return a stand-alone Brian2 script that gives the spikes of the program.

    Parameters
    ----------
    network
        A `Liquid`, lowered at the stimulus's dt, or a `Program`.
    stimulus
        One sample.
    names
        Brian2 names by group name, for names that differ from the group names.
    arrays
        Write synapses and stimulus to this .npz file, which the script reads from its own folder; None: compress and embed
        them in the script.
    """
    if not isinstance(stimulus, Spikes):
        raise DescriptionError(f"stimulus: got {type(stimulus).__name__}, expected Spikes; see Spikes.from_dense")
    program = to_program(network, stimulus, None)
    labels = brian2_names(program, names)
    data = _data(program, stimulus, labels)
    neurons = [_neuron_line(program, name, labels[name], data) for name in program.neuron_groups]
    imports, loading = _embedded(data) if arrays is None else _beside(data, Path(arrays))
    neuron = equations.Neuron.of(program)
    graded = None if stimulus.payload is None else int(stimulus.n_steps[0])
    head = _HEAD.format(
        title=_title(network, program),
        version=lsm_sim.__version__,
        meaning=script_parts.meaning(program, graded=graded),
        imports=imports,
        dt=program.dt,
        arrays=loading,
        names=", ".join(script_parts.imported(program, graded=graded)),
        model=neuron.model(),
        step=neuron.advance().rstrip(),
        threshold=neuron.threshold(),
        reset=neuron.reset().replace("\n", "; "),
        synapses=script_parts.definitions(program, graded=graded),
    )
    sources = [f'    "{labels[name]}": inputs("{labels[name]}", {len(m)}),' for name, m in program.input_groups.items()]
    pairs = script_parts.lines(program, labels, graded=graded)
    monitored = ", ".join(f'"{labels[name]}"' for name in program.neuron_groups)
    body = ["groups = {", *sources, *neurons, "}", "connections = [", *pairs, "]"]
    body.append(f"monitors = {{name: SpikeMonitor(groups[name]) for name in [{monitored}]}}")
    return head + "\n".join(body) + "\n" + _TAIL.format(n_steps=int(stimulus.n_steps[0]))


def _title(network: Liquid | Program, program: Program) -> str:
    sizes = " + ".join(f"{len(members)} ({name})" for name, members in program.neuron_groups.items())
    kind = "A liquid" if isinstance(network, Liquid) else "A spiking network"
    title = f"{kind} of {sizes} neurons, {program.n_inputs} input channels and {program.n_synapses} synapses."
    return title.replace("\\", "/").replace('"', "'")


def _data(program: Program, stimulus: Spikes, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return synapses and stimulus under the names that the script uses."""
    data: dict[str, Any] = {}
    for name in program.input_groups:
        channel, step = input_events(program, stimulus, name)
        data |= {f"{labels[name]}_channel": channel.astype(np.int32), f"{labels[name]}_step": step.astype(np.int32)}
        if stimulus.payload is not None:
            data[f"{labels[name]}_payload"] = input_payloads(program, stimulus, name)
    delays = program.synapses().delay
    for part, label in synapse_names(program, labels):
        whole = {"i": part.source, "j": part.target, "delay": delays[part.index]}
        data |= {f"{label}_{key}": values.astype(np.int32) for key, values in whole.items()}
        kind = synapses.Synapse(program.arithmetic, part.receptor, part.rule)
        real = synapses.parameters(program, kind, part.index)
        data |= {f"{label}_{'weight' if key == 'w' else key}": values for key, values in real.items()}
    return data


def _neuron_line(program: Program, name: str, label: str, data: dict[str, Any]) -> str:
    """Return the line that creates a group: parameters that are equal for all neurons as numbers, others as arrays."""
    members = program.neuron_groups[name]
    words = [f'"{label}"', str(len(members))]
    for variable, everyone in (equations.parameters(program) | equations.start(program)).items():
        values = everyone[members.start : members.stop]
        if (values == values[:1]).all():
            words.append(f"{variable}={values[0].item()!r}")
        else:
            data[f"{label}_{variable}"] = values
            words.append(f'{variable}=arrays["{label}_{variable}"]')
    return f'    "{label}": neurons({", ".join(words)}),'


def _embedded(data: Mapping[str, Any]) -> tuple[str, str]:
    file = io.BytesIO()
    np.savez_compressed(file, **data)
    code = base64.b85encode(file.getvalue()).decode()
    text = "\n".join(code[start : start + 120] for start in range(0, len(code), 120))
    loading = f'arrays = np.load(io.BytesIO(base64.b85decode("".join("""\n{text}\n""".split()))))  # an .npz file'
    return "import base64\nimport io\n", loading


def _beside(data: Mapping[str, Any], path: Path) -> tuple[str, str]:
    np.savez_compressed(path, **data)
    name = path.name if path.name.endswith(".npz") else f"{path.name}.npz"
    return "from pathlib import Path\n", f"arrays = np.load(Path(__file__).parent / {name!r})"
