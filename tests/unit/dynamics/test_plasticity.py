"""Short-term plasticity against its equations by hand, in both arithmetics."""

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.backend import Request
from lsm_sim.dynamics import ARITHMETICS, STP
from lsm_sim.dynamics.plasticity import Q, float64_amount, loihi_amount, quantise
from lsm_sim.engine.reference import run_program
from lsm_sim.program.program import Program

FLOAT = {"stp_U": np.array([0.5, 0.25]), "stp_decay_rec": np.array([0.75, 1.0]), "stp_decay_facil": np.array([0.5, 0])}
WHOLE = {"stp_U": np.array([2048, 1000]), "stp_drec": np.array([1024, 0]), "stp_dfacil": np.array([2048, 4096])}
OF = {"float64": FLOAT, "loihi": WHOLE}


def test_names_and_ranges_are_those_of_the_tables():
    for arithmetic, arrays in OF.items():
        assert [array.name for array in STP.arrays[arithmetic]] == list(arrays)


def test_two_spikes_by_hand_in_float64():
    state = STP.start(2, "float64")
    state, first = STP.send["float64"](FLOAT, state, [0])
    assert first.tolist() == [0.5]
    assert state["r"].tolist() == [0.5, 1]
    assert state["f"].tolist() == [0.5, 0]
    state = STP.rest["float64"](FLOAT, state)
    assert state["r"].tolist() == [1 - 0.75 * 0.5, 1]
    assert state["f"].tolist() == [0.25, 0]
    state, second = STP.send["float64"](FLOAT, state, [0, 1])
    x = 0.25 + 0.5 * 0.75
    assert second.tolist() == [x * 0.625, 0.25]
    assert state["r"].tolist() == [0.625 - x * 0.625, 0.75]
    assert state["f"].tolist() == [x, 0.25]


def test_two_spikes_by_hand_in_integers():
    state = STP.start(2, "loihi")
    state, first = STP.send["loihi"](WHOLE, state, [0, 1])
    assert first.tolist() == [Q // 2, 1000 * Q // 4096]
    state = STP.rest["loihi"](WHOLE, state)
    assert state["r"].tolist() == [Q - Q // 2 * 3072 // 4096, Q - 1000 * Q // 4096]  # the second never recovers
    assert state["f"].tolist() == [Q // 4, 0]  # the second does not facilitate
    state, second = STP.send["loihi"](WHOLE, state, [0])
    x = Q // 4 + 2048 * (Q - Q // 4) // 4096
    assert second.tolist() == [x * (Q - Q // 2 * 3072 // 4096) // Q]
    assert state["f"][0] == x


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_given_state_is_not_changed(arithmetic):
    state = STP.start(2, arithmetic)
    for values in state.values():
        values.setflags(write=False)
    STP.rest[arithmetic](OF[arithmetic], state)
    new, _ = STP.send[arithmetic](OF[arithmetic], state, np.array([1]))
    assert new["r"][0] == state["r"][0]
    assert STP.send[arithmetic](OF[arithmetic], state, np.array([], int))[1].size == 0


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_resources_stay_in_range_whatever_the_parameters(arithmetic):
    rng, n, one = np.random.default_rng(0), 400, 1 if arithmetic == "float64" else Q
    names = [array.name for array in STP.arrays[arithmetic]]
    if arithmetic == "float64":
        arrays = {name: np.where(rng.random(n) < 0.2, rng.choice([0.0, 1.0], n), rng.random(n)) for name in names}
    else:
        arrays = {
            name: np.where(rng.random(n) < 0.2, rng.choice([0, 4096], n), rng.integers(0, 4097, n)) for name in names
        }
    state = STP.start(n, arithmetic)
    for _ in range(200):
        state = STP.rest[arithmetic](arrays, state)
        state, efficacy = STP.send[arithmetic](arrays, state, np.flatnonzero(rng.random(n) < 0.3))
        for values in (*state.values(), efficacy):  # so that an amount is never larger than its weight, as sums need
            assert (values >= 0).all()
            assert (values <= one).all()


def test_amounts_are_rounded_to_the_grid_half_to_even():
    weight = np.array([1, 3, -3, 5]) / 8
    assert float64_amount(weight, 0.5, 3).tolist() == [0, 2 / 8, -2 / 8, 2 / 8]


def test_amounts_of_integers_are_rounded_toward_zero():
    assert loihi_amount(np.array([7, -7, 1, -1]), Q // 2, 0).tolist() == [3, -3, 0, 0]
    assert loihi_amount(np.array([2**31 - 1, -5]), Q, 0).tolist() == [2**31 - 1, -5]
    assert loihi_amount(np.array([4096]), 255, 0).tolist() == [0]  # efficacies count in 4096ths


def test_integers_are_the_nearest():
    whole = quantise({"stp_U": np.array([0.3]), "stp_decay_rec": np.array([0.99]), "stp_decay_facil": np.array([0.0])})
    assert {name: values.tolist() for name, values in whole.items()} == {
        "stp_U": [1229],
        "stp_drec": [41],
        "stp_dfacil": [4096],
    }


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_an_event_without_effect_uses_resources_and_a_payload_multiplies_the_amount(arithmetic):
    whole = arithmetic == "loihi"
    decays = {"du": [4095], "dv": [0]} if whole else {"decay_u": [0.0], "decay_v": [1.0]}
    stp = {"stp_U": [2048] * 2, "stp_drec": [0] * 2, "stp_dfacil": [0] * 2}
    if not whole:
        stp = {"stp_U": [0.5] * 2, "stp_decay_rec": [1.0] * 2, "stp_decay_facil": [1.0] * 2}
    program = Program(
        arithmetic=arithmetic, dt=1e-3, n_inputs=1, n_neurons=1, indptr=[0, 1, 1], post=[0], weight=[64], delay=[0],
        threshold=[10**5], bias=[0], refractory=[0], rule="stp", **stp, **decays,
    )  # fmt: skip
    spikes = Spikes.from_events([0, 1, 2], [0] * 3, n_steps=5, n_channels=1, dt=1e-3, payload=[0, -3, 1])
    (u,) = run_program(program, spikes, Request(neurons=np.array([0]), variables=("u",))).traces["u"]
    unit = 64 if whole else 1
    # r = 1, .5, .125; x = .5, .75, .875: a payload does not change what is used
    assert (u[:, 0] / unit).tolist() == [0, 0, -3 * 24, 7, 0]
