"""norse, spikingjelly and snntorch give our spikes from our files, and we theirs from their files.

Their answers are kept in tests/nir_peers/answers; benchmarks/nir_peers/answer.py says how they were made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lsm_sim as lsm
from tests.nir_peers.cases import N_STEPS, NAMES, case

ANSWERS = Path(__file__).parents[2] / "nir_peers/answers"
IDENTICAL = [name for name in NAMES if name != "snntorch_recurrent"]
RECURRENT = np.load(ANSWERS / "recurrent.npz")
OWN = np.load(ANSWERS / "own.npz")
LAYERS = {"norse": 2, "snntorch": 3, "spikingjelly": 2}


def raster(spikes: lsm.Spikes) -> Any:
    return spikes.to_dense()[0]


def kept(differences: Any, n_steps: int, n: int) -> Any:
    """Return spikes as answer.py keeps them as an array (T, N)."""
    out = np.zeros(n_steps * n, bool)
    out[np.cumsum(differences.astype(np.int64))] = True
    return out.reshape(n_steps, n)


@pytest.mark.parametrize("name", IDENTICAL)
def test_our_files_spike_there_as_here(name: str) -> None:
    program, stimulus = case(name)
    ours = raster(lsm.run(program, stimulus).spikes)
    theirs = kept(RECURRENT[name], N_STEPS, program.n_neurons)
    assert ours.sum() > 100
    assert np.array_equal(ours[1:], theirs[:-1])  # an event of step k arrives at k + 1 here, and at k there


@pytest.mark.parametrize("name", ["norse_0", "spikingjelly_0"])
def test_the_file_that_they_read_is_that_program(name: str, tmp_path: Path) -> None:
    program, stimulus = case(name)
    lsm.export(program, tmp_path / "a.nir", to="nir")
    again = lsm.read_nir(tmp_path / "a.nir", metadata=False).program
    assert again.digest == program.digest
    assert stimulus.n_events > 100


def test_the_recurrence_of_snntorch_goes_wrong() -> None:
    program, stimulus = case("snntorch_recurrent")
    ours = raster(lsm.run(program, stimulus).spikes)
    theirs = kept(RECURRENT["snntorch_recurrent"], N_STEPS, program.n_neurons)
    assert not np.array_equal(ours[1:], theirs[:-1])


@pytest.mark.parametrize("name", LAYERS)
def test_their_files_spike_here_as_there(name: str) -> None:
    dt = float(OWN[f"{name}_dt"])
    found = lsm.read_nir(ANSWERS / f"{name}.nir", dt=dt, convention="norse" if name == "norse" else "euler")
    program = found.program
    n_steps = OWN[f"{name}_stimulus"].size * 8 // program.n_inputs
    stimulus = np.unpackbits(OWN[f"{name}_stimulus"])[: n_steps * program.n_inputs].reshape(n_steps, -1).astype(bool)
    last = [*program.neuron_groups.values()][-1]
    theirs = kept(OWN[f"{name}_spikes"], n_steps, len(last))
    # our event of step k arrives at k + 1, where theirs of step k + 1 arrives; each further layer takes a step more
    ours = raster(lsm.run(program, lsm.Spikes.from_dense([stimulus[1:]], program.dt)).spikes)[:, last.start : last.stop]
    late = LAYERS[name] - 1
    assert theirs.sum() > 50
    assert np.array_equal(ours[late:], theirs[: n_steps - 1 - late])
    assert any("takes one step" in sentence for sentence in found.approximations)
