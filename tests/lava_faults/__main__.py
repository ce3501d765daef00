"""``python -m tests.lava_faults 1000`` prints a table of 1000 faults, all kinds in turn.

``--only WORDS`` takes the kinds whose name has these words; ``--seed`` repeats the random moments and sizes.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time

from lsm_sim_lava import Lava
from tests.lava_faults import FAULTS
from tests.lava_faults.tools import left_behind, spikes_of, struck, use_folder

_LIMIT = 10  # seconds from the fault to its end


def inject(name, rng):
    """Inject one fault; return its message, the seconds since it occurred, and what it left behind."""
    struck.clear()
    begin = time.monotonic()
    try:
        message = FAULTS[name](rng)
    except Exception as error:
        message = f"NOT HANDLED: {type(error).__name__}: {error}"
    seconds = time.monotonic() - (struck[-1] if struck else begin)
    return message, seconds, left_behind()


def main():
    """Inject the faults; exit with 1 if anything was left, took too long, or broke the next run."""
    parser = argparse.ArgumentParser(prog="python -m tests.lava_faults")
    parser.add_argument("number", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background jobs with Ctrl-C ignored
    rng, wrong, names = random.Random(options.seed), 0, [name for name in FAULTS if options.only in name]
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp()
    use_folder(folder)
    for i in range(options.number):
        name = names[i % len(names)]
        message, seconds, left = inject(name, rng)
        next_run = spikes_of(Lava(), 50)
        bad = left or seconds > _LIMIT or next_run != 65 or message.startswith("NOT HANDLED")
        wrong += bool(bad)
        print(
            f"{i + 1:4} {name:34} {seconds:5.1f} s  left: {left or 'nothing'}  {message}{'  WRONG' if bad else ''}",
            flush=True,
        )
    shutil.rmtree(folder)
    print(f"{options.number} faults, {wrong} of them not handled; the run after each was right in the others")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
