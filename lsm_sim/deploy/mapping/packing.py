"""A partition while neurons are added to and removed from cores, with what the limits need kept up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.deploy.mapping.network import Network
from lsm_sim.deploy.mapping.usage import complete
from lsm_sim.support.checks import Ints

_SLACK = 1.05  # output axons expected for each input axon, while the targets of neurons have no core yet
_SENT = (
    "output axons",
    "axon map words",
    "words",
)  # what grows in the core of a source when a target is placed elsewhere


class Packing:
    """The core of each neuron, -1 for none, and one core that is open: only there neurons are added and removed.

    Parameters
    ----------
    net
        What is mapped.
    kinds
        The kinds of words that share the memory of a core.
    allowed
        The limits of a core by measure.
    core
        Where to begin, (N,).
    """

    def __init__(
        self, net: Network, kinds: tuple[str, ...], allowed: Mapping[str, int], core: Ints | None = None
    ) -> None:
        self.net, self.kinds, self.allowed = net, kinds, dict(allowed)
        self.core = np.full(net.n_neurons, -1) if core is None else core.copy()
        self.n_cores = int(self.core.max(initial=-1)) + 1
        self.refusals: Counter[str] = Counter()  # by measure: how many neurons it kept out of a core
        self._n_sent_to = np.zeros(net.n_inputs + net.n_neurons, np.int64)  # cores that each row has an axon in
        self._sent = np.zeros(net.n_neurons + 1, np.int64)  # output axons of each core; at most N have neurons
        self._used = {name: np.zeros(net.n_neurons + 1, np.int64) for name in _SENT}  # in closed cores
        self._feeding = np.zeros(self._n_sent_to.size, np.int64)  # synapses that each row has in the open core
        self._members, self._axons, self._words = 0, 0, 0
        self._axons_of_neurons, self._n_targets = 0, 0
        self._settings: dict[str, Counter[int]] = {}
        self._formats: Counter[int] = Counter()
        self.open_core = -1
        self._count_axons()

    def _count_axons(self) -> None:
        """Count the axons of the partition that it begins with."""
        net, placed = self.net, self.core[self.net.post] >= 0
        pair = np.unique(net.row[placed] * (self.n_cores + 1) + self.core[net.post[placed]])
        row = pair // (self.n_cores + 1)
        self._n_sent_to += np.bincount(row, minlength=self._n_sent_to.size)
        placed_rows = np.flatnonzero(self.core >= 0)
        np.add.at(self._sent, self.core[placed_rows], self._n_sent_to[placed_rows + net.n_inputs])

    def open(self, core: int) -> None:
        """Close the open core and open another one; the number after the last makes a new core."""
        self._close()
        self.open_core, self.n_cores = core, max(self.n_cores, core + 1)
        net, members = self.net, np.flatnonzero(self.core == core)
        inside = self.core[net.post] == core if members.size else np.zeros(0, bool)
        self._feeding[:] = 0
        if members.size:
            np.add.at(self._feeding, net.row[inside], net.count[inside])
        self._members = members.size
        fed = np.flatnonzero(self._feeding)
        self._axons, self._axons_of_neurons = fed.size, int((fed >= net.n_inputs).sum())
        self._n_targets = int(net.n_targets[members].sum())
        self._words = int(net.words[self._feeding[fed]].sum())
        self._settings = {name: Counter(ids[members].tolist()) for name, ids in net.settings.items()}
        self._formats = Counter(net.formats[members].tolist())

    def _close(self) -> None:
        if self.open_core >= 0:
            used = self.used()
            for name in _SENT:
                self._used[name][self.open_core] = used[name]

    def used(self) -> dict[str, Any]:
        """Return what the open core uses, by measure."""
        return self._measures(self._members, self._axons, self._words, int(self._sent[self.open_core]))

    def _measures(self, members: int, axons: int, words: int, sent: int, extra: int = -1) -> dict[str, Any]:
        """Return the measures of the open core, with the settings of neuron ``extra``, too."""
        counts: dict[str, Any] = {
            "neurons": members,
            "input axons": axons,
            "output axons": sent,
            "synapse words": words,
        }
        formats = 0
        for bits in self._formats:
            formats |= bits
        for name, ids in self._settings.items():
            counts[name] = len(ids)
        if extra >= 0:
            formats |= int(self.net.formats[extra])
            for name, ids in self._settings.items():
                counts[name] += int(self.net.settings[name][extra]) not in ids
        counts["synapse formats"] = formats.bit_count()
        return complete(self.kinds, self.net.accumulators, counts)

    def refusal(self, neuron: int, final: bool) -> str | None:
        """Return the measure that would be exceeded if the open core took a neuron, None if it can.

        ``final``: only few neurons have no core yet, so that output axons are those that are known, and the cores of the
        sources must keep their limits, too. Else as many output axons are expected as there are input axons, at most one
        for each target.
        """
        net, at = self.net, self.net.sources(neuron)
        rows, before = net.row[at], self._feeding[net.row[at]]
        new = before == 0
        words = self._words + int((net.words[before + net.count[at]] - net.words[before]).sum())
        senders = rows[new] - net.n_inputs
        senders = senders[senders >= 0]
        own = int(np.count_nonzero(self.core[senders] == self.open_core))
        itself = bool((senders == neuron).any())
        sent = int(self._sent[self.open_core]) + own + int(self._n_sent_to[neuron + net.n_inputs]) + itself
        if not final and self._members > 0:
            targets = self._n_targets + int(net.n_targets[neuron])
            sent = max(sent, min(int(_SLACK * (self._axons_of_neurons + senders.size)), targets))
        measures = self._measures(self._members + 1, self._axons + int(new.sum()), words, sent, neuron)
        over = next((name for name, limit in self.allowed.items() if measures[name] > limit), None)
        return over or (self._sender_refusal(senders) if final else None)

    def _sender_refusal(self, senders: Ints) -> str | None:
        """Return the limit that the core of a source would exceed with one more output axon for each of these."""
        cores = self.core[senders]
        cores, more = np.unique(cores[(cores >= 0) & (cores != self.open_core)], return_counts=True)
        for name in _SENT:
            grows = name != "words" or "axon map" in self.kinds
            if name in self.allowed and grows and (self._used[name][cores] + more > self.allowed[name]).any():
                return name
        return None

    def add(self, neuron: int) -> None:
        """Put a neuron into the open core."""
        self._change(neuron, 1)

    def remove(self, neuron: int) -> None:
        """Take a neuron out of the open core."""
        self._change(neuron, -1)

    def _change(self, neuron: int, sign: int) -> None:
        net, at = self.net, self.net.sources(neuron)
        rows, before = net.row[at], self._feeding[net.row[at]]
        after = before + sign * net.count[at]
        self._feeding[rows] = after
        switched = rows[(before == 0) if sign > 0 else (after == 0)]
        self._words += int((net.words[after] - net.words[before]).sum())
        self._members += sign
        self._n_targets += sign * int(net.n_targets[neuron])
        self._axons += sign * switched.size
        self._axons_of_neurons += sign * int((switched >= net.n_inputs).sum())
        if sign < 0:
            self._sent[self.open_core] -= self._n_sent_to[neuron + net.n_inputs]
            self.core[neuron] = -1
        self._n_sent_to[switched] += sign
        self._send(switched[switched >= net.n_inputs] - net.n_inputs, sign)
        if sign > 0:
            self.core[neuron] = self.open_core
            self._sent[self.open_core] += self._n_sent_to[neuron + net.n_inputs]
        for name, ids in self._settings.items():
            _count(ids, int(net.settings[name][neuron]), sign)
        _count(self._formats, int(net.formats[neuron]), sign)

    def _send(self, senders: Ints, sign: int) -> None:
        cores = self.core[senders]
        cores = cores[cores >= 0]
        np.add.at(self._sent, cores, sign)
        closed = cores[cores != self.open_core]
        for name in _SENT:
            if name != "words" or "axon map" in self.kinds:
                np.add.at(self._used[name], closed, sign)


def _count(counter: Counter[int], key: int, sign: int) -> None:
    counter[key] += sign
    if counter[key] == 0:
        del counter[key]
