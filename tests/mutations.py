"""Change the arrays of programs and spikes behind an engine's back: ``python -m tests.mutations 2000 fast reference``
tries 2000 of them; a number before the engines is the first seed.

Each try copies a random program and stimulus in one of several ways, changes one array in one of several ways, and runs. The
outcome must be an error of lsm_sim, or the right answer for the arrays as they were or as they are. A segmentation fault ends
the process, so tests run this in one of its own.
"""

from __future__ import annotations

import copy
import pickle
import random
import sys

import numpy as np

from lsm_sim import Spikes
from lsm_sim.backend import Request, compiled, find
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import LsmError
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim.testing.programs import EXTRA_ARRAYS, GRADED

COPIES = {
    "itself": lambda record: record,
    "pickled": lambda record: pickle.loads(pickle.dumps(record)),
    "deep-copied": copy.deepcopy,
    "copied": copy.copy,
}
_SMALL = (-1, 0, 1, 2)
_LARGE = (-(2**31), -1, 10**6, 2**30, 2**31 - 1)
SPIKES = {"step": _LARGE, "channel": _LARGE, "offsets": _LARGE, "n_steps": _SMALL}
PROGRAM = {
    "indptr": _LARGE,
    "post": _LARGE,
    "delay": (-1, 3, 2**30),
    "weight": (0,),
    "threshold": (1,),
    "refractory": (0, 5),
}
PAYLOAD = {"payload": (-3, 0, 7, 2**31 - 1)}
BLOCK = {name: PROGRAM[name] for name in ("indptr", "post", "delay", "weight")}
EXTRA = ("decay_w", "dw", "jump", "decay_u2", "du2", "u0", "v0")
NUMBERS = {"receptor": (-1, 0, 1, 2, 2**31), "rule": ("static", "stp", "other")}


def assign(record, name, change):
    """Write into the array."""
    change(getattr(record, name))


def assign_after_setflags(record, name, change):
    """Make the array writable, then write into it."""
    array = getattr(record, name)
    array.setflags(write=True)
    change(array)


def assign_to_the_base(record, name, change):
    """Follow the bases of the array to the memory that it looks at, and write there."""
    array = getattr(record, name)
    base = array
    while base is not None and not (isinstance(base, np.ndarray) and base.flags.owndata):
        base = base.obj if isinstance(base, memoryview) else base.base
    base.setflags(write=True)
    change(base.reshape(-1).view(array.dtype))


def replace(record, name, change):
    """Put another array in its place."""
    array = np.array(getattr(record, name))
    change(array)
    object.__setattr__(record, name, array)


def cut(record, name, _change):
    """Put a shorter array in its place."""
    object.__setattr__(record, name, getattr(record, name)[:-1])


def change_type(record, name, _change):
    """Put an array of another type in its place."""
    object.__setattr__(record, name, getattr(record, name).astype(np.float32))


WAYS = (assign, assign_after_setflags, assign_to_the_base, replace, cut, change_type)


def _changed(rng, values):
    """Return a function that changes one number of an array."""
    value, at = rng.choice(values), rng.random()

    def change(array):
        if array.size:
            array[int(at * array.size)] = value

    return change


def events(engine, program, stimulus, n_threads=None):
    """Run and return the spikes as lists, or the name of the error."""
    try:
        with compiled(program, engine) as ready:
            spikes = ready(stimulus, Request(progress=False, n_threads=n_threads)).spikes
    except LsmError as error:
        return type(error).__name__
    return spikes.step.tolist(), spikes.channel.tolist(), spikes.offsets.tolist()


def mutate(rng, record):
    """Change a copy of the record; return it, what was done, and whether Python refused."""
    how, way = rng.choice(list(COPIES)), rng.choice(WAYS)
    record, refusal = COPIES[how](record), ""
    part, fields = _part(rng, record)
    name = rng.choice(list(fields))
    try:
        if name in NUMBERS:
            object.__setattr__(part, name, rng.choice(NUMBERS[name]))
        else:
            way(part, name, _changed(rng, fields[name]))
    except ValueError as error:
        refusal = str(error)
    done = f"{type(part).__name__}.{name}, {how}, {way.__name__}"
    assert not refusal or "read-only" in refusal or "WRITEABLE" in refusal, f"{done}: {refusal}"
    return record, done, bool(refusal)


def _part(rng, record):
    """Return what is changed, the record or one of its blocks of synapses, and the fields that may be."""
    if isinstance(record, Spikes):
        return record, SPIKES if record.payload is None else SPIKES | PAYLOAD
    if record.more_blocks and rng.random() < 0.6:
        block = rng.choice(record.more_blocks)
        return block, BLOCK | NUMBERS | dict.fromkeys(block.arrays, (0, 1))
    return record, PROGRAM | {name: (0, 1) for name in record.arrays if name in EXTRA}


def _case(rng, numbers, engine):
    """Return a random program and stimulus; every second one has a part of what the engine supports beyond plain LIF."""
    supports, arithmetic = engine.supports, rng.choice(ARITHMETICS)
    extended = rng.random() < 0.5
    needs = [need for need in EXTRA_ARRAYS if extended and need in supports and rng.random() < 0.5]
    program = random_program(numbers, arithmetic, max_neurons=30, max_inputs=5, needs=needs)
    graded = extended and GRADED in supports
    return program, random_stimulus(numbers, program, max_samples=3, max_steps=30, graded=graded)


def attempt(seed, engine):
    """Make one try; return what was done and how it ended."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    program, stimulus = pickle.loads(pickle.dumps(_case(rng, numbers, engine)))
    right = [events("reference", program, stimulus)]
    if rng.random() < 0.5:
        events(engine, program, stimulus)  # so that layouts are kept
    if rng.random() < 0.6:
        stimulus, done, refused = mutate(rng, stimulus)
    else:
        program, done, refused = mutate(rng, program)
    right.append(events("reference", program, stimulus))
    got = events(engine, program, stimulus, n_threads=rng.choice([1, 2]))
    assert isinstance(got, str) or got in right, f"seed {seed}, {engine}: {done}: wrong spikes"
    assert not refused or got == right[0], f"seed {seed}, {engine}: {done}: refused, but {got}"
    return done, "refused" if refused else got if isinstance(got, str) else "right"


def main():
    """Make the given number of tries with each engine in turn."""
    number, names = int(sys.argv[1]), sys.argv[2:]
    first = int(names.pop(0)) if names[0].isdigit() else 0
    engines = {name: find(name) for name in names}
    ends = {}
    for seed in range(first, first + number):
        _, end = attempt(seed, engines[names[seed % len(names)]])
        ends[end] = ends.get(end, 0) + 1
    print(f"{number} tries: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))


if __name__ == "__main__":
    main()
