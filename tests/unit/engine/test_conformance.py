import dataclasses
from contextlib import contextmanager

import numpy as np
import pytest

from lsm_sim import DescriptionError, UnsupportedError
from lsm_sim.backend import find
from lsm_sim.engine import conformance
from lsm_sim.support import npz
from tests.cases import GOLDEN


def golden(name="float64_equal"):
    return next(path for path in GOLDEN if path.stem == name)


class Altered:
    """The reference, with something done to its answer or its program."""

    name = "altered"
    supports: frozenset[str] = frozenset()

    def __init__(self, alter=lambda outcome: outcome, legalise=lambda program: program):
        self._alter, self.legalise, self._engine = alter, legalise, find("reference")

    @contextmanager
    def compile(self, program):
        with self._engine.compile(program) as run:
            yield lambda stimulus, request: self._alter(run(stimulus, request))


def shifted(name, step, neuron, by):
    """Return what adds ``by`` to one value of u or v."""

    def alter(outcome):
        values = outcome.traces[name][0].copy()
        values[step, neuron] += by
        return dataclasses.replace(outcome, traces=outcome.traces | {name: (values,)})

    return alter


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_reference_agrees_with_its_own_answers(path):
    assert conformance.difference(conformance.load(path), find("reference")) is None


def test_a_saved_case_comes_back_as_it_was(tmp_path):
    one = conformance.load(golden("loihi_delays"))
    one.save(tmp_path / "again.npz")
    first, second = npz.read(golden("loihi_delays")), npz.read(tmp_path / "again.npz")
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


class TestADifference:
    def test_names_step_neuron_and_values(self):
        one = conformance.load(golden())
        got = conformance.difference(one, Altered(shifted("v", 7, 2, 0.5)))
        assert got.startswith(
            f"step 7, neuron 2: v: got {float(one.traces['v'][7, 2]) + 0.5!r}, expected {float(one.traces['v'][7, 2])!r}"
        )

    def test_in_u_is_told_before_one_in_v_of_the_same_step(self):
        def both(outcome):
            return shifted("u", 5, 3, 1.0)(shifted("v", 5, 0, 1.0)(outcome))

        assert conformance.difference(conformance.load(golden()), Altered(both)).startswith("step 5, neuron 3: u:")

    def test_of_the_last_bit_counts(self):
        def last_bit(outcome):
            u = outcome.u[0].copy()
            u[4, 1] = np.nextafter(u[4, 1], np.inf)
            return dataclasses.replace(outcome, traces=outcome.traces | {"u": (u,)})

        assert "step 4, neuron 1: u:" in conformance.difference(conformance.load(golden()), Altered(last_bit))

    def test_that_is_nan_counts(self):
        assert "got nan" in conformance.difference(conformance.load(golden()), Altered(shifted("v", 3, 0, np.nan)))

    def test_in_spikes_alone_is_found_and_counted(self):
        def silent(outcome):
            empty = dataclasses.replace(
                outcome.spikes, step=np.empty(0, int), channel=np.empty(0, int), offsets=np.zeros(2, int)
            )
            return dataclasses.replace(outcome, spikes=empty)

        one = conformance.load(golden())
        got = conformance.difference(one, Altered(silent))
        assert "got no spike, expected a spike" in got
        assert f"{one.spikes.n_events} of {one.spikes.n_events} spikes differ" in got

    @pytest.mark.parametrize(("oracle", "forgiven"), [("brian2", True), ("lava_float", False)])
    def test_of_rounding_is_forgiven_in_v_where_brian2_answered(self, oracle, forgiven):
        one = dataclasses.replace(conformance.load(golden()), oracle=oracle)
        got = conformance.difference(one, Altered(shifted("v", 7, 2, 5e-13)))
        assert (got is None) == forgiven

    @pytest.mark.parametrize("name", ["u", "v"])
    def test_of_more_than_rounding_is_not_forgiven(self, name):
        one = dataclasses.replace(conformance.load(golden()), oracle="brian2")
        by = 5e-13 if name == "u" else 2e-12
        assert f"{name}: got" in conformance.difference(one, Altered(shifted(name, 7, 2, by)))

    def test_is_that_the_backend_cannot_run_the_program(self):
        def refuse(_):
            raise UnsupportedError("no delays beyond 3 steps")

        assert (
            conformance.difference(conformance.load(golden()), Altered(legalise=refuse)) == "no delays beyond 3 steps"
        )

    def test_is_that_the_backend_runs_it_in_another_arithmetic(self):
        other = conformance.load(golden("loihi_delays")).program
        got = conformance.difference(conformance.load(golden()), Altered(legalise=lambda _: other))
        assert got == "altered runs it in loihi arithmetic only, not in float64"


