"""The C file of a program: tables, and the step of `lsm_sim.program.program` in integers."""

from __future__ import annotations

from typing import Any

from lsm_sim.dynamics.loihi import MAX_STATE, ONE
from lsm_sim.exchange.c.layout import Layout, synapse_blocks
from lsm_sim.exchange.c.tables import Tables
from lsm_sim.program.program import Program

ARITHMETIC = """
/* x * keep / 4096, rounded toward zero as C99 does */
static int32_t decayed(int32_t x, int32_t keep)
{
    return (int32_t)((int64_t)x * keep / 4096);
}

static int32_t to_signed(uint32_t x)
{
    return x <= 0x7fffffffu ? (int32_t)x : -(int32_t)(0xffffffffu - x) - 1;
}

/* A synaptic current after its arrivals: 32 bits, then wrapped at 2^23. */
static int32_t current(int32_t u, int32_t keep, uint32_t arrived)
{
    const int32_t x = to_signed((uint32_t)decayed(u, keep) + arrived * 64u);
    if (x > 8388608) {
        return x - 16777216;
    }
    return x <= -8388608 ? x + 16777216 : x;
}
"""

SEND = """
static void send_@B@(@NAME@_state *s, uint32_t next, uint32_t row@PAYLOAD_ARGUMENT@)
{
    const uint32_t end = (uint32_t)FIRST_@B@(row + 1u);
    uint32_t j;
@PLASTIC@    for (j = (uint32_t)FIRST_@B@(row); j < end; j++) {
        const int32_t amount = @AMOUNT@;
        @RING@ *target;
        uint32_t slot = next + (uint32_t)DELAY_@B@(j);
        if (slot >= N_SLOTS) {
            slot -= N_SLOTS;
        }
        target = &s->in_flight[slot][@RECEPTOR@][POST_@B@(j)];
        *target = @SUM@;
    }
}
"""

PLASTIC = """    const int64_t f = s->f_@B@[row], r = s->r_@B@[row];
    const int64_t x = f + (int64_t)USED_@B@(row) * (1048576 - f) / 4096;
    const int64_t used = x * r / 1048576;
    s->r_@B@[row] = (int32_t)(r - used);
    s->f_@B@[row] = (int32_t)x;
"""

REST = """
static void rest_@B@(@NAME@_state *s)
{
    uint32_t row;
    for (row = 0; row < N_ROWS; row++) {
        s->r_@B@[row] = 1048576 - decayed(1048576 - s->r_@B@[row], (int32_t)KEEP_R_@B@(row));
        s->f_@B@[row] = decayed(s->f_@B@[row], (int32_t)KEEP_F_@B@(row));
    }
}
"""

NARROW, WIDE = "(int16_t)(*target + amount)", "*target + (uint32_t)amount"


def filled(text: str, **words: Any) -> str:
    """Return ``text`` with each ``@WORD@`` replaced."""
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def source(program: Program, name: str, plan: Layout, tables: Tables, *, graded: bool, readout: str = "") -> str:
    """Return the C file; ``tables`` gets the tables of the program, ``readout`` is what a deployment adds."""
    _neuron_tables(program, tables)
    for number, block in enumerate(synapse_blocks(program)):
        _block_tables(number, block, tables)
    parts = [
        f'#include "{name}.h"',
        f"\n#define N_NEURONS {program.n_neurons}u\n#define N_ROWS {program.n_inputs + program.n_neurons}u",
        f"#define N_SLOTS {plan.n_slots}u\n",
        "\n".join(tables.lines),
        ARITHMETIC,
        *_senders(program, name, plan, graded=graded),
        _advance(program, name, plan),
        _step(program, name, plan, graded=graded),
        readout,
        _start(program, name, plan, restart=bool(readout)),
    ]
    return "\n".join(parts)


def _neuron_tables(program: Program, tables: Tables) -> None:
    arrays = program.arrays
    tables.add("KEEP_U", ONE - 1 - arrays["du"])
    tables.add("KEEP_V", ONE - arrays["dv"])
    tables.add("THRESHOLD", arrays["threshold"])
    tables.add("BIAS", arrays["bias"])
    tables.add("REFRACTORY", arrays["refractory"])
    if "du2" in arrays:
        tables.add("KEEP_U2", ONE - 1 - arrays["du2"])
    if "jump" in arrays:
        tables.add("KEEP_W", ONE - arrays["dw"])
        tables.add("JUMP", arrays["jump"])
    for start in ("u0", "v0"):
        if start in arrays:
            tables.add(start.upper(), arrays[start])


