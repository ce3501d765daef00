"""Train inside a liquid
=====================

A liquid of 32 neurons for handwritten digits: trained, in weights of 8 bits, deployed to Loihi's integers, and looked at.

The readout alone, and the whole liquid trained by surrogate gradients in PyTorch, on the same digits. What comes out is an ordinary
model, which is deployed as any other. `trained_liquid.html` shows its spikes and its decisions, in float64 beside Loihi's integers.

Needs `pip install '.[torch]'`.
"""

from functools import partial

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.deploy import deploy
from lsm_sim_torch import TrainedLiquidClassifier

SEED = 7
X, y = load_digits(return_X_y=True)
train, test, labels, wanted = train_test_split(X, y, test_size=360, random_state=SEED, stratify=y)

# The chip has no refractory periods. The readout sees plain counts, and its weights are not divided by standard deviations.
parts = {
    "liquid": partial(models.speech, n_neurons=32, seed=SEED, t_ref=0),
    "encoder": lsm.encode.Rate(300 * Hz, frame=10 * ms),
    "features": lsm.Counts(bins=4),
    "readout": "centred_ridge",
    "sample_shape": (8, 8),
    "scale": "global",
}
alone = lsm.LiquidClassifier(**parts).fit(train, labels)
trained = TrainedLiquidClassifier(**parts, weight_bits=8, random_state=SEED).fit(train, labels)
print(f"readout alone:            {100 * alone.score(test, wanted):.1f} %")
print(f"trained, 8 bits:          {100 * trained.score(test, wanted):.1f} %")

first, last = trained.history_[0], trained.history_[-1]
print(f"loss {first['loss']:.2f} -> {last['loss']:.2f}, mean rate {first['rate']:.0f} -> {last['rate']:.0f} Hz")

# Liquid and readout as one program of Loihi's integers.
model = trained.classifier_
made = deploy(model, train, labels)
print(made.program)
print(f"in Loihi's integers:      {100 * np.mean(made.predict(test) == wanted):.1f} %")

page = lsm.explore(model, test[:6], wanted[:6], against="loihi")
page.save("trained_liquid.html")
print(page)
