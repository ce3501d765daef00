"""Distribute the neurons of a program over cores so that every limit is kept, or say which limit cannot be kept."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from lsm_sim.deploy import chips
from lsm_sim.deploy.chips import MEASURES, Chip, Limit
from lsm_sim.deploy.mapping import metis
from lsm_sim.deploy.mapping.core_map import CoreMap, CoreUse
from lsm_sim.deploy.mapping.growth import grow
from lsm_sim.deploy.mapping.network import Network, network
from lsm_sim.deploy.mapping.packing import Packing
from lsm_sim.deploy.mapping.refine import refine
from lsm_sim.deploy.mapping.repair import excess, repair
from lsm_sim.deploy.mapping.single import check_neurons, refuse_alone
from lsm_sim.deploy.mapping.usage import Usage, usage
from lsm_sim.errors import BackendUnavailableError, UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.environment import install

METHODS = ("auto", "order", "greedy", "metis")
_ASKED = "neurons_per_core"
_SMALLER = 0.8  # how many neurons a core gets, of those before, if a limit could not be kept
_FULL = 0.97  # part of a core's neurons that METIS is asked for: it overfills
_TOLERATED = 1.15  # excess that is left to repair; beyond it METIS gets more cores


@dataclass(frozen=True, eq=False)
class _Task:
    """A network to be mapped: the chip with the limits that hold, and the limits of a core by measure."""

    program: Program
    net: Network
    chip: Chip
    allowed: dict[str, int]
    seed: int

    def usage(self, core: Ints) -> Usage:
        return usage(self.net, self.chip, core, int(core.max()) + 1)

    def score(self, core: Ints) -> tuple[int, int]:
        used = self.usage(core)
        return excess(used.measures, self.allowed), used.messages

    def with_neurons(self, most: int) -> _Task:
        return replace(self, allowed={**self.allowed, "neurons": most})


@dataclass(frozen=True, eq=False)
class _Found:
    """A partition that keeps every limit of a core, and how often each limit kept a neuron out of a core."""

    method: str
    core: Ints
    refusals: Counter[str]

    @property
    def n_cores(self) -> int:
        return int(self.core.max()) + 1


def map_program(
    program: Program,
    chip: Chip | str = "loihi2",
    *,
    method: str = "auto",
    n_chips: int = 1,
    neurons_per_core: int | None = None,
    seed: int = 0,
) -> CoreMap:
    """Distribute the neurons of a program over the cores of a chip.

    Every limit of the chip is kept: neurons, axons, words, distinct settings of neurons. A program in float64 is counted as
    if its weights had 8 bits. Sources with synapses of several blocks or signs are counted as one input axon per core.

    Parameters
    ----------
    program
        The network.
    chip
        ``"loihi1"``, ``"loihi2"`` or a `Chip`.
    method
        ``"order"``: fill cores in the order of the neurons. ``"greedy"``: grow each core along the synapses, then exchange
        neurons between cores. ``"metis"``: METIS, with the extra ``mapping``. ``"auto"``: one core if the program fits in
        one, else greedy or, if it is installed, METIS, whichever needs fewer messages between cores.
    n_chips
        Chips of the board.
    neurons_per_core
        Maximum number of neurons in a core; None: what the chip allows.
    seed
        The same seed gives the same map.

    Returns
    -------
    The core of each neuron, what each core uses, and how much of each limit is left.
    """
    checks.instance(program, Program, "map_program: program", "a Program")
    checks.choice(method, "map_program: method", METHODS)
    found_chip = _with_neurons(chips.find(chip), neurons_per_core)
    n_chips = checks.whole(n_chips, "map_program: n_chips", minimum=1, maximum=checks.MOST)
    if method == "metis" and not metis.installed():
        raise BackendUnavailableError(f"map_program: method 'metis' needs pymetis: {install('mapping')}")
    net = network(program, found_chip)
    allowed = {name: found_chip.limits[name].value for name in MEASURES if name in found_chip.limits}
    task = _Task(program, net, found_chip, allowed, checks.whole(seed, "map_program: seed"))
    check_neurons(program, net, found_chip)
    found = _best(task, method, n_chips)
    if found.n_cores > found_chip.limits["cores"].value * n_chips:
        raise UnsupportedError(_too_many_cores(task, found, method, n_chips))
    return _core_map(task, found, n_chips)


def _with_neurons(chip: Chip, most: int | None) -> Chip:
    if most is None:
        return chip
    limit = chip.limits["neurons"].value
    value = checks.whole(most, "map_program: neurons_per_core", minimum=1, maximum=limit)
    return chip.with_limit(Limit("neurons", value, _ASKED, "U"))


def _best(task: _Task, method: str, n_chips: int) -> _Found:
    """Return the partition by a method; of several, the one that fits on the board with the fewest messages."""
    together = np.zeros(task.net.n_neurons, np.int64)
    if method == "auto" and task.score(together)[0] == 0:
        return _Found("one core", together, Counter())
    names = (("greedy", "metis") if metis.installed() else ("greedy",)) if method == "auto" else (method,)
    found = [_partition(task, name) for name in names]
    board = task.chip.limits["cores"].value * n_chips
    return min(found, key=lambda one: (max(one.n_cores - board, 0), task.usage(one.core).messages, one.n_cores))


def _partition(task: _Task, method: str) -> _Found:
    """Return a partition that keeps every limit of a core, with fewer neurons in a core if need be."""
    most = min(task.allowed["neurons"], task.net.n_neurons)
    while True:
        packing = (_metis if method == "metis" else _grown)(task.with_neurons(most), method != "order")
        if packing is not None:
            core = np.unique(packing.core, return_inverse=True)[1].reshape(-1)
            return _Found(method, core, packing.refusals)
        if most == 1:
            apart = np.arange(task.net.n_neurons)
            refuse_alone(task.program, task.usage(apart).measures, task.chip)
            return _Found(method, apart, Counter({"neurons": 1}))
        most = int(_SMALLER * most)


def _grown(task: _Task, by_links: bool) -> Packing | None:
    packing = Packing(task.net, task.chip.word_kinds, task.allowed)
    rng = np.random.default_rng(task.seed)
    start = int(rng.integers(task.net.n_neurons)) if by_links else 0
    if not grow(packing, by_links=by_links, start=start):
        return None
    return _finished(task, packing.core, by_links, packing.refusals)


def _metis(task: _Task, by_links: bool) -> Packing | None:
    n, most = task.net.n_neurons, task.allowed["neurons"]
    n_cores = math.ceil(n / max(1, int(_FULL * most))) if n > most else 1
    refusals: Counter[str] = Counter()
    while True:
        core = metis.partition(task.net, n_cores, task.seed)
        over = {name: task.usage(core).measures[name] / max(limit, 1) for name, limit in task.allowed.items()}
        worst = max(over, key=lambda name: float(np.mean(over[name])))
        refusals[worst] += 1
        if np.mean(over[worst]) <= 1 and max(float(share.max()) for share in over.values()) <= _TOLERATED:
            break
        if n_cores >= n // 2:
            break
        n_cores = min(n, math.ceil(n_cores * max(1.1, float(np.mean(over[worst])))))
    return _finished(task, core, by_links, refusals)


def _finished(task: _Task, core: Ints, by_links: bool, refusals: Counter[str]) -> Packing | None:
    """Exchange neurons to save messages, then repair; None if a limit cannot be kept."""
    if by_links:
        core = refine(task.net, core, int(core.max()) + 1, task.score, np.random.default_rng(task.seed))
    packing = Packing(task.net, task.chip.word_kinds, task.allowed, core)
    if task.score(core)[0] > 0 and not repair(packing, by_links=by_links):
        return None
    packing.refusals += refusals
    return packing


def _too_many_cores(task: _Task, found: _Found, method: str, n_chips: int) -> str:
    per_chip = task.chip.limits["cores"].value
    board = per_chip * n_chips
    fits = int(np.count_nonzero(found.core < board))
    binding = found.refusals.most_common(1)[0][0] if found.refusals else "neurons"
    limit = task.chip.limits[binding]
    advice = f"use n_chips={math.ceil(found.n_cores / per_chip)}"
    if binding == "neurons" and limit.source == _ASKED:
        advice += f", or neurons_per_core of at least {math.ceil(task.net.n_neurons / board)}"
    if method == "order":
        better = _partition(task, "greedy")
        if better.n_cores <= board:
            advice += f", or method='greedy', which needs {better.n_cores} cores"
    return (
        f"map_program: {task.net.n_neurons} neurons need {found.n_cores} cores of {task.chip.title} (method "
        f"{found.method}), {found.n_cores - board} more than {n_chips} chip{'s' * (n_chips > 1)} ha"
        f"{'ve' if n_chips > 1 else 's'}; most cores are full by the limit of {binding} ({limit.value} per core, "
        f"{limit.trust}: {limit.source}): {advice}, or at most {fits} neurons"
    )


def _core_map(task: _Task, found: _Found, n_chips: int) -> CoreMap:
    used = task.usage(found.core)
    uses = tuple(
        CoreUse(
            int(used.measures["neurons"][k]),
            int(used.synapses[k]),
            int(used.measures["input axons"][k]),
            int(used.measures["output axons"][k]),
            {kind: int(words[k]) for kind, words in used.words.items()},
            {name: int(values[k]) for name, values in used.measures.items()},
        )
        for k in range(found.n_cores)
    )
    delay = task.net.longest_delay
    return CoreMap(task.chip, found.method, found.core, uses, used.messages, used.input_messages, n_chips, delay)