def _block_tables(number: int, block: Any, tables: Tables) -> None:
    tables.add(f"FIRST_{number}", block.indptr)
    tables.add(f"POST_{number}", block.post)
    tables.add(f"WEIGHT_{number}", block.weight)
    tables.add(f"DELAY_{number}", block.delay)
    if block.rule == "stp":
        tables.add(f"USED_{number}", block.stp_U)
        tables.add(f"KEEP_R_{number}", ONE - block.stp_drec)
        tables.add(f"KEEP_F_{number}", ONE - block.stp_dfacil)


def _senders(program: Program, name: str, plan: Layout, *, graded: bool) -> list[str]:
    """Return the functions that send the spikes of a source, one for each block and one for all."""
    out = []
    for number, block in enumerate(synapse_blocks(program)):
        plastic = block.rule == "stp"
        weight = f"WEIGHT_{number}(j)"
        amount = f"(int32_t)((int64_t){weight} * (used / 256) / 4096)" if plastic else f"(int32_t){weight}"
        words = {
            "PLASTIC": PLASTIC if plastic else "",
            "AMOUNT": amount,
            "RING": "int16_t" if plan.narrow else "uint32_t",
            "SUM": (NARROW if plan.narrow else WIDE) + (" * (uint32_t)payload" if graded else ""),
            "PAYLOAD_ARGUMENT": ", int32_t payload" if graded else "",
            "RECEPTOR": block.receptor,
            "B": number,
            "NAME": name,
        }
        out.append(filled(SEND + (REST if plastic else ""), **words))
    calls = "".join(f"    send_{number}(s, next, row{', payload' if graded else ''});\n" for number in range(len(out)))
    unused = "    (void)s;\n    (void)next;\n    (void)row;\n" + ("    (void)payload;\n" if graded else "")
    argument = ", int32_t payload" if graded else ""
    head = f"\nstatic void send(@NAME@_state *s, uint32_t next, uint32_t row{argument})\n{{\n"
    return [*out, filled(head + (calls or unused) + "}\n", NAME=name)]


def _advance(program: Program, name: str, plan: Layout) -> str:
    """Return the function that advances all neurons by a step and notes which spiked."""
    arrived = [f"arrived[{receptor}][i] = 0;" for receptor in range(program.n_receptors)]
    kept = [f"s->{one}[i] = {one};" for one in program.state if one != "v"]
    body = [*_update(program, plan), *arrived, *kept, *_spike(program, plan), "s->v[i] = v;"]
    ring = "int16_t" if plan.narrow else "uint32_t"
    head = f"""
static void advance({name}_state *s)
{{
    {ring} (*const arrived)[N_NEURONS] = s->in_flight[s->slot];
    uint32_t i;
    s->n_spikes = 0;
    for (i = 0; i < N_NEURONS; i++) {{
"""
    return head + "".join(f"        {line}\n" for line in body) + "    }\n}\n"


def _update(program: Program, plan: Layout) -> list[str]:
    """Return the lines that compute the state variables and the limit of v."""
    second, adaptive = "u2" in program.state, "w" in program.state
    u2 = "const int32_t u2 = current(s->u2[i], (int32_t)KEEP_U2(i), (uint32_t)arrived[1][i]);"
    held = ["if (s->hold[i] > 0) {", f"    s->hold[i] = ({plan.hold})(s->hold[i] - 1u);", "} else {"]
    return [
        "const int32_t u = current(s->u[i], (int32_t)KEEP_U(i), (uint32_t)arrived[0][i]);",
        *([u2] if second else []),
        f"const int64_t drive = (int64_t)u {'+ u2 ' if second else ''}+ BIAS(i);",
        *(["const int32_t w = decayed(s->w[i], (int32_t)KEEP_W(i));"] if adaptive else []),
        f"const int32_t limit = (int32_t)THRESHOLD(i) * 64{' + w' if adaptive else ''};",
        "int32_t v = s->v[i];",
        *(held if plan.hold else ["{"]),
        "    const int64_t x = decayed(v, (int32_t)KEEP_V(i)) + drive;",
        f"    v = (int32_t)(x > {MAX_STATE} ? {MAX_STATE} : x < -{MAX_STATE} ? -{MAX_STATE} : x);",
        "}",
    ]


