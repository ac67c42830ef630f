"""Flip coefficients: known values, two formulas, and the cycles that simulations find."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.normal_forms.find import normal_form
from dynsys_gd.orbits.normal_forms.kinds import Bifurcation, Criticality

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
HIMMELBLAU = dg.catalog.get("himmelblau").loss
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])
GOLDEN = (1 + sp.sqrt(5)) / 2
LOGCOSH = dg.Loss(sp.log(sp.cosh(x)), [x])


def descent(loss):
    return dg.GradientDescent(loss, eta)


EXACT = {
    "double well": (descent(WELL), [1], None, 1, 1, 8),
    "double well, left": (descent(WELL), [-1], None, 1, 1, 8),
    "product": (descent(PRODUCT), [1, 1], None, 1, 1, 4),
    "product, other side": (descent(PRODUCT), [-1, -1], None, 1, 1, 4),
    "log cosh": (descent(LOGCOSH), [0], None, 1, 2, sp.Rational(2, 3)),
    "heavy ball": (dg.HeavyBall(WELL, eta, "1/2"), [1], None, 1, sp.Rational(3, 2), 12),
    "Nesterov": (
        dg.Nesterov(WELL, eta, "1/2"),
        [1],
        None,
        1,
        sp.Rational(3, 4),
        sp.Rational(96, 5),
    ),
    "logistic": (LOGISTIC, [1 - 1 / r], 3, 1, 3, 9),
    "Henon": (HENON, ["20/21", "2/7"], "147/400", 1, sp.Rational(147, 400), None),
    "balanced cycle": (
        descent(PRODUCT),
        [GOLDEN / sp.sqrt(2)] * 2,
        sp.sqrt(5) - 1,
        2,
        sp.sqrt(5) - 1,
        120 + 24 * sp.sqrt(5),
    ),
}


@pytest.fixture(params=EXACT)
def case(request):
    F, at, value, period, critical, coefficient = EXACT[request.param]
    return F, normal_form(F, at, value=value, period=period), critical, coefficient


def test_known_coefficients_are_proved(case):
    _, form, critical, coefficient = case
    assert form.bifurcation is Bifurcation.FLIP
    assert form.criticality is Criticality.SUPERCRITICAL
    assert form.evidence.grade is dg.Grade.PROVED
    assert sp.simplify(form.exact_value - critical) == 0
    if coefficient is not None:
        assert sp.simplify(form.exact - coefficient) == 0
    low, high = form.bounds
    assert low <= form.coefficient <= high
    assert high - low < 1e-12 * abs(form.coefficient)


def simulated(F, form, share):
    """Amplitude along the direction of the doubled orbit just past the flip, and the prediction."""
    value = form.value * (1 + share * form.side)
    G = F.at(**{form.parameter: value})
    start = form.predicted(value)[:1]
    late = G.iterate(start, form.period * 2 * (40_000 // form.period))
    other = G.iterate(late, form.period)
    return np.linalg.norm(late - other) / 2, form.amplitude(value)


def test_the_simulated_cycle_has_the_predicted_amplitude(case):
    F, form, *_ = case
    found, predicted = simulated(F, form, 0.0005)
    assert found == pytest.approx(predicted, rel=0.01)


def test_minima_of_himmelblau():
    F = descent(HIMMELBLAU)
    minima = [
        orbit for orbit in dg.fixed_points(F).orbits if orbit.critical is dg.CriticalKind.MINIMUM
    ]
    assert len(minima) == 4
    for orbit in minima:
        form = normal_form(F, orbit)
        rational = all(c.is_Rational for c in orbit.exact[0])
        assert form.evidence.grade is (dg.Grade.PROVED if rational else dg.Grade.CERTIFIED)
        low, high = form.bounds
        assert low <= form.coefficient <= high
        assert high - low < 1e-12
        found, predicted = simulated(F, form, 0.0005)
        assert found == pytest.approx(predicted, rel=0.01)
        if rational:
            assert form.value == pytest.approx(0.024305982, abs=1e-9)
            assert form.coefficient == pytest.approx(0.625895, abs=1e-6)


def gradient_formula(loss, at):
    """b = η (D³L[q,q,·] H⁻¹ D³L[q,q,·]/2 - D⁴L[q⁴]/6), from symbolic derivatives."""
    form, t = loss.symbolic, sp.Symbol("t")
    values = dict(zip(form.variables, at, strict=True))
    H = sp.hessian(form.expression, form.variables).subs(values)
    numbers, vectors = np.linalg.eigh(np.array(H, dtype=float))
    q = vectors[:, -1]
    moved = {v: p + t * s for (v, p), s in zip(values.items(), q, strict=True)}
    third = [
        float(sp.diff(sp.diff(form.expression, v).subs(moved), t, 2).subs(t, 0))
        for v in form.variables
    ]
    fourth = float(sp.diff(form.expression.subs(moved), t, 4).subs(t, 0))
    bent = np.linalg.solve(np.array(H, dtype=float), third)
    return 2 / numbers[-1] * (np.dot(third, bent) / 2 - fourth / 6)


@pytest.mark.parametrize("seed", range(3))
def test_the_general_formula_is_that_for_gradients(seed):
    rng = np.random.default_rng(seed)
    variables = sp.symbols("u:3")
    u, v, w = variables
    monomials = (u**3, u * v * w, v**2 * w, u * w**2)
    cubic = sum(int(c) * m for c, m in zip(rng.integers(-3, 4, 4), monomials, strict=True))
    loss = dg.Loss(
        u**2 + 2 * v**2 + 3 * w**2 + u * v - v * w + cubic + u**4 + v**2 * w**2, variables
    )
    form = normal_form(descent(loss), [0, 0, 0])
    assert form.coefficient == pytest.approx(gradient_formula(loss, [0, 0, 0]), rel=1e-9)


def test_momentum_changes_the_coefficient_as_simulated():
    F = dg.HeavyBall(HIMMELBLAU, eta, "4/5")
    form = normal_form(F, [3, 2])
    found, predicted = simulated(F, form, 0.0005)
    assert found == pytest.approx(predicted, rel=0.01)


def test_a_subcritical_cycle_is_unstable_and_lies_below():
    F = descent(dg.Loss(x**2 / 2 + x**4 / 4, [x]))
    form = normal_form(F, [0])
    assert (form.exact_value, form.exact) == (2, -2)
    assert form.criticality is Criticality.SUBCRITICAL
    assert form.side == -1
    amplitude = form.amplitude("1.99")
    assert amplitude == pytest.approx(np.sqrt(2 / 1.99 - 1), rel=0.01)
    ends = F.at(eta="1.99").iterate([[0.98 * amplitude], [1.02 * amplitude]], 400)
    assert abs(ends[0, 0]) < 0.1 * amplitude
    assert not abs(ends[1, 0]) < 2 * amplitude


def test_the_doubling_of_the_two_cycle_of_the_logistic_map():
    orbit = dg.periodic_orbits(LOGISTIC, period=2)[0]
    form = normal_form(LOGISTIC, orbit, value=1 + sp.sqrt(6))
    assert form.evidence.grade is dg.Grade.PROVED
    assert form.value == pytest.approx(1 + np.sqrt(6), abs=1e-14)
    assert form.exact_value == 1 + sp.sqrt(6)
    found, predicted = simulated(LOGISTIC, form, 0.0003)
    assert found == pytest.approx(predicted, rel=0.01)


def test_the_doubling_of_the_two_cycle_of_the_henon_map():
    orbit = dg.periodic_orbits(HENON.at(a="73/80"), period=2).orbits[0]
    form = normal_form(HENON, orbit)
    # (1 - b)² + (1 + b)²/4 at b = 3/10.
    assert form.exact_value == sp.Rational(73, 80)
    assert form.evidence.grade is dg.Grade.PROVED
    found, predicted = simulated(HENON, form, 0.0003)
    assert found == pytest.approx(predicted, rel=0.01)
    rounded = normal_form(HENON, [float(c) for c in orbit.exact[0]], value="73/80", period=2)
    assert rounded.evidence.grade is dg.Grade.NUMERICAL
    assert rounded.coefficient == pytest.approx(form.coefficient, rel=1e-6)


def test_floats_weaken_the_evidence_and_change_nothing_else():
    form = normal_form(descent(WELL), [1.0])
    assert form.coefficient == 8
    assert form.evidence.grade is dg.Grade.NUMERICAL
    assert "floating-point" in form.evidence.reason
    assert form.bounds is None
    rough = normal_form(descent(HIMMELBLAU), [-3.779310253377747, -3.283185991286170])
    assert rough.evidence.grade is dg.Grade.NUMERICAL
    assert rough.coefficient == pytest.approx(0.4017304951544, abs=1e-9)


def test_points_that_are_not_algebraic_are_enclosed():
    loss = dg.Loss(sp.cos(x) + sp.cos(y) / 2, [x, y])
    form = normal_form(descent(loss), [sp.pi, sp.pi])
    assert form.evidence.grade is dg.Grade.CERTIFIED
    low, high = form.bounds
    assert low <= 1 / 3 <= high
    assert high - low < 1e-14


def test_fifty_dimensions():
    v = sp.symbols("v:50")
    loss = sum((k + 1) * v[k] ** 2 / 2 + v[k] ** 4 / 4 + v[k] ** 3 / 9 for k in range(50))
    loss += sum(v[k] * v[k + 1] ** 2 / 5 for k in range(49)) + v[0] * v[49] / 3
    loss = dg.Loss(loss, v)
    form = normal_form(descent(loss), [0] * 50)
    assert form.evidence.grade is dg.Grade.CERTIFIED
    assert form.coefficient == pytest.approx(gradient_formula(loss, [0] * 50), rel=1e-9)


def test_a_coefficient_that_vanishes():
    F = descent(dg.Loss(x**2, [x]))
    form = normal_form(F, [0])
    assert form.criticality is Criticality.DEGENERATE
    assert form.coefficient == 0
    assert normal_form(F, [0.0]).criticality is Criticality.UNDECIDED
    assert form.side is None
    with pytest.raises(dg.InvalidInput, match="not zero"):
        form.amplitude("1.1")


def test_the_coefficient_on_a_family_only_where_it_is_justified():
    form = normal_form(descent(PRODUCT), [1, 1])
    assert "family" in form.note
    assert sorted(form.multipliers.real.round(12)) == [-1, 1]
    with pytest.raises(dg.InvalidInput, match="along the family"):
        normal_form(descent(PRODUCT), [2, "1/2"])
    with pytest.raises(dg.InvalidInput, match="across the family"):
        normal_form(descent(PRODUCT).at(eta="1/2"), [1, 1])


@pytest.mark.parametrize(("depth", "coefficient"), [(2, 4), (3, sp.Rational(88, 9)), (4, 16)])
def test_scalar_networks_at_their_flattest_minimum(depth, coefficient):
    w = sp.symbols(f"w:{depth}")
    F = descent(dg.Loss((sp.prod(w) - 1) ** 2 / 2, w))
    form = normal_form(F, [1] * depth)
    assert form.exact == coefficient
    assert form.exact_value == sp.Rational(2, depth)
    found, predicted = simulated(F, form, 0.0005)
    assert found == pytest.approx(predicted, rel=0.01)


def test_a_family_under_momentum():
    F = dg.HeavyBall(PRODUCT, eta, "1/2")
    form = normal_form(F, [1, 1])
    assert form.exact_value == sp.Rational(3, 2)
    found, predicted = simulated(F, form, 0.0005)
    assert found == pytest.approx(predicted, rel=0.01)
    with pytest.raises(dg.InvalidInput, match="along the family"):
        normal_form(F, [2, "1/2"])


def test_the_map_at_the_bifurcation_and_beside_it():
    form = normal_form(descent(WELL).at(eta=1), [1])
    assert form.exact == 8
    assert form.parameter is None
    with pytest.raises(dg.InvalidInput, match="open parameter"):
        form.amplitude("1.1")
    with pytest.raises(dg.InvalidInput, match="it is not critical"):
        normal_form(descent(WELL).at(eta="999/1000"), [1])
    with pytest.raises(dg.InvalidInput, match="it is not critical"):
        normal_form(descent(WELL).at(eta=0.99), [1])


def test_no_amplitude_on_the_other_side():
    form = normal_form(descent(WELL), [1])
    assert form.amplitude(1) == 0
    with pytest.raises(dg.InvalidInput, match="above 1"):
        form.amplitude("0.9")


def test_a_certified_point_gives_certified_bounds():
    loss = dg.Loss(sp.cosh(x) + sp.exp(y - x) + y**2 / 2 - y, [x, y])
    F = descent(loss)
    found = dg.fixed_points(F.at(eta="1/10"), dg.Box([-2, -2], [2, 2]), method=dg.Krawczyk())
    (orbit,) = found.orbits
    form = normal_form(F, orbit)
    assert form.evidence.grade is dg.Grade.CERTIFIED
    low, high = form.bounds
    fine = normal_form(F, [float(c) for c in orbit.points[0]])
    assert low <= fine.coefficient <= high
    assert high - low < 1e-9
    amount, predicted = simulated(F, form, 0.0001)
    assert amount == pytest.approx(predicted, rel=0.01)


def test_what_counts_as_zero_does_not_depend_on_the_unit_of_length():
    for unit in (1e-6, 1.0, 1e6):
        loss = dg.Loss((x / unit) ** 4 / 4 - (x / unit) ** 2 / 2, [x])
        form = normal_form(descent(loss), [unit])
        assert form.evidence.grade is dg.Grade.NUMERICAL
        assert form.criticality is Criticality.SUPERCRITICAL
        assert form.coefficient * unit**2 == pytest.approx(8, rel=1e-9)


def test_a_point_far_from_any_orbit_is_refused_at_once():
    with pytest.raises(dg.InvalidInput, match="F moves it by"):
        normal_form(LOGISTIC.at(r="7/2"), ["1/3"], period=40)
