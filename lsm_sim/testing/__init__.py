"""Tests of backends, for their authors: random programs, and a class of tests that compares a backend with the reference.

Needs pytest. Nothing in lsm_sim imports this package; see docs/backends.md.
"""

from lsm_sim.testing.available import available
from lsm_sim.testing.checking import RandomCase, RandomCases, assert_same, check_case
from lsm_sim.testing.conformance import BackendConformance
from lsm_sim.testing.difference import difference
from lsm_sim.testing.joined import joined, joined_stimulus, part_of, unions
from lsm_sim.testing.programs import random_program, random_stimulus, some_needs
from lsm_sim.testing.running import answer, random_request, run

__all__ = [
    "BackendConformance",
    "RandomCase",
    "RandomCases",
    "answer",
    "assert_same",
    "available",
    "check_case",
    "difference",
    "joined",
    "joined_stimulus",
    "part_of",
    "random_program",
    "random_request",
    "random_stimulus",
    "run",
    "some_needs",
    "unions",
]
