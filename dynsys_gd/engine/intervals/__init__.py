"""Straight-line code on intervals: the third printer, whose answers contain the exact ones."""

from __future__ import annotations

from .enclosing import enclosing
from .function import IntervalFunction, interval_function

__all__ = ["IntervalFunction", "enclosing", "interval_function"]
