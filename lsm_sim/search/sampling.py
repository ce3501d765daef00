"""Where the parameters of a trial come from: a seed, its place in the search, and for TPE the trials before it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial

from lsm_sim.search.space import Range, Space
from lsm_sim.support.seeding import stream

SAMPLERS = ("tpe", "random", "halton")
PLACE = "place"  # attribute of a trial
_STARTUP = 10  # trials before TPE begins to learn


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from writing on stderr what a command says itself."""
    logger = optuna.logging.get_logger("optuna")
    before = logger.level
    logger.setLevel(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        logger.setLevel(before)


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Return the parameters of a trial; those that it has already remain."""
    found: dict[str, Any] = {}
    for name, dimension in space.items():
        if not isinstance(dimension, Range):
            label = trial.suggest_categorical(name, dimension.labels)
            found[name] = dimension.values[dimension.labels.index(label)]
        elif dimension.whole:
            found[name] = trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
        else:
            found[name] = trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
    return found


def values_of(frozen: FrozenTrial, space: Space) -> dict[str, Any]:
    """Return the parameters of a stored trial."""
    found: dict[str, Any] = {}
    for name, value in frozen.params.items():
        dimension = space[name]
        found[name] = value if isinstance(dimension, Range) else dimension.values[dimension.labels.index(value)]
    return found


def sampler(kind: str, seed: int, space: Space, *, several: bool) -> BaseSampler:
    """Return the sampler; ``several``: trials run at the same time, so that TPE avoids what is being tried."""
    if kind == "tpe":
        return PlacedTPE(seed, several)
    return Points(kind, seed, space)


class Points(BaseSampler):
    """Parameters that depend on nothing but the seed and the place: random, or a Halton sequence shifted at random.

    J. H. Halton: On the efficiency of certain quasi-random sequences of points. Numerische Mathematik 2, 84-90 (1960).
    """

    def __init__(self, kind: str, seed: int, space: Space) -> None:
        self._kind, self._seed, self._space = kind, seed, space

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return no parameters, because each is drawn on its own."""
        return {}

    def sample_relative(self, study: Any, trial: FrozenTrial, search_space: Any) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of one parameter."""
        place = trial.user_attrs.get(PLACE, trial.number)
        if self._kind == "random":
            share = float(stream(self._seed, f"search/{place}/{param_name}").random())
        else:
            shift = float(stream(self._seed, f"search/halton/{param_name}").random())
            share = (radical_inverse(place + 1, prime(list(self._space).index(param_name))) + shift) % 1.0
        dimension = self._space[param_name]
        if isinstance(dimension, Range):
            return dimension.at(share)
        return dimension.labels[min(int(share * len(dimension.labels)), len(dimension.labels) - 1)]


def radical_inverse(n: int, base: int) -> float:
    """Return the digits of n behind the point, in reverse order.

    >>> [radical_inverse(n, 2) for n in (1, 2, 3, 4)]
    [0.5, 0.25, 0.75, 0.125]
    """
    value, scale = 0.0, 1.0 / base
    while n:
        n, digit = divmod(n, base)
        value += digit * scale
        scale /= base
    return value


def prime(k: int) -> int:
    """Return the prime number after the first k.

    >>> [prime(k) for k in range(5)]
    [2, 3, 5, 7, 11]
    """
    found: list[int] = []
    n = 2
    while len(found) <= k:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found[k]


class PlacedTPE(BaseSampler):
    """Optuna's TPE with random numbers that depend on the seed and the place of the trial only.

    So a trial that is tried again gets the parameters that it would have got, if the same trials were finished before it.
    """

    def __init__(self, seed: int, several: bool) -> None:
        self._seed, self._several = seed, several

    def _new(self, trial: FrozenTrial, name: str = "") -> TPESampler:
        """Return a new sampler for all parameters that are drawn together, or for one."""
        place = trial.user_attrs.get(PLACE, trial.number)
        own = int(stream(self._seed, f"search/tpe/{place}/{name}").integers(2**32))
        with quiet():
            return TPESampler(n_startup_trials=_STARTUP, multivariate=True, constant_liar=self._several, seed=own)

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that are drawn together."""
        return self._new(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the values of the parameters that are drawn together."""
        return self._new(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of another parameter."""
        return self._new(trial, param_name).sample_independent(study, trial, param_name, param_distribution)
