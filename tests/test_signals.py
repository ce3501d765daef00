"""A few cases of `tests.signals`, which runs any number of them."""

import os

import pytest

from tests.signals import COMMANDS, SIGNALS, Bench, Case

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix" or not os.path.isdir("/proc"), reason="signals are a thing of POSIX"),  # noqa: PTH112
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("signals"))


@pytest.mark.parametrize("number", SIGNALS, ids=[number.name for number in SIGNALS])
def test_a_command_that_is_ended_leaves_nothing(bench, number):
    command = list(COMMANDS)[SIGNALS.index(number)]
    _, wrong = bench.run(Case(command, number, part=0.9, older=True))
    assert wrong == []
