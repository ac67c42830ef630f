"""How long it takes to know a convergent measure: the package and plain Monte Carlo of others."""

from .rows import measure_rows

__all__ = ["measure_rows"]
