"""Cases in which graphs of cells once failed."""

import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import Box, SymbolicMap, basins_of_cells, morse_graph


@pytest.mark.parametrize(
    ("images", "variables"),
    [([x + 5], [x]), ([sp.Abs(x) + 5], [x]), ([x + y + 5, y - x / 2], [x, y])],
)
def test_where_nothing_recurs_from_the_start_there_are_no_sets(images, variables):
    d = len(variables)
    found = morse_graph(SymbolicMap(images, variables), Box([-1] * d, [1] * d), 8, start_depth=2)
    assert len(found) == 0
    assert found.depth == 8
    assert basins_of_cells(found).leaving == (1.0, 1.0)


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1.0, 1e170])
@pytest.mark.parametrize("slope", [sp.Rational(1, 2), 2])
def test_the_index_does_not_depend_on_the_scale(size, slope):
    F = SymbolicMap([slope * x, slope * y], [x, y])
    box = Box([-size, -size], [1.25 * size, 1.5 * size])
    found = morse_graph(F, box, 6, longest_period=0)
    assert [each.index for each in found] == [(1, 1)]
