"""The page is one file that runs nothing but its own script, and says what it leaves out."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.explorer import Explorer
from lsm_sim.explorer.states import fit
from tests.unit.explorer import small
from tests.unit.explorer.reading import array, events, parts


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_needs_nothing_else_and_runs_only_its_own_script():
    html = small.page().to_html()
    found = Tags(html)
    assert found.tags.count("script") == 3  # contents, data, and the script
    assert not {"iframe", "object", "embed", "base", "form", "img"} & set(found.tags)
    assert [value for name, value in found.attributes if name in ("src", "href", "srcset", "data")] == ["data:,"]
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    _, _, script, style = parts(html)
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|import\(|\beval\(|innerHTML|https?:", script)
    policy = re.search(r'Policy" content="([^"]*)"', html)[1]
    for kind, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src &#x27;sha256-{digest}&#x27;" in policy
    assert policy.startswith("default-src &#x27;none&#x27;")


def test_text_of_files_is_never_markup():
    html = small.page().to_html()
    assert small.EVIL not in html
    assert small.GROUP not in html
    contents, *_ = parts(html)
    assert contents["title"] == small.EVIL
    assert [group["name"] for group in contents["groups"]] == ["exc", small.GROUP]
    assert small.EVIL in contents["outputs"]
    assert small.EVIL in contents["controls"]["values"]
    assert contents["samples"][2]["label"] == small.EVIL


def test_the_page_holds_every_spike_of_every_run():
    page = small.page()
    contents, data, *_ = parts(page.to_html())
    transformer, _ = small.model(group=small.GROUP).live_parts()
    stimulus = transformer.encode(small.SIGNALS)
    spikes = lsm.run(transformer.liquid_, stimulus).spikes
    for b in range(3):
        run = contents["runs"][b]
        assert (run["sample"], run["variant"], run["kept"]) == (b, 0, run["total"])
        for place, expected in ((run["spikes"], spikes[b]), (contents["samples"][b]["input"]["spikes"], stimulus[b])):
            step, channel = events(data, place, expected.n_channels)
            np.testing.assert_array_equal(step, expected.step)
            np.testing.assert_array_equal(channel, expected.channel)


def test_recordings_are_those_of_a_run_in_the_units_of_the_user():
    contents, data, *_ = parts(small.page().to_html())
    transformer, _ = small.model(group=small.GROUP).live_parts()
    result = lsm.run(transformer.liquid_, transformer.encode(small.SIGNALS), record={"exc": ["u", "v"]})
    found = contents["runs"][1]["recording"]
    for name, unit in (("u", "v per second"), ("v", "units of v")):
        one, expected = found["variables"][name], result.traces[name]["exc"].values[1]
        low, high = (array(data, one[end])[:12].astype(float) for end in ("low", "high"))
        shares = array(data, one["values"]).reshape(-1, found["points"])[:12].T / 65535
        # 16 bits, and ends of the range in single precision
        np.testing.assert_allclose(low + shares * (high - low), expected, atol=2e-5 * np.ptp(expected))
        assert one["unit"] == unit
    assert found["adapts"]


def test_the_components_are_fitted_on_training_samples():
    page = small.page()
    assert page.contents["components"]["fitted"] == "training samples of the model"
    transformer, _ = small.model(group=small.GROUP).live_parts()
    expected = fit(lsm.run(transformer.liquid_, transformer.calibration_).spikes)
    np.testing.assert_allclose(page.contents["components"]["share"], expected.share)
    network = lsm.explore(small.liquid(), small.ENCODER(small.SIGNALS, 1 * ms))
    assert network.contents["components"]["fitted"] == "the samples in this page"


def test_positions_are_those_of_the_liquid_or_a_plane():
    contents, data, *_ = parts(small.page().to_html())
    assert contents["places"]["in_space"]
    points = array(data, contents["places"]["points"]).reshape(-1, 3)
    np.testing.assert_array_equal(points[:12].max(axis=0), [2, 1, 1])
    stimulus = small.ENCODER(small.SIGNALS, 1 * ms)
    for network, words in (
        (small.liquid(positions=False), "Without positions: exc, inh."),
        (lsm.lower(small.liquid(), 1 * ms), "a program, which has no positions"),
    ):
        contents, data, *_ = parts(lsm.explore(network, stimulus).to_html())
        assert not contents["places"]["in_space"]
        assert words in contents["places"]["remark"]
        points = array(data, contents["places"]["points"]).reshape(-1, 3)
        assert len(np.unique(points, axis=0)) == 16


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda stimulus: lsm.explore(small.liquid(), stimulus), "There is no readout"),
        (lambda stimulus: lsm.explore(small.liquid(), stimulus), "The data have no labels"),
        (lambda stimulus: lsm.explore(small.liquid(), stimulus), "The data are spikes, so there is no signal"),
        (lambda _: lsm.explore(small.model(), small.SIGNALS), "The data have no labels"),
    ],
)
def test_the_page_says_what_is_missing(make, words):
    page = make(small.ENCODER(small.SIGNALS, 1 * ms))
    assert any(words in remark for remark in page.remarks)


def test_of_too_many_spikes_a_share_is_shown_and_the_page_says_so():
    stimulus = small.ENCODER(small.SIGNALS, 1 * ms)
    whole = lsm.explore(small.liquid(), stimulus)
    thin = lsm.explore(small.liquid(), stimulus, max_spikes=400)
    total = sum(run["total"] for run in whole.contents["runs"]) + stimulus[:6].n_events
    (remark,) = (one for one in thin.remarks if "spikes and the page holds" in one)
    assert f"have {total} spikes and the page holds 400, so it shows {40000 / total:.3g} % of them" in remark
    shown = sum(run["kept"] for run in (*thin.contents["runs"], *(one["input"] for one in thin.contents["samples"])))
    assert 300 < shown < 500
    assert thin.contents["thinned"]
    assert not whole.contents["thinned"]


def test_long_recordings_and_signals_are_thinned_and_say_so():
    frames = np.random.default_rng(0).random((1, 50_000, 2))
    stimulus = lsm.Spikes.from_events([], [], n_steps=50_000, n_channels=3, dt=1 * ms)
    page = lsm.explore(small.liquid(), stimulus, signals=frames)
    contents, data, *_ = parts(page.to_html())
    assert contents["stride"] == 25
    assert contents["runs"][0]["recording"]["points"] == 2000
    signal = contents["samples"][0]["signal"]
    assert signal["frames"] == 20_000
    np.testing.assert_allclose(array(data, signal["values"]).mean(), frames.mean(), atol=1e-6)  # single precision
    assert signal["frames"] * signal["frame"] == pytest.approx(50.0)


def test_variants_are_runs_of_the_same_samples():
    contents = small.page().contents
    assert [one["name"] for one in contents["variants"]] == ["float64, fast", "loihi, fast", "recurrence off"]
    assert [(run["variant"], run["sample"]) for run in contents["runs"]] == [(j, b) for j in range(3) for b in range(3)]
    same = lsm.explore(small.liquid(), small.ENCODER(small.SIGNALS, 1 * ms), samples=[2], against="reference")
    contents, data, *_ = parts(same.to_html())
    one, other = (events(data, run["spikes"], 16) for run in contents["runs"])
    np.testing.assert_array_equal(one, other)


def test_a_model_of_values_and_a_pipeline_can_be_shown():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    y = small.SIGNALS.mean(axis=(1, 2))
    model = lsm.LiquidRegressor(small.liquid(), small.ENCODER, lsm.Counts(2))
    front = make_pipeline(FunctionTransformer(np.square), model).fit(small.SIGNALS, y)
    page = lsm.explore(front, small.SIGNALS, y, samples=[7])
    assert page.contents["outputs"] == ["value 0"]
    assert float(page.contents["runs"][0]["decision"]["answer"]) == pytest.approx(
        front.predict(small.SIGNALS)[7], rel=1e-4
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": lsm.LiquidEnsemble([])}, "got LiquidEnsemble, expected a Liquid, a Program, .*members_"),
        ({"network": lsm.LiquidClassifier}, "got LiquidClassifier, expected"),
        ({"network": 3}, "got int, expected"),
        ({"data": "x"}, "got str, expected samples"),
        ({"data": small.SIGNALS[0]}, "got ndarray of shape"),
        ({"labels": ["a"]}, r"labels: got shape \(1,\), expected \(12,\)"),
        ({"samples": [12]}, r"samples: got \[12\], expected numbers in 0..11"),
        ({"samples": []}, "samples: got"),
        ({"against": "moon"}, "against: got 'moon', expected 'loihi', 'recurrence-off', "),
        ({"against": 3}, "against"),
        ({"ablate": -1}, "ablate"),
        ({"max_spikes": 0}, "max_spikes"),
        ({"controls": 3}, "controls: got int"),
        ({"controls": {"a": 2}}, "controls: got 2"),
        ({"signals": small.SIGNALS}, "signals: got signals for a model"),
        ({"title": 3}, "title"),
    ],
)
def test_wrong_arguments_are_refused(changes, words):
    given = {"network": small.model(), "data": small.SIGNALS, "labels": small.LABELS}
    with pytest.raises(DescriptionError, match=words):
        lsm.explore(**(given | changes))


def test_a_readout_that_sees_the_encoder_is_refused():
    model = lsm.LiquidClassifier(small.liquid(), small.ENCODER, with_encoder=True).fit(small.SIGNALS, small.LABELS)
    with pytest.raises(UnsupportedError, match=r"explore: with_encoder: .*train with with_encoder=False"):
        lsm.explore(model, small.SIGNALS)


def test_a_page_is_written_and_shown_in_a_notebook(tmp_path):
    page = small.page()
    assert isinstance(page, Explorer)
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.to_html()
    assert page._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert "9 runs" in repr(page)
    with pytest.raises(DescriptionError):
        page.save(tmp_path / "missing" / "page.html")


def test_of_many_neurons_the_largest_contributions_are_in_the_page_and_the_sum_of_the_rest(monkeypatch):
    monkeypatch.setattr("lsm_sim.explorer.contents._MOST_NEURONS", 5)
    page = lsm.explore(small.model(), small.SIGNALS, samples=[3], ablate=0)
    contents, data, *_ = parts(page.to_html())
    found = contents["runs"][0]["decision"]
    by_neuron = array(data, found["by_neuron"]).reshape(3, 5)
    scores = small.model().decision_function(small.SIGNALS)[3]
    sums = by_neuron.sum(axis=1) + array(data, found["rest"]) + found["intercept"]
    np.testing.assert_allclose(sums, scores, rtol=0, atol=1e-9)
    assert array(data, found["shown"]).size == 5
    assert np.abs(array(data, found["rest"])).max() > 0
