"""One echo-state network in ReservoirPy and in lsm_sim: python benchmarks/coming_from/from_reservoirpy.py [seeds]."""

import sys
from importlib.metadata import version

import numpy as np
from reservoirpy.nodes import Reservoir

import lsm_sim as lsm

print("reservoirpy", version("reservoirpy"), "numpy", np.__version__)
for seed in range(1, 1 + int((sys.argv[1:] or [5])[0])):
    x = np.random.default_rng(seed).normal(size=(1000, 3))  # frames, channels
    model = lsm.controls.EchoStateRegressor(
        200, spectral_radius=0.9, input_scaling=0.5, leak=0.3, density=0.1, seed=seed
    )
    drawn = model.drawn(3)
    ours = model.states([x])[0]
    theirs = Reservoir(W=drawn.recurrent, Win=drawn.entry, bias=drawn.bias, lr=0.3).run(x)
    radius = np.abs(np.linalg.eigvals(drawn.recurrent)).max()
    print(
        f"seed {seed}: largest difference of a state {np.abs(ours - theirs).max():.1e}, states {ours.min():.2f} .. {ours.max():.2f}, "
        f"spectral radius {radius:.3f}"
    )
