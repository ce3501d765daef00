"""`lsm_sim.apps.bench` and ``lsm-sim bench``: workloads, measuring, the verdict on noise, what is reported."""

import dataclasses
import json
import math
import time
from contextlib import contextmanager

import numpy as np
import pytest

from lsm_sim import Spikes, lower, run
from lsm_sim.apps.bench import noise, peer, picture, report, rounds, session, task, workloads
from lsm_sim.apps.bench.peer import Peer, Ready, Settings
from lsm_sim.apps.bench.rounds import Plan
from lsm_sim.engine.reference import Reference
from lsm_sim.errors import BackendUnavailableError, DescriptionError, RunError, UnsupportedError
from tests.unit.apps.test_cli import fails, lsm

SETTINGS = Settings("reference", 1)
TINY = workloads.Workload("tiny", 30, 0.2, 0.1, -0.2, 0.5, samples=3)
PLAN = Plan(rounds=2, budget=0.0)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(workloads, "N_STEPS", 60)


@pytest.fixture
def tiny(_short):
    return task.make(TINY, SETTINGS)


def answering(name="peer", counts=lambda one, n: one.counts[:n], batch=1, **settings):
    """Return a peer that answers at once, and the list of the sample numbers it was asked for."""
    asked = []

    @contextmanager
    def prepare(one):
        def run(n):
            asked.append(n)
            return counts(one, n)

        yield Ready(run, batch)
        asked.append("released")

    return Peer(name, prepare, **settings), asked


def fail(*_):
    raise ZeroDivisionError("nothing\nto divide by")


class TestWorkloads:
    def test_a_sweep_stands_for_all_its_workloads_and_nothing_comes_twice(self):
        found = workloads.find(["W", "rates", "W"])
        assert [one.name for one in found] == ["W", *(one.name for one in workloads.RATES)]

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(
            DescriptionError, match="no workload 'V'; known: W, W-small, W-large, W-large-1, rates, sizes"
        ):
            workloads.find(["V"])

    @pytest.mark.parametrize("workload", workloads.RATES, ids=lambda one: one.name)
    def test_the_rate_sweep_fires_at_the_rates_it_is_named_after(self, workload, monkeypatch):
        monkeypatch.setattr(workloads, "N_STEPS", 1000)
        stimulus = Spikes.from_dense(workloads.stimulus(workload, 4), workloads.DT)
        result = run(workloads.liquid(workload), stimulus, spikes=False, bins=1, n_threads=1, progress=False)
        # Four of 64 samples, and a drive with three digits.
        assert result.counts.mean() == pytest.approx(workload.x, rel=0.15)

    @pytest.mark.parametrize("workload", workloads.SIZES[:4], ids=lambda one: one.name)
    def test_the_size_sweep_keeps_the_synapses_of_a_neuron(self, workload):
        program = lower(workloads.liquid(workload), workloads.DT)
        assert program.n_neurons == workload.x
        recurrent = program.indptr[-1] - program.indptr[program.n_inputs]
        assert recurrent / program.n_neurons == pytest.approx(100, rel=0.02)  # drawn, 25 000 pairs and more

    def test_one_sample_of_the_large_network_is_the_first_of_many(self):
        one = dataclasses.replace(workloads.W_LARGE_1, name=workloads.W_LARGE.name, samples=workloads.W_LARGE.samples)
        assert one == workloads.W_LARGE
        np.testing.assert_array_equal(workloads.stimulus(TINY, 1)[0], workloads.stimulus(TINY, 3)[0])


class TestTask:
    def test_synaptic_events_are_those_that_a_ring_would_get(self, tiny):
        program, synapses = tiny.program, np.diff(tiny.program.indptr)
        with Reference().compile(program) as runner:
            spikes = runner(tiny.stimulus).spikes
        for b in range(len(spikes)):
            own, given = spikes[b].channel, tiny.stimulus[b].channel
            assert tiny.events[b] == synapses[own + program.n_inputs].sum() + synapses[given].sum()
        assert tiny.rate == pytest.approx(spikes.n_events / (3 * 30 * 0.06))

    def test_a_seed_gives_another_network_and_another_stimulus(self, tiny):
        other = task.make(TINY, SETTINGS, seed=5)
        assert not np.array_equal(other.program.weight, tiny.program.weight)
        assert not np.array_equal(other.dense, tiny.dense)

    def test_an_engine_that_differs_from_the_reference_is_not_measured(self, monkeypatch):
        class Wrong:
            name, supports = "wrong", frozenset()

            def legalise(self, program):
                return program

            @contextmanager
            def compile(self, program):
                with Reference().compile(program) as runner:
                    yield lambda *request: dataclasses.replace(runner(*request), counts=runner(*request).counts + 1)

        monkeypatch.setattr("lsm_sim.engine.protocol.find", lambda _name: Wrong())
        with pytest.raises(RunError, match="workload tiny differ from the reference's"):
            task.make(TINY, SETTINGS)


