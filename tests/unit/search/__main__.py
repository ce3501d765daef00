"""Kill a search by SIGKILL at random moments, resume it, and compare it with one that was not killed.

python -m tests.unit.search --kills 20 --workers 1
"""

import argparse
import os
import signal
import tempfile

from tests.unit.search.killing import campaign


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        progress = campaign(folder, options.trials, options.workers, options.kills, options.seed)
    print(
        f"seed {options.seed}: killed {options.kills} times by signal {int(signal.SIGKILL)}, {options.trials} trials,"
    )
    print(f"{options.workers} worker(s); finished at each kill: {', '.join(map(str, progress))}")
    print("every finished trial kept, none running, the same trials and the same best as without kills")


if __name__ == "__main__":
    main()
