"""Limits of Loihi 1 and 2: every reason why a program cannot run, with group, value, limit and remedy.

The limits are from Lava's process descriptions and public notebooks of Intel's compiler; none was confirmed on a chip.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lsm_sim.dynamics.loihi import MAX_BIAS, MAX_EXPONENT, MAX_WEIGHT, bias_fits, exponent_range
from lsm_sim.program.program import Program
from lsm_sim.quantisation.groups import groups
from lsm_sim.support.checks import Bools, Ints

MAX_DELAY = 62  # as stored; Lava allows 63, lava-dl clips to 62
MAX_NEURONS = 120 * 4095  # cores used by the compiler, times neurons per core (inferred from Intel's notebooks)
MAX_SYNAPSES = 120_000_000
MAX_REFRACTORY_1 = 62  # Loihi 1 has a register of 6 bits, in which 1 means none


def chip_reasons(program: Program, chip: str = "loihi2") -> list[str]:
    """Return all known reasons why a chip cannot run a loihi program; empty if there are none.

    Weights, thresholds, decays and biases have the same sizes on both. Loihi 1 has refractory periods, Lava's LIF for Loihi 2 has
    none. How much fits is another question, which `lsm_sim.deploy.mapping` answers for both; here only Loihi 2 has totals.
    """
    reasons = []
    if chip == "loihi2" and program.n_neurons > MAX_NEURONS:
        reasons.append(f"{program.n_neurons} neurons, at most {MAX_NEURONS} on one chip: use fewer")
    if chip == "loihi2" and program.n_synapses > MAX_SYNAPSES:
        reasons.append(f"{program.n_synapses} synapses, at most {MAX_SYNAPSES} on one chip: use fewer")
    if program.n_inputs == 0:
        reasons.append("no input channels, expected at least one: add Inputs")
    for name, members in program.neuron_groups.items():
        reasons += _neuron_reasons(program, name, slice(members.start, members.stop), chip)
    every = program.synapses()
    for name, index in groups(program):
        reasons += _synapse_reasons(name, every.weight[index], every.delay[index])
    return reasons


def _neuron_reasons(program: Program, name: str, own: slice, chip: str) -> list[str]:
    held: tuple[str, str, str, Callable[[Any], Bools]] = (
        ("refractory", "0, as Lava's LIF has none in fixed point", "set t_ref=0", lambda x: x > 0)
        if chip == "loihi2"
        else ("refractory", f"at most {MAX_REFRACTORY_1} steps", "use a shorter t_ref", lambda x: x > MAX_REFRACTORY_1)
    )
    checks: list[tuple[str, str, str, Callable[[Any], Bools]]] = [
        held,
        ("threshold", "1..131071", "quantise with another scale", lambda x: (x < 1) | (x > 2**17 - 1)),
        ("du", "0..4095", "use a longer tau_syn", lambda x: (x < 0) | (x > 4095)),
        ("dv", "0..4095", "use a longer tau_m", lambda x: (x < 0) | (x > 4095)),
        ("bias", f"a mantissa up to {MAX_BIAS} times 2^0..2^{MAX_EXPONENT}", "quantise", lambda x: ~bias_fits(x)),
    ]
    reasons = []
    for field, expected, remedy, wrong in checks:
        values = getattr(program, field)[own]
        bad = np.flatnonzero(wrong(values))
        if bad.size:
            got = f"{values[bad[0]]} at neuron {bad[0]} and {bad.size - 1} more"
            reasons.append(f"neurons {name}: {field} {got}, expected {expected}: {remedy}")
    return reasons


def _synapse_reasons(name: str, weight: Ints, delay: Ints) -> list[str]:
    reasons = []
    low, high = exponent_range(weight)
    if (low > high).any():
        bad = weight[low > high]
        reasons.append(
            f"synapses {name}: weight {bad[0]} and {bad.size - 1} more, expected a magnitude up to {MAX_WEIGHT} times "
            f"2^0..2^{MAX_EXPONENT}: quantise"
        )
    longest = int(delay.max(initial=0))
    if longest > MAX_DELAY:
        reasons.append(
            f"synapses {name}: a delay of {longest + 1} steps, at most {MAX_DELAY + 1}: shorten it, or use a larger dt"
        )
    return reasons
