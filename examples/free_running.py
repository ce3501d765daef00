"""Let a liquid go on by itself
============================

Let a liquid continue a chaotic series by itself, beside an echo-state network with a readout of equal size.

Settings were chosen on other series (seed 101); here they are used on a new one.
"""

import functools
import warnings

import matplotlib
import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.datasets import lorenz, mackey_glass
from lsm_sim.encode import Population
from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast import EchoStateForecaster, valid_time

matplotlib.use("Agg")
from matplotlib import pyplot as plt

N_TRAIN, N_STARTS, WASHOUT = 4000, 20, 200
N_NEURONS, TAUS = 125, (1.0, 3.0, 10.0)
EVERY = 3.0  # units of time from one sample of Mackey-Glass to the next
ENCODER = Population(32, width=4.0, max_rate=1000 * Hz, frame=48 * ms)


def continuations(model, series, length):
    """Return what the model makes after the washout before each start, and the starts, all after the training part."""
    starts = np.linspace(N_TRAIN, len(series) - length, N_STARTS).astype(int)
    return starts, [model.generate(length, series[start - WASHOUT : start]) for start in starts]


def compared(name, series, lyapunov_time):
    """Train both models, print their valid times, and return one continuation of each."""
    length = int(10 * lyapunov_time)  # longer valid times count as 10
    liquid = functools.partial(models.forecasting, n_neurons=N_NEURONS, tau_syn=80 * ms, seed=1)
    n_features = N_NEURONS * (1 + len(TAUS))
    esn = EchoStateRegressor(n_features, spectral_radius=0.95)
    shown = {}
    for kind, model in {
        "liquid": lsm.LiquidForecaster(liquid, ENCODER, taus=TAUS, washout=WASHOUT, with_encoder=False),
        "echo-state network": EchoStateForecaster(esn, washout=WASHOUT),
    }.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", lsm.LsmWarning)  # of values outside the range, which are clipped
            starts, made = continuations(model.fit(series[:N_TRAIN]), series, length)
        times = [valid_time(own, series[start:], lyapunov_time) for own, start in zip(made, starts, strict=True)]
        low, median, high = np.percentile(times, [25, 50, 75])
        print(f"  {name:13s} {kind:19s} {median:5.2f}   ({low:.2f} to {high:.2f})   {n_features} features")
        shown[kind] = made[0]
    return shown


print(f"valid time in Lyapunov times: median and quartiles of {N_STARTS} starting points")
# The largest Lyapunov exponents are about 0.006 and 0.906 per unit of time.
glass = mackey_glass(N_TRAIN + 2000, seed=1, every=EVERY)
shown = compared("Mackey-Glass", glass, 1 / 0.006 / EVERY)
compared("Lorenz", lorenz(N_TRAIN + 2000, seed=1), 1 / 0.906 / 0.02)

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
length = len(shown["liquid"])
axes.plot(np.arange(length), glass[N_TRAIN : N_TRAIN + length], color="black", linewidth=1, label="series")
for (kind, made), colour in zip(shown.items(), ("#0072B2", "#D55E00"), strict=True):
    axes.plot(np.arange(length), made, color=colour, linewidth=1, label=kind)
axes.set(xlabel="samples after the training part", ylabel="x", ylim=(0.2, 1.7), title="continued without the series")
axes.legend(fontsize=8, ncols=3, loc="upper center")
figure.savefig("free_running.png", dpi=150)
