"""Families of critical points: transverse multipliers, stable part, smoothness, meetings."""

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from sympy.abc import w, x, y, z

from dynsys_gd import Box, Grade, GradientDescent, Loss, Outcome, SymbolicMap
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import CriticalKind, Kind

eta = sp.Symbol("eta")


def factorisation(step=eta):
    return GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=step)


def test_the_hyperbola_and_the_saddle():
    found = fixed_points(factorisation())
    assert found.complete
    (family,), (saddle,) = found.families, found.orbits
    assert family.equations == (x * y - 1,)
    assert family.dimension == 1
    assert family.smooth is Outcome.YES
    assert family.critical is CriticalKind.MINIMUM
    assert family.global_minimum is Outcome.YES
    assert family.loss_value == 0
    assert sp.expand(family.transverse[0] - (1 - eta * (x**2 + y**2))) == 0
    assert family.stable_part == (x**2 + y**2 < 2 / eta)
    assert family.unstable_part == (x**2 + y**2 > 2 / eta)
    assert saddle.exact == ((0, 0),)
    assert saddle.exact_multipliers == (1 + eta, 1 - eta)
    assert saddle.step_sizes is sp.S.EmptySet
    assert [type(item).__name__ for item in found] == ["PeriodicOrbit", "CriticalManifold"]


def test_transverse_multipliers_agree_with_the_numerical_jacobian():
    for loss, variables in (
        ((x * y - 1) ** 2 / 2, [x, y]),
        ((x * y * z - 1) ** 2 / 2, [x, y, z]),
        ((x * y + z * w - 1) ** 2 / 2, [x, y, z, w]),
        ((x**2 + y**2 - 1) ** 2, [x, y]),
    ):
        F = GradientDescent(Loss(loss, variables), step_size="1/10")
        d = len(variables)
        for family in fixed_points(F).families:
            points = family.sample(Box([-2] * d, [2] * d), 10)
            assert len(points)
            assert np.all(family.contains(points))
            for point in points:
                found = np.sort(np.linalg.eigvals(F.jacobian_at(point)).real)
                values = dict(zip(variables, point, strict=True))
                transverse = [float(m.subs(values)) for m in family.transverse]
                expected = np.sort([*transverse, *[1.0] * family.dimension])
                np.testing.assert_allclose(found, expected, atol=1e-7)


def test_saddle_families_of_a_chain():
    found = critical_points(Loss((x * y * z - 1) ** 2 / 2, [x, y, z]))
    minima = [f for f in found.families if f.critical is CriticalKind.MINIMUM]
    saddles = [f for f in found.families if f.critical is CriticalKind.SADDLE]
    assert len(minima) == 1
    assert len(saddles) == 3
    for family in saddles:
        assert family.stable_part is sp.S.false
        assert family.global_minimum is Outcome.NO
        assert len(family.transverse) == 2
        # Also at the origin, where the Hessian is zero: nearby points of the family tell.
        assert family.critical_note == ""
    assert found.minima().complete


def test_maxima_that_degenerate_at_a_crossing():
    found = critical_points(Loss((x**2 * y**2 - 1) ** 2 / 8, [x, y]))
    lines = [f for f in found.families if f.critical is CriticalKind.MAXIMUM]
    assert sorted(map(str, (f.equations for f in lines))) == ["(x,)", "(y,)"]
    assert all("except perhaps where" in f.critical_note for f in lines)
    minima = found.minima()
    assert minima.complete
    assert sorted(str(f.equations[0]) for f in minima.families) == ["x*y + 1", "x*y - 1"]


def test_the_sombrero_is_stable_for_the_same_steps_everywhere():
    found = critical_points(Loss((x**2 + y**2 - 1) ** 2, [x, y]))
    (circle,) = found.families
    step = next(iter(circle.stable_part.free_symbols))
    assert circle.stable_part == (step < sp.Rational(1, 4))
    assert circle.unstable_part == (step > sp.Rational(1, 4))
    (top,) = found.orbits
    assert top.critical is CriticalKind.MAXIMUM


def test_either_transverse_eigenvalue_may_be_the_larger():
    # Eigenvalues 1 + z² and 4 on the z axis: they cross at z² = 3.
    loss = (x**2 * (1 + z**2) + 4 * y**2) / 2
    (axis,) = critical_points(Loss(loss, [x, y, z])).families
    assert set(axis.eigenvalues) == {z**2 + 1, sp.Integer(4)}
    step = next(s for s in axis.stable_part.free_symbols if s != z)
    for height, value, stable in ((0, "49/100", True), (0, "1/2", False), (2, "39/100", True)):
        at = {z: height, step: sp.Rational(value)}
        assert bool(axis.stable_part.subs(at)) is stable
    assert bool(axis.stable_part.subs({z: 2, step: sp.Rational(2, 5)})) is False
    assert bool(axis.unstable_part.subs({z: 2, step: sp.Rational(41, 100)})) is True


def test_zero_target_has_two_lines_that_cross():
    found = critical_points(Loss((x * y) ** 2 / 2, [x, y]))
    minima = found.minima()
    assert len(minima.families) == 2
    graph = found.meeting_graph()
    assert isinstance(graph, nx.Graph)
    assert sorted(graph.nodes) == [0, 1]
    assert graph.edges[0, 1]["outcome"] is Outcome.YES
    # Each line is regular by itself; where they cross the transverse eigenvalue is zero.
    for family in minima.families:
        assert family.smooth is Outcome.YES
        assert family.stable_part.subs({x: 0, y: 0}) is sp.S.false