class TestMeasuring:
    def test_rounds_alternate_and_every_second_one_runs_backwards(self, tiny):
        order = []
        chosen = [answering(name)[0] for name in "abc"]
        rounds.measure(tiny, chosen, Plan(rounds=3), lambda text: order.append(text[-1]) if "round" in text else None)
        assert "".join(order) == "abccbaabc"

    def test_a_slow_peer_runs_fewer_samples_and_one_in_batches_whole_batches(self, tiny):
        slow = answering(counts=lambda one, n: (time.sleep(0.01 * n), one.counts[:n])[1])[0]
        batched, asked = answering(batch=2)
        rows = rounds.measure(tiny, [slow, batched], Plan(rounds=1, budget=0.025)).rows
        assert rows[0].samples in (1, 2)
        assert rows[1].samples == 3
        assert asked[:2] == [1, 2]
        assert asked[-1] == "released"

    def test_short_runs_are_repeated(self, tiny):
        quick, asked = answering()
        rounds.measure(tiny, [quick], PLAN)
        assert len(asked) > 100

    def test_a_peer_that_fails_says_why_and_the_others_go_on(self, tiny):
        later = iter([1, 1, 1, 1])
        broken = Peer("broken", fail)
        breaking = answering("breaking", lambda one, n: one.counts[:n] if next(later, None) else fail())[0]
        good, asked = answering("good")
        rows = rounds.measure(tiny, [broken, breaking, good], PLAN).rows
        assert [row.status for row in rows] == ["failed", "failed", "ok"]
        assert rows[0].reason == "ZeroDivisionError: nothing to divide by"
        assert asked[-1] == "released"
        assert math.isnan(rows[1].median)

    def test_a_peer_may_leave_a_task_out(self, tiny):
        def refuse(_):
            raise UnsupportedError("too large")

        (row,) = rounds.measure(tiny, [Peer("picky", refuse)], PLAN).rows
        assert (row.status, row.reason) == ("left out", "too large")

    def test_counts_are_compared(self, tiny):
        def one_off(one, n):
            counts = one.counts[:n].copy()
            counts[0, 0, 0] += 1
            return counts

        cases = [
            answering(counts=one_off),
            answering(counts=one_off, exact=False),
            answering(),
            answering(counts=lambda *_: None),
        ]
        rows = rounds.measure(tiny, [case for case, _ in cases], Plan(rounds=1)).rows
        assert [row.differing for row in rows] == [1, 1, 0, 0]
        assert [row.wrong for row in rows] == [True, False, False, False]
        assert [row.compared for row in rows] == [tiny.counts.size] * 3 + [0]

    def test_counts_of_another_shape_are_a_failure(self, tiny):
        (row,) = rounds.measure(tiny, [answering(counts=lambda one, n: one.counts[:n, :1])[0]], PLAN).rows
        assert (row.status, row.reason) == (
            "failed",
            "ValueError: got counts of shape (1, 1, 30), expected (1, 10, 30)",
        )


class TestNoise:
    def test_equal_loops_and_nobody_else_are_quiet(self):
        verdict = noise.judge([0.001, 0.00101, 0.00102], busy=0.05, wall=1.0)
        assert verdict.reasons == ()
        assert verdict.others == pytest.approx(0.05)

    def test_loops_that_vary_are_noisy(self):
        (reason,) = noise.judge([0.001] * 8 + [0.002] * 2, busy=0, wall=1).reasons
        assert reason == "a loop of fixed work varied by 100 % (at most 15 % is quiet)"

    def test_one_slow_loop_in_many_is_not(self):
        assert not noise.judge([0.001] * 19 + [0.01], busy=0, wall=1).reasons

    def test_others_are_noisy(self):
        (reason,) = noise.judge([0.001], busy=5.0, wall=10.0).reasons
        assert reason == "others used 0.50 cores (at most 0.15 is quiet)"

    def test_rows_that_vary_between_rounds_are_noisy_if_they_are_half_of_all(self):
        steady, moved = [1.0, 1.1, 1.05], [1.0, 1.4, 1.0]
        assert not noise.judge([0.001], 0, 1, [steady, steady, moved]).reasons
        (reason,) = noise.judge([0.001], 0, 1, [steady, moved, moved]).reasons
        assert reason == "half of the rows varied by 40 % between rounds (at most 25 % is quiet)"

    def test_a_tick_of_a_clock_is_no_evidence(self):
        assert not noise.judge([], busy=0.02, wall=0.03).reasons

    def test_a_watch_sees_its_loops_and_not_itself(self):
        watch = noise.Watch()
        for _ in range(5):
            watch.tick()
        seen = watch.noise()
        assert len(seen.loops) == 5
        assert min(seen.loops) > 0
        assert seen.others >= 0

    def test_own_work_is_counted_as_own(self):
        before, start = noise.own_seconds(), time.perf_counter()
        while noise.own_seconds() - before < 0.03:
            assert time.perf_counter() - start < 60
        assert noise.busy_seconds() > 0


