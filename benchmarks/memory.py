"""Peak memory of the whole process for workload W with 1000 samples and spike counts only."""

from __future__ import annotations

import resource

import lsm_sim as lsm
from lsm_sim.apps.bench.workloads import DT, W, liquid, stimulus


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # kB on Linux


def main() -> None:
    program = lsm.lower(liquid(W), DT)
    # a dense batch of 1000 would be larger than the run itself
    spikes = lsm.Spikes.concatenate([lsm.Spikes.from_dense(stimulus(W, 50, seed), DT) for seed in range(20)])
    before = peak()
    counts = lsm.run(program, spikes, spikes=False, bins=10, progress=False).counts
    print(f"{spikes}: counts {counts.shape}, peak {peak():.2f} GiB ({before:.2f} GiB before the run)")


if __name__ == "__main__":
    main()
