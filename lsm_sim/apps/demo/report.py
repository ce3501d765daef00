"""The report of the demo: one self-contained HTML page with the results and their interpretation."""

from __future__ import annotations

import base64
import html
import inspect
import math
from collections.abc import Iterable, Mapping
from importlib import resources
from string import Template

from lsm_sim.apps.demo import digits, reading
from lsm_sim.apps.demo.experiment import VIEWS, Findings
from lsm_sim.support import environment

TITLE = "A spiking liquid classifies handwritten digits"
_NAMES = {
    "raw": ("Raw pixels", "no spikes"),
    "encoder": ("Encoder counts", "counts of the input spikes, without a liquid"),
    "recurrence_off": ("Liquid, recurrence off", "the same neurons without synapses between them"),
    "liquid": ("Liquid", "with its recurrent synapses"),
}
_STAGES = {
    "prepare": "load and compile",
    "encoder": "encoder counts",
    "recurrence_off": "liquid, recurrence off",
    "liquid": "liquid",
    "readout": "train and test readouts",
    "pictures": "pictures",
    "total": "total",
}


def report(findings: Findings, pictures: Mapping[str, bytes], command: str) -> str:
    """Return the page; figures are embedded, and nothing is loaded from elsewhere."""
    page = Template(resources.files("lsm_sim.apps.demo").joinpath("report.html").read_text(encoding="utf-8"))
    images = {
        name.removesuffix(".png"): f"data:image/png;base64,{base64.b64encode(data).decode()}"
        for name, data in pictures.items()
        if name.endswith(".png")
    }
    text = {
        "title": TITLE,
        "lead": reading.lead(findings),
        "seeds_heading": f"Range of {len(findings.plan.seeds)} seeds" if len(findings.plan.seeds) > 1 else "",
        "table_note": reading.table_note(findings),
        "raster_caption": reading.raster_caption(findings),
        "trajectories_caption": reading.trajectories_caption(),
        "confusion_caption": reading.confusion_caption(findings),
        "command": command,
        "code": inspect.getsource(digits),
    }
    escaped = {key: html.escape(value) for key, value in text.items()}
    items = (f"<li>{html.escape(item)}</li>" for item in reading.conclusions(findings))
    return page.substitute(
        escaped,
        rows="\n".join(_rows(findings)),
        reading="\n".join(items),
        settings=_table(_settings(findings)),
        versions=_table([*_versions(), *_times(findings)]),
        **images,
    )


def _rows(findings: Findings) -> Iterable[str]:
    """Return the rows of results; the bars of the error rate start at zero."""
    accuracy, per_seed = findings.accuracy(), findings.per_seed()
    largest = max(1 - value for value in accuracy.values()) or 1.0
    for view in VIEWS:
        name, what = (html.escape(text) for text in _NAMES[view])
        error = 1 - accuracy[view]
        low, high = min(per_seed[view]), max(per_seed[view])
        seeds = f"{100 * low:.2f} &ndash; {100 * high:.2f}" if len(per_seed[view]) > 1 else ""
        yield (
            f'<tr class="{"main" if view == "liquid" else "control"}"><td>{name}<span class="what">{what}</span></td>'
            f'<td class="number wide">{findings.n_features[view]}</td>'
            f'<td class="number">{100 * accuracy[view]:.2f} %</td><td class="number wide note">{seeds}</td>'
            f'<td class="bar"><div style="width:{100 * error / largest:.1f}%"></div></td>'
            f'<td class="number">{100 * error:.2f} %</td></tr>'
        )


def _settings(findings: Findings) -> list[tuple[str, str]]:
    plan = findings.plan
    n_inh = max(1, plan.n_neurons // 5)
    seeds = ", ".join(map(str, plan.seeds))
    return [
        ("Data", f"{len(findings.digits)} images of 8 x 8 pixels in ten classes, bundled with scikit-learn"),
        ("Input", f"one row of pixels every {1000 * digits.FRAME:g} ms into 8 channels, one per column of the image"),
        ("Encoder", "integrate-and-fire rate code, at most 300 Hz, deterministic"),
        ("Liquid", f"{plan.n_neurons - n_inh} excitatory and {n_inh} inhibitory leaky integrate-and-fire neurons"),
        ("Features", "square roots of each neuron's spike counts in 8 bins, one per row of pixels"),
        ("Readout", "ridge regression on standardised features, penalty chosen by leave-one-out on the training folds"),
        (
            "Validation",
            f"{digits.FOLDS} stratified shuffled folds; seeds {seeds}, each with its own folds, liquid and phases",
        ),
        ("Backend", plan.backend),
    ]


def _versions() -> list[tuple[str, str]]:
    machine = environment.machine()
    versions = [(name, version) for name, version in environment.versions().items() if version]
    return [*versions, ("machine", f"{machine['platform']}, {machine['cores']} cores")]


def _times(findings: Findings) -> list[tuple[str, str]]:
    return [
        (f"time: {label}", f"{findings.seconds[stage]:.1f} s")
        for stage, label in _STAGES.items()
        if math.isfinite(findings.seconds.get(stage, math.inf))
    ]


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in rows)
