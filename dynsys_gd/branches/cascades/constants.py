"""Feigenbaum's constants of doubling cascades with a quadratic maximum."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["ALPHA", "DELTA", "DELTA_DECIMAL"]

#: ratio of distances between doubling points [briggs1991precise]_
DELTA_DECIMAL = Decimal("4.66920160910299067185320382046620161725818557747576863274565")
DELTA = float(DELTA_DECIMAL)

#: ratio of distances between the points of the orbits, without its sign
ALPHA = 2.502907875095892822283902873218
