"""FORCE learning
==============

FORCE learning: a liquid whose readout is fed back into it learns to make a series, and then goes on by itself.

After D. Sussillo and L. F. Abbott (Neuron 63, 544-557, 2009), here with spikes: every 5 ms the readout's output enters the liquid as
a graded event, and recursive least squares changes the readout so that its output is near the target from the beginning. The target
itself never enters the liquid. After learning nothing changes any more, and the liquid and its readout run by themselves.

First a periodic pattern, then the Mackey-Glass series, beside a `LiquidForecaster` that was trained in the usual way, by ridge regression
on the liquid's response to the series, and that runs freely, too. Settings were chosen with the series and network of seed 101.
"""

import functools
import warnings

import matplotlib
import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.datasets import mackey_glass
from lsm_sim.encode import Graded, Population
from lsm_sim.learn.forecast import valid_time

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SEED, N_NEURONS, FRAME = 1, 300, 5 * ms
TAUS = np.array([20, 60, 180]) * ms  # of the filters of the spikes
PERIOD, N_LEARNT, N_ALONE = 1.2, 20, 20  # s, and periods
EVERY, LEARNT, WARM_UP, LYAPUNOV_TIME = 0.5, 6000, 300, 1 / 0.006  # of Mackey-Glass, in its unit of time
N_STARTS, LONGEST = 10, 6  # starting points, and Lyapunov times after each


class Loop:
    """A liquid with one input, and what a readout sees of it: its spikes, filtered with each time constant."""

    def __init__(self, seed, n_neurons=N_NEURONS, recurrent_weight=1.5):
        self.encoder = Graded(16, FRAME, largest=4.0)
        weight = 4.0 * self.encoder.scale
        liquid = models.forecasting(
            n_inputs=1,
            n_neurons=n_neurons,
            input_weight=weight,
            recurrent_weight=recurrent_weight,
            tau_syn=20 * ms,
            seed=seed,
        )
        self.session, self.decay = lsm.open(liquid, dt=1 * ms), np.exp(-FRAME / TAUS)[:, None]
        self.reset()

    def reset(self):
        self.session.reset()
        self.stream = self.encoder.stream(1, 1 * ms)
        self.filtered = np.zeros((len(TAUS), self.session.program.n_neurons))

    def advance(self, value):
        """Feed a value into the liquid and return the filtered spikes, in units of 100 Hz, after the next 5 ms."""
        spikes = self.session.advance(self.stream.advance(np.clip([value], -4, 4)))
        counts = np.bincount(spikes.channel, minlength=spikes.n_channels)
        self.filtered *= self.decay
        self.filtered += (1 - self.decay) * counts / (FRAME * 100 * Hz)
        return self.filtered.ravel().copy()


def learn(loop, target, alpha):
    """Return the readout that FORCE learns, its last output, and its errors, each before the update."""
    readout = lsm.readout.force(alpha).fit(loop.advance(0.0)[None], target[:1])
    output, errors = 0.0, np.empty(len(target))
    for k, wanted in enumerate(target):
        features = loop.advance(output)
        output = readout.predict_one(features)
        errors[k] = output - wanted
        readout.learn_one(features, wanted)
    return readout, output, errors


def alone(loop, readout, output, n):
    """Return the next ``n`` outputs, each fed back, without a target."""
    made = np.empty(n)
    for k in range(n):
        made[k] = output = readout.predict_one(loop.advance(output))
    return made


def continued(loop, readout, series, n):
    """Return ``n`` outputs after a series that is fed in first, from rest."""
    loop.reset()
    for value in series:
        output = readout.predict_one(loop.advance(value))
    return np.append(output, alone(loop, readout, output, n - 1))


def root_mean_square(x):
    return float(np.sqrt(np.mean(np.square(x))))


def periodic(seed):
    """Learn a sum of four sines; return the target and the output of the time after learning."""
    n = round(PERIOD / FRAME)  # samples in a period
    phase = 2 * np.pi * np.arange(n) / n
    one = sum(size * np.sin(k * phase) for k, size in ((1, 1.0), (2, 0.5), (3, 1 / 6), (4, 1 / 3)))
    one /= one.std()
    loop = Loop(seed)
    readout, output, errors = learn(loop, np.tile(one, N_LEARNT), alpha=1.0)
    made = alone(loop, readout, output, N_ALONE * n)
    target = np.tile(one, N_ALONE)
    after = [root_mean_square(part) for part in np.split(made - target, N_ALONE)]
    shifted = min(root_mean_square(made[-n:] - np.roll(one, k)) for k in range(n))
    print(f"periodic pattern of {PERIOD:g} s, {N_LEARNT} periods to learn; error in standard deviations")
    print(f"  in the last period of learning {root_mean_square(errors[-n:]):.3f}")
    print(
        f"  alone: in period 1 {after[0]:.3f}, in period {N_ALONE} {after[-1]:.3f}, with the best shift in time {shifted:.3f}"
    )
    return target, made


