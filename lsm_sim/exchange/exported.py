"""What an export wrote, or would write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exported:
    """What an export wrote, or would write.

    Parameters
    ----------
    to
        The exporter.
    files
        Names of the files, relative to the path that was given.
    lost
        What the other tool cannot say and was left out because the caller allowed it, a sentence each.
    """

    to: str
    files: tuple[str, ...]
    lost: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return what a user should know before the files are used, in a few lines; may be empty."""
        return "\n".join(f"left out: {sentence}" for sentence in self.lost)

    def numbers(self) -> dict[str, int]:
        """Return what ``lsm-sim export --json`` prints beside the names of the files."""
        return {}

    def __str__(self) -> str:
        return self.summary()
