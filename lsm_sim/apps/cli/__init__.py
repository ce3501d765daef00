"""The command ``lsm-sim``."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; the console script ``lsm-sim``."""
    from lsm_sim.support.ending import default_signals, exit_code, interrupt_on_signals, received_code

    try:
        interrupt_on_signals()
        from lsm_sim.apps.cli.app import app

        app(prog_name="lsm-sim")
    except KeyboardInterrupt as interrupt:  # while modules were being imported
        sys.exit(exit_code(interrupt))
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer's, which does not know which signal it was
            sys.exit(exit_code(KeyboardInterrupt()))
        if ended.code and (signalled := received_code()):
            sys.exit(signalled)
        raise
    except Exception:
        if signalled := received_code():
            sys.exit(signalled)
        raise
    finally:
        default_signals()