def report(kind, times, n_features):
    low, median, high = np.percentile(times, [25, 50, 75])
    print(f"  {kind:24s}{median:5.2f}   ({low:.2f} to {high:.2f})   {n_features} features")


def of_force(series, seed, **liquid):
    """Learn the series with FORCE; return the valid times and what was made after the first starting point."""
    mean, scale = series[: round(LEARNT / EVERY)].mean(), series[: round(LEARNT / EVERY)].std()
    target = (series - mean) / scale
    loop, n = Loop(seed, **liquid), round(LONGEST * LYAPUNOV_TIME / EVERY)
    readout, _, errors = learn(loop, target[: round(LEARNT / EVERY)], alpha=0.01)
    made = [
        continued(loop, readout, target[start - round(WARM_UP / EVERY) : start], n)
        for start in (round(time / EVERY) for time in starts())
    ]
    times = [
        valid_time(own, target[round(time / EVERY) :], LYAPUNOV_TIME / EVERY)
        for own, time in zip(made, starts(), strict=True)
    ]
    return times, mean + scale * made[0], root_mean_square(errors[-len(errors) // 5 :])


def starts():
    """Return the starting points, after learning and a pause, as whole numbers of 3 units of time."""
    return 3 * np.linspace((LEARNT + WARM_UP) // 3, (LEARNT + 3000) // 3, N_STARTS).astype(int)


def of_ridge(series, seed):
    """The same with a `LiquidForecaster`, with the settings of free_running.py: a sample for each 3 units of time."""
    every, n = round(3 / EVERY), round(LONGEST * LYAPUNOV_TIME / 3)
    series = series[::every]
    liquid = functools.partial(models.forecasting, n_neurons=N_NEURONS, tau_syn=80 * ms, seed=seed)
    encoder = Population(32, width=4.0, max_rate=1000 * Hz, frame=48 * ms)
    alone = {"taus": (1.0, 3.0, 10.0), "with_encoder": False}  # the readout sees the liquid only, as that of FORCE does
    model = lsm.LiquidForecaster(liquid, encoder, washout=WARM_UP // 3, **alone).fit(series[: LEARNT // 3])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lsm.LsmWarning)  # of values outside the range, which are clipped
        made = [model.generate(n, series[start - WARM_UP // 3 : start]) for start in starts() // 3]
    return [
        valid_time(own, series[start:], LYAPUNOV_TIME / 3) for own, start in zip(made, starts() // 3, strict=True)
    ], made[0]


def main():
    target, made = periodic(SEED)
    series = mackey_glass(round((LEARNT + 3000 + LONGEST * LYAPUNOV_TIME + 10) / EVERY), seed=SEED, every=EVERY)
    print(f"Mackey-Glass, valid time in Lyapunov times: median and quartiles of {N_STARTS} starting points")
    times, forced, error = of_force(series, SEED)
    report("FORCE", times, N_NEURONS * len(TAUS))
    print(f"    error in the last fifth of learning: {error:.4f} standard deviations")
    report("FORCE, recurrence off", of_force(series, SEED, recurrent_weight=0.0)[0], N_NEURONS * len(TAUS))
    times, ridge = of_ridge(series, SEED)
    report("ridge regression", times, N_NEURONS * 4)

    figure, (first, second) = plt.subplots(2, 1, figsize=(8, 5), layout="constrained")
    moments = np.arange(len(target)) * FRAME
    first.plot(moments, target, color="black", linewidth=1, label="pattern")
    first.plot(moments, made, color="#0072B2", linewidth=1, label="FORCE, alone")
    first.set(xlabel="time after learning (s)", ylabel="output")
    begin = starts()[0]
    second.plot(
        np.arange(len(forced)) * EVERY,
        series[round(begin / EVERY) :][: len(forced)],
        color="black",
        linewidth=1,
        label="series",
    )
    second.plot(np.arange(len(forced)) * EVERY, forced, color="#0072B2", linewidth=1, label="FORCE")
    second.plot(np.arange(len(ridge)) * 3, ridge, color="#D55E00", linewidth=1, label="ridge regression")
    second.set(xlabel="units of time without the series", ylabel="x", ylim=(0.2, 1.7))
    for ax in (first, second):
        ax.legend(fontsize=8, ncols=3, loc="upper right")
    figure.savefig("force.png", dpi=150)


if __name__ == "__main__":
    main()
