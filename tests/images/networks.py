"""A small column and its response, for image tests."""

from __future__ import annotations

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.engine.reference import Reference


def column_liquid():
    sites = np.random.default_rng(1).permutation(lsm.grid(3, 3, 8).draw(72, np.random.default_rng(0)))
    return lsm.Liquid(
        [lsm.Inputs("in", 8)],
        [
            lsm.Neurons("exc", 56, tau_m=30 * ms, t_ref=3 * ms, sign=1, positions=sites[:56]),
            lsm.Neurons("inh", 14, tau_m=30 * ms, t_ref=2 * ms, sign=-1, positions=sites[56:70]),
        ],
        [
            lsm.Synapses("in", ("exc", "inh"), lsm.FixedProbability(0.4), weight=lsm.Gamma(0.5, 4)),
            lsm.Synapses("exc", ("exc", "inh"), lsm.DistanceRule(c=0.3, lam=2.0), weight=lsm.Gamma(0.2, 2)),
            lsm.Synapses("inh", ("exc", "inh"), lsm.DistanceRule(c=0.4, lam=2.0), weight=-lsm.Gamma(0.5, 2)),
        ],
        seed=4,
    )


def answer(samples=1, **options):
    rate = np.full((samples, 300, 8), 10 * Hz)
    rate[:, 100:180] = 60 * Hz
    dense = np.random.default_rng(11).random(rate.shape) < rate * 1 * ms
    return lsm.run(column_liquid(), lsm.Spikes.from_dense(dense, 1 * ms), backend=Reference(), **options)