def row(name, ms, **settings):
    """Return a finished row."""
    samples = settings.pop("samples", 4)
    made = Peer(name, fail, **settings)
    return rounds.Row(made, samples=samples, first_seconds=1.5, seconds=[value / 1e3 for value in ms], compared=900)


@pytest.fixture
def summary(tiny):
    rows = (
        row("ours", [2, 1, 3], role="public", family="fast"),
        row("ours", [1, 1, 1], role="public", family="fast", n_threads=2),
        row("runner", [1.6, 1.6, 1.6], role="runner", family="fast"),
        row("ceiling", [1, 1, 1], role="ceiling", family="ceiling", exact=False),
        row("loop", [60, 60, 60], role="loop", family="brian2"),
        row("better", [40, 40, 40], family="brian2"),
        rounds.Row(Peer("torch", fail), status="failed", reason="it rains"),
    )
    return report.summarise(rounds.Measurement(tiny, rows, noise.judge([0.001], 0, 1)))


class TestReport:
    def test_ratios_are_those_of_medians(self, summary):
        one, many, runner, ceiling, loop, better, failed = summary["rows"]
        assert (one["ms_per_sample"], one["ms_lowest"], one["ms_highest"]) == pytest.approx((2, 1, 3))
        assert (one["times_loop"], one["times_best"], one["share_of_ceiling"]) == pytest.approx((30, 20, 0.5))
        assert many["share_of_ceiling"] is None  # there is no ceiling of two threads here
        assert (ceiling["times_loop"], loop["times_loop"]) == pytest.approx((60, 1))
        assert better["times_best"] == pytest.approx(1)
        assert runner["ns_per_event"] == pytest.approx(1.6e6 / summary["events_per_sample"])
        assert (failed["status"], failed["reason"]) == ("failed", "it rains")
        assert summary["figures"] == pytest.approx({"public_over_runner": 1.25, "threads": 2, "threads_speedup": 2})

    def test_without_the_others_there_are_no_ratios(self, tiny):
        measured = rounds.measure(tiny, [answering()[0]], PLAN)
        (only,) = report.summarise(measured)["rows"]
        assert (only["times_loop"], only["times_best"], only["share_of_ceiling"]) == (None, None, None)

    def test_the_table_has_a_row_for_each_that_ran(self, summary):
        table = report.table(summary)
        assert [cells[0] for cells in table] == ["", "ours", "ours", "runner", "ceiling", "loop", "better"]
        assert {len(cells) for cells in table} == {len(report.COLUMNS)}
        assert table[1][3:] == ["2.00", "1.00 .. 3.00", "30.0", "20.0", "50", "equal", "1.5"]

    def test_the_remarks_name_who_failed_and_trust_a_quiet_machine(self, summary):
        notes = report.remarks(summary)
        assert notes[0] == "torch: FAILED: it rains"
        assert "1.25 times as long as the runner" in notes[1]
        assert notes[-1].startswith("the machine was quiet")

    def test_a_noisy_machine_is_not_trusted(self, tiny):
        loud = rounds.Measurement(tiny, (), noise.judge([1, 2], 0, 1))
        assert report.remarks(report.summarise(loud))[-1].startswith(
            "MACHINE TOO NOISY: a loop of fixed work varied by"
        )

    def test_counts_that_differ_are_told_apart(self, tiny):
        bad, near = row("bad", [1]), row("near", [1], exact=False)
        bad.differing = near.differing = 90
        summary = report.summarise(rounds.Measurement(tiny, (bad, near), noise.judge([1], 0, 1)))
        assert [cells[-2] for cells in report.table(summary)] == ["counts", "90 WRONG", "90 % equal"]
        assert report.wrong([summary]) == ["bad on tiny"]

    def test_a_sweep_is_one_table(self, summary):
        two = [summary | {"workload": "a", "sweep": "s"}, summary | {"workload": "b", "sweep": "s"}]
        table = report.sweep_table(two)
        assert [cells[0] for cells in table] == ["", "a", "b"]
        assert "ours, 2 threads" in table[0]
        assert "loop: at most 60.0 ms per sample, at b" in report.sweep_remarks(two)


