"""What a twin was made of: a program, or a liquid to which the trained numbers are written back."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.describe.drawing import DrawnSynapses, draw_parameters, draw_synapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.plasticity import TsodyksMarkram
from lsm_sim.describe.synapses import RECEPTORS, Synapses
from lsm_sim.describe.wiring import Edges
from lsm_sim.dynamics import Units
from lsm_sim.errors import DescriptionError, LsmWarning, UnsupportedError
from lsm_sim.program.joining import blocks_of, ranges
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats, Ints

_LONGEST = 1 - 1e-9  # decay of a time constant of 10^9 steps
_SHORTEST = float(np.exp(-1.0)) * (1 + 1e-9)  # decay of a time constant of one step, which is the shortest
_TIMES = {"decay_v": "tau_m", "decay_u": "tau_syn", "decay_u2": "tau_syn_inh", "decay_w": "tau_adapt"}


class OfProgram:
    """A program as it is; its arrays can have any value that a program may have."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.signs = _signs_of(program)

    def arrays(self, trained: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the arrays that take the place of the trained ones: themselves."""
        return dict(trained)

    def bounds(self, name: str) -> tuple[Any, Any]:
        """Return between which values an array must stay."""
        return (0.0, 1.0) if name.startswith(("decay", "stp")) else (-np.inf, np.inf)

    def as_lowered(self, weight: Floats) -> Floats:
        """Return the weights themselves."""
        return weight

    def order(self, delay: Ints) -> Ints:
        """Return the order of synapses with these delays: as it is."""
        return np.arange(delay.size)

    def liquid(self, *_others: Any) -> Liquid:
        """Refuse: a program does not know what it was made of."""
        raise UnsupportedError(
            "Twin liquid: the twin was made of a program; use program(), or make it of a Liquid and dt"
        )


class OfLiquid:
    """A liquid and the step with which it is lowered.

    The trained arrays are converted to the parameters of `Neurons` and lowered from those, so that what the twin computes with is
    what every engine gets from the liquid that `liquid` returns.
    """

    def __init__(self, liquid: Liquid, dt: float, weight_bits: int | None) -> None:
        if liquid.noise():
            raise UnsupportedError(
                "Twin: the liquid has background noise, whose synapses cannot be written back; use Twin(lower(liquid, dt))"
            )
        self.program = lower(liquid, dt, weight_bits)
        self._liquid, self._dt = liquid, self.program.dt
        self._drawn = [one for one in draw_synapses(liquid) if one.source.size]
        self._order = _order(liquid, self._drawn, self._dt)
        sign = [0] * liquid.n_inputs
        sign += [group.sign or 0 for group in liquid.neurons for _ in range(group.size)]
        self.signs = np.array(sign)[self.program.sources()]

    def bounds(self, name: str) -> tuple[Any, Any]:
        """Return between which values an array must stay, so that it has a parameter of `Neurons`."""
        if name in _TIMES:
            return _SHORTEST, _LONGEST
        if name == "threshold":
            return 1e-6 * self.program.threshold, np.inf
        return (0.0, np.inf) if name == "jump" else (-np.inf, np.inf)

    def arrays(self, trained: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the arrays that take the place of the trained ones, lowered from parameters of neurons."""
        if not trained:
            return {}
        lowered = self._lowered(trained).arrays
        names = {*trained, "bias"} if "decay_v" in trained else set(trained)
        return {name: lowered.get(name, np.zeros(self.program.n_neurons)) for name in names}

    def as_lowered(self, weight: Floats) -> Floats:
        """Return the weights with the sign that `lower` gives to zeros, so that programs are equal to the bit."""
        return np.where(weight == 0, np.copysign(0.0, np.where(self.signs == 0, weight, self.signs)), weight)

    def order(self, delay: Ints) -> Ints:
        """Return the order that `lower` gives to synapses with these delays (S,), as a program stores them."""
        every = self.program.synapses()
        return np.lexsort((self._order, delay, every.post, every.source, every.block))

    def units(self, trained: Mapping[str, Floats]) -> Units:
        """Return the conversion to the user's units."""
        units = self._lowered(trained).units if trained else self.program.units
        assert units is not None  # `lower` knows them
        return units

    def liquid(self, weight: Floats, delay: Ints, trained: Mapping[str, Floats], keep_signs: bool) -> Liquid:
        """Return the liquid with these weights and delays (S,), in the program's numbers and order, and these arrays."""
        if keep_signs:
            self._check_signs(weight)
        neurons = self._neurons(trained)
        if not keep_signs:
            neurons = [dataclasses.replace(group, sign=None) for group in neurons]
        units, synapses = self.units(trained), self.program.synapses()
        user = np.empty(weight.size)
        for receptor in range(self.program.n_receptors):
            own = synapses.receptor == receptor
            user[own] = weight[own] / units.weight_scale_of(receptor)[synapses.post[own]]
        described, before, after = np.empty(weight.size), np.empty(weight.size, int), np.empty(weight.size, int)
        described[self._order], before[self._order], after[self._order] = user, synapses.delay, delay
        made = self._synapses(described, np.where(after == before, 0, after + 1))
        return dataclasses.replace(self._liquid, neurons=neurons, synapses=made)

    def _lowered(self, trained: Mapping[str, Floats]) -> Program:
        """Return the program of the neurons alone."""
        with warnings.catch_warnings():  # what is unusual was said when the twin was made
            warnings.simplefilter("ignore", LsmWarning)
            return lower(dataclasses.replace(self._liquid, neurons=self._neurons(trained), synapses=()), self._dt)

    def _neurons(self, trained: Mapping[str, Floats]) -> list[Neurons]:
        members = ranges(self._liquid.neurons)
        out = []
        for group in self._liquid.neurons:
            at = slice(members[group.name].start, members[group.name].stop)
            own = {name: values[at] for name, values in trained.items()}
            if "decay_v" in own and "bias" not in own:  # the bias stays as it is when tau_m changes
                own["bias"] = self.program.bias[at]
            out.append(dataclasses.replace(group, **self._parameters(group, own)))
        return out

    def _parameters(self, group: Neurons, arrays: dict[str, Floats]) -> dict[str, Any]:
        drawn = draw_parameters(group, self._liquid.seed)
        out: dict[str, Any] = {}
        for name, tau in _TIMES.items():
            if name in arrays and tau in drawn:
                decay = np.clip(arrays[name], *self.bounds(name))
                out[tau] = np.maximum(self._dt / -np.log(decay), self._dt)
        if "threshold" in arrays:
            out["v_thresh"] = arrays["threshold"] + drawn["v_reset"]
        if "v0" in arrays:
            out["v_init"] = arrays["v0"] + drawn["v_reset"]
        if "jump" in arrays and "adapt_step" in drawn:
            out["adapt_step"] = np.maximum(arrays["jump"], 0)
        if "bias" in arrays:
            tau_m = out.get("tau_m", drawn["tau_m"])
            settles = arrays["bias"] / -np.expm1(-self._dt / tau_m)
            out["i_bias"] = (settles - (drawn["v_rest"] - drawn["v_reset"])) / tau_m
        return out

    def _synapses(self, weight: Floats, steps: Ints) -> list[Synapses]:
        """Return the drawn synapses with these weights, and with delays of so many steps where that is not 0."""
        second = {group.name: group.tau_syn_inh is not None for group in self._liquid.neurons}
        out, first = [], 0
        for one in self._drawn:
            part = slice(first, first + one.source.size)
            own, changed = weight[part], steps[part]
            first = part.stop
            delay = one.delay
            if changed.any():
                delay = np.where(changed > 0, changed * self._dt, self._dt if delay is None else delay)
            receptor = RECEPTORS[one.receptor] if second[one.post] else None
            edges = Edges(one.source, one.target)
            out.append(Synapses(one.pre, one.post, edges, own, delay, stp=_stp(one), receptor=receptor))
        return out

    def _check_signs(self, weight: Floats) -> None:
        wrong = self.signs * weight < 0
        if not wrong.any():
            return
        i = int(np.flatnonzero(wrong)[0])
        sender = self.program.sources()[i] - self.program.n_inputs
        name = next(name for name, members in ranges(self._liquid.neurons).items() if sender in members)
        raise DescriptionError(
            f"Twin liquid: got a weight of {weight[i]:g} from {name!r}, whose sign is {self.signs[i]:+d} ({int(wrong.sum())} weights "
            "break Dale's law); call clamp_() after each step of the optimiser, or use liquid(keep_signs=False)"
        )


def _signs_of(program: Program) -> Ints:
    """Return +1 or -1 for synapses of a neuron whose weights have this sign, 0 for channels and where both occur."""
    every = program.synapses()
    rows = program.n_inputs + program.n_neurons
    above, below = (np.bincount(every.source, sign * every.weight > 0, rows) > 0 for sign in (1, -1))
    sign = above.astype(np.int64) - below
    sign[: program.n_inputs] = 0
    return np.asarray(sign[every.source])


def _order(liquid: Liquid, drawn: list[DrawnSynapses], dt: float) -> Ints:
    """Return for each synapse of the program its place among the drawn ones: what `blocks_of` does to numbers."""
    first, numbered = 0, []
    for one in drawn:
        places = np.arange(first, first + one.source.size, dtype=np.float64)
        numbered.append(dataclasses.replace(one, weight=places + 1))
        first += one.source.size
    ones = np.ones(liquid.n_neurons)
    units = Units(1.0, ones, ones, ones, ones, ones)
    blocks = blocks_of(liquid, numbered, units, dt, 54)
    return np.concatenate([block.weight for block in blocks]).astype(np.int64) - 1


def _stp(drawn: DrawnSynapses) -> TsodyksMarkram | None:
    if drawn.stp is None:
        return None
    given: dict[str, Any] = {
        name: values if values.any() or name == "U" else None for name, values in drawn.stp.items()
    }
    return TsodyksMarkram(**given)
