"""Traces as Neo signals, as xarray and as a pandas table have the values, times and names of the run."""

import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.errors import BackendUnavailableError, DescriptionError

neo = pytest.importorskip("neo")
xarray = pytest.importorskip("xarray")
pytest.importorskip("pandas")

LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 2)],
    [lsm.Neurons("exc", 8, i_bias=60.0), lsm.Neurons("inh", 3)],
    [lsm.Synapses("in", "exc", lsm.AllToAll()), lsm.Synapses("exc", "inh", lsm.AllToAll(), weight=0.1)],
    seed=1,
)
RNG = np.random.default_rng(4)
STIMULUS = lsm.Spikes.from_dense([RNG.random((n, 2)) < 0.3 for n in (30, 20)], 1 * ms)
RECORD = {"exc": ["u", "v"], "inh": lsm.Record("v", neurons=[2, 0])}


@pytest.fixture(scope="module")
def result():
    return lsm.run(LIQUID, STIMULUS, record=RECORD)


def chosen_steps(steps, **options):
    return lsm.run(LIQUID, STIMULUS, record={"exc": ["v"]}, record_steps=steps, **options)


class TestNeo:
    def test_a_segment_has_the_spikes_and_signals_of_its_sample(self, result):
        block = result.to_neo()
        assert lsm.Spikes.from_neo(block) == result.spikes
        for b, segment in enumerate(block.segments):
            found = {signal.name: signal for signal in segment.analogsignals}
            assert set(found) == {"u of exc", "v of exc", "v of inh"}
            for name, signal in found.items():
                variable, _, group = name.partition(" of ")
                trace = result.traces[variable][group]
                np.testing.assert_array_equal(signal.magnitude, trace.values[b])
                np.testing.assert_allclose(signal.times.rescale("s").magnitude, trace.times[b], rtol=1e-14)
                assert signal.array_annotations["neuron"].tolist() == trace.neurons.tolist()
                assert (signal.annotations["variable"], signal.annotations["group"]) == (variable, group)

    def test_signals_have_units_sampling_rates_and_thresholds(self, result):
        signals = {signal.name: signal for signal in result.to_neo().segments[0].analogsignals}
        u, v = signals["u of exc"], signals["v of exc"]
        assert str(u.dimensionality) == "1/s"
        assert str(v.dimensionality) == "dimensionless"
        assert float(v.sampling_rate.rescale("Hz")) == pytest.approx(1000.0, rel=1e-14)
        assert v.array_annotations["threshold"].tolist() == [1.0] * 8
        assert "threshold" not in u.array_annotations

    def test_every_third_step_has_a_third_of_the_sampling_rate(self):
        (signal,) = chosen_steps([0, 3, 6, 9]).to_neo().segments[0].analogsignals
        assert float(signal.sampling_period.rescale("ms")) == pytest.approx(3.0)
        assert float(signal.t_start.rescale("ms")) == pytest.approx(1.0)

    def test_steps_at_uneven_distances_are_an_irregular_signal(self):
        result = chosen_steps([0, 3, 4, 25])
        first, second = result.to_neo().segments
        (signal,) = first.irregularlysampledsignals
        np.testing.assert_array_equal(signal.times.magnitude, result.v["exc"].times[0])
        np.testing.assert_array_equal(signal.magnitude, result.v["exc"].values[0])
        assert [len(one) for one in second.irregularlysampledsignals] == [3]

    def test_a_sample_without_recorded_steps_has_no_signal(self):
        first, second = chosen_steps([25], spikes=False).to_neo().segments
        assert [len(signal) for signal in first.analogsignals] == [1]
        assert len(second.analogsignals) == 0

    def test_nothing_to_convert_is_an_error(self):
        nothing = lsm.run(LIQUID, STIMULUS, spikes=False, bins=1)
        with pytest.raises(DescriptionError, match="got neither spikes nor traces; run again with spikes=True or"):
            nothing.to_neo()


class TestXarray:
    def test_one_trace_has_named_axes_and_explicit_padding(self, result):
        trace = result.v["inh"]
        array = trace.to_xarray()
        assert array.dims == ("sample", "time", "neuron")
        assert array.sizes == {"sample": 2, "time": 30, "neuron": 2}
        assert array.neuron.values.tolist() == [2, 0]
        np.testing.assert_array_equal(array.time, trace.times[0])
        assert array.time.attrs["units"] == "s"
        for b in (0, 1):
            there = array.recorded[b].values
            assert there.sum() == len(trace.times[b])
            np.testing.assert_array_equal(array[b].values[there], trace.values[b])
            assert np.isnan(array[b].values[~there]).all()
        np.testing.assert_array_equal(array.threshold, trace.threshold)

    def test_a_dataset_has_the_variables_of_all_groups(self, result):
        found = result.to_xarray()
        assert set(found) == {"u", "v"}
        assert found.neuron.values.tolist() == [*range(8), 10, 8]
        assert found.group.values.tolist() == ["exc"] * 8 + ["inh"] * 2
        assert found.index.values.tolist() == [*range(8), 2, 0]
        of_inh = found.sel(neuron=found.group == "inh")
        np.testing.assert_array_equal(of_inh.v, result.v["inh"].to_xarray())
        assert np.isnan(of_inh.u).all()
        np.testing.assert_array_equal(found.u.isel(neuron=slice(8)), result.u["exc"].to_xarray())
        assert (found.u.units, found.v.units, found.dt) == ("v per second", "units of v", 0.001)

    def test_chosen_steps_that_only_long_samples_have(self):
        found = chosen_steps([0, 25]).to_xarray()
        np.testing.assert_allclose(found.time, [0.001, 0.026])
        assert found.recorded.values.tolist() == [[True, True], [True, False]]

    def test_no_traces_are_an_error(self):
        with pytest.raises(DescriptionError, match="to_xarray: got no traces; run again with record="):
            lsm.run(LIQUID, STIMULUS).to_xarray()


def test_a_table_has_one_row_for_each_value(result):
    trace = result.v["inh"]
    table = trace.to_pandas()
    assert list(table) == ["sample", "time", "neuron", "value"]
    assert len(table) == 2 * (30 + 20)
    for b in (0, 1):
        wide = table[table["sample"] == b].pivot(index="time", columns="neuron", values="value")
        np.testing.assert_array_equal(wide[[2, 0]].to_numpy(), trace.values[b])
        np.testing.assert_array_equal(wide.index, trace.times[b])


@pytest.mark.parametrize(("package", "call"), [("neo", "to_neo"), ("xarray", "to_xarray")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(package, call, result, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BackendUnavailableError, match=rf"{package} is not installed; .* pip install '.*\[analysis\]'"):
        getattr(result, call)()