class Entry:
    """An entry point."""

    def __init__(self, name, function):
        self.name, self._function = name, function

    def load(self):
        return self._function


class TestFinding:
    @pytest.fixture(autouse=True)
    def _entries(self, monkeypatch):
        def missing(_):
            raise BackendUnavailableError("not installed; type this")

        entries = [
            Entry("a", missing),
            Entry("b", fail),
            Entry("fast", lambda _: [answering("x")[0]]),
            Entry("c", lambda _: []),
        ]
        monkeypatch.setattr(peer.metadata, "entry_points", lambda **_: entries)

    def test_what_is_not_installed_is_listed_and_no_error(self):
        found, missing = peer.find(None, SETTINGS)
        assert [(one.name, one.family) for one in found] == [("x", "fast")]
        assert missing["a"] == "not installed; type this"
        assert missing["b"].startswith("cannot be loaded (ZeroDivisionError")

    def test_only_those_asked_for_come(self):
        assert peer.find(["a"], SETTINGS) == ([], {"a": "not installed; type this"})

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(DescriptionError, match="no peer 'nobody'; known: fast, a, b, c"):
            peer.find(["nobody"], SETTINGS)


class TestOurPeers:
    @pytest.mark.parametrize("name", ["fast", "ceiling"])
    def test_they_run_and_agree(self, tiny, name):
        found, missing = peer.find([name], Settings("fast", 2))
        assert not missing
        measured = rounds.measure(tiny, found, PLAN)
        assert [one.status for one in measured.rows] == ["ok"] * len(found)
        assert not any(one.wrong for one in measured.rows)
        assert {one.peer.n_threads for one in measured.rows} == {1, 2}

    def test_every_kernel_of_the_ceiling_adds_up_the_same(self):
        from lsm_sim.apps.bench.peers import scatter

        packed = scatter.synapses()
        expected = np.zeros(scatter.RING, np.int64)
        events = np.concatenate([packed, packed[: 32 * 7]])
        np.add.at(expected, events >> 16, (events & 0xFFFF).astype(np.uint16).view(np.int16))
        for kernel in scatter.kernels().values():
            ring = scatter.aligned(scatter.RING, np.int32)
            scatter.deliver(kernel, ring, packed, packed.size + 32 * 7 - 5)
            np.testing.assert_array_equal(ring, expected)

    @pytest.mark.slow
    def test_the_ways_to_use_brian2_agree_with_ours_bit_for_bit(self, tiny, brian2, monkeypatch):
        from lsm_sim.apps.bench.peers import brian2_network, brian2_one_run

        monkeypatch.setitem(brian2_network.PREFERENCES, "codegen.target", "numpy")
        loop = brian2_network.PlainLoop(tiny.program)
        np.testing.assert_array_equal(loop.counts(tiny.stimulus, 10), tiny.counts)
        for replicas in (1, 2):
            one_run = brian2_one_run.OneRun(tiny.program, replicas)
            for samples in (3, 1):
                np.testing.assert_array_equal(one_run.counts(tiny.stimulus[:samples], 10), tiny.counts[:samples])

    @pytest.mark.slow
    def test_what_is_compiled_in_brian2_is_told_of_no_number_of_samples(self, brian2, monkeypatch):
        import brian2 as b2

        from lsm_sim.apps.bench.peers import brian2_compile, brian2_network

        sizes = []
        timed_array = b2.TimedArray
        monkeypatch.setattr(
            b2, "TimedArray", lambda values, **other: sizes.append(len(values)) or timed_array(values, **other)
        )
        monkeypatch.setitem(brian2_network.PREFERENCES, "codegen.target", "numpy")
        for n_samples in (1, 3):
            brian2_compile.here(n_samples)
        assert len(sizes) == 4
        assert len(set(sizes)) == 1

    def test_brian2_s_plain_equations_refuse_what_they_do_not_describe(self, tiny, brian2):
        from lsm_sim.apps.bench.peers import brian2_network

        with pytest.raises(UnsupportedError, match="no constant input"):
            brian2_network.check(dataclasses.replace(tiny.program, bias=tiny.program.bias + 1))

    def test_replicas_fill_their_rounds(self, tiny):
        from lsm_sim.apps.bench.peers import brian2_one_run

        assert brian2_one_run.n_replicas(tiny.program, 100) == 50  # two rounds of 50, not of 64 and 36
        assert brian2_one_run.n_replicas(tiny.program, 1) == 1


