"""A liquid or program as a Brian2 script that runs without lsm_sim."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.files import replacing
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
defaultclock.dt = {dt} * second

{arrays}

N_STEPS = {n_steps}
STIMULUS = {{  # {remark}
{stimulus}
}}

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
    channel, step = np.array(STIMULUS[name], int)
    return SpikeGeneratorGroup(size, channel, step * defaultclock.dt, name=name)


{synapses}

'''

_TAIL = """
network = Network(*groups.values(), *connections, *monitors.values())
network.run(N_STEPS * defaultclock.dt)
for name, monitor in monitors.items():
    print(name, monitor.num_spikes, "spikes")
"""
SILENT_STEPS = 1000
"""How many steps a script without a stimulus runs."""
_REMARK = "channel and step of each event, for each group of inputs"


def script(
    network: Liquid | Program,
    stimulus: Spikes | None = None,
    *,
    dt: float | None = None,
    names: Mapping[str, str] | None = None,
    arrays: str | os.PathLike[str] | None = None,
) -> str:
    """Return a stand-alone Brian2 script that gives the spikes of the program.

    Parameters
    ----------
    network
        A `Liquid`, lowered at ``dt`` (seconds; by default the stimulus's), or a `Program`.
    stimulus
        One sample; None: silence for 1000 steps. ``STIMULUS`` and ``N_STEPS`` in the script are where to put another one.
    names
        Brian2 names by group name, for names that differ from the group names.
    arrays
        Write synapses and stimulus to this .npz file, which the script reads from its own folder; None: compress and embed
        them in the script.
    """
    if stimulus is not None and not isinstance(stimulus, Spikes):
        raise DescriptionError(f"stimulus: got {type(stimulus).__name__}, expected Spikes; see Spikes.from_dense")
    written = Script.of(to_program(network, stimulus, dt), stimulus, names, is_liquid=isinstance(network, Liquid))
    if arrays is None:
        return written.embedded()
    path = Path(arrays)
    path = path if path.name.endswith(".npz") else path.with_name(f"{path.name}.npz")
    with replacing(path) as stream:
        stream.write(written.arrays)
    return written.beside(path.name)


@dataclass(frozen=True, eq=False)
class Script:
    """A script whose arrays can be in its text or in a file beside it.

    Parameters
    ----------
    words
        What fills the gaps in the first part of the text, except how the arrays are loaded.
    body
        The second part of the text.
    arrays
        An .npz file.
    """

    words: Mapping[str, str]
    body: str
    arrays: bytes

    @staticmethod
    def of(program: Program, stimulus: Spikes | None, names: Mapping[str, str] | None, *, is_liquid: bool) -> Script:
        """Return the script of a program; for the arguments see `script`."""
        labels = brian2_names(program, names)
        data = _data(program, stimulus, labels)
        neurons = [_neuron_line(program, name, labels[name], data) for name in program.neuron_groups]
        graded = None if stimulus is None or stimulus.payload is None else int(stimulus.n_steps[0])
        words = _model_words(program, graded) | _stimulus_words(program, stimulus, labels)
        words |= {
            "title": _title(program, "A liquid" if is_liquid else "A spiking network"),
            "version": lsm_sim.__version__,
            "dt": repr(program.dt),
        }
        file = io.BytesIO()
        np.savez_compressed(file, **data)
        return Script(words, _body(program, labels, neurons, graded), file.getvalue())

    def embedded(self) -> str:
        """Return the text with the arrays in it."""
        code = base64.b85encode(self.arrays).decode()
        text = "\n".join(code[start : start + 120] for start in range(0, len(code), 120))
        loading = f'arrays = np.load(io.BytesIO(base64.b85decode("".join("""\n{text}\n""".split()))))  # an .npz file'
        return self._text("import base64\nimport io\n", loading)

    def beside(self, file: str) -> str:
        """Return the text that reads the arrays from this file in the folder of the script."""
        return self._text("from pathlib import Path\n", f"arrays = np.load(Path(__file__).parent / {file!r})")

    def _text(self, imports: str, loading: str) -> str:
        return _HEAD.format(**self.words, imports=imports, arrays=loading) + self.body


def _model_words(program: Program, graded: int | None) -> dict[str, str]:
    neuron = equations.Neuron.of(program)
    return {
        "meaning": script_parts.meaning(program, graded=graded),
        "names": ", ".join(script_parts.imported(program, graded=graded)),
        "model": neuron.model(),
        "step": neuron.advance().rstrip(),
        "threshold": neuron.threshold(),
        "reset": neuron.reset().replace("\n", "; "),
        "synapses": script_parts.definitions(program, graded=graded),
    }


def _stimulus_words(program: Program, stimulus: Spikes | None, labels: Mapping[str, str]) -> dict[str, str]:
    names = [labels[name] for name in program.input_groups]
    if stimulus is None:
        lines, n_steps = [f'    "{name}": ([], []),' for name in names], SILENT_STEPS
    else:
        lines = [f'    "{name}": (arrays["{name}_channel"], arrays["{name}_step"]),' for name in names]
        n_steps = int(stimulus.n_steps[0])
    remark = _REMARK + ("; write yours here" if stimulus is None else "")
    return {"stimulus": "\n".join(lines), "n_steps": str(n_steps), "remark": remark}


def _body(program: Program, labels: Mapping[str, str], neurons: list[str], graded: int | None) -> str:
    sources = [f'    "{labels[name]}": inputs("{labels[name]}", {len(m)}),' for name, m in program.input_groups.items()]
    pairs = script_parts.lines(program, labels, graded=graded)
    monitored = ", ".join(f'"{labels[name]}"' for name in program.neuron_groups)
    body = ["groups = {", *sources, *neurons, "}", "connections = [", *pairs, "]"]
    body.append(f"monitors = {{name: SpikeMonitor(groups[name]) for name in [{monitored}]}}")
    return "\n".join(body) + "\n" + _TAIL


def _title(program: Program, kind: str) -> str:
    sizes = " + ".join(f"{len(members)} ({name})" for name, members in program.neuron_groups.items())
    title = f"{kind} of {sizes} neurons, {program.n_inputs} input channels and {program.n_synapses} synapses."
    return title.replace("\\", "/").replace('"', "'")


def _data(program: Program, stimulus: Spikes | None, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return synapses and stimulus under the names that the script uses."""
    data: dict[str, Any] = {}
    for name in program.input_groups if stimulus is not None else ():
        channel, step = input_events(program, stimulus, name)
        data |= {f"{labels[name]}_channel": channel.astype(np.int32), f"{labels[name]}_step": step.astype(np.int32)}
        if stimulus is not None and stimulus.payload is not None:
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
