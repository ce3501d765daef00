"""Ranges, choices, and descriptions with ranges."""

import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError, search
from lsm_sim.search import Choices, Range
from lsm_sim.search.candidates import check_space
from lsm_sim.search.space import checked_space
from tests.unit.search.models import LIQUID, model

TOML = """
format = "lsm_sim.liquid/1"
seed = { search = [0, 9], whole = true }

[[inputs]]
name = "in"
size = 3

[[neurons]]
name = "exc"
size = { choices = [12, 20] }
tau_m = { search = [0.005, 0.08], log = true }

[[synapses]]
pre = "in"
post = "exc"
rule = { choices = [{ FixedProbability = { p = 0.5 } }, { AllToAll = {} }] }
weight = { Normal = { mean = 0.0, sd = { search = [1.0, 5.0] } } }

[search]
features__bins = { search = [2, 10], whole = true }
readout__alpha = { search = [0.1, 1e4], log = true }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "liquid.toml"
    path.write_text(TOML)
    return path


class TestRange:
    @pytest.mark.parametrize(
        ("ends", "expected"),
        [
            ((1, 1), "empty"),
            ((2, 1), "reversed"),
            ((0, 1, True), "expected low > 0"),
            ((0.5, 2, False, True), "whole number"),
            ((float("nan"), 1), "finite"),
            ((-1.7e308, 1.7e308), "shorter"),
            (("a", 1), "Range low"),
        ],
    )
    def test_refuses_what_is_no_range(self, ends, expected):
        with pytest.raises(DescriptionError, match=expected):
            Range(*ends)

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            (Range(2.0, 4.0), [2.0, 3.0, 4.0]),
            (Range(0.01, 1.0, log=True), [0.01, 0.1, 1.0]),
            (Range(1, 3, whole=True), [1, 2, 3]),
            (Range(1, 100, log=True, whole=True), [1, 7, 100]),
        ],
    )
    def test_has_its_ends_and_its_middle(self, own, expected):
        found = [own.at(0.0), own.middle(), own.at(1 - 2**-53)]
        assert found == pytest.approx(expected)
        assert all(type(value) is (int if own.whole else float) for value in found)

    def test_of_whole_numbers_has_each_equally_often(self):
        shares = [k / 300 for k in range(300)]
        assert [sum(Range(1, 3, whole=True).at(s) == n for s in shares) for n in (1, 2, 3)] == [100, 100, 100]


class TestChoices:
    def test_are_stored_as_themselves_or_as_text(self):
        assert Choices([1, 2.5]).labels == (1, 2.5)
        assert Choices(["a", "b"]).labels == ("a", "b")
        assert Choices([{"grid": {"nx": 1}}, None]).labels == ('{"grid": {"nx": 1}}', "null")
        assert Choices([lsm.encode.Rate(), 3]).labels == ("choice 0", "3")

    @pytest.mark.parametrize(("values", "expected"), [([], "got none"), ([1, 2, 1], "twice"), ("ab", "list of values")])
    def test_refuse_what_is_no_list(self, values, expected):
        with pytest.raises(DescriptionError, match=expected):
            Choices(values)


class TestASpace:
    @pytest.mark.parametrize(
        ("space", "expected"),
        [
            ({}, "no parameters"),
            (None, "a dict of ranges"),
            ({3: [1]}, "expected that of a parameter"),
            ({"a": 3}, "space a: got 3"),
            ({"a": (1, 2)}, "space a: got"),
            ({"a": {"search": [2, 1]}}, "space a: .*reversed"),
            ({"a": {"search": [1]}}, "two ends"),
            ({"a": {"search": [1, 2], "logarithmic": True}}, "unknown key 'logarithmic'"),
            ({"a": {"choices": [1, 2], "log": True}}, "unknown key 'log'"),
            ({"a": {"low": 1, "high": 2}}, "expected Range"),
        ],
    )
    def test_says_what_is_wrong(self, space, expected):
        with pytest.raises(DescriptionError, match=expected):
            checked_space(space)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("features__bin", "no parameter 'bin'; known: bins"),
            ("nothing", "LiquidClassifier has no such parameter; known: "),
            ("readout__beta", "the readout 'ridge' has no such parameter; known: .*alpha"),
            ("liquid__neurons__pyr__tau_m", "the liquid has no 'pyr' there; known: exc, inh"),
            ("liquid__neurons__exc__tau", "unknown key"),
            ("liquid__synapses__7__weight", "no '7' there; known: 0..1"),
        ],
    )
    def test_names_a_parameter_that_the_model_does_not_have(self, name, expected):
        with pytest.raises(DescriptionError, match=f"space {name}: .*{expected}"):
            check_space(model(), {name: Range(1, 2)})


class TestADescription:
    def test_gives_the_liquid_in_the_middle_and_the_space(self, file):
        liquid, space = search.load(file)
        assert (liquid.seed, liquid.n_neurons) == (5, 12)
        assert liquid.neurons[0].tau_m == pytest.approx(0.02)
        assert liquid.synapses[0].weight.second == 3.0
        assert list(space) == [
            "liquid__seed",
            "liquid__neurons__exc__size",
            "liquid__neurons__exc__tau_m",
            "liquid__synapses__0__rule",
            "liquid__synapses__0__weight__Normal__sd",
            "features__bins",
            "readout__alpha",
        ]
        assert space["liquid__neurons__exc__tau_m"] == Range(0.005, 0.08, log=True)
        check_space(lsm.LiquidClassifier(liquid), space)

    def test_without_ranges_is_that_of_a_liquid(self, tmp_path):
        LIQUID.save(tmp_path / "plain.toml")
        assert search.load(tmp_path / "plain.toml") == (LIQUID, {})

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("[0.005, 0.08]", "[0.08, 0.005]", "liquid.toml: neurons.exc.tau_m: Range: got 0.08 to 0.005, .*reversed"),
            ("[2, 10]", "[2, 2]", "search.features__bins: .*empty"),
            ("features__bins", "liquid__seed", "search.liquid__seed: appears in the description, too"),
            ("[1.0, 5.0]", "[-5.0, -1.0]", "sd"),
            ("[search]", "[[search]]", "expected a table"),
        ],
    )
    def test_names_the_place_of_a_wrong_range(self, file, old, new, expected):
        file.write_text(TOML.replace(old, new))
        with pytest.raises(DescriptionError, match=expected):
            search.load(file)


class TestNestedParameters:
    def test_change_a_value_of_the_liquid(self):
        changed = model(
            liquid__neurons__exc__tau_m=0.03, liquid__synapses__1__weight__Gamma__mean=0.9, liquid__seed=4
        ).liquid
        assert (changed.neurons[0].tau_m, changed.synapses[1].weight, changed.seed) == (0.03, lsm.Gamma(0.9, 2.0), 4)
        assert changed.to_dict()["neurons"][1] == LIQUID.to_dict()["neurons"][1]
        assert model(liquid__synapses__0__rule=lsm.AllToAll()).liquid.synapses[0].rule == lsm.AllToAll()

    def test_change_an_argument_of_the_function_that_makes_it(self):
        import lsm_sim_models as models

        made = model(liquid=models.speech).set_params(liquid__n_neurons=30, liquid__lam=1.5).liquid
        assert made(n_inputs=3).n_neurons == 30
        with pytest.raises(DescriptionError, match="no argument 'size'; known: n_neurons, seed"):
            model(liquid=models.speech).set_params(liquid__size=3)

    def test_change_a_readout_that_is_a_name(self):
        assert model(readout__alpha=3.0).readout[-1].alphas == [3.0]
        assert model(readout="logistic").set_params(readout__C=0.5).readout[-1].C == 0.5
        assert model(readout__standardscaler__with_mean=False).readout[0].with_mean is False
