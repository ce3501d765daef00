"""Case files from Lava, Brian2 and the reference, answered by every backend."""

import pytest

from lsm_sim.engine.conformance import difference, load
from tests.cases import CONFORMANCE, GOLDEN


@pytest.mark.parametrize("path", [*GOLDEN, *CONFORMANCE], ids=lambda path: path.stem)
def test_answers_are_those_in_the_file(backend, path):
    assert difference(load(path), backend) is None
