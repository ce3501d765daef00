"""Results of a comparison: predictions of every view and seed, and the statistics computed from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lsm_sim.learn.controls.significance import holm, paired_test
from lsm_sim.support.checks import Floats, Ints

Metric = Literal["accuracy", "errors", "nrmse"]
METRICS: tuple[Metric, ...] = ("accuracy", "errors", "nrmse")
NAMES = {
    "raw": "raw samples",
    "encoder": "encoder counts",
    "recurrence_off": "recurrence off",
    "esn": "echo-state network",
    "liquid": "liquid",
    "loihi": "liquid on Loihi's integers",
    "ensemble": "ensemble",
    "minirocket": "MiniRocket",
    "svm": "support vector machine",
    "forest": "random forest",
    "trained": "trained liquid",
    "trained_off": "trained, recurrence off",
    "layer": "linear layer, same optimiser",
    "plain": "liquid, not standardised",
    "larger": "larger liquid",
    "cfc": "CfC",
    "ltc": "LTC",
    "liquid_ode": "LiquidODE",
    "liquid_time_step": "LiquidTimeStep",
    "spiking_core": "SpikingLiquidCore",
}
_OF_TRAINED = (
    "trained_off",
    "layer",
    "plain",
    "larger",
)  # what a trained liquid must be better than, besides the liquid
_SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Comparison:
    """Predictions of every view and seed on the same test samples.

    Parameters
    ----------
    metric
        ``"accuracy"``, a fraction; ``"errors"``, a number of samples; ``"nrmse"``, the root of the mean squared error over the
        standard deviation of the true values.
    seeds
        Each seed gives a different liquid, different phases of the encoder and, if they are shuffled, different folds.
    truth
        Label or value of each test sample, shape (S,); or (seeds, S) if each seed has different samples.
    predictions
        Predictions for the test samples, by view and seed, each of shape (S,).
    n_features
        Number of features that the readout sees, by view.
    seconds
        Total time of all seeds, by stage.
    rates
        Spikes per neuron and second of the liquid, by seed; empty if the features are not counts.
    blocks
        Test samples with the same number, shape (S,), are not independent; see `paired_test`.
    settings
        All other settings needed to repeat the comparison.
    """

    metric: Metric
    seeds: tuple[int, ...]
    truth: Any
    predictions: Mapping[str, Sequence[Any]]
    n_features: Mapping[str, int]
    seconds: Mapping[str, float]
    rates: Sequence[float] = field(default_factory=list)
    blocks: Ints | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Number of test samples per seed."""
        return int(np.shape(self.truth)[-1])

    @property
    def per_seed(self) -> dict[str, list[float]]:
        """The metric of each view for each seed."""
        return {view: [self._figure(loss) for loss in self.losses(view)] for view in self.predictions}

    @property
    def mean(self) -> dict[str, float]:
        """The metric of each view, averaged over seeds."""
        return {view: float(np.mean(values)) for view, values in self.per_seed.items()}

    @property
    def sd(self) -> dict[str, float]:
        """The standard deviation over seeds of each view, with n - 1; 0 for a single seed."""
        return {view: float(np.std(v, ddof=1)) if len(v) > 1 else 0.0 for view, v in self.per_seed.items()}

    def losses(self, view: str) -> Floats:
        """Return the loss of each test sample, shape (seeds, S): 1 for a wrong label, or the squared error over the variance."""
        predicted = np.asarray(self.predictions[view])
        if self.metric != "nrmse":
            return np.asarray(predicted != self.truth, np.float64)
        return np.asarray((predicted - self.truth) ** 2 / np.var(self.truth, axis=-1, keepdims=True))

    def _figure(self, loss: Floats) -> float:
        figures = {"accuracy": 1 - loss.mean(), "errors": loss.sum(), "nrmse": np.sqrt(loss.mean())}
        return float(figures[self.metric])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Which views are tested against each other: the liquid against all others."""
        return [("liquid", view) for view in self.predictions if view != "liquid" and "liquid" in self.predictions]

    @property
    def differences(self) -> dict[str, tuple[float, float]]:
        """How much higher the metric of each other view is than the liquid's: mean and standard deviation over seeds."""
        own = self.per_seed
        gains = {view: np.subtract(own[view], own[one]) for one, view in self.pairs}
        return {view: (float(g.mean()), float(g.std(ddof=1)) if g.size > 1 else 0.0) for view, g in gains.items()}

    @property
    def n_blocks(self) -> int:
        """Number of independent blocks of test samples that p-values count."""
        blocks = self.n_samples if self.blocks is None else np.unique(self.blocks).size
        return blocks * (len(self.seeds) if np.ndim(self.truth) == 2 else 1)

    @property
    def effect_sizes(self) -> dict[str, float | None]:
        """How much more loss each view has than the liquid, in standard deviations of this difference over independent blocks.

        Cohen's d for pairs, with n - 1 (Statistical power analysis for the behavioral sciences, 1988); losses are first averaged
        over seeds and within each block. None if the difference does not vary, as with a single block.
        """
        return {other: self._effect(one, other) for one, other in self.pairs}

    def _effect(self, one: str, other: str) -> float | None:
        first, second, blocks = self._paired_losses(one, other)
        difference = (second - first).mean(axis=0)
        if blocks is not None:
            numbers = np.unique(blocks, return_inverse=True)[1]
            difference = np.bincount(numbers, difference) / np.bincount(numbers)
        spread = difference.std(ddof=1) if difference.size > 1 else 0.0
        return float(difference.mean() / spread) if spread > 1e-12 else None  # rounding

    @property
    def p_values(self) -> dict[str, float]:
        """The p-value of each view's difference from the liquid, with Holm's correction for multiple tests."""
        return holm({other: self._p_value(one, other) for one, other in self.pairs})

    @property
    def p_trained(self) -> dict[str, float]:
        """The p-value of the trained liquid's difference from each of its own controls, with Holm's correction."""
        own = [view for view in _OF_TRAINED if view in self.predictions and "trained" in self.predictions]
        return holm({other: self._p_value("trained", other) for other in own})

    def _p_value(self, one: str, other: str) -> float:
        return paired_test(*self._paired_losses(one, other))

    def _paired_losses(self, one: str, other: str) -> tuple[Floats, Floats, Any]:
        """Return the losses of two views, and the blocks of their samples."""
        first, second, blocks = self.losses(one), self.losses(other), self.blocks
        if np.ndim(self.truth) == 2:  # every seed has its own samples
            first, second = first.reshape(1, -1), second.reshape(1, -1)
            numbers = np.arange(self.n_samples) if blocks is None else np.unique(blocks, return_inverse=True)[1]
            blocks = np.add.outer(np.arange(len(self.seeds)) * (numbers.max() + 1), numbers).ravel()
        return first, second, blocks

    def sentences(self) -> list[str]:
        """Return one plain sentence for each view other than the liquid, and for each control of a trained liquid."""
        own = [self._sentence("liquid", view, p) for view, p in self.p_values.items()]
        return own + [self._sentence("trained", view, p) for view, p in self.p_trained.items()]

    def _sentence(self, one: str, view: str, p: float) -> str:
        value, other = self.mean[one], self.mean[view]
        figures, name = f"{self.text(value)} against {self.text(other)}, {_p(p)}", NAMES.get(view, view)
        if p >= _SIGNIFICANT:
            return f"{NAMES[one]} and {name} do not differ significantly ({figures})"
        better = value > other if self.metric == "accuracy" else value < other
        return f"{NAMES[one]} is {'better' if better else 'worse'} than {name} ({figures})"

    def text(self, value: float, *, spread: bool = False) -> str:
        """Return a value of the metric, or its standard deviation (``spread``), as text."""
        if self.metric == "accuracy":
            return f"{100 * value:.2f}" + ("" if spread else " %")
        if self.metric == "errors":
            return f"{value:.1f}" + ("" if spread else f" errors of {self.n_samples}")
        return f"{value:.4f}" if value >= 0.001 or value == 0 else f"{value:.1e}"

    def rows(self) -> list[list[str]]:
        """Return the cells of the table; the first row is its head."""
        unit = {"accuracy": "accuracy %", "errors": f"errors of {self.n_samples}", "nrmse": "NRMSE"}[self.metric]
        p_values, mean, sd = self.p_values, self.mean, self.sd
        out = [["what the readout sees", "features", unit, "sd", "minus liquid", "sd", "p"]]
        for view in self.predictions:
            figure = self.text(mean[view]).split(" ")[0]
            out.append([NAMES.get(view, view), str(self.n_features[view]), figure, self.text(sd[view], spread=True)])
            if view not in p_values:
                out[-1] += ["", "", ""]
                continue
            gain, spread = self.differences[view]
            p = _p(p_values[view]).removeprefix("p ").removeprefix("= ")
            out[-1] += [
                f"{'-' if gain < 0 else '+'}{self.text(abs(gain), spread=True)}",
                self.text(spread, spread=True),
                p,
            ]
        return out

    def table(self) -> str:
        """Return the table as text, one line per view, and the sentences."""
        rows = self.rows()
        widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
        lines = [
            "  ".join(c.rjust(w) if j else c.ljust(w) for j, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in rows
        ]
        return "\n".join([*(line.rstrip() for line in lines), "", *self.sentences(), *self._few_blocks()])

    def _few_blocks(self) -> list[str]:
        """Return a sentence if the test cannot find anything because there are too few independent blocks."""
        least = 2.0 ** (1 - self.n_blocks) if self.n_blocks < 64 else 0.0
        if not self.pairs or least * len(self.pairs) < _SIGNIFICANT:
            return []
        few = f"p counts {self.n_blocks} independent group(s) of samples, too few: without correction it is at least {least:.2g}"
        return [few]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain numbers: ``{metric: {view: {mean, sd, values}}, ...}``."""
        per_seed, mean, sd = self.per_seed, self.mean, self.sd
        return {
            self.metric: {view: {"mean": mean[view], "sd": sd[view], "values": per_seed[view]} for view in per_seed},
            "minus_liquid": {view: {"mean": gain, "sd": spread} for view, (gain, spread) in self.differences.items()},
            "p": self.p_values,
            **({"p_trained": self.p_trained} if self.p_trained else {}),
            "effect_sizes": self.effect_sizes,
            "blocks": self.n_blocks,
            "sentences": self.sentences(),
            "features": dict(self.n_features),
            "samples": self.n_samples,
            "seeds": list(self.seeds),
            "rates": list(self.rates),
            "seconds": dict(self.seconds),
            "settings": dict(self.settings),
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
