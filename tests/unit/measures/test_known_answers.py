"""Measures of cases whose answer is known."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Spikes, measures, ms

RNG_SEED = 11
UNIFORM = np.random.default_rng(RNG_SEED).uniform(size=3000)


def lagged(*lags):
    return np.stack([np.roll(UNIFORM, lag) for lag in lags], axis=1)


class TestMemoryCapacity:
    @pytest.mark.parametrize("length", [1, 7, 20])
    def test_a_delay_line_remembers_its_length(self, length):
        found = measures.memory_capacity(lagged(*range(1, length + 1)), UNIFORM, n_lags=30)
        assert found.profile[:length] == pytest.approx(1.0)
        # chance gives about 1 / n_test at each of the other lags
        assert found.capacity == pytest.approx(length, abs=3 * (30 - length) / found.n_test)

    def test_a_leaky_integrator_remembers_one_sample_in_all(self):
        state = np.zeros(3000)
        for t in range(1, 3000):
            state[t] = 0.8 * state[t - 1] + UNIFORM[t - 1]
        found = measures.memory_capacity(state[:, None], UNIFORM, n_lags=40)
        expected = (1 - 0.64) * 0.64 ** np.arange(40)  # squared correlation with lag k; the sum is 1
        assert found.profile[:5] == pytest.approx(expected[:5], abs=0.05)
        assert found.capacity == pytest.approx(1.0, abs=0.15)

    def test_states_that_do_not_know_the_input_have_none(self):
        noise = np.random.default_rng(12).normal(size=(3000, 5))
        found = measures.memory_capacity(noise, UNIFORM, n_lags=20)
        assert found.capacity < 60 / found.n_test

    def test_it_says_when_memory_is_longer_than_the_lags_and_when_delays_explain_it(self):
        with pytest.warns(lsm.LsmWarning, match="longest lag, 3, is 1.00; increase n_lags"):
            found = measures.memory_capacity(lagged(1, 2, 3), UNIFORM, n_lags=3, delay_horizon=12.8)
        assert str(found) == "memory capacity: 3.00 samples up to lag 3; delays alone reach back 12.8 samples"


class TestProcessingCapacity:
    def test_a_linear_map_has_none_above_degree_1(self):
        mix = np.random.default_rng(1).normal(size=(6, 6))
        found = measures.information_processing_capacity(lagged(0, 1, 2, 3, 4, 5) @ mix, UNIFORM)
        assert found.by_degree == pytest.approx([6, 0, 0])

    def test_a_product_of_two_inputs_is_all_of_degree_2(self):
        x = 2 * (UNIFORM - UNIFORM.min()) / np.ptp(UNIFORM) - 1  # as the measure maps it
        found = measures.information_processing_capacity((x * np.roll(x, 3))[:, None], UNIFORM)
        assert found.by_degree == pytest.approx([0, 1, 0], abs=1e-9)

    def test_the_third_legendre_polynomial_is_all_of_degree_3(self):
        x = 2 * (UNIFORM - UNIFORM.min()) / np.ptp(UNIFORM) - 1
        found = measures.information_processing_capacity((5 * x**3 - 3 * x)[:, None], UNIFORM)
        assert found.by_degree == pytest.approx([0, 0, 1], abs=1e-9)

    def test_noise_of_as_many_features_as_is_allowed_counts_as_nothing(self):
        noise = np.random.default_rng(2).normal(size=(3000, 100))
        found = measures.information_processing_capacity(noise, UNIFORM)
        assert found.total == 0
        assert 0 < found.threshold < 1

    def test_the_total_is_at_most_the_number_of_independent_features(self):
        twice = np.concatenate([lagged(0, 1), lagged(0, 1) ** 2, lagged(0, 1)], axis=1)
        found = measures.information_processing_capacity(twice, UNIFORM)
        assert found.rank == 4
        assert found.total == pytest.approx(4.0)
        assert found.by_degree == pytest.approx(
            [2, 2, 0], abs=0.02
        )  # powers of finitely many values are not orthogonal


class TestRanksAndDimension:
    def test_the_rank_of_independent_states_is_their_number(self):
        assert measures.kernel_rank(np.eye(9)).rank == 9
        assert measures.generalisation_rank(np.outer(np.arange(1, 5), [1.0, 2.0])).rank == 1

    def test_a_tolerance_drops_small_directions(self):
        states = np.diag([1.0, 0.5, 1e-3])
        assert measures.kernel_rank(states).rank == 3
        assert measures.kernel_rank(states, tolerance=0.01).rank == 2

    @pytest.mark.parametrize("n", [1, 5, 12])
    def test_equal_variance_in_n_directions_is_dimension_n(self, n):
        whitened = np.linalg.qr(np.random.default_rng(3).normal(size=(20, n)))[0].T
        states = np.concatenate(2 * [np.eye(n), -np.eye(n)]) @ whitened + 7.0
        assert measures.effective_dimension(states).dimension == pytest.approx(n)


class TestFiring:
    def test_a_poisson_process_has_cv_1_and_no_synchrony(self):
        dense = np.random.default_rng(4).random((1, 100_000, 40)) < 0.02
        spikes = Spikes.from_dense(dense, 1 * ms)
        found = measures.interval_cv(spikes)
        assert found.mean == pytest.approx(np.sqrt(1 - 0.02), abs=0.01)  # of a geometric distribution
        assert measures.synchrony(spikes).chi == pytest.approx(1 / np.sqrt(40), abs=0.01)
        assert measures.rates(spikes).mean == pytest.approx(20.0, abs=0.2)

    def test_a_clock_has_cv_0(self):
        spikes = Spikes.from_trains([np.arange(50) / 50], duration=1.0, dt=1 * ms)
        assert measures.interval_cv(spikes).mean == 0

    def test_intervals_do_not_span_samples_and_rare_neurons_are_left_out(self):
        one = Spikes.from_trains([[0.001, 0.011, 0.021], [0.05]], duration=0.1, dt=1 * ms)
        other = Spikes.from_trains([[0.051, 0.061, 0.071], [0.05]], duration=0.1, dt=1 * ms)
        found = measures.interval_cv(Spikes.concatenate([one, other]), fewest=4)
        assert found.per_neuron.tolist() == [0.0]
        assert found.n_neurons == 2

    def test_equal_trains_are_perfectly_synchronous(self):
        one = np.random.default_rng(5).random((1, 1000, 1)) < 0.05
        spikes = Spikes.from_dense(np.repeat(one, 25, axis=2), 1 * ms)
        assert measures.synchrony(spikes).chi == pytest.approx(1.0)

    @pytest.mark.parametrize("ratio", [0.0, 0.5, 0.9])
    def test_the_branching_ratio_of_a_cascade_is_found(self, ratio):
        rng, n = np.random.default_rng(6), 400
        activity, dense = 0, np.zeros((20_000, n), bool)
        for row in dense:
            activity = min(rng.poisson(ratio * activity) + rng.poisson(5 * (1 - ratio) + 2), n)
            row[:activity] = True
        found = measures.branching_ratio(Spikes.from_dense(dense, 1 * ms), bin=1 * ms)
        assert found.ratio == pytest.approx(ratio, abs=0.02)
        assert found.drive == pytest.approx(5 * (1 - ratio) + 2, rel=0.05)


def leaky(**neurons):
    """Return a liquid without recurrence."""
    synapses = [lsm.Synapses("in", "n", lsm.AllToAll(), lsm.Normal(0, 0.5), lsm.Uniform(1 * ms, 20 * ms))]
    return lsm.Liquid([lsm.Inputs("in", 4)], [lsm.Neurons("n", 30, **neurons)], synapses, seed=1)


def noise(n, steps, seed, channels=4, rate=0.1):
    return Spikes.from_dense(np.random.default_rng(seed).random((n, steps, channels)) < rate, 1 * ms)


class TestSeparation:
    def test_states_that_are_the_filtered_inputs_are_as_far_apart(self):
        one, other = noise(12, 200, 1, rate=0.02), noise(12, 200, 2, rate=0.02)
        width, reach = 5.0, 30
        kernel = np.exp(-((np.arange(-reach, reach + 1) / width) ** 2))

        def filtered(spikes):
            padded = np.pad(spikes.to_dense().astype(float), ((0, 0), (reach, reach), (0, 0)))
            return np.apply_along_axis(np.convolve, 1, padded, kernel, "same").reshape(len(spikes), -1)

        states, others = filtered(one), filtered(other)
        found = measures.separation(one, other, states, others)
        # the state's root mean square is over times and channels, the input's over times alone, its channels being summed
        assert found.slope * np.sqrt(states.shape[1] / 200) == pytest.approx(1.0)
        assert found.correlation == pytest.approx(1.0)

    def test_one_spike_in_place_of_none_is_the_norm_of_the_kernel(self):
        one, none = (
            Spikes.from_trains([[0.5]], duration=1.0, dt=1 * ms),
            Spikes.from_trains([[]], duration=1.0, dt=1 * ms),
        )
        found = measures.separation(one, none, [[1.0]], [[0.0]])
        assert found.input_distance[0] == pytest.approx(np.sqrt(5 * ms * np.sqrt(np.pi / 2)), rel=1e-6)


class TestTwins:
    def test_leaky_integrators_forget_with_the_slowest_time_constant(self):
        silent = leaky(tau_m=40 * ms, tau_syn=2 * ms, v_thresh=1000.0)
        found = measures.lyapunov(silent, noise(3, 900, 1), start=100 * ms, window=600 * ms)
        assert found.exponent == pytest.approx(-1 / (40 * ms), rel=0.02)

    def test_strong_recurrence_diverges_and_weak_recurrence_forgets(self):
        def liquid(weight):
            loop = lsm.Synapses("n", "n", lsm.FixedInDegree(40), lsm.Normal(0, 1) * weight)
            read = lsm.Synapses("in", "n", lsm.AllToAll(), lsm.Normal(0, 0.5))
            neurons = lsm.Neurons("n", 200, tau_m=20 * ms, tau_syn=5 * ms, i_bias=80.0)
            return lsm.Liquid([lsm.Inputs("in", 4)], [neurons], [read, loop], seed=1)

        stimulus = noise(8, 700, 2)
        strong, weak = (measures.lyapunov(liquid(weight), stimulus) for weight in (0.5, 0.0))
        assert strong.exponent > 0 > weak.exponent
        assert "differences grow" in str(strong)

    def test_the_fit_ends_where_twins_are_as_far_apart_as_strangers(self):
        from lsm_sim.measures.twins import slope

        times = np.arange(100) / 1000
        grown = np.minimum(np.log(1e-4) + 200 * times, 0.0)
        exponent, fitted = slope(times, grown, unrelated=1.0)
        assert exponent == pytest.approx(200)
        assert fitted == int(np.ceil((np.log(0.3) - np.log(1e-4)) / 200 * 1000))


class TestFadingMemory:
    def test_without_recurrence_histories_are_equal_after_the_longest_memory(self):
        liquid = leaky(tau_m=10 * ms, tau_syn=5 * ms)
        found = measures.fading_memory(liquid, noise(6, 300, 1), noise(6, 300, 2), noise(6, 800, 3))
        # delays of 20 ms, then u falls below 1 % within 5 ms * ln(100) = 23 ms
        assert 20 * ms < found.forgotten["u"] <= 60 * ms
        # spikes are equal once v is, which takes further membrane time constants
        assert found.forgotten["spikes"] < 500 * ms
        assert found.remaining["spikes"] == 0
        assert found.remaining["v"] < 1e-6

    def test_a_bistable_loop_never_forgets(self):
        keep = lsm.Synapses("n", "n", lsm.OneToOne(), 30.0, 5 * ms)
        plain = leaky(tau_m=10 * ms, tau_syn=5 * ms)
        once = lsm.Synapses("in", "n", lsm.FixedProbability(0.5), 30.0)
        liquid = lsm.Liquid(plain.inputs, plain.neurons, [once, keep], seed=1)
        one = Spikes.from_trains([[0.05], [], [], []], duration=0.3, dt=1 * ms)
        other = Spikes.from_trains([[], [], [], [0.05]], duration=0.3, dt=1 * ms)
        silence = Spikes.from_trains([[], [], [], []], duration=0.5, dt=1 * ms)
        with pytest.warns(
            lsm.LsmWarning, match="v are equal after different histories"
        ):  # both rest, or were just reset
            found = measures.fading_memory(liquid, one, other, silence)
        assert found.forgotten["spikes"] is None
        assert found.remaining["traces"] > 0.9
        assert "spikes" in str(found)
        assert "left" in str(found)

    def test_bins_count_from_the_start_of_the_equal_input(self):
        liquid = leaky(tau_m=10 * ms, tau_syn=5 * ms)
        common = noise(4, 405, 3)
        found = measures.fading_memory(liquid, noise(4, 307, 1), noise(4, 307, 2), common)
        assert found.times == pytest.approx(0.01 * np.arange(1, 41))
        assert found.remaining["spikes"] == 0
