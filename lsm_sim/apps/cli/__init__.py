"""The command ``lsm-sim``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the console script ``lsm-sim``."""
    try:
        from lsm_sim.apps.cli.app import app

        app(prog_name="lsm-sim")
    except KeyboardInterrupt:  # while modules were being imported
        sys.exit(130)
