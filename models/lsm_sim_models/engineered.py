"""Engineered liquids: recurrent weights solved so that the network holds a given state, by the principles of the NEF.

C. Eliasmith, C. H. Anderson: Neural Engineering. MIT Press (2003). A state X (d values) is encoded by the currents of the
neurons, u_i = g_i (e_i . X) + bias_i, with random unit vectors e_i, and decoded from their spikes by least squares. The product of decoder
and encoder is the matrix of recurrent weights, of rank d.

Here the spikes are those of the network itself, driven with the wanted state on a random series, and filtered by the synapse
with its delay. What is decoded is the part of the current that has to come from recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim import Edges, Inputs, Liquid, Neurons, Spikes, Synapses, lower, run
from lsm_sim.encode import Graded
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream
from lsm_sim_models.forecasting import LIQUID
from lsm_sim_models.groups import INPUT

MOST_STATES = 100
_MOST_STEPS = 1000
_STATE = "state"
_FARTHEST = 2.2  # projection of a state, in standard deviations, at which a neuron fires at its highest rate
_SILENT = (-1.8, 1.6)  # range of the projections below which a neuron is silent
_HIGHEST = (0.5, 1.0)  # range of the highest rates, in spikes per step
_GAIN = 1.5  # on all slopes, because a discrete neuron answers less steeply than the formula says
_FEWEST, _SKIP = 400, 30  # samples of the random series at least, and those at its start that are left out
_ROWS = 5  # of the least squares problem, per sample
_PENALTY = 1e-5  # relative to the mean squared filtered spike train


@dataclass(frozen=True)
class Frame:
    """How a value enters: its digits at the start of each frame, through synapses of several delays, as pulses.

    Parameters
    ----------
    bits
        Digits of a value, as in `lsm_sim.encode.Bits`.
    steps
        Steps of a frame.
    pulses
        Number of delays, evenly spaced over the frame.
    dt
        Step, in seconds.
    """

    bits: int
    steps: int
    pulses: int
    dt: float

    @staticmethod
    def of(n_inputs: object, bits: object, frame: object, dt: object, *, pulses: int | None) -> Frame:
        """Check the arguments; there must be one signal. No number of pulses: one in each step."""
        n_bits, step = checks.whole(bits, "bits", 1, 24), checks.positive(dt, "dt", "time")
        if checks.whole(n_inputs, "n_inputs", minimum=1) != n_bits:
            raise DescriptionError(f"n_inputs: got {n_inputs}, expected {n_bits}, the bits of one signal")
        duration = checks.positive(frame, "frame", "time")
        steps = round(min(duration / step, checks.MOST))
        if not 1 <= steps <= _MOST_STEPS:
            raise DescriptionError(f"frame: got {duration:g} s, expected 1 to {_MOST_STEPS} steps of {step:g} s")
        return Frame(n_bits, steps, steps if pulses is None else pulses, step)

    @property
    def delays(self) -> Floats:
        """In steps, at least 1."""
        return 1 + np.floor(np.arange(self.pulses) * self.steps / self.pulses)

    def held(self, values: Floats, decay: float) -> Floats:
        """Return the current of a synapse of unit weight per step for values in [0, 1], (samples * steps,)."""
        from scipy.signal import lfilter

        pulse = np.zeros((len(values), self.steps))
        pulse[:, self.delays.astype(int) - 1] = values[:, None] * (self.steps / self.pulses)
        return np.asarray(lfilter([1.0], [1.0, -decay], pulse.ravel()))


@dataclass(frozen=True)
class Target:
    """What the network shall hold: the current of each state and the part of it that the input brings, (steps, d) each.

    ``entry`` (d,) is the input per step and unit of the signal, which is in [-1, 1].
    """

    wanted: Floats
    driven: Floats
    entry: Floats


def series(frame: Frame, seed: int, n_neurons: int, where: str) -> Floats:
    """Return the random series for the least squares problem, uniform in [0, 1]: three values for each neuron."""
    n = max(_FEWEST, 3 * checks.whole(n_neurons, "n_neurons", 1, checks.MOST))
    check_memory(8.0 * n * frame.steps * (3 * n_neurons + MOST_STATES), "n_neurons")
    return stream(checks.whole(seed, "seed"), f"models/{where}/series").uniform(size=n)


@dataclass(frozen=True)
class Cells:
    """Neurons that encode a state: ``encoder`` (d, N) in the u of a program, ``bias`` (N,) in v per step of a program."""

    encoder: Floats
    bias: Floats
    tau_m: float
    tau_syn: float
    dt: float

    @staticmethod
    def draw(n_neurons: int, n_states: int, tau_m: float, tau_syn: float, dt: float, rng: np.random.Generator) -> Cells:
        """Draw encoders, and gains and biases from highest rates and from where the neurons fall silent."""
        encoder = rng.normal(size=(n_states, n_neurons))
        encoder /= np.linalg.norm(encoder, axis=0)
        silent = rng.uniform(*_SILENT, n_neurons)
        interval = 1 / (rng.uniform(*_HIGHEST, n_neurons))
        keeps = np.exp(-dt / tau_m)
        rheobase = 1 - keeps  # v of a program settles at the threshold of 1
        slope = _GAIN * (rheobase / (1 - keeps**interval) - rheobase) / (_FARTHEST - silent)
        return Cells(encoder * slope, rheobase - slope * silent, tau_m, tau_syn, dt)

    @property
    def decay(self) -> float:
        """Factor of the synaptic current kept per step."""
        return float(np.exp(-self.dt / self.tau_syn))

    def neurons(self, less: Floats | float = 0.0) -> Neurons:
        """Return the group, with a constant input that is smaller by ``less``."""
        i_bias = (self.bias - less) / (-np.expm1(-self.dt / self.tau_m) * self.tau_m)
        return Neurons(LIQUID, self.bias.size, tau_m=self.tau_m, tau_syn=self.tau_syn, i_bias=i_bias)

    def unit(self) -> float:
        """Return what a synapse of weight 1 adds to the u of a program."""
        alone = lower(Liquid([Inputs(INPUT, 1)], [self.neurons()], [], 0), self.dt)
        assert alone.units is not None  # `lower` sets it
        return float(np.ravel(alone.units.weight_scale)[0])


def build(
    frame: Frame, target: Target, *, n_neurons: int, seed: int, tau_m: float, tau_syn: float, delay: int
) -> Liquid:
    """Return the liquid that holds the target; ``delay``, of its recurrent synapses, is in steps."""
    rng = stream(seed, "models/engineered")
    cells = Cells.draw(n_neurons, target.entry.size, tau_m, tau_syn, frame.dt, rng)
    unit = cells.unit()
    rows = _filtered(cells, unit, target.wanted, delay) * unit
    sampled = np.arange(_SKIP * frame.steps, len(rows), max(frame.steps // _ROWS, 1))
    decoder = _least_squares(rows[sampled], (target.wanted - target.driven)[sampled])
    constant = target.entry / (1 - cells.decay) @ cells.encoder  # the signal is 2 x - 1, of which -1 is constant
    weight = 2 * frame.steps / frame.pulses * target.entry @ cells.encoder / unit
    synapses = _digits(frame, weight)
    synapses.append(Synapses.from_matrix(LIQUID, LIQUID, decoder @ cells.encoder, delay * frame.dt))
    return Liquid([Inputs(INPUT, frame.bits)], [cells.neurons(constant)], synapses, seed)


def _filtered(cells: Cells, unit: float, wanted: Floats, delay: int) -> Floats:
    """Drive the neurons with the wanted currents; return their spikes through delay and synapse, (steps, N)."""
    from scipy.signal import lfilter

    pulses = wanted.copy()
    pulses[1:] -= cells.decay * wanted[:-1]
    code = Graded(16, largest=float(np.abs(pulses).max()))
    entry = Synapses.from_matrix(_STATE, LIQUID, cells.encoder / unit * code.scale, cells.dt)
    forced = Liquid([Inputs(_STATE, len(cells.encoder))], [cells.neurons()], [entry], 0)
    spikes: Spikes = run(forced, code(pulses, cells.dt), progress=False).spikes
    raster = np.zeros((len(wanted), cells.bias.size))
    # a current of step k is in the spikes of step k + 1, and these arrive ``delay`` steps later
    arrives = spikes.step - 1 + delay
    inside = (spikes.step > 0) & (arrives < len(raster))
    raster[arrives[inside], spikes.channel[inside]] = 1
    return np.asarray(lfilter([1.0], [1.0, -cells.decay], raster, axis=0))


def _least_squares(rows: Floats, wanted: Floats) -> Floats:
    gram = rows.T @ rows
    penalty = _PENALTY * np.trace(gram) / len(gram) or 1.0
    return np.asarray(np.linalg.solve(gram + penalty * np.eye(len(gram)), rows.T @ wanted))


def _digits(frame: Frame, weight: Floats) -> list[Synapses]:
    """Return synapses that add ``weight`` * x to every neuron at each of the delays of a frame."""
    digit = np.repeat(np.arange(frame.bits), weight.size)
    neuron = np.tile(np.arange(weight.size), frame.bits)
    each = np.tile(weight, frame.bits) * 0.5 ** (digit + 1)
    return [Synapses(INPUT, LIQUID, Edges(digit, neuron), each, delay * frame.dt) for delay in frame.delays]
