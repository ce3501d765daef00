"""Backends as others may write them: one that lets the reference run, and some that make a mistake."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager

import numpy as np

from lsm_sim.backend import check_supported
from lsm_sim.engine.reference import run_program


class MyBackend:
    """Right in everything: the reference under another name."""

    name = "mine"
    supports: frozenset[str] = frozenset()

    def legalise(self, program):
        check_supported(self, program)
        return program

    @contextmanager
    def compile(self, program):
        yield lambda stimulus, request=None: self.outcome(program, stimulus, request)

    def outcome(self, program, stimulus, request):
        return run_program(program, stimulus, request)


def altered(alter):
    """Return a backend with a mistake: ``alter(outcome, request)`` changes what it returns."""

    class Altered(MyBackend):
        def outcome(self, program, stimulus, request):
            return alter(super().outcome(program, stimulus, request), request)

    return Altered()


def without_its_last_spike(outcome, _request):
    """Drop the last spike of the last sample that has one."""
    spikes = outcome.spikes
    if spikes is None or spikes.n_events == 0:
        return outcome
    b = int(np.searchsorted(spikes.offsets, spikes.n_events)) - 1
    offsets = spikes.offsets - (np.arange(len(spikes.offsets)) > b)
    fewer = dataclasses.replace(spikes, step=spikes.step[:-1], channel=spikes.channel[:-1], offsets=offsets)
    return dataclasses.replace(outcome, spikes=fewer)


def with_the_last_bit_of_v_changed(outcome, _request):
    v = outcome.traces.get("v", ())
    if not v or v[0].size == 0:
        return outcome
    changed = v[0].copy()
    changed[-1, -1] = np.nextafter(changed[-1, -1], np.inf)
    return dataclasses.replace(outcome, traces={**outcome.traces, "v": (changed, *v[1:])})


def without_counts_of_silent_runs(outcome, request):
    """Count nothing where the spikes are not requested."""
    if outcome.counts is None or request.spikes:
        return outcome
    return dataclasses.replace(outcome, counts=np.zeros_like(outcome.counts))


def with_late_excursions(outcome, _request):
    found = outcome.excursions
    if found is None or not found.count.any():
        return outcome
    return dataclasses.replace(outcome, excursions=dataclasses.replace(found, step=found.step + (found.step >= 0)))


def with_all_variables(outcome, request):
    """Return u although only v is requested."""
    if request.variables != ("v",):
        return outcome
    return dataclasses.replace(outcome, traces={"u": outcome.traces["v"], **outcome.traces})


def wrong_in_many_threads(outcome, request):
    return without_its_last_spike(outcome, request) if (request.n_threads or 1) > 2 else outcome


class KeepsState(MyBackend):
    """Wrong from the second run on."""

    @contextmanager
    def compile(self, program):
        runs = []

        def run(stimulus, request=None):
            runs.append(stimulus)
            outcome = run_program(program, stimulus, request)
            return outcome if len(runs) == 1 else without_its_last_spike(outcome, request)

        yield run


class IgnoresNeeds(MyBackend):
    """Accepts what it does not know."""

    def legalise(self, program):
        return program


class ChangesLegalPrograms(MyBackend):
    """Adds a step to the delays of each program, also of one that it has made legal."""

    def legalise(self, program):
        check_supported(self, program)
        return dataclasses.replace(program, delay=program.delay + 1)


class WithoutChecks(MyBackend):
    """Runs a stimulus of too many channels as if they were not there."""

    def outcome(self, program, stimulus, request):
        known = stimulus.channel < program.n_inputs
        if not known.all() or stimulus.n_channels != program.n_inputs:
            stimulus = type(stimulus).from_dense(stimulus.raster()[:, : program.n_inputs], stimulus.dt)
        return super().outcome(program, stimulus, request)
