"""Numbers beyond all doubles: they never remove a box, and regions reaching there are refused."""

import pytest
from sympy.abc import x

import dynsys_gd as dg
from dynsys_gd import Box, InvalidInput, Krawczyk, SymbolicMap


@pytest.mark.parametrize(("factor", "width"), [(10**300, 1e6), (10**200, 1e79), (1, 1e150)])
def test_values_beyond_all_doubles_remove_no_box(factor, width):
    # At the midpoint the map overflows, its derivative does not.
    F = SymbolicMap([x + factor * (x**3 - 1)], [x])
    found = dg.fixed_points(F, Box([-width], [3 * width]), method=Krawczyk(), seconds=10)
    assert not found.complete or len(found.orbits) == 1


@pytest.mark.parametrize("period", [1, 2])
def test_regions_wider_than_all_doubles_are_refused(period):
    with pytest.raises(InvalidInput, match="region"):
        dg.periodic_orbits(
            SymbolicMap([1 - x**2], [x]), Box([-1e308], [1e308]), period=period, method=Krawczyk()
        )
