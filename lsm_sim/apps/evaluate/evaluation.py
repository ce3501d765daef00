"""The result of a benchmark: one comparison, or several of the same series, with settings and times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import Comparison, Stressed
from lsm_sim.support import environment
from lsm_sim.support.files import replacing


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of a benchmark.

    Parameters
    ----------
    name
        Name of the data set.
    title
        What was measured, in one line.
    comparisons
        Comparisons, or tests under stress, by label, such as ``"horizon 84"``; the first is the main one.
    settings
        The requested settings.
    seconds
        Total time.
    """

    name: str
    title: str
    comparisons: Mapping[str, Comparison | Stressed]
    settings: Mapping[str, Any]
    seconds: float

    def table(self) -> str:
        """Return the tables and sentences as text."""
        parts = [self.title]
        for label, comparison in self.comparisons.items():
            parts.append(f"{label}\n{comparison.table()}" if len(self.comparisons) > 1 else comparison.table())
        seeds = ", ".join(map(str, next(iter(self.comparisons.values())).seeds))
        parts.append(f"seeds {seeds}; {self.seconds:.1f} s")
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the results of the main comparison, all comparisons by label if there are several, settings and versions."""
        first = next(iter(self.comparisons.values())).to_dict()
        stages = first.pop("seconds") | {"total": self.seconds}
        settings = {**self.settings, **first.pop("settings")}
        several = {label: own.to_dict() for label, own in self.comparisons.items()} if len(self.comparisons) > 1 else {}
        return {
            "name": self.name,
            "title": self.title,
            **first,
            **({"comparisons": several} if several else {}),
            "seconds": stages,
            "settings": settings,
            "versions": environment.versions(),
            "machine": environment.machine(),
        }

    def save(self, folder: Path) -> list[Path]:
        """Write the table (.txt) and the results (.json) into a folder, each file completely or not at all."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DescriptionError(f"{folder}: cannot be created ({error.strerror}); choose another folder") from None
        contents = {"json": json.dumps(self.to_dict(), indent=2, default=str), "txt": self.table()}
        for suffix, text in contents.items():
            with replacing(folder / f"{self.name}.{suffix}") as stream:
                stream.write(f"{text}\n".encode())
        return [folder / f"{self.name}.{suffix}" for suffix in contents]
