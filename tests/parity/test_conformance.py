"""Every backend of this project passes the tests that a foreign one is to pass, and answers the case files."""

import dataclasses

import pytest

from lsm_sim.testing import BackendConformance
from tests.cases import CONFORMANCE, CONFORMANCE2, GOLDEN


class TestReference(BackendConformance):
    """Against itself, which is only of interest for the case files and for what it refuses."""

    backend = "reference"
    cases = (*GOLDEN, *CONFORMANCE, *CONFORMANCE2)
    n_programs, n_joined = 10, 1


class TestFast(BackendConformance):
    backend = "fast"
    cases = (*GOLDEN, *CONFORMANCE, *CONFORMANCE2)
    n_programs = 100


class TestBrian2(BackendConformance):
    cases = (*GOLDEN, *CONFORMANCE, *CONFORMANCE2)
    n_programs, n_joined = 3, 2  # tests/parity/test_brian2.py goes on with the seeds

    @pytest.fixture
    def lsm_backend(self, brian2):
        return dataclasses.replace(brian2, codegen="numpy")


class TestLava(BackendConformance):
    cases = (*GOLDEN, *CONFORMANCE, *CONFORMANCE2)
    n_programs, n_joined, max_steps = 5, 2, 60

    @pytest.fixture
    def lsm_backend(self, lava):
        return lava
