"""The words of synapses and of cores, against tables that Intel's compiler printed in public notebooks.

The rows are facts quoted from lava-dl (tutorials/lava/lib/dl/netx) and lava-optimization (tutorials), both BSD-3-Clause.
"""

from __future__ import annotations

import numpy as np
import pytest

from lsm_sim.deploy.chips import LOIHI1, LOIHI2
from lsm_sim.deploy.mapping import map_program
from lsm_sim.deploy.mapping.words import synapse_bits, synapse_words
from lsm_sim.program.program import Program

KINDS = ("input axons", "neuron groups", "neurons", "synapses", "axon map", "axon memory")
CAPS = [
    LOIHI2.limits[name].value
    for name in ("input axons", "neuron groups", "neurons", "synapse words", "axon map words", "axon memory words")
]
COUNTS = [  # words by kind and in total: lava-optimization, tutorial_QUBO_solver.ipynb
    (100, 1, 2, 100, 3, 0, 206),
    (200, 1, 100, 370, 400, 0, 1071),
    (0, 1, 1, 0, 1, 0, 3),
]
MNIST = [  # per cent of the limit of each kind and of the total: lava-dl, netx/mnist/run.ipynb
    (0.40, 12.50, 0.24, 1.60, 0.06, 0.00, 1.71),
    (0.80, 12.50, 1.56, 16.80, 0.40, 0.00, 14.72),
    (4.90, 12.50, 1.22, 78.40, 0.31, 0.00, 67.14),
]
PERCENT = [
    *MNIST,
    (0.01, 25.00, 65.64, 19.20, 16.80, 0.00, 42.26),  # lava-dl, netx/yolo_kp/run.ipynb
    (0.01, 12.50, 87.52, 86.40, 0.35, 0.17, 87.47),
    (0.01, 12.50, 87.52, 67.20, 0.09, 0.35, 72.04),
    (0.01, 12.50, 87.52, 86.40, 0.35, 0.35, 87.61),
    (0.01, 12.50, 87.52, 72.00, 0.35, 2.80, 78.05),
    (0.01, 12.50, 87.52, 79.20, 0.17, 0.17, 81.57),
    (0.01, 12.50, 87.52, 39.60, 0.17, 0.35, 50.03),
    (0.01, 12.50, 87.52, 10.80, 0.35, 0.17, 26.99),
    (0.01, 12.50, 87.52, 3.60, 0.70, 0.35, 21.65),
    (0.01, 12.50, 87.52, 0.34, 1.40, 0.70, 19.88),
    (0.62, 12.50, 0.02, 0.62, 0.01, 0.00, 1.02),  # lava-optimization, demo_01_satellite_scheduler.ipynb
    (0.45, 12.50, 2.44, 0.49, 1.25, 0.00, 2.25),
]


@pytest.mark.parametrize("row", COUNTS)
def test_the_total_of_printed_words_is_their_sum(row):
    assert sum(row[:-1]) == row[-1]


@pytest.mark.parametrize("row", PERCENT)
def test_the_limits_turn_printed_percentages_into_the_printed_total(row):
    total = sum(share * cap / 100 for share, cap in zip(row, CAPS, strict=False))
    rounding = sum(0.005 * cap / 100 for cap in CAPS)  # of the six percentages, which have two digits
    words = LOIHI2.limits["words"].value
    assert 100 * total / words == pytest.approx(row[-1], abs=0.005 + 100 * rounding / words)


@pytest.mark.parametrize(("row", "axons", "targets"), [*zip(MNIST, (64, 128, 784), (10, 64, 50), strict=True)])
def test_a_dense_layer_needs_the_words_that_the_compiler_printed(row, axons, targets):
    zeros = np.zeros(targets, np.int64)
    layer = Program(
        arithmetic="loihi",
        dt=1e-3,
        n_inputs=axons,
        n_neurons=targets,
        indptr=np.concatenate([np.arange(axons + 1), np.full(targets, axons)]) * targets,
        post=np.tile(np.arange(targets), axons),
        weight=np.full(axons * targets, 2),
        delay=np.zeros(axons * targets, np.int64),
        threshold=zeros + 400,
        bias=zeros,
        refractory=zeros,
        du=zeros + 400,
        dv=zeros + 400,
    )
    (use,) = map_program(layer).uses
    for share, cap, kind in zip(row, CAPS, KINDS[:4], strict=False):
        assert round(100 * use.words[kind] / cap, 2) == share, kind
    assert use.words["synapses"] == round(row[3] * CAPS[3] / 100)
    assert (
        use.words["axon map"] == 0
    )  # nothing in this program listens to the layer; the compiler printed one word a neuron
    total = sum(use.words.values()) + targets
    assert round(100 * total / LOIHI2.limits["words"].value, 2) == pytest.approx(row[-1], abs=0.0101)


def test_an_axon_of_10_50_and_64_synapses_needs_4_16_and_21_words():
    bits = synapse_bits(LOIHI2, longest_delay=0)
    assert bits == 20
    assert synapse_words(np.array([10, 50, 64]), bits).tolist() == [4, 16, 21]


@pytest.mark.parametrize(
    ("bits", "targets", "words"),
    [
        (18, 10, 3),
        (18, 50, 15),
        (16, 10, 3),
        (16, 50, 13),
    ],  # lava-dl, netx/pilotnet_sdnn and pilotnet_snn, benchmark.ipynb
)
def test_older_compilers_fit_the_same_blocks_with_fewer_bits(bits, targets, words):
    assert synapse_words(targets, bits) == words


@pytest.mark.parametrize(("longest", "extra"), [(0, 0), (1, 1), (7, 3), (8, 4), (62, 6)])
def test_delays_add_the_bits_of_the_longest(longest, extra):
    assert synapse_bits(LOIHI2, longest) == 20 + extra
    assert synapse_bits(LOIHI1, longest) == 18 + extra
