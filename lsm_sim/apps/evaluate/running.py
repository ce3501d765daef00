"""Running a benchmark by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsm_sim.apps.evaluate import labelled, series, words
from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.errors import DescriptionError
from lsm_sim.support.compilation import stopwatch

_RUNS: Mapping[str, Callable[[Options], Evaluation]] = {
    **dict.fromkeys(labelled.BENCHMARKS, labelled.run),
    **dict.fromkeys(words.BENCHMARKS, words.run),
    **dict.fromkeys(series.BENCHMARKS, series.run),
}
NAMES = tuple(_RUNS)


def evaluate(options: Options) -> Evaluation:
    """Read or generate the data, run the liquid and its controls with every seed, and return the results.

    Raises
    ------
    DescriptionError
        There is no such benchmark, it has no such option, or the data are missing or wrong.
    """
    if options.name not in _RUNS:
        raise DescriptionError(f"no benchmark {options.name!r}; known: {', '.join(NAMES)}")
    with stopwatch() as watch:
        found = _RUNS[options.name](options)
        seconds = watch.seconds
    return Evaluation(found.name, found.title, found.comparisons, found.settings, seconds)
