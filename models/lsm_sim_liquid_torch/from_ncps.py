"""The cells of the package ncps, with the gap of each sample of a batch."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.support import checks
from lsm_sim.support.optional import optional
from lsm_sim_liquid_torch.available import EXTRA

_MODES = ("default", "no_gate", "pure")


class CfC(torch.nn.Module):
    """Closed-form continuous-time cell: an LTC without a solver, by the package ncps.

    With the state x, a frame I, and f, g, h three layers on a common layer that sees both:

        x <- sigmoid(-f gap) g + (1 - sigmoid(-f gap)) h

    (ncps adds a bias, which is learned and depends on x and I, to f gap.) Good as the first choice: as fast as an ordinary recurrent
    cell, and exact for any gap, long or short.

    R. Hasani, M. Lechner, A. Amini, L. Liebenwein, A. Ray, M. Tschaikowski, G. Teschl, D. Rus, "Closed-form continuous-time neural
    networks", Nature Machine Intelligence 4, 2022.

    Parameters
    ----------
    n_inputs, n_neurons
        Channels C of a frame, and size N of the state.
    mode
        "default", as above; "no_gate", g + (1 - sigmoid(-f gap)) h; or "pure", the solution for one neuron, without g and h.
    n_hidden
        Units of the common layer.
    """

    def __init__(self, n_inputs: int, n_neurons: int, mode: str = "default", n_hidden: int = 64) -> None:
        super().__init__()
        checks.choice(mode, "CfC mode", _MODES)
        n_hidden = checks.whole(n_hidden, "CfC n_hidden", minimum=1)
        self.n_outputs = n_neurons
        self.cell = optional("ncps.torch", EXTRA).CfCCell(n_inputs, n_neurons, mode=mode, backbone_units=n_hidden)

    def begin(self, frame: Any) -> Any:
        """Return the state before the first frame, (B, N)."""
        return frame.new_zeros(len(frame), self.n_outputs)

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, N), and the state after a frame (B, C) and the gap before it (B, 1)."""
        output, state = self.cell(frame, state, gap)
        return output, state


class LTC(torch.nn.Module):
    """Liquid time-constant cell with conductance-based synapses, by the package ncps.

    For neuron j with the potential v, a leak g to v_leak and synapses from neurons and input channels i:

        C_j dv_j/dt = g_j (v_leak_j - v_j) + sum_i w_ij sigmoid(sigma_ij (x_i - mu_ij)) (E_ij - v_j)

    where x_i is v_i or the input channel i. The fused step of `LiquidTimeStep` is done ``unfolds`` times for each frame; C, g and w are
    positive by construction. Good where neurons and synapses have to be interpreted, in small networks: it is the slowest cell, since a
    synapse has four parameters.

    R. Hasani, M. Lechner, A. Amini, D. Rus, R. Grosu, "Liquid time-constant networks", AAAI 2021; M. Lechner and others, "Neural circuit
    policies enabling auditable autonomy", Nature Machine Intelligence 2, 2020.

    Parameters
    ----------
    n_inputs, n_neurons
        Channels C of a frame, and number N of neurons, all connected.
    unfolds
        Steps of the solver per frame.
    """

    def __init__(self, n_inputs: int, n_neurons: int, unfolds: int = 6) -> None:
        super().__init__()
        unfolds = checks.whole(unfolds, "LTC unfolds", minimum=1)
        self.n_outputs = n_neurons
        wiring = optional("ncps.wirings", EXTRA).FullyConnected(n_neurons, erev_init_seed=_seed())
        make = optional("ncps.torch", EXTRA).LTCCell
        self.cell = make(wiring, n_inputs, ode_unfolds=unfolds, implicit_param_constraints=True)

    def begin(self, frame: Any) -> Any:
        """Return the state before the first frame, (B, N)."""
        return frame.new_zeros(len(frame), self.n_outputs)

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, N), and the state after a frame (B, C) and the gap before it (B, 1)."""
        output, state = self.cell(frame, state, gap)
        return output, state


def _seed() -> int:
    """Return a seed for the random numbers that ncps draws with NumPy."""
    return int(torch.randint(2**31 - 1, ()).item())
