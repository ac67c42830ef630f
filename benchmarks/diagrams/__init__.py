"""How long bifurcation diagrams and planes of periods take: the package and pynamicalsys."""

from .rows import diagram_rows

__all__ = ["diagram_rows"]
