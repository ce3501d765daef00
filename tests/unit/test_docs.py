"""The pages on descriptions and models say what the code does."""

import doctest
import re
from pathlib import Path

import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.describe import plain

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    "page",
    [
        "audio.md",
        "datasets.md",
        "deployment.md",
        "description.md",
        "explorer.md",
        "measures.md",
        "mechanisms.md",
        "models.md",
        "running.md",
        "speech.md",
    ],
)
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