def damaged(tmp_path, **changes):
    """Write the golden case with arrays replaced, or left out where None, and return its path."""
    arrays = {name: value for name, value in (npz.read(golden()) | changes).items() if value is not None}
    npz.write(tmp_path / "damaged.npz", arrays)
    return tmp_path / "damaged.npz"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"format": "lsm_sim.program/1"}, "got format 'lsm_sim.program/1', expected 'lsm_sim.case/1' or"),
        ({"format": None}, "got format 'none'"),
        ({"u": None, "spike_step": None}, "no spike_step, u in the file"),
        ({"weight": None}, "no weight in the file"),
        ({"u": np.zeros((3, 2))}, "u: got shape (3, 2), expected"),
        ({"v": np.array(["a"])}, "v: got values of type <U1, expected real numbers"),
        ({"n_steps": -1}, "n_steps: got -1, expected a whole number >= 1"),
        ({"n_steps": np.array([3, 4])}, "n_steps: got an array of shape (2,), expected one number"),
        ({"n_steps": 2**40}, "expected (1099511627776,"),
        ({"spike_neuron": np.array([10**6]), "spike_step": np.array([0])}, "spike_step, spike_neuron:"),
        ({"stimulus_step": np.array([3, 1]), "stimulus_channel": np.array([0, 0])}, "stimulus_step, stimulus_channel:"),
        ({"stimulus_step": np.array([3])}, "stimulus_step, stimulus_channel:"),
        ({"dt": "soon"}, "Program dt:"),
    ],
    ids=str,
)
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path, changes, expected):
    path = damaged(tmp_path, **changes)
    with pytest.raises(DescriptionError) as error:
        conformance.load(path)
    assert expected in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_nan_in_an_answer_is_refused(tmp_path):
    v = npz.read(golden())["v"].copy()
    v[0, 0] = np.nan
    with pytest.raises(DescriptionError, match="v: got nan, expected finite numbers"):
        conformance.load(damaged(tmp_path, v=v))


@pytest.mark.parametrize("keep", [0, 10, 500, -20])
def test_a_truncated_file_is_refused(tmp_path, keep):
    path = tmp_path / "part.npz"
    path.write_bytes(golden().read_bytes()[:keep])
    with pytest.raises(DescriptionError, match=r"damaged or not an \.npz file"):
        conformance.load(path)


class TestFindFiles:
    def test_returns_the_case_files_of_a_folder_in_order(self, tmp_path):
        for name in ("b.npz", "a.npz", "notes.txt"):
            (tmp_path / name).touch()
        (tmp_path / "c.npz").mkdir()
        assert [path.name for path in conformance.find_files(tmp_path)] == ["a.npz", "b.npz"]

    def test_returns_a_file_itself(self, tmp_path):
        assert conformance.find_files(tmp_path / "a.npz") == [tmp_path / "a.npz"]

    def test_refuses_a_folder_without_case_files(self, tmp_path):
        with pytest.raises(DescriptionError, match=r"no \.npz files in this folder"):
            conformance.find_files(tmp_path)
