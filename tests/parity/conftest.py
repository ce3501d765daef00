"""Fixtures of the parity tests, and which of them are slow."""

from pathlib import Path

import pytest

from lsm_sim_brian2 import compiler

SLOW = Path(__file__).with_name(
    "test_fast.py"
)  # the campaign of the fast engine; test_conformance.py has the quick part
EXTERNAL = ("TestBrian2", "TestLava")  # engines that take a second to start a run
ALL_FILES = "test_answers_are_those_in_the_file"
CUTS = "test_a_run_goes_on_from_a_state"  # test_cuts.py has quick ones for all engines


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    of_external = [item for item in items if getattr(getattr(item, "cls", None), "__name__", "") in EXTERNAL]
    files = [item for item in of_external if item.originalname == ALL_FILES]
    slow = [item for k, item in enumerate(files) if k % 3]  # the quick tests take every third file
    slow += [item for item in of_external if item.originalname == CUTS]
    for item in [*(item for item in items if item.path == SLOW), *slow]:
        item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def compiled_code(tmp_path_factory):
    """Compile Brian2's Cython code into a folder of this session, so that the flags are tested and not an old cache."""
    if missing := compiler.missing_tools(standalone=False):
        pytest.skip(f"needs {', '.join(missing)}: apt install g++ python3-dev")
    folder = tmp_path_factory.mktemp("brian2_cython")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "cache_folder", lambda: folder)
        yield folder


@pytest.fixture
def make():
    """Skip if no standalone program can be compiled."""
    if missing := compiler.missing_tools(standalone=True):
        pytest.skip(f"needs {', '.join(missing)}: apt install g++ make")
