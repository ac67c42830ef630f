"""How long Lyapunov spectra take: the package and pynamicalsys side by side."""

from .rows import exponent_rows

__all__ = ["exponent_rows"]
