"""Frozen records whose fields are parameters in the sense of scikit-learn."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from lsm_sim.errors import DescriptionError

Record = TypeVar("Record", bound="Parameters")


class Parameters:
    """Base of frozen dataclasses whose fields are the parameters of a scikit-learn estimator.

    A record never changes: `set_params` returns a changed copy, and `sklearn.base.clone` returns the record itself. An
    estimator that holds a record replaces it by the copy, so that names such as ``encoder__max_rate`` work in searches.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep``: also those of records inside this one."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self: Record, **parameters: Any) -> Record:
        """Return a copy with other values of these parameters; the record itself does not change."""
        unknown = sorted(set(parameters) - set(self._names()))
        if unknown:
            raise DescriptionError(
                f"{type(self).__name__}: no parameter {unknown[0]!r}; known: {', '.join(self._names()) or 'none'}"
            )
        changed: Record = dataclasses.replace(self, **parameters)  # type: ignore[type-var]
        return changed

    def _names(self) -> list[str]:
        return [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]

    def __sklearn_clone__(self: Record) -> Record:
        return self
