"""What a shell and a notebook show of a record."""

from html.parser import HTMLParser

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Spikes, ms
from lsm_sim.support.printing import brief, html_table


class Tags(HTMLParser):
    """Collects text, and checks that every tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def text_of(html):
    parser = Tags()
    parser.feed(html)
    assert parser.open == []
    return parser.text


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(0)
    neurons = lsm.Neurons("a<b>", 80, tau_m=rng.random(80) + 0.01, positions=rng.random((80, 3)))
    matrix = lsm.Synapses.from_matrix("a<b>", "a<b>", rng.random((80, 80)) * 0.01)
    liquid = lsm.Liquid([lsm.Inputs("in", 5)], [neurons], [lsm.Synapses("in", "a<b>", lsm.AllToAll()), matrix])
    stimulus = Spikes.from_dense(rng.random((12, 100, 5)) < 0.1, 1 * ms)
    record = {"a<b>": lsm.Record(("u", "v"), np.arange(50))}
    result = lsm.run(liquid, stimulus, record=record, bins=4, arithmetic="loihi", excursions=True)
    quantised = lsm.quantise(lsm.lower(liquid, 1 * ms), stimulus)
    return {
        "neurons": neurons,
        "synapses": matrix,
        "edges": matrix.rule,
        "liquid": liquid,
        "stimulus": stimulus,
        "record": record["a<b>"],
        "result": result,
        "outcome": result.outcome,
        "trace": result.v["a<b>"],
        "excursions": result.excursions,
        "quantised": quantised,
        "report": quantised.report,
        "program": result.program,
        "units": result.program.units,
        "projection": result.program.projections()[0],
    }


def test_every_repr_is_one_short_line(records):
    for name, record in records.items():
        assert len(repr(record)) < 400, name
        assert "\n" not in repr(record), name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("liquid", ["Neurons(name='a<b>', size=80", "Edges(6400 pairs)", "AllToAll"]),
        ("stimulus", ["12 samples", "mean rate (Hz)", "all"]),
        ("result", ["counts", "<shape (12, 4, 80)", "a<b> (50 neurons)", "Program(loihi"]),
        ("report", ["error rms", "a<b> -> a<b>", "headroom"]),
        ("program", ["a<b> -> a<b>", "per target"]),
    ],
)
def test_a_notebook_shows_a_table(records, name, words):
    text = text_of(records[name]._repr_html_())
    for word in words:
        assert word in text


def test_a_notebook_shows_spikes_by_group(records):
    text = text_of(records["result"].spikes._repr_html_())
    assert f"80{records['result'].spikes.n_events}" in text
    assert "a<b>" in text
    empty = Spikes.from_dense(np.zeros((0, 3, 2), bool), 1 * ms)
    assert "0 samples" in text_of(empty._repr_html_())


def test_neurons_show_what_differs_from_the_defaults():
    assert repr(lsm.Neurons("exc", 3)) == "Neurons(name='exc', size=3)"
    assert repr(lsm.Neurons("exc", 3, tau_m=lsm.Gamma(0.02, 2), sign=1)).endswith("Gamma(mean=0.02, shape=2), sign=1)")
    assert repr(lsm.Neurons("exc", 2, i_bias=[1, 2])) == "Neurons(name='exc', size=2, i_bias=[1.0, 2.0])"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((2, 3)), "<shape (2, 3), 0>"),
        (np.arange(30) / 7, "<shape (30,), 0 .. 4.143>"),
        (np.zeros((0, 3)), "<shape (0, 3)>"),
        (np.array(["a"] * 9), "<shape (9,)>"),
        ([1, 2], "[1, 2]"),
        ((1,), "(1,)"),
        (list(range(100)), "<100 items>"),
        ({"a": np.zeros(9)}, "{'a': <shape (9,), 0>}"),
        ("x" * 1000, "'" + "x" * 159 + "..."),
        (None, "None"),
    ],
)
def test_values_are_brief(value, text):
    assert brief(value) == text


def test_texts_in_tables_are_escaped():
    assert text_of(html_table("<t>", [("<script>", 1)], ("<h>", "&"))) == "<t><h>&<script>1"
