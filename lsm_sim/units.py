"""Units as plain SI numbers: ``20 * ms`` is ``0.02``.

Brian2 quantities may be given wherever a number in SI units is expected: NumPy reads them as their SI values.
"""

second = 1.0
ms = 1e-3
us = 1e-6
Hz = 1.0
kHz = 1e3  # noqa: N816
