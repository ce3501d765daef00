"""The channels that control a readout, in C: in each step of a sample, which of them have an event.

These are the events of `lsm_sim.deploy.on_chip.ChipReadout.control`, computed from the length of the sample.
"""

from __future__ import annotations

from lsm_sim.deploy.on_chip import RELEASES, ChipReadout
from lsm_sim.exchange.c.source import filled

DURING = """
/* Send an event of a channel if the step of the sample is in begin .. end - 1. */
static void send_during(@NAME@_state *s, uint32_t channel, uint32_t begin, uint32_t end)
{
    if (s->step >= begin && s->step < end) {
        send(s, s->slot, channel);
    }
}
"""

EQUAL_BINS = """
/* Return the first step of bin b; bins are equally long, up to a step. */
static uint32_t edge(const @NAME@_state *s, uint32_t b)
{
    return (b * s->n_steps + @BINS@u - 1u) / @BINS@u;
}
"""

WINDOWS = """
/* Return the first step of bin b, at most the length of the sample. */
static uint32_t edge(const @NAME@_state *s, uint32_t b)
{
    return b * @WIDTH@u < s->n_steps ? b * @WIDTH@u : s->n_steps;
}
"""

CONTROL = """
/* Send the events of the readout's own channels. */
static void control(@NAME@_state *s)
{
@LINES@}
"""

HOLDS = """    uint32_t b;
    for (b = 1; b < @BINS@u; b++) {
        const uint32_t begin = edge(s, b), end = begin + @RELEASES@u;
        send_during(s, @HOLD@u + b - 1u, 0, begin);
        send_during(s, @RELEASE@u + b - 1u, begin, end < s->n_steps ? end : s->n_steps);
    }
"""

GATES = """    uint32_t b;
    for (b = 0; b < @BINS@u; b++) {
        send_during(s, @GATE@u + b, edge(s, b), edge(s, b + 1u));
    }
"""


def source(r: ChipReadout, name: str, width: int | None) -> str:
    """Return the functions ``edge`` and ``control``; ``width`` is that of windows in steps, None where bins are equal."""
    first = _first_channels(r)
    begin = f"s->n_steps - {r.pulses}u" if r.kind == "trace" else "0"
    end = "s->n_steps" if r.kind == "trace" else f"{r.pulses}u"
    start = first["readout start"]
    lines = [f"    send_during(s, {start + nth}u, {begin}, {end});\n" for nth in range(2)]
    if "readout ramp" in first:
        at = f"s->n_steps + {r.extra_steps - 1}u"
        lines.append(f"    send_during(s, {first['readout ramp']}u, {at}, {at} + {r.ramp_steps}u);\n")
    binned = HOLDS if "readout hold" in first else GATES if "readout gate" in first else ""
    edge = "" if not binned else EQUAL_BINS if width is None else WINDOWS
    variables, loop = binned[: binned.index("\n") + 1] if binned else "", binned.partition("\n")[2]
    return filled(
        DURING + edge + CONTROL,
        LINES=variables + "".join(lines) + loop,
        BINS=r.n_bins,
        WIDTH=width,
        RELEASES=RELEASES,
        HOLD=first.get("readout hold"),
        RELEASE=first.get("readout release"),
        GATE=first.get("readout gate"),
        NAME=name,
    )


def _first_channels(r: ChipReadout) -> dict[str, int]:
    """Return the first channel of each group of control channels."""
    first, begin = {}, r.n_inputs
    for name, size in r.channels().items():
        first[name] = begin
        begin += size
    return first
