"""Limits of chips: each with source and trust, printed with both."""

from __future__ import annotations

import copy
import pickle

import pytest

from lsm_sim.deploy import chips
from lsm_sim.deploy.chips import LOIHI1, LOIHI2, TRUST, Chip, Limit
from lsm_sim.errors import DescriptionError


@pytest.mark.parametrize(
    ("chip", "name", "value"),
    [
        *(
            (LOIHI1, *row)
            for row in [("cores", 128), ("neurons", 1024), ("synapse words", 16384), ("input axons", 4096)]
        ),
        *((LOIHI2, *row) for row in [("cores", 120), ("neurons", 4095), ("words", 20000), ("neuron groups", 8)]),
        *((chip, "delay", 62) for chip in (LOIHI1, LOIHI2)),
    ],
)
def test_a_limit_has_its_value(chip, name, value):
    assert chip.limits[name].value == value


@pytest.mark.parametrize("chip", chips.CHIPS.values(), ids=lambda chip: chip.name)
def test_every_figure_is_printed_with_its_source_and_trust(chip):
    lines = str(chip).splitlines()
    for figure in (*chip.limits.values(), chip.weight_bits, chip.index_bits):
        (line,) = [line for line in lines if line.startswith(f"  {figure.name} ")]
        assert line.split()[len(figure.name.split()) :][:2] == [str(figure.value), figure.trust]
        assert line.endswith(figure.source)
    for letter, text in TRUST.items():
        assert f"  {letter}: {text}" in lines


def test_the_word_budget_is_marked_as_inferred():
    budget = [name for name in LOIHI2.limits if name not in ("cores", "delay")]
    assert {LOIHI2.limits[name].trust for name in budget} == {"D"}


def test_a_chip_is_found_by_its_name():
    assert chips.find("loihi1") is LOIHI1
    assert chips.find(LOIHI2) is LOIHI2
    with pytest.raises(DescriptionError, match="chip: got 'loihi3', expected 'loihi1' or 'loihi2'"):
        chips.find("loihi3")


def test_a_limit_can_be_replaced():
    changed = LOIHI2.with_limit(Limit("cores", 7, "my board", "U"))
    assert (changed.limits["cores"].value, LOIHI2.limits["cores"].value) == (7, 120)


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda chip: pickle.loads(pickle.dumps(chip))], ids=["copy", "pickle"]
)
def test_a_chip_can_be_copied(again):
    assert str(again(LOIHI1)) == str(LOIHI1)


GOOD = {name: Limit(name, 5, "a test", "U") for name in ("cores", "neurons", "delay")}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Limit("neurons", 1.5, "x", "A"), "Limit neurons: got 1.5"),
        (lambda: Limit("neurons", 1, "x", "Z"), "trust: got 'Z', expected 'A', 'B'"),
        (lambda: Limit("neurons", 1, "", "A"), "source: got ''"),
        (lambda: Chip("a", "A", {}), "Chip limits: got none for 'cores', expected one"),
        (lambda: Chip("a", "A", [1]), "Chip limits: got list, expected limits by name"),
        (lambda: Chip("a", "A", GOOD | {"dendrites": GOOD["cores"]}), "Chip limits: got 'dendrites', expected 'cores'"),
        (
            lambda: Chip("a", "A", GOOD | {"words": GOOD["cores"]}),
            "words got the limit of 'cores', expected the same name",
        ),
        (lambda: Chip("a", "A", GOOD | {"words": 7}), "Chip limits: words: got int, expected a Limit"),
        (lambda: Chip("a", "A", GOOD | {"neurons": Limit("neurons", 0, "x", "U")}), "whole number >= 1"),
        (lambda: Chip("a", "A", GOOD, ("paper",)), "Chip word_kinds: got 'paper'"),
        (lambda: Chip("a", "A", GOOD, weight_bits=8), "Chip weight_bits: got int, expected a Limit"),
    ],
)
def test_a_wrong_limit_or_chip_is_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