class TestPicture:
    def test_bars_are_medians_and_a_line_is_the_ceiling(self, summary):
        figure = picture.draw([summary])
        (ax,) = figure.axes
        assert [bar.get_width() for bar in ax.patches] == pytest.approx([2, 1, 1.6, 60, 40])
        assert ax.lines[-1].get_xdata()[0] == pytest.approx(1)
        assert "tiny" in ax.get_xlabel()
        assert ax.get_xscale() == "log"

    def test_sweeps_are_lines_over_what_changes(self, summary):
        two = [summary | {"workload": f"N={n}", "sweep": "sizes", "x": n} for n in (10, 100)]
        (ax,) = picture.draw(two).axes
        assert ax.get_xlabel() == "Neurons"
        np.testing.assert_allclose(ax.lines[0].get_data(), [[10, 100], [2, 2]])
        assert ax.lines[-1].get_linestyle() == "--"

    def test_a_noisy_machine_is_told(self, summary):
        (ax,) = picture.draw([summary | {"noise": summary["noise"] | {"quiet": False}}]).axes
        assert "machine too noisy" in ax.get_xlabel()

    def test_nothing_is_drawn_as_nothing(self):
        (ax,) = picture.draw([]).axes
        assert ax.texts[0].get_text() == "nothing was measured"


class TestCommand:
    def test_prints_a_table_and_draws(self, tmp_path):
        picture = tmp_path / "bench.png"
        options = ("--samples", 2, "--rounds", 1, "--peers", "fast", "--threads", 1, "--plot", picture)
        result = lsm("bench", "W-small", "--quick", *options)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("W-small: 135 neurons, ")
        assert "fast, public API from dense arrays" in result.stdout
        assert result.stdout.endswith("the first sample of each workload equals the reference\n")
        assert picture.read_bytes().startswith(b"\x89PNG")

    def test_json_has_everything(self):
        result = lsm("bench", "W-small", "--samples", 2, "--rounds", 2, "--peers", "fast", "--seed", 3, "--json")
        document = json.loads(result.stdout)
        assert {"format", "backend", "threads", "rounds", "quiet", "wrong", "missing", "versions", "machine"} <= set(
            document
        )
        (one,) = document["workloads"]
        assert (one["neurons"], one["samples"], one["steps"]) == (135, 2, 60)
        for entry in one["rows"]:
            assert entry["status"] == "ok"
            assert len(entry["ms_rounds"]) == 2
            assert entry["counts_differing"] == 0

    def test_other_backends_can_be_measured(self):
        result = lsm("bench", "W-small", "--samples", 1, "--rounds", 1, "--peers", "fast", "--backend", "reference")
        assert "reference, runner only" in result.stdout

    def test_wrong_counts_make_it_fail(self, monkeypatch):
        liar = answering("liar", lambda one, n: one.counts[:n] + 1)[0]
        monkeypatch.setattr(peer, "find", lambda *_: ([liar], {"nest": "not installed"}))
        result = lsm("bench", "W-small", "--samples", 1, "--rounds", 1)
        assert result.exit_code == 1
        assert "WRONG COUNTS: liar on W-small" in result.stdout
        assert "nest: not installed" in result.stdout

    def test_a_sweep_takes_our_engine_and_the_ceiling_only(self, monkeypatch):
        ours, other = (dataclasses.replace(answering(name)[0], family=name) for name in ("fast", "brian2"))
        small = [dataclasses.replace(TINY, name=f"{x}", sweep="s", x=x) for x in (1.0, 2.0)]
        for everyone, names in ((False, ["fast"]), (True, ["fast", "brian2"])):
            found = session.run(small, [ours, other], SETTINGS, PLAN, sweep_all=everyone)
            assert [[entry["name"] for entry in one["rows"]] for one in found] == [names] * 2

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (["V"], "no workload 'V'; known: W, "),
            (["--peers", "fast,nobody"], "--peers: no peer 'nobody'; known: fast, ceiling, "),
            (["--backend", "nobody"], "no backend 'nobody'; known: "),
            (["--plot", "x.bmp"], "x.bmp: got the suffix '.bmp'"),
        ],
    )
    def test_says_what_is_wrong(self, arguments, expected):
        fails(lsm("bench", *arguments), expected)
