"""Options of pytest for tests of backends.

The conftest.py of the root loads them::

    pytest_plugins = ["lsm_sim.testing.plugin"]

The package declares no entry point for pytest. With one, pytest would import lsm_sim, and with it NumPy, in every project
whose environment has lsm_sim. `lsm_sim.testing.BackendConformance` works without this plugin; only the options are missing.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("lsm_sim", "tests of backends of lsm_sim")
    group.addoption(
        "--lsm-cases",
        action="append",
        default=[],
        metavar="PATH",
        help="a case file, or a folder of them, that every backend must answer; may be given more than once",
    )
    group.addoption(
        "--lsm-programs", type=int, metavar="N", help="number of random programs of each arithmetic that run one by one"
    )
    group.addoption("--lsm-seed", type=int, metavar="SEED", help="seed of the first of them")
