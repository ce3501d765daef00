"""The Brian2 code of a plain program, which no feature of other programs may change."""

import dataclasses

import numpy as np
import pytest

from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.testing import random_program
from lsm_sim_brian2 import equations, synapses

FLOAT64 = """\
going = int(phase > 0.5)
u = u*going
v = v*going
hold = hold*going
u = decay_u*u
u = u + a
a = 0
hold = int(hold > 0)*(hold - 1)
drive = u + bias
v = decay_v*v
v = v + drive
v = int(hold == 0)*v
fires = (v > threshold) and (phase < 1.5)
v = int(not fires)*v
hold = int(not fires)*hold + int(fires)*(held_for + 1)
"""
LOIHI = """\
going = int(phase > 0.5)
u = u*going
v = v*going
hold = hold*going
hold = int(hold > 0)*(hold - 1)
kept = u*(4095 - du)
u = sign(kept)*floor(abs(kept)/4096) + 64*a
u = u - 4294967296.0*floor((u + 2147483648.0)/4294967296.0)
left = int(abs(a) >= 32768) + 2*int(abs(u) >= 8388608)
u = u - 16777216*int(u > 8388608) + 16777216*int(u <= -8388608)
a = 0
kept = v*(4096 - dv)
drive = u + bias
v = sign(kept)*floor(abs(kept)/4096) + drive
v = int(hold == 0)*clip(v, -8388607, 8388607)
left = left + 4*int(abs(drive) >= 8388608)
fires = (v > 64*threshold) and (phase < 1.5)
v = int(not fires)*v
hold = int(not fires)*hold + int(fires)*(held_for + 1)
"""


def program(arithmetic):
    return random_program(np.random.default_rng(1), arithmetic)


@pytest.mark.parametrize(("arithmetic", "step"), [("float64", FLOAT64), ("loihi", LOIHI)])
def test_a_plain_program_keeps_its_code(arithmetic, step):
    plain = program(arithmetic)
    assert equations.Fused.of(plain, excursions=arithmetic == "loihi").step() == step
    ((kind, index),) = synapses.kinds(plain).items()
    code = kind.suffix, kind.model(), kind.on_pre(), kind.rest("phase_post"), index
    assert code == ("", "w : 1", "a_post += w", None, slice(None))


def test_blocks_of_one_receptor_and_rule_are_one_kind():
    plain = program("float64")
    empty = SynapseBlock(np.zeros_like(plain.indptr), plain.post[:0], plain.weight[:0], plain.delay[:0])
    twice = dataclasses.replace(plain, more_blocks=[plain.blocks[0], empty])
    ((kind, index),) = synapses.kinds(twice).items()
    assert kind == synapses.Synapse("float64")
    assert index.tolist() == list(range(2 * plain.n_synapses))
