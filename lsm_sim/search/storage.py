"""The file of a study: SQLite, one study in it, which belongs to the same data, model, space and folds."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy.exc
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import TrialState, create_trial

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.search.objectives import directions
from lsm_sim.search.sampling import PLACE, quiet
from lsm_sim.support.brief import brief
from lsm_sim.support.files import check_path, check_readable

NAME = "lsm_sim"
_IDENTITY = "lsm_sim.search/1"  # attribute of the study
_MAGIC = b"SQLite format 3\x00"
_WAIT = 60  # seconds for the lock of the file
_ATTEMPTS = 8  # to make the tables, while another process makes them
_PARTS = {
    "data": "data (X, y or groups)",
    "model": "model",
    "space": "space",
    "objectives": "objectives",
    "folds": "folds or held-out samples",
    "sampler": "sampler",
    "seed": "seed",
    "prune": "pruning",
    "liquid_seeds": "seeds of the liquid",
}


def check_storage(path: Any) -> Path:
    """Return the path; raise `DescriptionError` if something else than an SQLite file is there, or the folder is missing."""
    check_path(path)
    check_readable(path)
    file = Path(path)
    if "\0" in str(path) or not file.name:
        raise DescriptionError(f"{str(path)!r}: is no name of a file; use another storage")
    try:
        if not file.absolute().parent.is_dir():
            raise DescriptionError(f"{path}: no such folder; create it, or use another storage")
        if file.exists():
            with file.open("rb") as stream:
                start = stream.read(len(_MAGIC))
            if start not in (b"", _MAGIC):
                raise DescriptionError(f"{path}: is no SQLite file; expected the storage of a search, or a new name")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise DescriptionError(f"{path!r}: cannot be used as a storage ({why}); use another file") from None
    return file


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file into those of lsm_sim."""
    try:
        yield
    except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError, sqlite3.Error) as error:
        cause = error.__cause__ if isinstance(error, optuna.exceptions.StorageInternalError) else error
        text = brief(getattr(cause, "orig", None) or cause or error)
        if "not a database" in text or "malformed" in text:
            raise DescriptionError(f"{path}: is damaged or no SQLite file ({text}); use another storage") from None
        raise RunError(
            f"{path}: cannot be written ({text}); finished trials are kept, so make room and run the same search again"
        ) from None


@contextlib.contextmanager
def open_study(
    path: Path, identity: Mapping[str, Any], sampler: Any = None, pruner: Any = None, *, new: bool = False
) -> Iterator[Study]:
    """Yield the study in a file and close the file; only with ``new`` are tables made, and the file's format checked.

    Raises
    ------
    DescriptionError
        If the file belongs to another study.
    """
    with storage_errors(path):
        if new:
            _refuse_foreign(path)
        storage = _storage(path, new)
        try:
            with quiet():
                study = _study(storage, identity, sampler, pruner)
                _check_identity(study, path, identity)
                yield study
        finally:
            _close(storage)


def _check_identity(study: Study, path: Path, identity: Mapping[str, Any]) -> None:
    """Note in a new study what it belongs to; raise if an old one belongs to something else."""
    known = study.user_attrs.get(_IDENTITY)
    if known is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(_IDENTITY, dict(identity))
        return
    if not isinstance(known, dict):
        raise DescriptionError(f"{path}: is a study of another program; use another storage")
    for part, title in _PARTS.items():
        if known.get(part) != identity[part]:
            raise DescriptionError(
                f"{path}: belongs to another study, with other {title}; use another storage, or the same {title}"
            )


def _storage(path: Path, new: bool) -> RDBStorage:
    """Return Optuna's storage; tried again if another process makes the same tables at the same time."""
    for attempt in range(_ATTEMPTS):
        try:
            return RDBStorage(
                f"sqlite:///{path.absolute()}",
                engine_kwargs={"connect_args": {"timeout": _WAIT}},
                skip_compatibility_check=not new,
                skip_table_creation=not new,
            )
        except (optuna.exceptions.OptunaError, sqlalchemy.exc.SQLAlchemyError, RuntimeError, AssertionError):
            gc.collect()  # closes the connection of the storage that was not made
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
    raise AssertionError


def _study(storage: RDBStorage, identity: Mapping[str, Any], sampler: Any, pruner: Any) -> Study:
    return optuna.create_study(
        storage=storage,
        study_name=NAME,
        sampler=sampler,
        pruner=pruner,
        directions=directions(identity["objectives"]),
        load_if_exists=True,
    )


def _close(storage: RDBStorage) -> None:
    storage.remove_session()
    storage.engine.dispose()


def _refuse_foreign(path: Path) -> None:
    """Raise if the file has tables but none of a study."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path, timeout=_WAIT)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "studies" not in tables:
            raise DescriptionError(f"{path}: is an SQLite file of something else; use another storage")
        if "studies" in tables:
            names = {name for (name,) in db.execute("SELECT study_name FROM studies")}
            if names - {NAME}:
                raise DescriptionError(f"{path}: is a study of another program; use another storage")


def trial_at(study: Study, place: int) -> optuna.Trial | None:
    """Return the trial of a place, created if there is none; None if it is finished."""
    for frozen in study.get_trials(deepcopy=False):
        if frozen.user_attrs.get(PLACE) == place:
            return None if frozen.state.is_finished() else optuna.Trial(study, frozen._trial_id)
    template = create_trial(state=TrialState.RUNNING, user_attrs={PLACE: place})
    return optuna.Trial(study, study._storage.create_new_trial(study._study_id, template_trial=template))
