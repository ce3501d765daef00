"""The parts of a Brian2 script that depend on what a program has: its description, and the functions for its synapses."""

from __future__ import annotations

from collections.abc import Mapping

from lsm_sim.program.program import Program
from lsm_sim_brian2 import synapses
from lsm_sim_brian2.readable import PAYLOAD, synapse_names
from lsm_sim_brian2.synapses import Synapse

_IMPORTED = (
    "Network",
    "NeuronGroup",
    "SpikeGeneratorGroup",
    "SpikeMonitor",
    "Synapses",
    "defaultclock",
    "prefs",
    "second",
)

_PLAIN = '''\
def synapses(pre, post):
    """Connect two groups; spikes add to the accumulator a, whose sums are exact in any order."""
    name = pre.name + "_to_" + post.name
    group = Synapses(pre, post, "w : 1", on_pre="{effect}", name=name)
    group.connect(i=arrays[name + "_i"], j=arrays[name + "_j"])
    group.w = arrays[name + "_weight"]
    group.delay = arrays[name + "_delay"] * defaultclock.dt
    return group
'''

_ANY = '''\
def synapses(name, pre, post, effect):
    """Connect two groups; a spike adds to an accumulator, as ``effect`` says, whose sums are exact in any order."""
    return connect(Synapses(pre, post, "w : 1", on_pre=effect, {namespace}name=name))


def connect(group):
    """Connect synapses and set their weights and delays."""
    group.connect(i=arrays[group.name + "_i"], j=arrays[group.name + "_j"])
    group.w = arrays[group.name + "_weight"]
    group.delay = arrays[group.name + "_delay"] * defaultclock.dt
    return group
'''

_FUNCTIONS = '''

def functions(pre):
    """Return what statements of synapses may call beside Brian2's own functions."""
    return {{{found}}}
'''

_GRADED_FUNCTIONS = '''

def functions(pre):
    """Return what statements of synapses may call beside Brian2's own functions: the payload that an event of pre carries."""
    found = {{{found}}}
    if pre.name + "_payload" in arrays:
        payload = np.zeros(({n_steps}, pre.N))
        payload[arrays[pre.name + "_step"], arrays[pre.name + "_channel"]] = arrays[pre.name + "_payload"]
        found["payload"] = TimedArray(payload, dt=defaultclock.dt)
    return found
'''

_RINT = """

rint = Function(np.rint, arg_units=[1], return_unit=1)  # to the nearest integer, half to even
rint.implementations.add_implementation("cython", "from libc.math cimport rint", name="rint")
"""

_PLASTIC = '''

PLASTIC = """
{model}
"""

USE = """
{use}
"""  # {remark}

REST = """
{rest}
"""  # in each step


def plastic(name, pre, post, effect):
    """Connect two groups by synapses with short-term plasticity: resources r and facilitation f (Tsodyks and Markram)."""
    group = Synapses(pre, post, PLASTIC, on_pre=USE + effect, {namespace}name=name)
    group.run_regularly(REST, when="groups", order=1)
    connect(group)
    for variable in [{variables}]:
        setattr(group, variable, arrays[name + "_" + variable])
    group.r = {start}
    return group
'''

_MEANING = {
    "float64": """\
    u = decay_u*u + a[k]
    v = decay_v*v + (u + bias)      unless held
    spike where v > threshold; then v = 0, held for held_for steps
""",
    "loihi": """\
    u = u*(4095 - du)/4096 toward zero, + 64*a[k], wrapped to 24 bits
    v = v*(4096 - dv)/4096 toward zero, + u + bias, clipped to +-(2^23 - 1)      unless held
    spike where v > 64*threshold; then v = 0, held for held_for steps
""",
}
_SOURCE = {
    "float64": "which integrates tau_syn du/dt = -u and tau_m dv/dt = -v + u exactly (Rotter and Diesmann 1999).",
    "loihi": "which is Loihi's integer arithmetic as lava-nc 0.10.0 defines it.",
}
_SECOND = "A second current u2 is like u, with arrivals a2; v adds u + u2 + bias.\n"
_ADAPTIVE = "The threshold is higher by theta, which decays in each step and rises by jump at a spike.\n"
_DEPRESSED = (
    "What a synapse with resources r and facilitation f delivers depends on its earlier spikes; see USE and REST.\n"
)
_GRADED = "An event of an input carries an integer, its payload, which multiplies what it delivers.\n"


def meaning(program: Program, *, graded: int | None) -> str:
    """Return the description of a step; ``graded`` is the number of steps of a stimulus with payloads, None without."""
    needs = program.needs
    more = "".join(
        text
        for text, needed in (
            (_SECOND, "two-currents" in needs),
            (_ADAPTIVE, "adaptive-threshold" in needs),
            (_DEPRESSED, "stp" in needs),
            (_GRADED, graded is not None),
        )
        if needed
    )
    return _MEANING[program.arithmetic] + _SOURCE[program.arithmetic] + (f"\n{more.rstrip()}" if more else "")


def imported(program: Program, *, graded: int | None) -> list[str]:
    """Return the names to import from brian2."""
    more = [*(["Function"] if _calls_rint(program) else []), *(["TimedArray"] if graded is not None else [])]
    return sorted([*_IMPORTED, *more])


def definitions(program: Program, *, graded: int | None) -> str:
    """Return the functions that create synapses; for ``graded`` see `meaning`."""
    if _is_plain(program, graded):
        return _PLAIN.format(effect=Synapse(program.arithmetic).effect())
    found = '"rint": rint' if _calls_rint(program) else ""
    namespace = "namespace=functions(pre), " if found or graded is not None else ""
    out = _ANY.format(namespace=namespace)
    if graded is not None:
        out += _GRADED_FUNCTIONS.format(found=found, n_steps=graded)
    elif found:
        out += _FUNCTIONS.format(found=found)
    out += _RINT if found else ""
    for kind in [kind for kind in synapses.kinds(program) if kind.rule != "static"][:1]:
        (start,) = kind.start().values()
        names = [name for name in kind.variables if name not in ("w", "r", "f")]
        out += _PLASTIC.format(
            namespace=namespace,
            model=kind.model(),
            use=kind.use().rstrip(),
            remark="at a spike, before its effect"
            + ("; w counts in units of grid, to which amounts are rounded" if kind.calls_rint else ""),
            rest=str(kind.rest()).rstrip(),
            variables=", ".join(f'"{name}"' for name in names),
            start=start,
        )
    return out


def lines(program: Program, labels: Mapping[str, str], *, graded: int | None) -> list[str]:
    """Return a line for each projection."""
    out = []
    for part, name in synapse_names(program, labels):
        ends = f'groups["{labels[part.pre]}"], groups["{labels[part.post]}"]'
        if _is_plain(program, graded):
            out.append(f"    synapses({ends}),")
            continue
        external = part.rows.start < program.n_inputs and graded is not None
        kind = Synapse(program.arithmetic, part.receptor, part.rule, PAYLOAD if external else None)
        function = "synapses" if part.rule == "static" else "plastic"
        out.append(f'    {function}("{name}", {ends}, "{kind.effect()}"),')
    return out


def _is_plain(program: Program, graded: int | None) -> bool:
    """Return whether the names and the effects of all synapses follow from their groups."""
    return graded is None and not program.needs & {"blocks", "stp", "two-currents"}


def _calls_rint(program: Program) -> bool:
    return any(kind.calls_rint for kind in synapses.kinds(program))
