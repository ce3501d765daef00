"""Case files from Lava, Brian2 and the reference, answered by every backend."""

import numpy as np
import pytest

from tests.cases import CONFORMANCE, GOLDEN, answer, load

V_TOLERANCE = {"brian2": 1e-12}  # Brian2 rearranges decay_v * v + (u + bias), which may round differently


def check(backend, case):
    got = answer(backend, case.program, case.stimulus)
    assert got.spikes.step.tolist() == case.spike_step.tolist()
    assert got.spikes.channel.tolist() == case.spike_neuron.tolist()
    np.testing.assert_array_equal(got.u[0], case.u)
    tolerance = max(V_TOLERANCE.get(name, 0.0) for name in (backend.name, case.oracle))
    np.testing.assert_allclose(got.v[0], case.v, rtol=0, atol=tolerance)


@pytest.mark.parametrize("path", [*GOLDEN, *CONFORMANCE], ids=lambda path: path.stem)
def test_answers_are_those_in_the_file(backend, path):
    check(backend, load(path))
