"""The tests that every backend must pass: derive a class from `BackendConformance` in a test module, and pytest runs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from lsm_sim.dynamics import ARITHMETICS, Arithmetic
from lsm_sim.engine import conformance as case_files
from lsm_sim.engine.protocol import Backend, Outcome, Request, check_interface, compiled
from lsm_sim.engine.reference import run_program
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.spikes.bins import equal_bins, windows
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.files import PathLike
from lsm_sim.testing.available import available
from lsm_sim.testing.checking import RandomCases, assert_same, check_case, check_cuts
from lsm_sim.testing.programs import EXTRA_ARRAYS, GRADED, STATE
from lsm_sim.testing.refusal import UNKNOWN_NEED, Untouched, with_unknown_need

_BLOCK = 10  # random programs per test
_JOINED_SEED = 1000  # the first of the seeds of joined programs


class BackendConformance:
    """Compares a backend with the reference, bit for bit, on random programs; set `backend` in a derived class.

    What a backend cannot run may be kept from it: ``arithmetics``, ``limits`` and `adapt` say which programs are drawn.
    Slow backends take fewer programs, or join many into one.

    Attributes
    ----------
    backend
        An instance, or the name that an entry point declares. Override the fixture `lsm_backend` for anything else.
    arithmetics
        Those that the backend runs.
    n_programs
        Number of random programs of each arithmetic that run one by one.
    n_joined, joined_size
        Number of programs of each arithmetic that are joined from ``joined_size`` random ones.
    max_samples, max_steps
        Of a random stimulus.
    first_seed
        Seed of the first random program; the others follow.
    limits
        Further arguments of `lsm_sim.testing.random_program`, such as ``{"max_delay": 7, "wide": False}``.
    cases
        Case files, or folders of them, that the backend must answer, beside those of the option ``--lsm-cases``.
    """

    backend: ClassVar[Backend | str | None] = None
    arithmetics: ClassVar[Sequence[Arithmetic]] = ARITHMETICS
    n_programs: ClassVar[int] = 40
    n_joined: ClassVar[int] = 4
    joined_size: ClassVar[int] = 10
    max_samples: ClassVar[int] = 4
    max_steps: ClassVar[int] = 80
    first_seed: ClassVar[int] = 0
    limits: ClassVar[dict[str, Any]] = {}
    cases: ClassVar[Sequence[PathLike]] = ()

    def adapt(self, rng: np.random.Generator, program: Program) -> Program:
        """Return a random program changed so that the backend runs it; here as it is."""
        return program

    @pytest.fixture
    def lsm_backend(self) -> Backend:
        """Return the backend that is tested."""
        if self.backend is None or isinstance(self.backend, type):
            pytest.fail(
                f"{type(self).__name__}.backend: got {self.backend!r}, expected an instance or the name of a backend"
            )
        return available(self.backend) if isinstance(self.backend, str) else self.backend

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each test its arithmetics, seeds and files."""
        values: dict[str, tuple[Sequence[Any], Any]] = {
            "lsm_arithmetic": (self.arithmetics, str),
            "lsm_seeds": (self._seeds(metafunc.config), lambda seeds: f"seeds {seeds[0]}-{seeds[-1]}"),
            "lsm_joined_seed": (range(_JOINED_SEED, _JOINED_SEED + self.n_joined), str),
            "lsm_case": (self._case_files(metafunc.config), lambda path: Path(path).stem),
        }
        for name, (choices, label) in values.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, choices, ids=label)

    def _seeds(self, config: pytest.Config) -> list[range]:
        n_programs = config.getoption("lsm_programs", None)
        first = config.getoption("lsm_seed", None)
        n_programs = self.n_programs if n_programs is None else n_programs
        first = self.first_seed if first is None else first
        return [range(k, min(k + _BLOCK, first + n_programs)) for k in range(first, first + n_programs, _BLOCK)]

    def _case_files(self, config: pytest.Config) -> list[Any]:
        paths = [*self.cases, *config.getoption("lsm_cases", ())]
        files = [file for path in paths for file in case_files.find_files(path)]
        reason = "no case files; name some by the class attribute `cases` or the option --lsm-cases"
        return list(files) or [pytest.param("none", marks=pytest.mark.skip(reason=reason))]

    def random_cases(self, backend: Backend, arithmetic: Arithmetic, size: int = 1) -> RandomCases:
        """Return what draws the cases of this class."""
        supports, adapt = backend.supports, self.adapt
        return RandomCases(arithmetic, size, supports, self.max_samples, self.max_steps, self.limits, adapt)

    def test_it_is_a_backend(self, lsm_backend: Backend) -> None:
        """It has what `lsm_sim.backend.Backend` lists, and supports names only needs that exist."""
        check_interface(type(lsm_backend).__name__, lsm_backend)
        unknown = sorted(lsm_backend.supports - EXTRA_ARRAYS.keys() - {GRADED, STATE})
        known = ", ".join(sorted([*EXTRA_ARRAYS, GRADED, STATE]))
        if unknown:
            pytest.fail(f"supports: got {', '.join(unknown)}, which no program needs; expected some of: {known}")

    def test_legalise_leaves_a_legal_program_as_it_is(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """And it changes no array of the program that it is given."""
        program = self.random_cases(lsm_backend, lsm_arithmetic)(self.first_seed).program
        before = program.digest
        legal = lsm_backend.legalise(program)
        assert program.digest == before, "legalise changed the program that it was given"
        assert lsm_backend.legalise(legal).digest == legal.digest, "legalise changed a program that was legal"

    def test_every_bit_of_random_programs(
        self, lsm_backend: Backend, lsm_arithmetic: Arithmetic, lsm_seeds: range
    ) -> None:
        """Spikes, counts, traces and excursions are those of the reference, whatever part of them is requested."""
        cases = self.random_cases(lsm_backend, lsm_arithmetic)
        for seed in lsm_seeds:
            check_case(lsm_backend, cases(seed))

    def test_every_bit_of_joined_programs(
        self, lsm_backend: Backend, lsm_arithmetic: Arithmetic, lsm_joined_seed: int
    ) -> None:
        """Programs that do not touch, as one."""
        check_case(lsm_backend, self.random_cases(lsm_backend, lsm_arithmetic, self.joined_size)(lsm_joined_seed))

    def test_recordings(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """Of some neurons, in any order and more than once; of some variables; at some steps, also beyond the end."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        last = int(stimulus.n_steps.max()) - 1
        some = np.array([program.n_neurons - 1, 0, 0])
        everyone = np.arange(program.n_neurons)
        steps = np.array([0, last // 2, last, last + 3])
        requests = [Request(neurons=some, steps=steps), Request(neurons=everyone, steps=steps[:0])]
        requests += [Request(neurons=everyone, variables=(name,), spikes=False) for name in program.state]
        requests += [Request(neurons=some, variables=program.state[::-1])]
        self._check_requests(lsm_backend, program, stimulus, requests)

    def test_counts_in_bins_are_those_of_the_spikes(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """With and without the spikes themselves, in equal bins and in windows."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        all_bins = [equal_bins(stimulus.n_steps, 7), windows(stimulus.n_steps, 3)]
        requests = [Request(bins=bins, spikes=spikes) for bins in all_bins for spikes in (True, False)]
        for outcome, request in self._check_requests(lsm_backend, program, stimulus, requests):
            if outcome.spikes is not None and request.bins is not None:
                np.testing.assert_array_equal(outcome.counts, outcome.spikes.counts(request.bins))

    def test_excursions_from_registers_of_loihi(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """How often and where first, beside any other request."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        if program.arithmetic != "loihi":
            pytest.skip("float64 arithmetic has no registers to leave")
        bins = equal_bins(stimulus.n_steps, 2)
        requests = [Request(excursions=True), Request(excursions=True, spikes=False, bins=bins)]
        self._check_requests(lsm_backend, program, stimulus, requests)

    def test_the_number_of_threads_changes_no_bit(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """One, more than samples, and one for each core."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        neurons = np.arange(program.n_neurons)
        requests = [Request(neurons=neurons, n_threads=n_threads) for n_threads in (1, 5, None)]
        self._check_requests(lsm_backend, program, stimulus, requests)

    def test_a_runner_serves_batches_of_any_size(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """One after the other, each from rest; samples have different lengths and do not touch."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        request = Request(neurons=np.arange(program.n_neurons), progress=False)
        with compiled(program, lsm_backend) as runner:
            for batch in (stimulus, stimulus[:1], stimulus[1:], stimulus):
                label = f"{len(batch)} of {len(stimulus)} samples"
                assert_same(runner(batch, request), run_program(runner.program, batch, request), request, batch, label)

    def test_a_run_goes_on_from_a_state(
        self, lsm_backend: Backend, lsm_arithmetic: Arithmetic, lsm_seeds: range
    ) -> None:
        """Cut anywhere, also on the reference: spikes and states are those of one run."""
        if STATE not in lsm_backend.supports:
            pytest.skip("the backend does not support states")
        cases = self.random_cases(lsm_backend, lsm_arithmetic)
        for seed in lsm_seeds:
            check_cuts(lsm_backend, cases(seed), seed)

    def test_a_network_without_inputs_and_synapses(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """Neurons that only their bias drives."""
        cases = self.random_cases(lsm_backend, lsm_arithmetic)
        cases = dataclasses.replace(cases, limits={**self.limits, "max_inputs": 0}, adapt=_without_synapses)
        check_case(lsm_backend, cases(self.first_seed))

    def test_a_stimulus_that_does_not_fit_is_refused(self, lsm_backend: Backend, lsm_arithmetic: Arithmetic) -> None:
        """And so is a recording of neurons that do not exist; `lsm_sim.engine.requests.checked_request` does both."""
        program, stimulus = self._lively(lsm_backend, lsm_arithmetic)
        wider = Spikes.from_dense(np.zeros((1, 5, program.n_inputs + 1), bool), program.dt)
        with compiled(program, lsm_backend) as runner:
            with pytest.raises(DescriptionError):
                runner(wider, Request(progress=False))
            with pytest.raises(DescriptionError):
                runner(stimulus, Request(neurons=np.array([program.n_neurons]), progress=False))

    def test_legalise_refuses_a_need_that_it_does_not_declare(
        self, lsm_backend: Backend, lsm_arithmetic: Arithmetic
    ) -> None:
        """A need of a later version, and each need of today; the message names it."""
        for program, need in self._unsupported(lsm_backend, lsm_arithmetic):
            with pytest.raises(UnsupportedError, match=need):
                lsm_backend.legalise(program)

    def test_such_a_program_is_refused_before_anything_runs(
        self, lsm_backend: Backend, lsm_arithmetic: Arithmetic
    ) -> None:
        """By `lsm_sim.backend.compiled`, through which everything in lsm_sim runs."""
        for program, need in self._unsupported(lsm_backend, lsm_arithmetic):
            with pytest.raises(UnsupportedError, match=need), compiled(program, Untouched(lsm_backend)):
                pass

    def test_answers_are_those_in_the_file(self, lsm_backend: Backend, lsm_case: Path) -> None:
        """Spikes and state of a case file; see `lsm_sim.engine.conformance`."""
        found = case_files.difference(case_files.load(lsm_case), lsm_backend)
        if found:
            pytest.fail(f"{lsm_case}: {found}")

    def _lively(self, backend: Backend, arithmetic: Arithmetic) -> tuple[Program, Spikes]:
        """Return a legal program and a stimulus of three samples of different lengths with which it spikes."""
        for seed in range(self.first_seed, self.first_seed + 100):
            case = self.random_cases(backend, arithmetic, 3)(seed)
            rng = np.random.default_rng(seed)
            lengths = (self.max_steps // 2, 1, self.max_steps // 4)
            dense = [rng.random((n_steps, case.program.n_inputs)) < 0.3 for n_steps in lengths]
            program, stimulus = backend.legalise(case.program), Spikes.from_dense(dense, case.program.dt)
            spikes = run_program(program, stimulus, Request(progress=False)).spikes
            if spikes is not None and spikes.n_events > self.max_steps // 2:
                return program, stimulus
        pytest.fail(f"none of 100 random {arithmetic} programs spikes; loosen `limits` or `adapt`")

    def _check_requests(
        self, backend: Backend, program: Program, stimulus: Spikes, requests: Sequence[Request]
    ) -> list[tuple[Outcome, Request]]:
        """Compare what one runner returns for each request with the reference, and return it."""
        found = []
        with compiled(program, backend) as runner:
            for asked in requests:
                request = dataclasses.replace(asked, progress=False)
                got = runner(stimulus, request)
                assert_same(got, run_program(runner.program, stimulus, request), request, stimulus, f"{request}")
                found.append((got, request))
        return found

    def _unsupported(self, backend: Backend, arithmetic: Arithmetic) -> list[tuple[Program, str]]:
        """Return programs that the backend must refuse, each with the need that it must name."""
        cases = self.random_cases(backend, arithmetic)
        programs = [(with_unknown_need(cases(self.first_seed).program), UNKNOWN_NEED)]
        for need in sorted(EXTRA_ARRAYS.keys() - backend.supports):
            program = dataclasses.replace(cases, limits={**self.limits, "needs": (need,)}, supports=())
            programs.append((program(self.first_seed).program, need))
        return programs


def _without_synapses(_rng: np.random.Generator, program: Program) -> Program:
    none = np.empty(0, np.int64)
    empty = {"indptr": np.zeros_like(program.indptr), "post": none, "weight": program.weight[:0], "delay": none}
    more = [dataclasses.replace(block, **empty) for block in program.more_blocks]
    return dataclasses.replace(program, **empty, more_blocks=more)
