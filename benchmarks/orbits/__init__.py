"""How long it takes to find all orbits: the package, codac and pynamicalsys side by side."""

from .rows import orbit_rows

__all__ = ["orbit_rows"]
