"""The command that installs an extra, wherever lsm_sim came from."""

import json
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from lsm_sim.support import environment

PROJECT = '[project]\nname = "lsm-sim"\n'


@pytest.fixture
def from_origin(monkeypatch):
    """Pretend that the package is in site-packages, and that pip noted this origin."""

    def pretend(origin):
        text = None if origin is None else json.dumps(origin)
        monkeypatch.setattr(metadata, "distribution", lambda _: SimpleNamespace(read_text=lambda _: text))
        monkeypatch.setattr(environment.checkout, "__defaults__", (Path("/somewhere/site-packages/lsm_sim"),))

    return pretend


def test_from_an_index_the_name_is_enough(from_origin):
    from_origin(None)
    assert environment.install("brian2") == "pip install 'lsm-sim[brian2]'"
    assert environment.install("brian2", "--upgrade") == "pip install --upgrade 'lsm-sim[brian2]'"


def test_from_git_the_address_is_repeated(from_origin):
    from_origin({"url": "https://example.org/lsm_sim.git", "vcs_info": {"vcs": "git", "commit_id": "0"}})
    assert environment.install("lava") == "pip install 'lsm-sim[lava] @ git+https://example.org/lsm_sim.git'"


def test_from_a_checkout_its_folder_is_named_unless_one_is_there(from_origin, tmp_path, monkeypatch):
    folder = tmp_path / "my lsm"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    from_origin({"url": folder.as_uri(), "dir_info": {}})
    assert environment.install("data") == f"pip install '.[data]' in {folder}"
    monkeypatch.chdir(folder)
    assert environment.install("data") == "pip install '.[data]'"


def test_a_checkout_that_is_gone_or_another_project_does_not_count(from_origin, tmp_path):
    from_origin({"url": (tmp_path / "gone").as_uri(), "dir_info": {}})
    assert environment.install("data") == "pip install 'lsm-sim[data]'"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    from_origin({"url": tmp_path.as_uri(), "dir_info": {}})
    assert environment.install("data") == "pip install 'lsm-sim[data]'"


def test_a_package_beside_its_project_file_runs_from_a_checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert environment.checkout(tmp_path / "lsm_sim") == tmp_path


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_a_damaged_note_of_the_origin_is_ignored(monkeypatch, text):
    monkeypatch.setattr(metadata, "distribution", lambda _: SimpleNamespace(read_text=lambda _: text))
    assert environment._origin() == {}
