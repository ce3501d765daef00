"""Forecast a chaotic series
=========================

Forecast a chaotic series from the spikes of a liquid, and compare with the controls.
"""

import functools

import matplotlib
import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.datasets import mackey_glass
from lsm_sim.learn.forecast import beside_controls, held_out_nrmse, lags

matplotlib.use("Agg")
from matplotlib import pyplot as plt

HORIZON, N_TRAIN = 84, 2200
series = mackey_glass(3000 + HORIZON, seed=1)  # one sample per unit of time; each lasts 12 ms in the liquid

liquid = functools.partial(models.forecasting, n_neurons=150, seed=1)
model = lsm.LiquidForecaster(liquid, horizon=HORIZON, washout=200)

# Train on the first 2200 samples; at each later sample predict the value 84 samples ahead.
found = beside_controls(model, series, n_train=N_TRAIN, esn={"spectral_radius": 0.95})
print(f"error {HORIZON} samples ahead (NRMSE; predicting the mean gives 1)")
for view, error in found.nrmse().items():
    print(f"  {view:15s} {error:6.3f}   {found.n_features[view]} features")

# The error at other horizons: the same states, a separate readout for each.
model.prepare(series[:N_TRAIN])
states = {
    "last 20 values": lags(series, 20),
    "encoder": model.encoder_features(series),
    "recurrence off": model.without_recurrence().features(series),
    "liquid": model.features(series),
}
horizons = [1, 6, 20, 84]
errors = {
    view: [held_out_nrmse(X, series, n_train=N_TRAIN, horizon=h, washout=200) for h in horizons]
    for view, X in states.items()
}

figure, (top, below) = plt.subplots(2, 1, figsize=(7, 6), layout="constrained")
shown = np.arange(N_TRAIN, N_TRAIN + 400)
top.plot(shown + HORIZON, found.true[:400, 0], color="black", linewidth=1, label="series")
for view, colour in (("raw", "#CC79A7"), ("liquid", "#0072B2")):
    name = "last 20 values, linear" if view == "raw" else view
    top.plot(shown + HORIZON, found.predicted[view][:400, 0], color=colour, linewidth=1, label=name)
top.set(xlabel="sample", ylabel="x", ylim=(0.3, 1.55), title=f"forecast {HORIZON} samples ahead")
top.legend(fontsize=8, ncols=3, loc="upper center")
for view, values in errors.items():
    below.loglog(horizons, values, marker="o", label=view)
below.set(xlabel="horizon, samples", ylabel="NRMSE", xticks=horizons, xticklabels=horizons)
below.minorticks_off()
below.legend(fontsize=8, loc="lower right")
figure.savefig("forecast.png", dpi=150)

stimulus = model.encode(series[:60])
result = lsm.run(model.liquid_, stimulus)
print(result.spikes, f"mean rate {result.spikes.rates().mean():.0f} Hz")
lsm.plot.raster(result.spikes).figure.savefig("forecast_spikes.png", dpi=150)
