"""The site has every public name, every argument is explained, and no page has code that nothing runs."""

import inspect
import json
import re
import types
from pathlib import Path

import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import testing
from tests.unit.test_docs import DOCTESTS

DOCS = Path(__file__).parents[2] / "docs"
ELSEWHERE = {  # pages whose code other tests run
    "backends.md": "tests/unit/testing/test_conformance_class.py",
    "brian2.md": "tests/unit/backends/test_brian2_build.py",
    "cells.md": "tests/torch/test_cells.py",
    "coming-from.md": "tests/unit/backends/test_brian2_build.py and tests/unit/test_docs.py",
    "forecasting.md": "tests/unit/test_docs.py",
    "lava.md": "tests/unit/test_docs.py",
    "training.md": "tests/torch/test_docs.py",
}
NAMED = [getattr(lsm, name) for name in lsm.__all__]
MODULES = [lsm, *(found for found in NAMED if isinstance(found, types.ModuleType)), models, testing]
PUBLIC = {name: getattr(m, name) for m in MODULES for name in m.__all__}
CALLABLE = {name: found for name, found in PUBLIC.items() if callable(found)}


def explained(found):
    """Return the docstring of a function or class, with those of its bases in this package."""
    bases = found.__mro__[1:] if inspect.isclass(found) else ()
    own = [base for base in bases if base.__module__.startswith("lsm_sim")]
    return "\n".join(inspect.getdoc(part) or "" for part in (found, *own))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_reference_has_every_public_module(module):
    pages = {
        re.search(r"automodule:: (\S+)", page.read_text())[1]
        for page in DOCS.glob("api/*.md")
        if "automodule" in page.read_text()
    }
    assert module.__name__ in pages


def test_the_index_of_the_reference_has_every_page():
    index = (DOCS / "api/index.md").read_text()
    for page in DOCS.glob("api/*.md"):
        assert page.stem == "index" or (f"({page.name})" in index and f"\n{page.stem}\n" in index), page.name


@pytest.mark.parametrize("name", CALLABLE)
def test_every_argument_is_explained(name):
    """In its own docstring, or in that of a public name to which it refers."""
    text = explained(CALLABLE[name])
    assert text
    text += "".join(explained(CALLABLE[other]) for other in re.findall(r"`(?:\w+\.)*(\w+)`", text) if other in CALLABLE)
    try:
        arguments = set(inspect.signature(CALLABLE[name]).parameters) - {"_", "args", "kwargs"}
    except (TypeError, ValueError):  # classes of Python itself
        return
    assert {argument for argument in arguments if not re.search(rf"\b{argument}\b", text)} == set()


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_something_runs_the_code_of_the_page(page):
    text = page.read_text()
    if "```python" in text:
        assert page.name in DOCTESTS or page.name in ELSEWHERE
    assert ("```{code-cell}" in text) == text.startswith("---\nfile_format: mystnb"), (
        "the site runs code cells only then"
    )


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_page_is_in_the_index(page):
    index = (DOCS / "index.md").read_text()
    assert page.stem == "index" or f"\n{page.stem}\n" in index


@pytest.mark.parametrize("path", sorted(DOCS.glob("notebooks/*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_results(path):
    cells = json.loads(path.read_text())["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
