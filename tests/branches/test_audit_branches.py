"""Cases in which branches once said something wrong."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, t, x, y, z

from dynsys_gd import Bifurcation, GradientDescent, Located, Loss, SymbolicMap, follow
from dynsys_gd.branches.tubes.formulas import formulas_of
from dynsys_gd.branches.tubes.segment import BranchSegment
from dynsys_gd.branches.tubes.spectra import told_apart


def special(F, point, parameter, to):
    branch = follow(F, point, parameter=parameter, to=to)
    return [(each.bifurcation, round(each.value, 12), each.count) for each in branch.special]


def test_multipliers_that_become_real_far_from_one_are_no_bifurcation():
    # Multipliers 3 ± √-t: they meet at t = 0 and nothing happens.
    F = SymbolicMap([3 * x - y + x**3, t * x + 3 * y + y**2], [x, y])
    assert special(F, [0.0, 0.0], "t", (-1.1, 1)) == []
    flipped = SymbolicMap([-3 * x - y + x**3, t * x - 3 * y + y**2], [x, y])
    assert special(flipped, [0.0, 0.0], "t", (-1.1, 1)) == []


def test_flips_between_two_steps_are_told_apart():
    sizes = [1, sp.Rational(1001, 1000), sp.Rational(1002, 1000)]
    loss = Loss(
        sum(a * v**2 / 2 + v**4 / 4 for a, v in zip(sizes, (x, y, z), strict=True)), [x, y, z]
    )
    found = special(GradientDescent(loss, eta), [0.0] * 3, "eta", (1, 3))
    expected = [float(2 / a) for a in reversed(sizes)]
    assert [value for _, value, _ in found] == pytest.approx(expected, abs=1e-12)
    assert all(kind is Bifurcation.FLIP and count == 1 for kind, _, count in found)


def test_pitchforks_between_two_steps_are_told_apart():
    F = SymbolicMap([x + (t - sp.Rational(1, 1000)) * x - x**3, y + t * y - y**3], [x, y])
    found = special(F, [0.0, 0.0], "t", (-1, 1))
    assert found == [(Bifurcation.PITCHFORK, 0.0, 1), (Bifurcation.PITCHFORK, 0.001, 1)]


def test_what_crosses_together_is_counted_beside_what_does_not():
    F = SymbolicMap(
        [x + t * x - x**3, y + t * y - y**3, z + (t - sp.Rational(1, 100)) * z - z**3], [x, y, z]
    )
    found = special(F, [0.0] * 3, "t", (-1, 1.3))
    assert found == [(Bifurcation.PITCHFORK, 0.0, 2), (Bifurcation.PITCHFORK, 0.01, 1)]


def test_a_segment_is_not_halved_where_that_tells_nothing_more():
    # The parameter is known within 1 ± 1/2 whatever x is, so that no half is narrower.
    coefficients = np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    segment = BranchSegment(
        coordinate=0,
        ends=(-1.0, 1.0),
        rising=True,
        points=(1, 1),
        coefficients=coefficients,
        radius=np.array([0.0, 1.0]),
        tight=np.array([0.0, 0.5]),
        proof=0,
    )
    found = told_apart(formulas_of(SymbolicMap([x * t], [x]), "t"), [segment], 1e-4)
    assert len(found) == 1


def test_branches_that_only_come_near_are_not_said_to_cross():
    # x³ = t x + 1/100000 has two branches, so near that long steps pass from one to the other.
    F = SymbolicMap([x + t * x - x**3 + sp.Rational(1, 100000)], [x])
    branch = follow(F, [-1.0], parameter="t", to=(-1, 1.5), start=1)
    for point in branch.special:
        if point.bifurcation in (Bifurcation.PITCHFORK, Bifurcation.TRANSCRITICAL):
            assert point.located is Located.BRACKETED
            assert "shorter steps" in point.note
    exact = follow(
        SymbolicMap([x + t * x - x**3], [x]), [-1.0], parameter="t", to=(-1, 1.5), start=1
    )
    crossing = [p for p in exact.special if p.bifurcation is Bifurcation.PITCHFORK]
    assert [point.located for point in crossing] == [Located.ROOT]
