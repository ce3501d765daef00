"""Answers of the reference on disk: a change of any bit is a change of meaning, to be reviewed and logged.

``pytest tests/golden --regenerate-golden`` writes them anew. The files hold the programs too, so nothing here depends on
how NumPy draws; the seeds were chosen for lively programs.
"""

from pathlib import Path

import numpy as np
import pytest

from lsm_sim.engine.conformance import Case, load
from lsm_sim.testing import answer, random_program, random_stimulus

CASES = {
    "float64_equal": ("float64", 386),  # v meets the threshold exactly; long delays, refractory periods, autapses
    "float64_wide": ("float64", 510),  # weights of more than 16 bits
    "loihi_delays": ("loihi", 12),
    "loihi_wide": ("loihi", 407),  # u wraps, v saturates, weights of more than 16 bits
}


def write(path, reference, arithmetic, seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic)
    stimulus = random_stimulus(rng, program, max_samples=1)
    got = answer(reference, program, stimulus)
    Case("reference", program, stimulus, got.spikes, {name: got.traces[name][0] for name in program.state}).save(path)


@pytest.mark.parametrize("name", CASES)
def test_the_reference_gives_the_answers_on_disk(name, reference, request):
    path = Path(__file__).with_name(f"{name}.npz")
    if request.config.getoption("--regenerate-golden"):
        write(path, reference, *CASES[name])
    case = load(path)
    got = answer(reference, case.program, case.stimulus)
    assert got.spikes.step.tolist() == case.spikes.step.tolist()
    assert got.spikes.channel.tolist() == case.spikes.channel.tolist()
    np.testing.assert_array_equal(got.u[0], case.traces["u"])
    np.testing.assert_array_equal(got.v[0], case.traces["v"])
