"""Data sets: real ones to read or to download, and generated ones.

`fsdd`, `japanese_vowels`, `digits`, `shd`, `ssc`, `ecg` and `spike_templates` return a `Dataset`; the series
`mackey_glass`, `narma10` and `lorenz` return arrays. Data are downloaded only by a function that is called without a folder.
"""

from lsm_sim.datasets.digits import digits
from lsm_sim.datasets.download import cache
from lsm_sim.datasets.ecg import ecg
from lsm_sim.datasets.fsdd import fsdd
from lsm_sim.datasets.heidelberg import shd, ssc
from lsm_sim.datasets.japanese_vowels import japanese_vowels
from lsm_sim.datasets.lorenz import lorenz
from lsm_sim.datasets.mackey_glass import mackey_glass
from lsm_sim.datasets.narma10 import narma10
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.spike_templates import spike_templates
from lsm_sim.datasets.word_sequences import word_sequences

__all__ = [
    "Dataset",
    "Source",
    "cache",
    "digits",
    "ecg",
    "fsdd",
    "japanese_vowels",
    "lorenz",
    "mackey_glass",
    "narma10",
    "shd",
    "spike_templates",
    "ssc",
    "word_sequences",
]
