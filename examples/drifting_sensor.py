"""A sensor that changes
=====================

Follow a sensor that changes: a trained model goes on learning from labelled samples, beside retraining from scratch.

Handwritten digits with noise come as a stream. At half time the sensor changes: the columns of its images are multiplied by gains
that fall from 0.8 at the left to 0.2 at the right. The readout is recursive least squares that forgets: a sample counts 1/e after
1400 others. Accuracies are on images that are in no stream. All settings were chosen on other seeds, 100 to 102.
"""

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.datasets import digits
from lsm_sim.learn.readout import rls

SEEDS, CHECKPOINTS, N_OLD = (0, 1, 2, 3, 4), (250, 500, 1000, 1500, 2000, 3000), 3000
GAINS, NOISE, FORGETTING = np.linspace(0.8, 0.2, 8), 0.05, 0.9993


def model(seed, forgetting=1.0):
    """Return a classifier; rows of the images are time, columns are channels."""
    return lsm.LiquidClassifier(
        lambda n: models.random_ei(n_inputs=n, n_neurons=100, input_weight=0.3, seed=seed),
        lsm.encode.Rate(300 * Hz, frame=20 * ms),
        lsm.Counts(bins=2, sqrt=True),
        rls(forgetting=forgetting, alpha=10.0),
        scale=None,
    )


def sensed(images, gains, rng):
    """Return what a sensor with noise makes of the images."""
    return np.clip(images * gains + rng.normal(0, NOISE, images.shape), 0, 1)


def follow(seed, checkpoints=CHECKPOINTS, n_old=N_OLD):
    """Return the accuracy before the change, and after it by method: a list, after 0 new samples and at each checkpoint."""
    data, rng = digits(), np.random.default_rng(seed)
    shuffled = rng.permutation(len(data.y))
    pool, test = shuffled[:1200], shuffled[1200:]
    old, new = rng.choice(pool, n_old), rng.choice(pool, checkpoints[-1])
    X_old, X_new = sensed(data.X[old], 1.0, rng), sensed(data.X[new], GAINS, rng)
    X_test, y_test, y_new = sensed(data.X[test], GAINS, rng), data.y[test], data.y[new]

    learners = {
        "learns on": model(seed, FORGETTING).fit(X_old, data.y[old]),
        "learns on, forgets nothing": model(seed).fit(X_old, data.y[old]),
    }
    before = learners["learns on"].score(sensed(data.X[test], 1.0, rng), y_test)
    unchanged = learners["learns on"].score(X_test, y_test)
    found = {"not adapted": [unchanged] * (1 + len(checkpoints))}
    for name, learner in learners.items():
        found[name] = [learner.score(X_test, y_test)]
        for first, last in zip((0, *checkpoints), checkpoints, strict=False):
            learner.partial_fit(X_new[first:last], y_new[first:last])
            found[name].append(learner.score(X_test, y_test))
    retrained = [model(seed).fit(X_new[:last], y_new[:last]).score(X_test, y_test) for last in checkpoints]
    return before, found | {"retrained on the new samples": [np.nan, *retrained]}


def main():
    runs = [follow(seed) for seed in SEEDS]
    before = 100 * np.array([run[0] for run in runs])
    print(f"accuracy in per cent, mean and standard deviation of {len(SEEDS)} seeds")
    print(f"before the change: {before.mean():.1f} +- {before.std(ddof=1):.1f}")
    print(f"{'labelled samples after it':<30}" + "".join(f"{n:>12}" for n in (0, *CHECKPOINTS)))
    accuracy = {name: 100 * np.array([run[1][name] for run in runs]) for name in runs[0][1]}
    accuracy["learns on, less retrained"] = accuracy["learns on"] - accuracy["retrained on the new samples"]
    for name, values in accuracy.items():
        cells = [f"{m:.1f} +- {sd:.1f}" for m, sd in zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)]
        print(f"{name:<30}" + "".join(f"{'-' if 'nan' in cell else cell:>12}" for cell in cells))
    goal = accuracy["retrained on the new samples"][:, -1].mean() - 2
    near = [n for n, m in zip((0, *CHECKPOINTS), accuracy["learns on"].mean(axis=0), strict=True) if m >= goal]
    print(f"fall without adaptation: {(before - accuracy['not adapted'][:, 0]).mean():.1f} points")
    print(
        f"learning on is within 2 points of retraining on all {CHECKPOINTS[-1]} after: {near[0] if near else 'never'}"
    )


if __name__ == "__main__":
    main()
