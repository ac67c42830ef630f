"""The stability card."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, x, y

from dynsys_gd import Grade, GradientDescent, InvalidInput, Loss, SymbolicMap
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.exact.exact_points import exact_point, jacobian_rank
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import Kind
from dynsys_gd.orbits.periodic_orbits import periodic_orbits
from dynsys_gd.orbits.stability import stability

eta = sp.Symbol("eta")
F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)


def test_a_point_of_a_family_is_judged_across_it():
    card = stability(F, [1, 1])
    assert card.family is not None
    assert card.step_sizes == sp.Interval.open(0, 1)
    assert card.threshold == 1
    assert card.kind is Kind.UNDECIDED
    for step, kind in (("1/2", Kind.SINK), ("1", Kind.NEUTRAL), ("11/10", Kind.SOURCE)):
        at = stability(F.at(eta=step), [1, 1])
        assert at.kind is kind
        # As a point by itself it has the multiplier 1 along the family.
        assert at.orbit.kind is Kind.NEUTRAL


def test_irrational_points():
    card = stability(F, [sp.sqrt(2), 1 / sp.sqrt(2)])
    assert card.threshold == sp.Rational(4, 5)
    assert stability(F.at(eta="4/5"), [sp.sqrt(2), 1 / sp.sqrt(2)]).kind is Kind.NEUTRAL


def test_a_crossing_of_two_families_belongs_to_neither():
    G = GradientDescent(Loss((x * y) ** 2 / 2, [x, y]), step_size="1/2")
    crossing = stability(G, [0, 0])
    assert crossing.family is None
    assert crossing.kind is Kind.NEUTRAL
    assert crossing.step_sizes is sp.S.EmptySet
    assert stability(G, [1, 0]).kind is Kind.SINK


def test_orbits_and_families_as_found():
    found = fixed_points(F)
    saddle = stability(F, found.orbits[0])
    assert saddle.orbit is found.orbits[0]
    assert saddle.threshold is None
    family = stability(F, found.families[0])
    assert family.exact_multipliers == found.families[0].transverse
    (cycle, *_) = periodic_orbits(F.at(eta="11/10"), period=2).orbits
    assert stability(F.at(eta="11/10"), cycle).kind is cycle.kind


def test_an_orbit_found_with_an_open_step_size_is_judged_at_a_value():
    well = Loss(x**4 / 4 - x**2 / 2, [x])
    minimum = critical_points(well).orbits[-1]
    assert minimum.kind is Kind.UNDECIDED
    assert stability(GradientDescent(well, step_size="1/2"), minimum).kind is Kind.SINK
    assert stability(GradientDescent(well, step_size=1), minimum).kind is Kind.NEUTRAL


def test_symbolic_maps():
    H = SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
    point = fixed_points(H).orbits[1].exact[0]
    card = stability(H, point)
    assert card.kind is Kind.SADDLE
    spectrum = np.linalg.eigvals(H.jacobian_at([float(c) for c in point]))
    np.testing.assert_allclose(np.sort(card.multipliers.real), np.sort(spectrum))


def test_points_that_move_are_refused():
    with pytest.raises(InvalidInput, match="residual"):
        stability(F, [1, 2])
    # 1/3 in floating point is not one third.
    third = GradientDescent(Loss((3 * x - 1) ** 2, [x]), step_size="1/100")
    with pytest.raises(InvalidInput, match="exact coordinates"):
        stability(third, [1 / 3])
    assert stability(third, ["1/3"]).kind is Kind.SINK
    with pytest.raises(InvalidInput, match="2 coordinates"):
        stability(F, [1])


def test_floats_weaken_the_grade():
    assert stability(F, [1, 1]).evidence.grade is Grade.PROVED
    assert stability(F, [1.0, 1.0]).evidence.grade is Grade.NUMERICAL
    assert stability(F.at(eta=0.5), [1, 1]).evidence.grade is Grade.NUMERICAL


def test_what_is_shown():
    card = stability(F.at(eta="1/2"), [2, "1/2"])
    text = repr(card)
    assert text.splitlines()[0] == (
        "Stability of the fixed point (2, 1/2): source across the family x*y = 1"
    )
    assert "stability is lost at: 8/17" in text
    assert r"\eta \in \left(0, \frac{8}{17}\right)" in card.latex()
    assert card.to_dict()["threshold"] == "8/17"
    assert "<table>" in card._repr_html_()


def test_exact_points_and_ranks():
    point = exact_point([sp.sqrt(2), -sp.sqrt(2), sp.cbrt(3)])
    np.testing.assert_allclose(point.approximate, [2**0.5, -(2**0.5), 3 ** (1 / 3)])
    assert point.reduced(point.coordinates[0] + point.coordinates[1]).is_zero()
    cone = [sp.Poly(x**2 - y**2, x, y), sp.Poly(x - y, x, y)]
    assert jacobian_rank(exact_point([sp.S.Zero, sp.S.Zero]), cone) == 1
    assert jacobian_rank(exact_point([sp.S.One, -sp.S.One]), cone) == 2
    assert jacobian_rank(exact_point([sp.S.One, sp.S.One]), cone) == 1
