"""From laptop to Loihi
====================

From the laptop to Loihi's integers: describe, train on the fast backend, quantise, run in Lava, compare.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import lsm_sim as lsm
from lsm_sim import Hz, ms

cell = {"tau_m": 15 * ms, "tau_syn": 10 * ms, "t_ref": 2 * ms}
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("columns", 8)],
    neurons=[lsm.Neurons("exc", 160, **cell), lsm.Neurons("inh", 40, **cell)],
    synapses=[
        lsm.Synapses(
            "columns", ("exc", "inh"), lsm.FixedProbability(0.6), lsm.Normal(0, 1), lsm.Uniform(1 * ms, 60 * ms)
        ),
        lsm.Synapses("exc", ("exc", "inh"), lsm.FixedProbability(0.1), lsm.Gamma(0.07, 2), lsm.Uniform(1 * ms, 5 * ms)),
        lsm.Synapses(
            "inh", ("exc", "inh"), lsm.FixedProbability(0.1), -lsm.Gamma(0.27, 2), lsm.Uniform(1 * ms, 5 * ms)
        ),
    ],
    seed=0,
)

# Describe and train, in float64, on the fast backend.
pixels, digits = load_digits(return_X_y=True)
train, test, y_train, y_test = train_test_split(pixels / 16, digits, test_size=200, random_state=0, stratify=digits)
encoder = lsm.encode.Rate(max_rate=300 * Hz, frame=30 * ms)
model = lsm.LiquidClassifier(liquid, encoder, lsm.Counts(bins=8, sqrt=True), sample_shape=(8, 8), scale=None)
model.fit(train, y_train)
print(f"float64, fast backend: accuracy {model.score(test, y_test):.3f} on 200 images")

# The same model in Loihi's integers: quantised with training images, the readout unchanged.
model.set_params(arithmetic="loihi")
print(f"loihi, fast backend:   accuracy {model.score(test, y_test):.3f}")
model.set_params(backend="lava")
print(f"loihi, Lava:           accuracy {model.score(test, y_test):.3f}")

# The effect of quantisation.
transformer = model.transformer_
integers, report = lsm.quantise(transformer.program_, transformer.encode(train[:100]), labels=y_train[:100])
print(f"\n{report}\n")
report.plot().savefig("quantisation.png")

# The same integers in both backends: the spikes are identical.
stimulus = transformer.encode(test[:5])
fast, lava = (lsm.run(integers, stimulus, backend=name).spikes for name in ("fast", "lava"))
differing = sum(int((fast.raster(b) != lava.raster(b)).sum()) for b in range(len(stimulus)))
print(f"{fast.n_events} spikes on the fast backend, {lava.n_events} in Lava, {differing} differ")
assert np.array_equal(fast.step, lava.step)

figure, (above, below) = plt.subplots(2, 1, figsize=(7, 6), sharex=True, layout="constrained")
lsm.plot.raster(fast, 0, above)
lsm.plot.raster(lava, 0, below)
figure.savefig("laptop_to_loihi.png", dpi=150)
