"""A search of 200 trials on spoken digits, compared with the shipped settings on a speaker that no trial saw.

    python benchmarks/search_fsdd.py --fsdd FOLDER --storage fsdd.db --workers 2

The shipped settings are those of `lsm-sim evaluate fsdd --loso`, here with fewer neurons and recordings so that a trial takes
seconds. One speaker is held out before the search starts; a trial's score is the mean accuracy over the other speakers, each
tested after training on the rest. Then the best settings and the shipped ones are trained on the speakers that the search saw, with
new seeds of the liquid, and tested on all recordings of the one it did not see. A killed run goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from lsm_sim import datasets, search
from lsm_sim.apps.evaluate.settings_speech import fsdd_new_speaker
from lsm_sim.search import Range

LAST = "liquidclassifier__"
SPACE = {
    f"{LAST}liquid__input_weight": Range(0.1, 2.0, log=True),
    f"{LAST}liquid__input_probability": Range(0.05, 0.6),
    f"{LAST}liquid__recurrent_weight": Range(0.0, 1.2),
    f"{LAST}liquid__lam": Range(1.0, 3.0),
    f"{LAST}liquid__tau_m": Range(0.005, 0.1, log=True),
    f"{LAST}liquid__tau_syn": Range(0.002, 0.06, log=True),
    f"{LAST}encoder__0__max_rate": Range(80.0, 500.0, log=True),
    f"{LAST}encoder__1__step": Range(0.03, 0.3, log=True),
    f"{LAST}features__bins": Range(2, 12, whole=True),
}


def kept(data: datasets.Dataset, per_digit: int, held_out: str) -> np.ndarray:
    """Return the indices of the first recordings of each digit and speaker, and of all of the speaker that is held out."""
    names = [f"{speaker} {digit}" for speaker, digit in zip(data.groups, data.y, strict=True)]
    seen: dict[str, int] = {}
    chosen = []
    for i, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] <= per_digit or data.groups[i] == held_out:
            chosen.append(i)
    return np.array(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fsdd", type=Path, required=True)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--neurons", type=int, default=200)
    parser.add_argument("--per-digit", type=int, default=10, help="recordings of each digit and speaker in the search")
    parser.add_argument("--seeds", type=int, default=5, help="of liquids, for the comparison")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    parser.add_argument("--liquids", type=int, default=1, help="over which the score of a trial is averaged")
    parser.add_argument("--speaker", help="to hold out; the first by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    data = datasets.fsdd(options.fsdd)
    speaker = options.speaker or np.unique(data.groups)[0]
    some = kept(data, options.per_digit, speaker)
    model = fsdd_new_speaker(0, n_neurons=options.neurons)
    found = search.optimise(
        model,
        [data.X[i] for i in some],
        data.y[some],
        SPACE,
        n_trials=options.trials,
        storage=options.storage,
        groups=data.groups[some],
        hold_out=data.groups[some] == speaker,
        workers=options.workers,
        seed=options.seed,
        liquid_seeds=range(100, 100 + options.liquids) if options.liquids > 1 else None,
    )
    print(found.table(), flush=True)
    print(json.dumps(dict(found.importances), indent=1), flush=True)
    seeds = range(1000, 1000 + options.seeds)  # not that of the search, 0
    result = found.compare_held_out(seeds, ("raw", "encoder", "recurrence_off", "liquid"))
    print(result.table())
    if options.out is not None:
        found.save(options.out)
        (options.out / "held_out.json").write_text(result.to_json())


if __name__ == "__main__":
    main()
