"""The errors and warnings of lsm_sim: each message says where it occurred, what was got, what is expected and what to do."""


class LsmError(Exception):
    """Base of every error that lsm_sim raises on purpose; never raised itself. The message is one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(line.strip() for line in str(message).splitlines()))


class DescriptionError(LsmError, ValueError):
    """A liquid, program, stimulus or option is wrong, whatever the backend."""


class UnsupportedError(LsmError, NotImplementedError):
    """The program is valid, but this backend cannot run it; the message has every reason."""


class BackendUnavailableError(LsmError, ImportError):
    """A backend, or a package that it needs, is not installed."""


class RunError(LsmError, RuntimeError):
    """A backend failed while it ran a valid program."""


class LsmWarning(UserWarning):
    """Valid, but probably not what was meant; ``warnings.simplefilter("ignore", lsm_sim.LsmWarning)`` turns all of them off."""
