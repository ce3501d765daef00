"""What the fast engine chooses, and what it says; that no choice changes a bit is tests/parity/test_fast.py."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from numba.core import event
from numba.core.caching import IndexDataCacheFile

import lsm_sim as lsm
from lsm_sim import Program, Spikes
from lsm_sim.apps.bench import workloads
from lsm_sim.backend import Request, find
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.engine import availability
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.testing import random_program, random_stimulus
from lsm_sim_fast import compiling, division, engine, form, probe, threads
from lsm_sim_fast.compiled import caching, push
from lsm_sim_fast.layout import lay_out
from lsm_sim_fast.pull_layout import pull_fits
from lsm_sim_fast.tuning import DEFAULT


def network(n_neurons=3, weight=1.0, delay=0, n_inputs=1):
    """Input 0 to all neurons."""
    return Program(
        arithmetic="float64", dt=1e-3, n_inputs=n_inputs, n_neurons=n_neurons,
        indptr=np.r_[0, np.full(n_neurons + n_inputs, n_neurons)], post=np.arange(n_neurons),
        weight=np.full(n_neurons, weight), delay=np.full(n_neurons, delay), threshold=np.ones(n_neurons),
        bias=np.zeros(n_neurons), refractory=np.zeros(n_neurons, int), decay_u=np.zeros(n_neurons), decay_v=np.zeros(n_neurons),
    )  # fmt: skip


def test_synapses_take_32_bits_where_place_and_weight_fit_16():
    assert lay_out(network()).packed.dtype == np.uint32
    assert lay_out(network(weight=2.0**20 + 2.0**-10)).packed.dtype == np.uint64
    assert lay_out(network(delay=2**12)).packed.dtype == np.uint64  # 4097 slots of 16 neurons


def test_weights_of_43_bits_beside_a_million_steps_of_delay_are_refused_with_the_remedy():
    with pytest.raises(UnsupportedError, match=r"do not fit beside the numbers of 16777216 places; use"):
        lay_out(network(weight=2.0**11 + 2.0**-30, delay=2**20 - 1))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"weight": 2.0**11 + 2.0**-30, "delay": 2**20 - 1},
            "weights of 43 bits do not fit beside the numbers of 16777216",
        ),
        (
            {"weight": 2.0**21 - 2.0**-30, "delay": 1023},
            "weights of 52 bits do not fit beside the numbers of 16384 places",
        ),
        (
            {"n_neurons": 2100, "delay": 2**20 - 1},
            "2100 neurons with delays up to 1048576 steps need .* places, more than",
        ),
    ],
)
def test_what_cannot_be_packed_is_refused_by_legalise(fields, words, fast):
    program = network(**fields)
    with pytest.raises(UnsupportedError, match=f"^fast: {words}"):
        fast.legalise(program)
    with pytest.raises(UnsupportedError):
        lay_out(program)


def test_weights_that_just_fit_are_packed(fast):
    program = network(weight=2.0**20 - 2.0**-30, delay=1023)  # 51 bits beside 16384 places, which take 14
    with pytest.raises(UnsupportedError, match="weights of 51 bits"):
        fast.legalise(program)
    program = network(weight=2.0**19 - 2.0**-30, delay=1023)
    assert fast.legalise(program) is program
    assert lay_out(program).shift == 50


def test_synapses_that_are_merged_are_refused_by_their_sum(fast):
    program = network(weight=2.0**19 - 2.0**-30, delay=1023)
    twice = dataclasses.replace(
        program,
        indptr=2 * program.indptr,
        **{n: np.repeat(getattr(program, n), 2) for n in ("post", "weight", "delay")},
    )
    for refuse in (fast.legalise, lay_out):
        with pytest.raises(UnsupportedError, match="weights of 51 bits"):
            refuse(twice)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("rows", [None, 1])
@pytest.mark.parametrize("seed", range(15))
def test_a_row_is_whole_vectors_without_a_place_twice_and_holds_all_weights(arithmetic, rows, seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic, max_neurons=100)
    layout = lay_out(program, 1 + seed % 3, rows)
    lanes = (64 if rows else 32) // layout.packed.itemsize
    vectors = layout.packed.astype(object).reshape(-1, lanes)  # Python's integers: no shift can overflow
    places = vectors >> layout.shift
    assert all(len(set(row)) == lanes for row in places.tolist()), "a vector would add to one place twice"
    assert layout.packed.ctypes.data % 64 == 0
    half = 1 << (layout.shift - 1)
    mantissas = ((vectors + half) % (1 << layout.shift)) - half
    unit = layout.scales[0]
    assert mantissas.sum() * unit == pytest.approx(
        float(program.weight.sum()), rel=1e-12
    )  # floats are summed in another order
    assert (np.diff(layout.indptr.astype(np.int64)) >= 1).all()


def test_samples_get_threads_of_their_own_and_large_networks_share_what_is_left():
    assert division.teams(n_threads=2, n_samples=100, n_neurons=10**6) == (2, 1)
    assert division.teams(n_threads=2, n_samples=1, n_neurons=10_000) == (1, 2)
    assert division.teams(n_threads=2, n_samples=1, n_neurons=1000) == (1, 1)
    assert division.teams(n_threads=8, n_samples=2, n_neurons=6000) == (2, 3)


def test_groups_of_64_get_threads_of_their_own_and_share_what_is_left():
    assert division.pull_teams(n_threads=2, n_samples=200, n_neurons=1000) == (2, 1)
    assert division.pull_teams(n_threads=2, n_samples=64, n_neurons=1000) == (1, 2)
    assert division.pull_teams(n_threads=8, n_samples=128, n_neurons=200) == (2, 3)
    assert division.pull_teams(n_threads=8, n_samples=10, n_neurons=60) == (1, 1)


def test_pulling_wins_with_many_samples_at_high_rates_only():
    program = lsm.lower(workloads.liquid(workloads.W), 1e-3)
    sources = program.n_inputs + program.n_neurons

    def wins(rate, n_samples, n_threads=1):
        return division.pull_wins(program, np.full(sources, rate * 1e-3), n_samples, n_threads, form.Form(1, 1, ""))

    assert wins(100, 64)
    assert not wins(10, 64)
    assert not wins(100, 8)
    assert not wins(100, 64, n_threads=64)


def test_only_what_fits_16_bits_and_the_cache_is_pulled():
    assert pull_fits(network())
    assert pull_fits(network(n_neurons=1500, delay=31))  # 32 steps of 1501 words, in a ring of 64 times 2048
    assert not pull_fits(network(weight=2.0**20 + 2.0**-10))
    assert not pull_fits(network(n_neurons=70, delay=1000))


@pytest.mark.parametrize(
    "asked",
    [{"spikes": True}, {"bins": None}, {"neurons": np.arange(2)}, {"excursions": True}],
    ids=lambda a: next(iter(a)),
)
def test_pulling_is_for_counts_alone(asked):
    bins = equal_bins(np.array([5]), 1)
    counts = Request(spikes=False, bins=bins)
    assert division.may_pull(counts, n_samples=64, n_threads=2)
    assert not division.may_pull(counts, n_samples=8, n_threads=2)
    assert not division.may_pull(dataclasses.replace(counts, **asked), n_samples=64, n_threads=2)


def test_a_crowded_batch_is_pulled_and_a_quiet_one_pushed(monkeypatch):
    """The choice is made from the beginning of the first sample, by the rule itself."""
    program = lsm.lower(workloads.liquid(dataclasses.replace(workloads.W, n_neurons=300)), 1e-3)
    busy = dataclasses.replace(program, bias=program.bias + 1.0)
    stimulus = Spikes.from_dense(workloads.stimulus(workloads.W, 64)[:, :50], 1e-3)
    pulled = []
    pull = threads.pull
    monkeypatch.setattr(threads, "pull", lambda batch, *rest: pulled.append(len(batch.stimulus)) or pull(batch, *rest))
    runs = [lsm.run(p, stimulus, spikes=False, bins=2, n_threads=1, progress=False).counts for p in (program, busy)]
    assert pulled == [64]
    expected = [lsm.run(p, stimulus, bins=2, n_threads=1, progress=False).counts for p in (program, busy)]
    np.testing.assert_array_equal(runs, expected)


def test_what_is_probed_is_a_quarter_of_the_first_sample():
    stimulus = Spikes.from_dense([np.ones((n, 2), bool) for n in (9, 30)], 1e-3)
    some = division.probed(stimulus)
    assert some.n_steps.tolist() == [2]
    assert some.raster().all()
    assert division.probed(Spikes.from_dense(np.ones((1, 3), bool), 1e-3)).n_steps.tolist() == [1]


def test_a_few_long_delays_do_not_cut_a_network_into_blocks():
    program = lsm.lower(workloads.liquid(workloads.W), 1e-3)
    assert lay_out(program).edges.size == 2
    few = dataclasses.replace(program, delay=np.where(np.arange(program.n_synapses) < 5, 1500, program.delay))
    assert lay_out(few).edges.size == 2
    many = dataclasses.replace(program, delay=program.delay * 20)
    assert lay_out(many).edges.size > 2


def test_neurons_are_sorted_by_the_length_of_their_rows_where_one_block_and_a_loop_read_them():
    program = random_program(np.random.default_rng(0), "float64", max_neurons=100)
    lengths = np.diff(program.indptr)[program.n_inputs :]
    assert np.ptp(lengths) > 0
    layout = lay_out(program, sort=True)
    assert (np.diff(lengths[layout.order]) <= 0).all()
    assert sorted(layout.order) == list(range(program.n_neurons))
    for as_given in (lay_out(program), lay_out(program, rows=1, sort=True), lay_out(program, 2, sort=True)):
        assert as_given.order.tolist() == list(range(program.n_neurons))


def packed(monkeypatch, program, stimulus, **asked):
    """Return how often a program is packed in three runs."""
    made = []
    monkeypatch.setattr(engine, "lay_out", lambda *args, **sort: made.append(args) or lay_out(*args, **sort))
    for _ in range(3):
        lsm.run(program, stimulus, n_threads=1, progress=False, **asked)
    return len(made)


@pytest.mark.parametrize("form_of_rows", ["mixed", "vector"])
def test_a_program_is_packed_once_for_counts_and_once_more_for_spikes_if_that_makes_a_difference(
    monkeypatch, switch, form_of_rows
):
    switch(form_of_rows)
    rng = np.random.default_rng(0)
    program = random_program(rng, "float64")
    stimulus = random_stimulus(rng, program)
    assert packed(monkeypatch, program, stimulus, spikes=False, bins=2) == 1
    assert packed(monkeypatch, program, stimulus) == (1 if form_of_rows == "mixed" else 0)


@pytest.fixture
def switch(monkeypatch):
    def set_to(value):
        monkeypatch.setenv(form.SWITCH, value)
        form.choose.cache_clear()

    yield set_to
    form.choose.cache_clear()


@pytest.mark.parametrize("wish", ["plain", "mixed", "vector"])
def test_info_says_which_form_was_asked_for(switch, wish):
    switch(wish)
    assert availability.about("fast") == f"{form.NAMES[wish]}, as {form.SWITCH} asks"


def test_an_unknown_form_is_refused_with_the_choices(switch):
    switch("fastest")
    with pytest.raises(DescriptionError, match=r"^LSM_SIM_FAST_FORM: got 'fastest', expected plain, mixed, vector$"):
        form.choose()


def test_without_avx512_loops_run(switch, monkeypatch):
    switch("")
    monkeypatch.setattr(form.codegen, "get_host_cpu_features", lambda: "+sse2,+avx2")
    assert form.choose() == form.Form(None, None, "plain loops: this processor has no AVX-512")


@pytest.mark.parametrize(("one", "sixteen", "rows"), [(0.35, 0.9, None), (0.5, 0.3, 1)])
def test_synapses_are_scattered_in_vectors_where_that_was_measured_to_be_faster(
    switch, monkeypatch, one, sixteen, rows
):
    switch("")
    monkeypatch.setattr(form.codegen, "get_host_cpu_features", lambda: "+avx2,+avx512bw")
    monkeypatch.setattr(form.probe, "nanoseconds_per_synapse", lambda: (one, sixteen))
    chosen = form.choose()
    assert (chosen.vector, chosen.rows) == (1, rows)
    assert f"{one:.2f} ns" in chosen.why
    assert f"{sixteen:.2f} ns" in chosen.why


def test_what_is_measured_adds_the_same_one_at_a_time_and_sixteen_at_a_time():
    seconds = probe.nanoseconds_per_synapse()
    assert all(0 < value < 1000 for value in seconds)
    rings = [probe.deliver(name) for name in ("one", "sixteen")]
    assert rings[0].any()
    np.testing.assert_array_equal(*rings)


@pytest.mark.parametrize("broken", ["llvm", "text"])
def test_loops_run_where_llvm_does_not_understand_the_vector_form(switch, monkeypatch, broken):
    switch("")
    if broken == "llvm":
        monkeypatch.setattr(form.llvm, "llvm_version_info", (15, 0, 0))
    else:
        monkeypatch.setattr(form.assembly_pull, "pull", lambda _: "nonsense")
    chosen = form.choose()
    assert chosen.vector is None
    assert chosen.why.startswith("plain loops: this llvmlite does not understand the vector form (")


@pytest.mark.parametrize(("progress", "terminal", "said"), [(None, False, 1), (False, True, 1), (False, False, 0)])
def test_compilation_is_announced_on_a_terminal_even_without_a_progress_bar(
    monkeypatch, capsys, progress, terminal, said
):
    monkeypatch.setattr(compiling, "is_seen", lambda: terminal)
    with compiling.announced(progress):
        for _ in range(2):
            with event.trigger_event("numba:compile", data={"dispatcher": push.advance}):
                pass
    assert capsys.readouterr().err.count("fast: compiling for this processor") == said


@pytest.mark.parametrize("second_first", [True, False])
def test_two_processes_that_keep_kernels_at_once_never_mix_them_up(tmp_path, second_first):
    """The second looks at the index before the first has written anything, and writes in the middle of what the first does."""
    first, second, later = (
        caching.keeping(IndexDataCacheFile(str(tmp_path), "push.advance-1.py3", "stamp")) for _ in range(3)
    )
    second._load_index = dict
    write = first._save_data

    def interrupted(*args):
        if second_first:
            second.save("types of the second", "kernel of the second")
        write(*args)
        if not second_first:
            second.save("types of the second", "kernel of the second")

    first._save_data = interrupted
    first.save("types of the first", "kernel of the first")
    found = [later.load(f"types of the {one}") for one in ("first", "second")]
    assert found[0] in ("kernel of the first", None)
    assert found[1] in ("kernel of the second", None)
    assert any(found)
    again = caching.keeping(IndexDataCacheFile(str(tmp_path), "push.advance-1.py3", "another stamp"))
    again.save("types", "kernel of other sources")
    assert len(list(tmp_path.glob("*.nbc"))) == 1  # what older sources left is removed
    assert again.load("types") == "kernel of other sources"


def test_nothing_is_compiled_and_numba_not_loaded_by_the_import():
    code = "import sys, lsm_sim; assert not {'numba', 'lsm_sim_fast'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_engine_is_found_by_its_name():
    assert isinstance(find("fast"), engine.Fast)


def test_without_a_compiler_it_is_refused_in_one_sentence():
    code = "import lsm_sim.backend; lsm_sim.backend.find('fast')"
    variables = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert "BackendUnavailableError: backend 'fast': NUMBA_DISABLE_JIT is set" in done.stderr


@pytest.mark.parametrize("seed", range(40))
def test_what_legalise_accepts_is_packed_for_any_number_of_threads(seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng, ARITHMETICS[seed % 2], max_neurons=100)
    if program.arithmetic == "float64" and program.n_synapses:  # mantissas of 40 to 52 bits, and long delays
        bits, size = rng.integers(40, 53), program.n_synapses
        weight = np.ldexp(rng.integers(1, 2, size, endpoint=True), -30)
        weight[rng.integers(size)] = np.ldexp(1.0, int(bits) - 32)
        delay = rng.integers(0, 2 ** int(rng.integers(1, 11)), size)
        program = dataclasses.replace(program, weight=weight, delay=delay)
    tuning = dataclasses.replace(DEFAULT, block=int(rng.choice([256, 2**14])), short_row=int(rng.choice([1, 16])))
    try:
        engine.Fast(tuning=tuning).legalise(program)
    except UnsupportedError:
        return
    for n_parts in range(1, min(5, program.n_neurons) + 1):
        for rows in (None, 1):
            lay_out(program, n_parts, rows, tuning=tuning).check_indices()
