"""Perturbations: what a room, a voice, a line or a chip does to sounds, spikes and programs.

Each is a frozen record of parameters that is called with what it changes, and returns a changed copy: a `Recording` or a list
of them, `Spikes`, or a `Program`. Random ones have a seed; their random numbers depend on the sample, not on the batch.
``sklearn.preprocessing.FunctionTransformer(Noise(10))`` makes a step of a pipeline of a perturbation of sounds, and
`lsm_sim.controls.stress` measures what perturbations cost.
"""

from lsm_sim.perturb.chain import Chain, level_of
from lsm_sim.perturb.noise import Noise
from lsm_sim.perturb.programs import DeadNeurons, WeightBits, WeightNoise
from lsm_sim.perturb.sounds import Band, Gain, Padding, Speed, Tilt
from lsm_sim.perturb.spikes import AddedSpikes, JitteredSpikes, LostSpikes

__all__ = [
    "AddedSpikes",
    "Band",
    "Chain",
    "DeadNeurons",
    "Gain",
    "JitteredSpikes",
    "LostSpikes",
    "Noise",
    "Padding",
    "Speed",
    "Tilt",
    "WeightBits",
    "WeightNoise",
    "level_of",
]
