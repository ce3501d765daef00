"""A liquid that is to be measured, with its encoder and its Poisson input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Population, Rate
from lsm_sim.engine.protocol import Backend, Compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.features import Traces
from lsm_sim.learn.parts import checked_encoder
from lsm_sim.measures import stimuli
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream
from lsm_sim.units import Hz, ms

MOST_FEATURES = 500  # neurons whose states are used where many samples are needed for each feature


@dataclass(frozen=True, eq=False)
class Driven:
    """A liquid with its program, encoder, and how spikes are drawn and runs are made."""

    liquid: Liquid
    program: Program
    encoder: Any
    per_step: float
    traces: Traces
    seed: int
    backend: str | Backend
    n_threads: int | None
    progress: bool | None

    @staticmethod
    def of(
        liquid: Liquid,
        encoder: Any,
        dt: Any,
        rate: Any,
        tau: Any,
        seed: Any,
        backend: Any,
        n_threads: Any,
        progress: Any,
    ) -> Driven:
        """Check everything; the rate is that of the encoded series if none is given."""
        width, dt = liquid.n_inputs, checks.positive(dt, "measures dt", "time")
        default: Any = Rate(200 * Hz, frame=20 * ms)
        if width > 1:
            default = Population(n=width, width=1.2, max_rate=200 * Hz, frame=20 * ms)
        chosen = checked_encoder(encoder, default)
        if chosen.n_channels(1) != width:
            raise DescriptionError(
                f"measures encoder: got {chosen.n_channels(1)} spike channels for one signal, expected {width}, the input channels of the liquid; give the "
                "encoder that it is made for"
            )
        seed = checks.whole(seed, "measures seed")
        values = stream(seed, "measures/rate").uniform(size=(200, 1))
        encoded = chosen([values], dt)
        per_step = encoded.n_events / float(encoded.n_steps.sum() * width)
        if rate is not None:
            per_step = checks.positive(rate, "measures rate", "rate") * dt
        if not 0 < per_step <= 0.5:
            raise DescriptionError(
                f"measures rate: got {per_step / dt:g} Hz on each channel, expected above 0 and at most {0.5 / dt:g} Hz; give another rate"
            )
        return Driven(liquid, lower(liquid, dt), chosen, per_step, Traces(tau), seed, backend, n_threads, progress)

    @property
    def options(self) -> dict[str, Any]:
        """How networks are run, as arguments."""
        return {"backend": self.backend, "n_threads": self.n_threads, "progress": self.progress}

    @property
    def n_kept(self) -> int:
        """Number of neurons whose states are used."""
        return min(self.program.n_neurons, MOST_FEATURES)

    def settings(self) -> dict[str, Any]:
        """Return what the stimuli were, as plain data."""
        return {
            "neurons": self.program.n_neurons,
            "encoder": repr(self.encoder),
            "rate": self.per_step / self.program.dt,
            "dt": self.program.dt,
            "tau": self.traces.tau,
            "seed": self.seed,
        }

    def steps(self, seconds: float) -> int:
        """Return the number of steps of a duration, at least 1."""
        return max(round(min(seconds / self.program.dt, checks.MOST)), 1)

    def poisson(self, name: str, n: int, n_steps: int) -> list[stimuli.Sample]:
        """Return ``n`` samples of Poisson spikes, drawn from the stream of this name."""
        check_memory(9.0 * n_steps * self.liquid.n_inputs, "measures duration")
        rng = stream(self.seed, f"measures/{name}")
        return [stimuli.poisson(n_steps, self.liquid.n_inputs, self.per_step, rng) for _ in range(n)]

    def spikes(self, samples: list[stimuli.Sample], n_steps: int) -> Spikes:
        """Return samples as a batch of input spikes."""
        return stimuli.as_spikes(samples, n_steps, self.liquid.n_inputs, self.program.dt)

    def states(self, runner: Compiled, stimulus: Spikes) -> Floats:
        """Run the samples and return the traces at their ends, (samples, neurons); background noise is the same in all."""
        full = stimuli.with_equal_background(stimulus, self.liquid)
        return self.traces.run(runner, full, self.n_threads, self.progress)
