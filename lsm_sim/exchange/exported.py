"""What an export wrote, or would write, and how large it is on the device."""

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
        Names of the files in the folder.
    tables, code
        Bytes of flash: of the tables, which are counted, and of the code, which is an estimate.
    ram
        Bytes of RAM: of the state, without the stack.
    """

    to: str
    files: tuple[str, ...]
    tables: int
    code: int
    ram: int

    @property
    def flash(self) -> int:
        """Bytes of flash: tables and the estimate of the code."""
        return self.tables + self.code

    def summary(self) -> str:
        """Return the sizes in a few lines."""
        return "\n".join(
            [
                f"flash {self.flash} bytes: tables {self.tables}, code about {self.code}",
                f"RAM   {self.ram} bytes of state, and the stack",
            ]
        )

    def __str__(self) -> str:
        return self.summary()
