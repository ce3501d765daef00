"""The page on training says what the code does, and the example runs."""

import re
import runpy
from pathlib import Path

import pytest

import lsm_sim as lsm
from lsm_sim import ms

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/training.md"


def test_the_examples_of_the_page_learn_and_come_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, names)
    assert names["loss"].item() < 2.0  # it begins at ln 10, 2.3
    assert lsm.lower(names["trained"], 1 * ms, weight_bits=8) == names["twin"].program()
    assert names["spikes"].n_events > 1000
    assert names["regressor"].score(names["X"], names["darkness"]) > 0.8
    assert (tmp_path / "training.pt").is_file()
    assert names["made"].chip == "loihi2"


def test_the_page_names_all_that_can_be_trained():
    from lsm_sim_torch.arguments import TRAINABLE

    assert set(TRAINABLE) <= set(re.findall(r'`"(\w+)"`', PAGE.read_text()))


@pytest.mark.slow
def test_the_example_trains_deploys_and_draws(tmp_path, monkeypatch, capsys):
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(ROOT / "examples/trained_liquid.py"))
    alone, trained, integers = (float(x) for x in re.findall(r": +(\S+) %", capsys.readouterr().out))
    assert trained > alone + 5
    assert integers > trained - 2
    assert (tmp_path / "trained_liquid.html").stat().st_size > 100_000
