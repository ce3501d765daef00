"""The MIT-BIH Arrhythmia Database: records, usual split, download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsm_sim.datasets.download import Remote, fetch
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Bools

# P. de Chazal, M. O'Dwyer, R. B. Reilly: Automatic classification of heartbeats using ECG morphology and heartbeat
# interval features. IEEE Transactions on Biomedical Engineering 51, 1196-1206 (2004). The paced records
# are in neither, as AAMI recommends.
DS1 = tuple(map(str, (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230)))  # fmt: skip
DS2 = tuple(map(str, (100, 103, 105, 111, 113, 117, 121, 123, 200, 202, 210, 212, 213, 214, 219, 221, 222, 228, 231, 232, 233, 234)))  # fmt: skip
PACED = ("102", "104", "107", "217")
RECORDS = (*DS1, *DS2)
ADDRESS = "https://physionet.org/files/mitdb/1.0.0"
SUMS = Remote(
    dataset="mitdb",
    file="SHA256SUMS.txt",
    url=f"{ADDRESS}/SHA256SUMS.txt",
    checksum="sha256:b61158a96d5f2ca80edfb354a9a66a6324836c390a84e1966dcee2b907d6be43",
)


def split(records: npt.NDArray[np.str_]) -> Bools | None:
    """Return which samples belong to DS2, or None if not all belong to DS1 or DS2."""
    return np.isin(records, DS2) if np.isin(records, RECORDS).all() else None


def downloaded(records: Sequence[str]) -> Path:
    """Return the folder in the cache with the ``records``, each file verified by the published list of checksums."""
    sums = dict(line.split()[::-1] for line in fetch(SUMS).read_text(encoding="ascii").splitlines() if line.strip())
    for name in records:
        for suffix in ("hea", "dat", "atr"):
            file = f"{name}.{suffix}"
            if file not in sums:
                raise DescriptionError(
                    f"ecg: the MIT-BIH Arrhythmia Database has no record {name!r}; it has {', '.join(RECORDS)}"
                )
            fetch(Remote("mitdb", file, f"{ADDRESS}/{file}", f"sha256:{sums[file]}"))
    return SUMS.path.parent