def _spike(program: Program, plan: Layout) -> list[str]:
    """Return the lines that note a spike."""
    jump = f"s->w[i] = w > {MAX_STATE} - (int32_t)JUMP(i) ? {MAX_STATE} : w + (int32_t)JUMP(i);"
    return [
        "if (v > limit) {",
        "    v = 0;",
        *([f"    s->hold[i] = ({plan.hold})REFRACTORY(i);"] if plan.hold else []),
        *([f"    {jump}"] if "w" in program.state else []),
        f"    s->spikes[s->n_spikes++] = ({plan.neuron})i;",
        "}",
    ]


def _start(program: Program, name: str, plan: Layout, *, restart: bool) -> str:
    """Return the function that brings the state to the start of a sample."""
    rows = {"U": "u", "V": "v", "U2": "u2", "W": "w"}
    starts = [
        f"s->{rows[big]}[i] = {f'(int32_t){big}0(i)' if f'{big.lower()}0' in program.arrays else 0};"
        for big in rows
        if rows[big] in program.state
    ]
    starts += ["s->hold[i] = 0;"] if plan.hold else []
    plastic = [k for k, block in enumerate(synapse_blocks(program)) if block.rule == "stp"]
    resources = "".join(f"        s->r_{k}[i] = 1048576;\n        s->f_{k}[i] = 0;\n" for k in plastic)
    zeros = "".join(f"            s->in_flight[slot][{k}][i] = 0;\n" for k in range(program.n_receptors))
    return (
        f"\nvoid {name}_start({name}_state *s)\n{{\n    uint32_t i, slot;\n"
        "    for (i = 0; i < N_NEURONS; i++) {\n"
        + "".join(f"        {line}\n" for line in starts)
        + "        s->spikes[i] = 0;\n"
        + f"        for (slot = 0; slot < N_SLOTS; slot++) {{\n{zeros}        }}\n    }}\n"
        + (f"    for (i = 0; i < N_ROWS; i++) {{\n{resources}    }}\n" if plastic else "")
        + ("    restart(s);\n" if restart else "")
        + "    s->slot = 0;\n    s->n_spikes = 0;\n}\n"
    )


def _step(program: Program, name: str, plan: Layout, *, graded: bool) -> str:
    """Return the public step; with payloads there is a second one."""
    n_inputs = program.n_inputs
    bad = f"channels[j] >= {n_inputs}u || (j > 0 && channels[j] <= channels[j - 1u])"
    loop = f"    for (j = 0; j < n; j++) {{\n        if ({bad}) {{\n            return -1;\n        }}\n    }}\n"
    check = loop if n_inputs else "    if (n != 0) {\n        return -1;\n    }\n"
    rests = "".join(f"    rest_{k}(s);\n" for k, block in enumerate(synapse_blocks(program)) if block.rule == "stp")
    payload, one = (", payloads != 0 ? payloads[j] : 1", ", 1") if graded else ("", "")
    argument = ", const int32_t *payloads" if graded else ""
    events = f"    for (j = 0; j < n; j++) {{\n        send(s, next, channels[j]{payload});\n    }}\n"
    unused = "    (void)channels;\n" + ("    (void)payloads;\n" if graded else "")
    head = f"int32_t {name}_step{'_graded' if graded else ''}"
    plain = f"""
int32_t {name}_step({name}_state *s, const {plan.channel} *channels, uint32_t n)
{{
    return {name}_step_graded(s, channels, 0, n);
}}
"""
    return f"""
{head}({name}_state *s, const {plan.channel} *channels{argument}, uint32_t n)
{{
    const uint32_t next = s->slot + 1u < N_SLOTS ? s->slot + 1u : 0u;
    uint32_t j;
{check}    advance(s);
    s->slot = next;
{rests}{events if n_inputs else unused}    for (j = 0; j < s->n_spikes; j++) {{
        send(s, next, {n_inputs}u + s->spikes[j]{one});
    }}
    return (int32_t)s->n_spikes;
}}
{plain if graded else ""}"""
