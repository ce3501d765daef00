"""Data sets: real ones to read or to download, and generated ones.

`fsdd`, `japanese_vowels`, `digits`, `shd`, `ssc`, `ecg`, `atrial_fibrillation`, `spike_templates` and the made series of `lsm_sim.datasets.shapes` return a `Dataset`; the series
`mackey_glass`, `narma10`, `lorenz` and `laser` return arrays. Data are downloaded only by a function that is called without a folder.
"""

from lsm_sim.datasets.atrial_fibrillation import atrial_fibrillation
from lsm_sim.datasets.digits import digits
from lsm_sim.datasets.download import cache
from lsm_sim.datasets.ecg import ecg
from lsm_sim.datasets.fsdd import fsdd
from lsm_sim.datasets.heidelberg import shd, ssc
from lsm_sim.datasets.japanese_vowels import japanese_vowels
from lsm_sim.datasets.laser import laser
from lsm_sim.datasets.lorenz import lorenz
from lsm_sim.datasets.mackey_glass import mackey_glass
from lsm_sim.datasets.narma10 import narma10
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.shapes import control_charts, cylinder_bell_funnel, two_patterns
from lsm_sim.datasets.spike_templates import spike_templates
from lsm_sim.datasets.word_sequences import word_sequences

__all__ = [
    "Dataset",
    "Source",
    "atrial_fibrillation",
    "cache",
    "control_charts",
    "cylinder_bell_funnel",
    "digits",
    "ecg",
    "fsdd",
    "japanese_vowels",
    "laser",
    "lorenz",
    "mackey_glass",
    "narma10",
    "shd",
    "spike_templates",
    "ssc",
    "two_patterns",
    "word_sequences",
]
