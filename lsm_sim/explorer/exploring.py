"""``lsm_sim.explore``: run some samples, and put all that there is to see into one page."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsm_sim.errors import DescriptionError
from lsm_sim.explorer import contents
from lsm_sim.explorer.document import document
from lsm_sim.explorer.packing import Packer
from lsm_sim.explorer.subject import Signal, Subject, subject
from lsm_sim.explorer.variants import variants
from lsm_sim.learn.controls import Comparison
from lsm_sim.learn.controls.comparison import NAMES
from lsm_sim.support import checks
from lsm_sim.support.files import replacing

MOST_SPIKES = 1_000_000
ABLATED = 20


@dataclass(frozen=True, eq=False, repr=False)
class Explorer:
    """A page to look inside a network; `explore` makes it.

    Parameters
    ----------
    title
        Of the page.
    contents
        What is in the page, as plain data; ``arrays`` in it are places in ``data``.
    data
        All arrays, in base64.
    """

    title: str
    contents: Mapping[str, Any]
    data: str

    @property
    def remarks(self) -> list[str]:
        """What is missing in the page or was thinned, and why; the page shows it, too."""
        return list(self.contents["remarks"])

    def to_html(self) -> str:
        """Return the page, which needs no other file and no network."""
        return document(self.title, self.contents, self.data)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file; an unfinished file is never left behind."""
        with replacing(path) as stream:
            stream.write(self.to_html().encode())

    def _repr_html_(self) -> str:
        page = html.escape(self.to_html())
        return f'<iframe srcdoc="{page}" sandbox="allow-scripts" width="100%" height="800"></iframe>'

    def __repr__(self) -> str:
        runs, spikes = self.contents["runs"], sum(run["kept"] for run in self.contents["runs"])
        return f"Explorer({self.title!r}, {len(runs)} {'run' if len(runs) == 1 else 'runs'}, {spikes} spikes)"


def explore(
    network: Any,
    data: Any,
    labels: Any = None,
    *,
    samples: Any = None,
    against: str | Sequence[str] = (),
    ablate: int = ABLATED,
    controls: Comparison | Mapping[str, float] | None = None,
    signals: Any = None,
    frame: float | None = None,
    max_spikes: int = MOST_SPIKES,
    title: str | None = None,
    backend: str | None = None,
) -> Explorer:
    """Return a page to look inside a network: its spikes, its state, and the decision of its readout.

    Parameters
    ----------
    network
        A trained `LiquidClassifier` or `LiquidRegressor`, or a pipeline that ends in one; or a `Liquid` or a `Program`, which
        have no readout, so that the page shows no decision.
    data
        For a model, samples as for its ``predict``; for a network, a stimulus as for `lsm_sim.run`.
    labels
        Label or value of each sample, shape (samples,); None: unknown.
    samples
        Numbers of the samples to show; None: the first six.
    against
        What to compare with: ``"loihi"``, the network in Loihi's integers; ``"recurrence-off"``, without synapses between
        neurons; or the name of a backend. Any two samples can be compared, too.
    ablate
        Number of neurons without which the decision is computed again: those with the largest contributions.
    controls
        Results of the model's controls to show beside its decision: a `lsm_sim.controls.Comparison`, or an accuracy for each
        name, such as ``{"raw pixels": 0.94, "liquid": 0.98}``.
    signals
        For a network: what the stimulus encodes, (frames, channels) for each sample in ``data``.
    frame
        Duration of a frame of ``signals``, in seconds; None: all frames of a sample together last as long as the sample.
    max_spikes
        Spikes that the page holds at most. Of more, the page has a share, chosen by step and neuron, and says so.
    title
        Of the page.
    backend
        Name of the backend; None: that of the model, or the default.

    Raises
    ------
    DescriptionError, UnsupportedError, BackendUnavailableError, RunError
        See `lsm_sim.errors`.

    Examples
    --------
    >>> import numpy as np
    >>> import lsm_sim as lsm
    >>> import lsm_sim_models as models
    >>> X, y = [np.full((4, 1), 0.2), np.full((6, 1), 0.9)] * 5, ["low", "high"] * 5
    >>> model = lsm.LiquidClassifier(models.speech(n_inputs=1, n_neurons=20)).fit(X, y)
    >>> page = lsm.explore(model, X, y, samples=[0, 1], against="loihi")
    >>> page.save("page.html")  # doctest: +SKIP
    """
    shown = subject(network, data, samples, backend)
    truth = _checked_labels(labels, data, shown)
    n_ablated = checks.whole(ablate, "explore ablate", maximum=1000)
    most = checks.whole(max_spikes, "explore max_spikes", minimum=1, maximum=checks.MOST)
    figures = _controls(controls)
    named = shown.title if title is None else checks.instance(title, str, "explore title", "a text")
    extra = _given_signals(signals, frame, shown)
    packer = Packer()
    found = contents.collect(
        shown, variants(shown, against), truth, extra or shown.signals, n_ablated=n_ablated, most=most, packer=packer
    )
    return Explorer(named, {"title": named, "controls": figures} | found, packer.text)


def _checked_labels(labels: Any, data: Any, shown: Subject) -> list[str] | None:
    """Return the labels of the samples that are shown."""
    if labels is None:
        return None
    shape = checks.shape(labels, "explore labels")
    n = _n_in_data(data)
    if not shape or shape[0] != n:
        raise DescriptionError(f"explore labels: got shape {shape}, expected ({n},), one for each sample in data")
    return [str(labels[int(b)] if not hasattr(labels, "iloc") else labels.iloc[int(b)]) for b in shown.samples]


def _n_in_data(data: Any) -> int:
    return len(next(iter(data.values()))) if isinstance(data, Mapping) else len(data)


def _given_signals(signals: Any, frame: float | None, shown: Subject) -> list[Signal]:
    if signals is None:
        return []
    if shown.signals:
        raise DescriptionError("explore signals: got signals for a model, which has its own; leave them out")
    every = checks.items(signals, "explore signals", "(frames, channels) for each sample")
    if len(every) <= shown.samples.max():
        raise DescriptionError(f"explore signals: got {len(every)}, expected one for each sample in data")
    length = None if frame is None else checks.positive(frame, "explore frame", "time")
    out = []
    for b, duration in zip(shown.samples.tolist(), shown.stimulus.durations.tolist(), strict=True):
        values = checks.real_array(every[b], "explore signals")
        if values.ndim != 2 or not values.size:
            raise DescriptionError(f"explore signals: got shape {values.shape}, expected (frames, channels)")
        out.append(Signal(values, length or duration / len(values)))
    return out


def _controls(controls: Any) -> dict[str, Any] | None:
    """Return the name of the figure and its value for each control."""
    if controls is None:
        return None
    if isinstance(controls, Comparison):
        names = {NAMES.get(view, view): value for view, value in controls.mean.items()}
        return {"metric": controls.metric, "values": names}
    if not isinstance(controls, Mapping):
        got = type(controls).__name__
        raise DescriptionError(f"explore controls: got {got}, expected a Comparison, or a dict of accuracies by name")
    return {
        "metric": "accuracy",
        "values": {str(name): checks.probability(value, "explore controls") for name, value in controls.items()},
    }