def test_disjoint_components_have_no_edge():
    loss = ((x - 1) * (x + 1)) ** 2 * (1 + y**2)
    graph = critical_points(Loss(loss, [x, y])).meeting_graph()
    assert len(graph.nodes) == 2
    assert not graph.edges


def test_a_singular_curve_of_minima():
    curve = y**2 - x**2 * (x + 1)
    (family, *_) = critical_points(Loss(curve**2 / 2, [x, y])).families
    assert family.critical is CriticalKind.MINIMUM
    assert family.smooth is Outcome.NO
    assert family.singular_points == ((0, 0),)
    assert "(0, 0)" in family.smooth_text()


def test_a_family_of_local_minima_without_squares():
    # (x² + y² - 1)² written out has no visible lower bound; the second derivative decides.
    loss = sp.expand((x**2 + y**2 - 1) ** 2 + z**2)
    found = critical_points(Loss(loss, [x, y, z]))
    (circle,) = found.families
    assert circle.critical is CriticalKind.MINIMUM
    assert circle.loss_value == 0
    assert circle.global_minimum is Outcome.UNDECIDED


def test_families_of_maxima_and_saddles_by_the_second_derivative():
    (ring,) = critical_points(Loss(-((x**2 + y**2 - 1) ** 2), [x, y])).families
    assert ring.critical is CriticalKind.MAXIMUM
    found = critical_points(Loss((x**2 + y**2 - 1) ** 2 - z**2, [x, y, z]))
    (circle,) = found.families
    assert circle.critical is CriticalKind.SADDLE
    assert circle.global_minimum is Outcome.NO


def test_high_codimension_and_large_families():
    A = sp.Matrix(2, 2, sp.symbols("a:4"))
    B = sp.Matrix(2, 2, sp.symbols("b:4"))
    loss = sum(entry**2 for entry in A * B - sp.diag(2, 1)) / 2
    found = critical_points(Loss(loss, [*A, *B]))
    assert [(f.dimension, f.critical) for f in found.families] == [
        (4, CriticalKind.MINIMUM),
        (3, CriticalKind.SADDLE),
        (3, CriticalKind.SADDLE),
    ]
    (origin,) = found.orbits
    step = next(iter(origin.exact_multipliers[0].free_symbols))
    expected = [1 + s * k * step for s in (1, -1) for k in (1, 1, 2, 2)]
    assert sorted(origin.exact_multipliers, key=str) == sorted(expected, key=str)


def test_values_given_to_the_step_size_enter_the_stable_part():
    half = fixed_points(factorisation("1/2"))
    assert half.families[0].stable_part == (x**2 + y**2 < 4)
    assert half.orbits[0].kind is Kind.SADDLE
    assert half.evidence.grade is Grade.PROVED
    rounded = fixed_points(factorisation(0.5))
    assert rounded.families[0].evidence.grade is Grade.NUMERICAL


def test_contains_and_sample():
    family = fixed_points(factorisation()).families[0]
    assert family.contains([[2, 0.5], [2, 0.51], [0, 0]]).tolist() == [True, False, False]
    assert family.contains([2, 0.5 + 1e-4], tol=1e-3).tolist() == [True]
    assert family.contains([np.nan, 1.0]).tolist() == [False]
    box = Box([-3, -3], [3, 3])
    points = family.sample(box, 40)
    assert points.shape == (40, 2)
    assert np.abs(points.prod(axis=1) - 1).max() < 1e-9
    assert box.contains(points).all()
    np.testing.assert_array_equal(points, family.sample(box, 40))
    assert len(family.sample(Box([-1, 2], [0, 3]), 5)) == 0


def test_families_of_symbolic_maps():
    F = SymbolicMap([x - x * y / 2, y - y**2 / 2 + 0 * x], [x, y])
    (line,) = fixed_points(F).families
    assert line.equations == (y,)
    assert line.transverse == (1,)
    assert line.stable_part is sp.S.false
    G = SymbolicMap([x, y / 2 + x * y], [x, y])
    first = next(f for f in fixed_points(G).families if f.equations == (y,))
    assert sp.expand(first.transverse[0] - (x + sp.Rational(1, 2))) == 0
    assert first.stable_part == sp.And(x + sp.Rational(1, 2) > -1, x + sp.Rational(1, 2) < 1)


def test_repr_html_latex_and_dict():
    found = fixed_points(factorisation())
    text = repr(found)
    assert len(text.splitlines()) <= 12
    assert text.splitlines()[0].endswith("1 family and 1 point; complete")
    assert "x*y = 1" in text
    assert "stable where x^2 + y^2 < 2/eta" in text
    assert "x*y = 1" in found._repr_html_()
    assert r"\begin{aligned}" in found.latex()
    data = found.to_dict()
    assert data["families"][0]["equations"] == ["x*y - 1"]
    assert data["complete"] is True
    family = found.families[0]
    assert repr(family).startswith("Family of fixed points x*y = 1: dimension 1, global minima")
    assert "gianni1988" in found.cite()


@pytest.mark.parametrize("bad", [[1.0], [[1.0, 2.0, 3.0]], "x"])
def test_contains_refuses_wrong_shapes(bad):
    family = fixed_points(factorisation()).families[0]
    with pytest.raises(ValueError, match="shape"):
        family.contains(bad)


def test_a_family_with_the_multiplier_one_across_it_is_neutral():
    found = fixed_points(SymbolicMap([x + (y - 1) ** 2, y], [x, y]))
    assert found.families[0].transverse == (1,)
    assert dict(found.rows())["family"] == "y = 1, dimension 1; neutral everywhere"
