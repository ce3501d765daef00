"""Results of tests with perturbed samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.learn.controls.comparison import NAMES


@dataclass(frozen=True, eq=False)
class Stressed:
    """Accuracy against each perturbation, by view and seed.

    Parameters
    ----------
    seeds
        Each seed gives a different liquid and different phases of the encoder.
    n_samples
        Number of test samples per seed.
    accuracy
        Fractions, by perturbation, view and seed; the first perturbation is ``"clean"``. A view that a perturbation does not
        change is missing there.
    seconds
        Total time of all seeds, by stage.
    settings
        All other settings needed to repeat the test.
    """

    seeds: tuple[int, ...]
    n_samples: int
    accuracy: Mapping[str, Mapping[str, list[float]]]
    seconds: dict[str, float]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mean(self) -> dict[str, dict[str, float]]:
        """The accuracy averaged over seeds, by perturbation and view."""
        return {
            name: {view: float(np.mean(values)) for view, values in own.items()} for name, own in self.accuracy.items()
        }

    @property
    def loss(self) -> dict[str, dict[str, float]]:
        """How much lower the accuracy is than on clean samples, by perturbation and view."""
        clean, *_ = self.mean.values()
        return {name: {view: clean[view] - value for view, value in own.items()} for name, own in self.mean.items()}

    def rows(self) -> list[list[str]]:
        """Return the cells of the table; the first row is its head."""
        mean, loss = self.mean, self.loss
        views = [*next(iter(mean.values()))]
        out = [
            ["accuracy %", *(NAMES.get(view, view) for view in views), *(["liquid loses"] if "liquid" in views else [])]
        ]
        for name, own in mean.items():
            cells = [f"{100 * own[view]:.1f}" if view in own else "-" for view in views]
            lost = [f"{100 * loss[name]['liquid']:.1f}" if "liquid" in own else "-"] if "liquid" in views else []
            out.append([name, *cells, *lost])
        return out

    def table(self) -> str:
        """Return the table as text, one line per perturbation of the test samples."""
        rows = self.rows()
        widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
        lines = (
            "  ".join(c.rjust(w) if j else c.ljust(w) for j, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain numbers: ``{"stress": {perturbation: {view: {mean, sd, values}}}, ...}``."""
        return {
            "stress": {
                name: {
                    view: {
                        "mean": float(np.mean(v)),
                        "sd": float(np.std(v, ddof=1)) if len(v) > 1 else 0.0,
                        "values": v,
                    }
                    for view, v in own.items()
                }
                for name, own in self.accuracy.items()
            },
            "loss": self.loss,
            "samples": self.n_samples,
            "seeds": list(self.seeds),
            "seconds": dict(self.seconds),
            "settings": dict(self.settings),
        }
