"""What a search has found: its trials, the best of them, the Pareto front, files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import VIEWS, Comparison, compare
from lsm_sim.search import drawing
from lsm_sim.search.candidates import with_parameters
from lsm_sim.search.objectives import COSTS, SCORES, TITLES
from lsm_sim.search.records import Problem, Trial
from lsm_sim.search.space import Space
from lsm_sim.support.files import PathLike, check_path, replacing

GIVEN = "liquid before the search"  # a view of `compare_held_out`
_ROWS = 10  # of the table


@dataclass(frozen=True, eq=False)
class Found:
    """The result of `optimise`.

    Parameters
    ----------
    trials
        All trials, by place.
    objectives
        Names of the objectives.
    space
        What was searched.
    problem
        The model and the samples.
    importances
        How much of the variation of the score each parameter explains, with the sum 1; empty with too few trials.
    """

    trials: Sequence[Trial]
    objectives: Sequence[str]
    space: Space
    problem: Problem
    importances: Mapping[str, float]

    @property
    def score(self) -> str:
        """Name of the objective that is a score."""
        return SCORES[self.problem.kind]

    @property
    def complete(self) -> list[Trial]:
        """Trials with values."""
        return [trial for trial in self.trials if trial.state == "complete"]

    @cached_property
    def best(self) -> Trial:
        """The trial with the highest score; of equal ones that with lower costs, then the first."""
        costs = [name for name in self.objectives if name in COSTS]
        return min(self.complete, key=lambda t: (-t.values[self.score], *(t.values[name] for name in costs), t.place))

    @cached_property
    def front(self) -> list[Trial]:
        """The trials than which no other is at least as good in all objectives and better in one, best score first."""
        signed = [(t, [v if n in COSTS else -v for n, v in t.values.items()]) for t in self.complete]
        kept = [t for t, own in signed if not any(_dominates(other, own) for _, other in signed)]
        return sorted(kept, key=lambda t: (-t.values[self.score], t.place))

    def model(self, trial: Trial | None = None) -> Any:
        """Return the unfitted model of a trial; None: of the best."""
        return with_parameters(self.problem.model, (trial or self.best).parameters)

    def fitted(self, trial: Trial | None = None) -> Any:
        """Return the model of a trial, trained on the samples that the search saw; None: of the best."""
        data, model = self.problem.data(), self.model(trial)
        groups = None if data.groups is None else {"groups": data.groups}
        if not isinstance(model, Pipeline):
            return model.fit(data.X, data.y, **(groups or {}))
        own = {f"{model.steps[-1][0]}__{name}": value for name, value in (groups or {}).items()}
        return model.fit(data.X, data.y, **own)

    def compare_held_out(
        self, seeds: Sequence[int] = (0, 1, 2), views: Sequence[str] = VIEWS, progress: bool | None = None
    ) -> Comparison:
        """Compare the best model with its controls, and with the model before the search, on samples that no trial saw.

        Each is trained on all samples that the search saw.

        Parameters
        ----------
        seeds
            Each gives another liquid with the same settings.
        views
            As in `lsm_sim.controls.compare`.
        progress
            Show a progress bar; None: in a terminal.
        """
        problem = self.problem
        if not problem.split.held_out.size:
            raise DescriptionError("compare_held_out: no samples were held out; search with hold_out, such as 0.2")
        how: dict[str, Any] = {
            "cv": [(problem.split.seen, problem.split.held_out)],
            "seeds": seeds,
            "groups": problem.groups,
            "progress": progress,
        }
        found = compare(self.model(), problem.X, problem.y, views=views, **how)
        given = compare(problem.model, problem.X, problem.y, views=("liquid",), **how)
        return dataclasses.replace(
            found,
            predictions={**found.predictions, GIVEN: given.predictions["liquid"]},
            n_features={**found.n_features, GIVEN: given.n_features["liquid"]},
        )

    def rows(self) -> list[list[str]]:
        """Return the cells of the table: the front, or the best trials; the first row is its head."""
        shown = self.front if len(self.objectives) > 1 else sorted(self.complete, key=self._rank)
        head = ["trial", *(TITLES[name].lower() for name in self.objectives), *map(_short, self.space)]
        cells = [
            [str(t.place), *(f"{v:.4f}" if n not in COSTS else f"{v:.0f}" for n, v in t.values.items())]
            + [_text(t.parameters[name]) for name in self.space]
            for t in shown[:_ROWS]
        ]
        return [head, *cells]

    def _rank(self, trial: Trial) -> tuple[float, int]:
        return -trial.values[self.score], trial.place

    def summary(self) -> str:
        """Return in one line how many trials there are, and what they were evaluated on."""
        states = {
            state: sum(t.state == state for t in self.trials) for state in ("complete", "pruned", "fail", "running")
        }
        counts = ", ".join(f"{n} {'failed' if state == 'fail' else state}" for state, n in states.items() if n)
        return f"{len(self.trials)} trials ({counts}), {self.problem.split.text}"

    def table(self) -> str:
        """Return the table as text."""
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
        title = "Pareto front" if len(self.objectives) > 1 else "best trials"
        return "\n".join([self.summary(), "", title, *(line.rstrip() for line in lines)])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "objectives": list(self.objectives),
            "space": {name: dimension.to_dict() for name, dimension in self.space.items()},
            "split": self.problem.split.text,
            "best": _plain(self.best),
            "front": [t.place for t in self.front],
            "importances": dict(self.importances),
            "trials": [_plain(t) for t in self.trials],
        }

    def plot_history(self, ax: Any = None) -> Any:
        """Draw the score of each trial and the best so far; return the Axes."""
        return drawing.history(self.trials, self.score, ax)

    def plot_importance(self, ax: Any = None) -> Any:
        """Draw how much each parameter matters; return the Axes."""
        return drawing.importance(self.importances, self.score, ax)

    def plot_front(self, ax: Any = None) -> Any:
        """Draw all trials and the Pareto front over the first cost; return the Axes."""
        return drawing.front(self.complete, self.front, self.score, self._cost(), ax)

    def _cost(self) -> str:
        costs = [name for name in self.objectives if name in COSTS]
        if not costs:
            raise DescriptionError(
                f"plot_front: the search has only the objective {self.score}, expected several; see objectives"
            )
        return costs[0]

    def save(self, folder: PathLike) -> list[Path]:
        """Write the result into a folder, and return the files.

        ``best.toml`` is the description of the best liquid, for ``lsm-sim train`` and others; ``model.npz`` the best model, trained
        on the samples that the search saw, if it can be saved; ``search.json`` all trials; and the pictures ``history.png``,
        ``importance.png`` and, with several objectives, ``front.png``.
        """
        check_path(folder)
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise DescriptionError(f"{folder!r}: cannot be created ({why}); choose another folder") from None
        target = Path(folder)
        fitted = self.fitted()
        last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
        last.transformer_.liquid_.save(target / "best.toml")
        files = [target / "best.toml", target / "search.json"]
        with replacing(files[-1]) as stream:
            stream.write((json.dumps(self.to_dict(), indent=2, default=str) + "\n").encode())
        try:
            last.save(target / "model.npz")
            files.append(target / "model.npz")
        except DescriptionError:  # parts of the user's own cannot be saved; their description is in best.toml
            pass
        several = {"front": self.plot_front} if len(self.objectives) > 1 else {}
        pictures = {"history": self.plot_history, "importance": self.plot_importance} | several
        return [*files, *(drawing.save(draw, target / f"{name}.png") for name, draw in pictures.items())]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether one is nowhere larger than the other, and somewhere smaller."""
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _short(name: str) -> str:
    """Return the end of a name, which says enough in a table."""
    parts = name.split("__")
    return "__".join(parts[-2:]) if len(parts) > 2 else parts[-1]


def _text(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 30 else f"{text[:27]}..."


def _plain(trial: Trial) -> dict[str, Any]:
    return {field.name: getattr(trial, field.name) for field in dataclasses.fields(trial)}
