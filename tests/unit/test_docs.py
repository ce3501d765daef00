"""The pages on descriptions and models say what the code does."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.describe import plain

DOCS = Path(__file__).parents[2] / "docs"


DOCTESTS = (
    "analysis.md",
    "audio.md",
    "c_export.md",
    "datasets.md",
    "deployment.md",
    "description.md",
    "explorer.md",
    "live.md",
    "measures.md",
    "mechanisms.md",
    "memory.md",
    "models.md",
    "nir.md",
    "performance.md",
    "reliability.md",
    "running.md",
    "scaling.md",
    "search.md",
    "speech.md",
)


def blocks(page):
    """Return the blocks of Python code of a page that are not sessions."""
    found = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return [block for block in found if not block.startswith(">>>")]


@pytest.mark.parametrize("page", DOCTESTS)
def test_the_examples_of_a_page_give_what_they_say(page, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failed, attempted = doctest.testfile(str(DOCS / page), module_relative=False)
    assert attempted > 0
    assert failed == 0


def test_the_file_in_the_page_is_a_description(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", (DOCS / "description.md").read_text(), re.DOTALL)
    path = tmp_path / "net.toml"
    path.write_text(text)
    liquid = lsm.Liquid.load(path)
    assert lsm.lower(liquid, 0.001).n_neurons == 82
    liquid.save(path)
    assert lsm.Liquid.load(path) == liquid


def test_the_page_names_every_rule_and_model():
    description, page = ((DOCS / name).read_text() for name in ("description.md", "models.md"))
    for rule in plain.RULES:
        assert f"| `{rule}(" in description
    for model in models.__all__:
        assert f"\n## {model}\n" in page


def test_the_code_for_other_simulators_is_that_of_the_scripts():
    scripts = (DOCS.parent / "benchmarks/coming_from").glob("from_*.py")
    texts = ["\n".join(line.strip() for line in script.read_text().splitlines()) for script in scripts]
    found = blocks("coming-from.md")
    assert len(found) == 5
    for block in found:
        text = "\n".join(line.strip() for line in block.splitlines())
        assert any(text in script for script in texts), block


@pytest.mark.slow
def test_the_forecasts_of_the_page_are_as_good_as_it_says(capsys):
    names = {}
    for block in blocks("forecasting.md"):
        exec(block, names)
    error, lyapunov_times = map(float, capsys.readouterr().out.split())
    assert error < 0.1, error
    assert lyapunov_times > 1, lyapunov_times


@pytest.mark.slow
@pytest.mark.usefixtures("lava")
def test_the_code_of_the_page_on_lava_runs():
    X, y = np.random.default_rng(1).random((12, 5, 2)), np.arange(12) % 2
    encoder = lsm.encode.Rate(100.0, frame=0.005)
    model = lsm.LiquidClassifier(models.random_ei(n_inputs=2, n_neurons=100, seed=1), encoder).fit(X, y)
    names = {"lsm": lsm, "model": model, "liquid": model.liquid, "X_test": X, "y_test": y}
    names["spikes"] = encoder(X, 0.001)
    names["stimuli"] = [names["spikes"]] * 2
    for block in blocks("lava.md"):
        exec(block, names)
    assert names["result"].spikes == lsm.run(model.liquid, names["spikes"], arithmetic="loihi").spikes
