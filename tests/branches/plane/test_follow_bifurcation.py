"""Curves of bifurcations against their equations: momentum maps, Hénon maps, a delayed logistic."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd import Bifurcation, Criticality, CurveLimit
from dynsys_gd.branches.plane.closed_form import boundary_equation
from dynsys_gd.errors import InvalidInput

QUADRATIC = dg.Loss(3 * x**2 / 2, [x])
QUARTIC = dg.Loss(x**2 / 2 + x**4 / 4, [x])
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
CUBIC = dg.Loss(x**2 / 2 - x**3 / 3, [x])
VALLEY = dg.Loss((1 - x) ** 2 / 2 + 2 * (y - x**2) ** 2, [x, y])
STEEPEST = (21 + np.sqrt(425)) / 2  # largest Hessian eigenvalue of the valley at (1, 1)
MINIMA = [
    (QUADRATIC, [0], 3.0),
    (QUARTIC, [0], 1.0),
    (WELL, [1], 2.0),
    (VALLEY, [1, 1], STEEPEST),
]
COARSE = dg.PseudoArclength(longest=0.1, first=0.05)
AB = ("a", "b")
# x' = y, y' = a - b x - y² + r x y with r = -1/10: the generalised Hénon map.
TWIST = -0.1
GENERALISED = dg.SymbolicMap([y, a - b * x - y**2 - x * y / 10], [x, y])


def place(fixed, second):
    """Return a of the fixed point x = y = `fixed` of the generalised Hénon map at b."""
    return fixed * (1 + second) + (1 - TWIST) * fixed**2


@pytest.mark.parametrize(("loss", "minimum", "eigenvalue"), MINIMA)
@pytest.mark.parametrize("rule", [dg.HeavyBall, dg.Nesterov])
def test_flips_of_momentum_maps_lie_on_the_closed_form(rule, loss, minimum, eigenvalue):
    F = rule(loss, eta, beta)
    step = 2 / eigenvalue
    curve = dg.follow_bifurcation(
        F, minimum, start=(step, 0), to=((0, 3 * step), (0, 1)), method=COARSE
    )
    steps, momentum = curve.values.T
    share = 1.0 if rule is dg.HeavyBall else 1 / (1 + 2 * momentum)
    assert np.max(np.abs(steps - step * (1 + momentum) * share)) < 1e-12
    assert (momentum.min(), momentum.max()) == (0.0, 1.0)
    assert curve.bifurcation is Bifurcation.FLIP
    assert curve.limits == (CurveLimit.RANGE, CurveLimit.RANGE)
    assert np.max(np.min(np.abs(curve.multipliers + 1), axis=1)) < 1e-7
    assert curve.closed_form.deviation < 1e-12
    assert curve.closed_form.eigenvalues == pytest.approx((eigenvalue, eigenvalue))


@pytest.mark.parametrize(("loss", "minimum", "eigenvalue"), MINIMA)
def test_at_momentum_one_the_pair_resonates_at_zero_two_three_four(loss, minimum, eigenvalue):
    F = dg.HeavyBall(loss, eta, beta)
    curve = dg.follow_bifurcation(
        F,
        minimum,
        bifurcation=Bifurcation.NEIMARK_SACKER,
        start=(1 / eigenvalue, 1),
        to=((0, 5 / eigenvalue), (0, 1)),
        method=COARSE,
    )
    assert np.max(np.abs(curve.values[:, 1] - 1)) < 1e-12
    found = {p.kind.label: p.values for p in curve.special if p.kind.label[0] == "R"}
    assert sorted(found) == ["R1", "R2", "R3", "R4"]
    for label, scaled in {"R1": 0, "R2": 4, "R3": 3, "R4": 2}.items():
        assert found[label] == pytest.approx((scaled / eigenvalue, 1), abs=1e-12)
    assert curve.limits == (CurveLimit.RESONANCE, CurveLimit.RESONANCE)
    # Where areas are preserved nothing attracts and the Lyapunov coefficient vanishes.
    assert set(curve.criticalities) == {Criticality.UNDECIDED}
    steps = curve.values[:, 0]
    cosine = np.clip(1 - steps * eigenvalue / 2, -1, 1)
    assert np.max(np.abs(np.cos(curve.angles) - cosine)) < 1e-9


def test_the_second_flip_of_the_cubic_loss():
    # At momentum 0 it is conjugate to the logistic map with r = 1 + η, which doubles at 1 + √6.
    F = dg.HeavyBall(CUBIC, eta, beta)
    first = dg.follow(F.at(beta=0), [0], parameter="eta", to=(1.5, 2.6))
    second = next(p for p in dg.switch(first, 0).special if p.bifurcation is Bifurcation.FLIP)
    assert second.value == pytest.approx(np.sqrt(6), abs=1e-12)
    curve = dg.follow_bifurcation(F, second, to=((0, 5), (-0.9, 1)))
    steps, momentum = curve.values.T
    exact = np.sqrt(5 * (1 + momentum) ** 2 + (1 - momentum) ** 2)
    assert np.max(np.abs(steps - exact)) < 1e-12
    assert curve.period == 2
    assert (momentum.min(), momentum.max()) == (-0.9, 1.0)
    assert [p.kind.label for p in curve.special] == ["R2"]
    assert curve.special[0].values == pytest.approx((np.sqrt(20), 1), abs=1e-12)


def test_a_flip_of_period_four_agrees_with_following_one_parameter():
    F = dg.HeavyBall(CUBIC, eta, beta)

    def third(momentum):
        G = F.at(beta=momentum)
        branch = dg.follow(G, [0], parameter="eta", to=(1.5, 3.4))
        for _ in range(2):
            flip = next(p for p in branch.special if p.bifurcation is Bifurcation.FLIP)
            branch = dg.switch(branch, flip)
        return next(p for p in branch.special if p.bifurcation is Bifurcation.FLIP)

    curve = dg.follow_bifurcation(F, third(0), to=((1, 4), (0, 0.25)))
    assert curve.values[0, 1] == 0.0 or curve.values[-1, 1] == 0.0
    at_edge = curve.values[np.argmax(curve.values[:, 1])]
    assert at_edge[1] == 0.25
    assert at_edge[0] == pytest.approx(third("1/4").value, abs=1e-12)


def test_neimark_sacker_points_of_a_delayed_logistic_map():
    # x' = a x (1 - y) - b x², y' = x: the product of the multipliers is a x, their sum 1 - b x,
    # so that on the curve x = 1/a, b = a² - 2a and 2 cos θ = 3 - a.
    F = dg.SymbolicMap([a * x * (1 - y) - b * x**2, x], [x, y])
    curve = dg.follow_bifurcation(F, [0.5, 0.5], parameters=AB, start=(2, 0), to=((0, 8), (-3, 20)))
    first, second = curve.values.T
    assert np.max(np.abs(second - first**2 + 2 * first)) < 1e-12
    assert np.max(np.abs(curve.points[:, 0, 0] - 1 / first)) < 1e-12
    resonances = {p.kind.label: p.values for p in curve.special}
    exact = {"R1": (1, -1), "R4": (3, 3), "R3": (4, 8), "R2": (5, 15)}
    assert list(resonances) == list(exact)
    for label, values in exact.items():
        assert resonances[label] == pytest.approx(values, abs=1e-12)
    # The classical point a = 2, b = 0 has θ = π/3 and the coefficient of the normal form -1.
    middle = int(np.argmin(np.abs(second)))
    assert curve.angles[middle] == pytest.approx(np.pi / 3, abs=1e-12)
    assert curve.coefficients[middle] == pytest.approx(-1, abs=1e-12)
    assert curve.steps[middle].criticality is Criticality.SUPERCRITICAL


def test_the_three_curves_of_the_generalised_henon_map():
    to = ((-3, 8), (-2, 3))
    pair = dg.follow_bifurcation(GENERALISED, [0, 0], parameters=AB, start=(0.01, 1), to=to)
    fixed = (pair.values[:, 1] - 1) / TWIST
    assert np.max(np.abs(pair.values[:, 0] - place(fixed, pair.values[:, 1]))) < 1e-12
    for label, trace in {"R1": 2, "R2": -2, "R3": -1, "R4": 0}.items():
        point = next(p for p in pair.special if p.kind.label == label)
        where = trace / (TWIST - 2)
        second = 1 + TWIST * where
        assert point.values == pytest.approx((place(where, second), second), abs=1e-12)
    flip = dg.follow_bifurcation(
        GENERALISED, [1, 1], parameters=AB, start=(3, 1), to=to, bifurcation=Bifurcation.FLIP
    )
    fixed = (1 + flip.values[:, 1]) / 2
    assert np.max(np.abs(flip.values[:, 0] - place(fixed, flip.values[:, 1]))) < 1e-12
    fold = dg.follow_bifurcation(
        GENERALISED, [-1, -1], parameters=AB, start=(-1, 1), to=to, bifurcation=Bifurcation.FOLD
    )
    fixed = (1 + fold.values[:, 1]) / (2 * TWIST - 2)
    assert np.max(np.abs(fold.values[:, 0] - place(fixed, fold.values[:, 1]))) < 1e-12
    # The flip and the fold curve meet the pair where it becomes real, and one another.
    ends = {p.kind.label: p.values for p in pair.special}
    meets = {p.kind.label: p.values for p in flip.special}
    assert meets["R2"] == pytest.approx(ends["R2"], abs=1e-12)
    assert meets["LPPD"] == pytest.approx((0, -1), abs=1e-12)
    meets = {p.kind.label: p.values for p in fold.special}
    assert meets["R1"] == pytest.approx(ends["R1"], abs=1e-12)
    assert meets["LPPD"] == pytest.approx((0, -1), abs=1e-12)


def test_coefficients_along_a_curve_are_those_of_the_normal_form():
    loss = dg.Loss(x**2 / 2 + x**3 / 5 + x**4 / 4, [x])
    F = dg.HeavyBall(loss, eta, beta)
    curve = dg.follow_bifurcation(F, [0], start=(2, 0), to=((0, 5), (0, "3/4")))
    last = curve.steps[-1]
    assert last.values == (3.5, 0.75)
    form = dg.normal_form(F.at(beta="3/4"), [0], value="7/2")
    assert last.coefficient == pytest.approx(form.coefficient, rel=1e-12)
    # Beyond the flip curve the multiplier is outside: less momentum needs a smaller step.
    assert last.side == pytest.approx((-5 / np.hypot(5, 1.5), 1.5 / np.hypot(5, 1.5)), rel=1e-9)


def test_a_closed_curve_of_folds():
    F = dg.SymbolicMap([x + a**2 + b**2 - 1 - x**2], [x])
    curve = dg.follow_bifurcation(F, [0], parameters=AB, start=(1, 0), to=((-3, 3), (-2, 2)))
    assert curve.limits == (CurveLimit.CLOSED, CurveLimit.CLOSED)
    assert np.max(np.abs(np.hypot(*curve.values.T) - 1)) < 1e-12
    angles = np.unwrap(np.arctan2(*curve.values.T))
    assert np.ptp(angles) > 2 * np.pi - 1e-6
    # Two fixed points exist outside the circle.
    outwards = np.array([step.side for step in curve.steps]) * (6, 4)
    assert np.all(np.sum(outwards * curve.values, axis=1) > 0)


def test_where_orbits_persist_branches_cross_along_curves():
    pitchfork = dg.SymbolicMap([x + (b + a) * x - x**3], [x])
    crossing = dg.SymbolicMap([x + (b + a) * x - x**2], [x])
    for F, kind in ((pitchfork, Bifurcation.PITCHFORK), (crossing, Bifurcation.TRANSCRITICAL)):
        curve = dg.follow_bifurcation(F, [0], parameters=AB, start=(0, 0), to=((-2, 2), (-1, 3)))
        assert curve.bifurcation is kind
        assert np.max(np.abs(curve.values.sum(axis=1))) < 1e-12
        assert np.max(np.abs(curve.points)) < 1e-12


def test_folds_of_the_doubled_orbit_end_where_it_shrinks():
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + a * x**3 / 3 + x**4 / 4, [x]), eta)
    branch = dg.follow(F.at(a=0.75), [0], parameter="eta", to=(1.5, 2.5))
    fold = next(p for p in dg.switch(branch, 0).special if p.bifurcation is Bifurcation.FOLD)
    curve = dg.follow_bifurcation(F, fold, parameters=("eta", "a"), to=((1.5, 2.5), (-1, 1)))
    assert CurveLimit.HALVED in curve.limits
    # It ends at the generalized flip, tangentially to the flip curve η = 2.
    assert curve.values[:, 1].min() == pytest.approx(np.sqrt(0.5), abs=1e-4)
    assert 0 <= curve.values[:, 0].min() - 2 < 1e-6


def test_a_network_without_formulas_is_followed_up_to_the_edge():
    X = np.linspace(-1.5, 1.5, 7)[:, None]
    Y = np.tanh(2 * X + 1) + 0.2 * np.sin(5 * X)
    net = dg.MLP((1, 1, 1), dg.Activation.TANH, X, Y, dg.DataLoss.SQUARED)
    minimum = dg.GradientDescent(net, 0.5).iterate([1.0, 1.0, 0.5, 0.1], 200_000)
    sharpness = float(net.sharpness_at(minimum))
    F = dg.HeavyBall(net, eta, beta)
    assert F.expression is None
    scaled = 1 / sharpness
    to = ((0, 5 * scaled), (0, 1))
    flip = dg.follow_bifurcation(F, minimum, start=(2 * scaled, 0), to=to, method=COARSE)
    steps, momentum = flip.values.T
    assert np.max(np.abs(steps - 2 * (1 + momentum) * scaled)) < 1e-10
    # Above 1 the map takes no momentum: the edge is reached from inside.
    assert momentum.max() == 1.0
    assert flip.limits == (CurveLimit.RANGE, CurveLimit.RANGE)
    (point,) = flip.of_kind(dg.CodimensionTwo.RESONANCE_1_2)
    assert point.values == pytest.approx((4 * scaled, 1), abs=1e-10)
    assert np.isnan(flip.coefficients).all()
    assert "without formulas" in flip.evidence.reason


def test_following_back_from_a_resonance():
    F = dg.HeavyBall(WELL, eta, beta)
    to = ((0, "5/2"), (0, 1))
    pair = dg.follow_bifurcation(F, [1], start=(0.5, 1), to=to)
    (point,) = pair.of_kind(dg.CodimensionTwo.RESONANCE_1_2)
    curve = dg.follow_bifurcation(F, point, to=to, bifurcation=Bifurcation.FLIP)
    assert np.max(np.abs(curve.values[:, 0] - 1 - curve.values[:, 1])) < 1e-12
    assert len(curve) > 10


def test_family_members_are_followed_on_an_invariant_line():
    F = dg.HeavyBall(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta, beta)
    to = ((0, 3), (0, 1))
    with pytest.raises(InvalidInput, match="family of dimension 1"):
        dg.follow_bifurcation(F, [1, 1], start=(1, 0), to=to)
    balanced = dg.restricted(F, [[1, 1, 0, 0], [0, 0, 1, 1]])
    curve = dg.follow_bifurcation(
        balanced, [1, 1], start=(1, 0), to=to, bifurcation=Bifurcation.FLIP, method=COARSE
    )
    assert np.max(np.abs(curve.values[:, 0] - 1 - curve.values[:, 1])) < 1e-12


def test_the_iterator_gives_what_the_curve_holds():
    F = dg.HeavyBall(QUARTIC, eta, beta)
    options = {"start": (2, 0), "to": ((0, 5), (0, 1))}
    curve = dg.follow_bifurcation(F, [0], **options)
    items = list(dg.bifurcation_curve_steps(F, [0], **options))
    steps = [item for item in items if isinstance(item, dg.FollowedBifurcation)]
    assert [step.values for step in steps] == [step.values for step in curve.steps]
    points = [item for item in items if isinstance(item, dg.CodimensionTwoPoint)]
    assert [point.values for point in points] == [point.values for point in curve.special]
    back = list(dg.bifurcation_curve_steps(F, [0], **options, backwards=True))
    assert [item.values for item in back] == [steps[0].values]


def test_places_of_special_points_among_the_steps():
    F = dg.HeavyBall(QUADRATIC, eta, beta)
    curve = dg.follow_bifurcation(F, [0], start=(0.5, 1), to=((0, 2), (0, 1)))
    for point in curve.special:
        before, after = curve.values[point.after], curve.values[point.after + 1]
        assert before[0] - 1e-12 <= point.values[0] <= after[0] + 1e-12
        low, high = point.interval
        assert low[0] <= point.values[0] <= high[0]
        assert high[0] - low[0] < 1e-12


def test_progress_is_told_and_stops_cleanly():
    F, seen = dg.HeavyBall(QUADRATIC, eta, beta), []
    options = {"start": (2 / 3, 0), "to": ((0, 2), (0, 1)), "method": COARSE}
    curve = dg.follow_bifurcation(F, [0], **options, progress=lambda n, of: seen.append((n, of)))
    assert seen[-1][0] >= len(curve)
    assert all(of is None for _, of in seen)

    def stop(n, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dg.follow_bifurcation(F, [0], **options, progress=stop)


def test_equations_of_boundaries_come_from_the_update_rule():
    lam = sp.Symbol("lambda", positive=True)
    flips = {
        dg.HeavyBall: 2 * (1 + beta) / lam,
        dg.Nesterov: (2 + 2 * beta) / ((1 + 2 * beta) * lam),
    }
    for rule, exact in flips.items():
        found = boundary_equation(rule(QUADRATIC, eta, beta), Bifurcation.FLIP)
        assert found.lhs == eta
        assert sp.simplify(found.rhs - exact) == 0
    descent = boundary_equation(dg.GradientDescent(QUADRATIC, eta), Bifurcation.FLIP)
    assert sp.simplify(descent.rhs - 2 / lam) == 0
    assert boundary_equation(dg.HeavyBall(QUADRATIC, eta, beta), Bifurcation.FOLD) is None


def test_a_step_that_lands_on_a_resonance_shows_no_other_point():
    # The formula of the coefficient has a pole at the 1:3 resonance, its real part has none.
    F = dg.HeavyBall(WELL, eta, beta)
    curve = dg.follow_bifurcation(
        F,
        [1],
        start=("3/2", 1),
        to=((0, 3), (0, 1)),
        bifurcation=Bifurcation.NEIMARK_SACKER,
        method=COARSE,
    )
    assert [p.kind.label for p in curve.special] == ["R1", "R4", "R3", "R2"]
    delayed = dg.SymbolicMap([a * x * (1 - y) - b * x**2, x], [x, y])
    at = dg.follow_bifurcation(
        delayed, [0.25, 0.25], parameters=AB, start=(4, 8), to=((3.9, 4.1), (7, 9)), method=COARSE
    )
    here = int(np.argmin(np.abs(at.values[:, 0] - 4)))
    assert at.values[here, 0] == pytest.approx(4, abs=1e-12)
    # It agrees with its neighbours on the curve.
    smooth = np.polyfit(at.values[:, 0] - 4, at.coefficients, 4)
    assert at.coefficients[here] == pytest.approx(smooth[-1], rel=1e-6)


def test_resonances_of_the_doubled_orbit_at_momentum_one():
    # Between its first and its second flip, η² = 16 and 20, the 2-cycle of the cubic loss has a
    # pair with cos θ = 9 - η²/2: from the trace of the product of its two Jacobians.
    F = dg.HeavyBall(CUBIC, eta, beta)
    G = F.at(beta=1)
    cycle = dg.switch(dg.follow(G, [0], parameter="eta", to=(3.8, 4.4)), 0)
    orbit = min(cycle.steps, key=lambda step: abs(step.value - 4.2))
    curve = dg.follow_bifurcation(
        F,
        orbit.points,
        start=(orbit.value, 1),
        to=((0, 5), (0, 1)),
        bifurcation=Bifurcation.NEIMARK_SACKER,
        method=COARSE,
    )
    assert set(curve.limits) == {CurveLimit.HALVED, CurveLimit.RESONANCE}
    found = {p.kind.label: p.values[0] for p in curve.special}
    squares = {label: value**2 for label, value in found.items()}
    assert squares == pytest.approx({"R4": 18, "R3": 19, "R2": 20}, abs=1e-11)


def test_a_point_found_along_the_momentum():
    ball = dg.HeavyBall(WELL, eta, beta)
    point = dg.follow(ball.at(eta="1/2"), [1], parameter="beta", to=(0.5, 1.2)).special[0]
    curve = dg.follow_bifurcation(ball, point, to=((0, 3), (0, 1)), method=COARSE)
    assert curve.bifurcation is Bifurcation.NEIMARK_SACKER
    assert np.max(np.abs(curve.values[:, 1] - 1)) < 1e-12


@pytest.mark.parametrize("exponent", [-8, 8])
def test_states_and_step_sizes_of_any_size_give_the_same_curve(exponent):
    s = sp.Integer(10) ** exponent
    loss = dg.Loss((x / s) ** 4 / 4 - (x / s) ** 2 / 2, [x])
    unit = float(s**2)
    curve = dg.follow_bifurcation(
        dg.HeavyBall(loss, eta, beta), [float(s)], start=(unit, 0), to=((0, 3 * unit), (0, 0.9))
    )
    assert curve.limits == (dg.CurveLimit.RANGE, dg.CurveLimit.RANGE)
    assert np.allclose(curve.values[:, 0], (1 + curve.values[:, 1]) * unit, rtol=1e-12, atol=0)
    (first,) = (step for step in curve.steps if step.values[1] == 0)
    assert first.coefficient * unit == pytest.approx(4.0, rel=1e-9)
