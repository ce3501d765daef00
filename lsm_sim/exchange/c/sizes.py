"""What the export to C wrote, and how large it is on the device."""

from __future__ import annotations

from dataclasses import dataclass

from lsm_sim.exchange.exported import Exported


@dataclass(frozen=True)
class ExportedC(Exported):
    """What the export to C wrote, and how large it is on the device.

    Parameters
    ----------
    tables, code
        Bytes of flash: of the tables, which are counted, and of the code, which is an estimate.
    ram
        Bytes of RAM: of the state, without the stack.
    """

    tables: int = 0
    code: int = 0
    ram: int = 0

    @property
    def flash(self) -> int:
        """Bytes of flash: tables and the estimate of the code."""
        return self.tables + self.code

    def numbers(self) -> dict[str, int]:
        """Return the sizes by name."""
        return {"tables": self.tables, "code": self.code, "flash": self.flash, "ram": self.ram}

    def summary(self) -> str:
        """Return the sizes in a few lines."""
        return "\n".join(
            [
                f"flash {self.flash} bytes: tables {self.tables}, code about {self.code}",
                f"RAM   {self.ram} bytes of state, and the stack",
            ]
        )
