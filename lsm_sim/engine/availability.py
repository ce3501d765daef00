"""Which backends can run on this machine, and why the others cannot."""

from __future__ import annotations

from lsm_sim.engine import protocol
from lsm_sim.errors import BackendUnavailableError, DescriptionError


def backends(only: str | None = None) -> dict[str, str | None]:
    """Return for each declared backend (or the one named ``only``) None if it can run here, else why not and what to do."""
    names = protocol.known()
    if only is not None and only not in names:
        raise DescriptionError(f"no backend {only!r}; known: {', '.join(names)}")
    return {name: _why_not(name) for name in names if only in (None, name)}


def about(name: str) -> str | None:
    """Return what a backend that can run here reports about itself, such as the version of Lava; None: nothing."""
    text = getattr(protocol.find(name), "about", None)
    return None if text is None else str(text)


def _why_not(name: str) -> str | None:
    try:
        protocol.find(name)
    except BackendUnavailableError as error:
        return str(error)
    except Exception as error:  # a broken package must not keep the others from being listed
        return f"importing it failed ({type(error).__name__}: {error}); install it again"
    return None
