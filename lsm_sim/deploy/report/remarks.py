"""What a reader must know about the estimates, in words."""

from __future__ import annotations

from lsm_sim.deploy.costs.estimate import Costs
from lsm_sim.deploy.costs.operations import STATIC
from lsm_sim.deploy.report.formatting import interval, quantity

NO_CHIP = "Nothing in this report was measured on a chip. Estimates are ranges from published figures."

_ALWAYS = (
    "Not included: the host, its x86 processor, the board, input and output.",
    "Messages from the host are counted, but only their hops and the synaptic operations that they cause are in the estimates.",
)
_STATIC = (
    "Static power is given beside dynamic energy and not added to it, because its source states no voltage.",
    "Static power is that of whole chips, also where few of their cores are used.",
)
_LOIHI1 = (
    "23.6 pJ per synaptic operation is the minimum of a simulation made before the first chip, not a typical or measured value.",
    "All neurons are updated in every step. Lower end: neurons that do not spike are idle; upper end: all are active.",
    "Hops are charged per message, not per synapse. Lower end: none; upper end: as far as the two farthest tiles in use.",
    "The time of a step is that of the busiest core, one operation after the other, plus the barrier; stages that overlap save time.",
    "Waiting for messages in the network between cores is not in the times.",
)
_SEVERAL_CHIPS = ("The energy of links between chips is not published and not included.",)
_LOIHI2 = (
    "The energy per operation of Loihi 2 is not published, and figures of Loihi 1 do not hold for it.",
    "The times are those that others measured on other networks.",
    "Dynamic power can be too small to be measured: PilotNet SDNN has -0.006 W by Intel's own notebook.",
)
_CPU = (
    "The processor ran the same program on one thread. A GPU, or larger batches, may need less time and energy per sample.",
)


def notes(costs: Costs) -> list[str]:
    """Return what the figures of ``costs`` mean, and what they leave out."""
    out = [NO_CHIP]
    if costs.chip == "loihi1":
        out += _LOIHI1
    if costs.chip == "loihi2":
        out += _LOIHI2
    if costs.static:
        out += _STATIC
    if costs.n_chips > 1:
        out += _SEVERAL_CHIPS
    return [*out, *_ALWAYS, *(() if costs.cpu is None else _CPU)]


def claims(costs: Costs) -> str:
    """Return what a reader can check of claims such as "1000 times as efficient as a GPU" or "1 mW", and what not."""
    return f"{_milliwatt(costs)} {_thousand()}"


def _milliwatt(costs: Costs) -> str:
    static = costs.static_power or STATIC["loihi1"]
    whole = interval(static.value, "W", 3)
    begin = f'"1 mW" cannot be the power of a whole chip: the published static power of one chip alone is {whole}.'
    power = costs.real_time_power
    if power is None:
        return (
            f"{begin} Dynamic power alone may be as small, but for this chip it cannot be computed, because its energy per "
            "operation is not published."
        )
    return (
        f"{begin} The dynamic power alone of this program would be {interval(power, 'W')} in real time (steps of "
        f"{quantity(costs.dt, 's')}); a reader can recompute that from the counts and sources given here."
    )


def _thousand() -> str:
    return (
        '"1000 times as efficient as a GPU" cannot be checked here: it takes a measured chip, and a GPU with its model, batch size and '
        "arithmetic named, with static power and host on both sides. Published comparisons on Loihi 2 go from 2 times (MatMul-free language "
        "model, arXiv:2503.18002) to 1000 times (S4D token by token, arXiv:2409.15022, where the GPU wins on batches). Some shrink when "
        "everything is counted: over 1000 times becomes about 67 times in total energy (arXiv:2609.32317), and 100 times becomes 2 to "
        "40 times (arXiv:2608.18341). Of these papers only abstracts or transcriptions were read."
    )
