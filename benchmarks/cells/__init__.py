"""Graphs of cells and Morse graphs, beside CMGDB."""

from .rows import cell_rows

__all__ = ["cell_rows"]
