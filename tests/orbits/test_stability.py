"""The stability card."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, x, y

from dynsys_gd import (
    Box,
    Grade,
    GradientDescent,
    HeavyBall,
    InvalidInput,
    Krawczyk,
    Loss,
    NewtonSearch,
    SymbolicMap,
)
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.exact.exact_points import exact_point, jacobian_rank
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import Kind
from dynsys_gd.orbits.periodic_orbits import periodic_orbits
from dynsys_gd.orbits.stability import stability

eta = sp.Symbol("eta")
F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
WELL = Loss(x**4 / 4 - x**2 / 2, [x])
WAVES = Loss(sp.sin(x) * sp.sin(y), [x, y])
HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])


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
    with pytest.raises(InvalidInput, match="no orbit is proved within"):
        stability(F, [1.0, 2.0])
    with pytest.raises(InvalidInput, match="2 coordinates"):
        stability(F, [1])
    # A state that is not at rest moves, though its first half is a minimum.
    with pytest.raises(InvalidInput, match="residual is 4"):
        stability(HeavyBall(WELL, "1/2", "1/2"), [1, 5])


def test_floats_mean_the_point_next_to_them():
    """1/3 in floating point is not one third."""
    third = GradientDescent(Loss((3 * x - 1) ** 2, [x]), step_size="1/100")
    assert stability(third, ["1/3"]).evidence.grade is Grade.PROVED
    for rounded in (1 / 3, 0.333333):
        card = stability(third, [rounded])
        assert card.kind is Kind.SINK
        assert card.orbit.exact == ((sp.Rational(1, 3),),)
    with pytest.raises(InvalidInput, match="floats where they are rounded"):
        stability(third, ["0.333333"])


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


# --- maps that are no polynomials, orbits that were certified ------------------------------------


def test_waves_at_an_exact_point_get_an_exact_answer():
    minimum = [sp.pi / 2, -sp.pi / 2]
    card = stability(GradientDescent(WAVES, eta), minimum)
    assert card.step_sizes == sp.Interval.open(0, 2)
    assert card.threshold == 2
    assert card.evidence.grade is Grade.PROVED
    assert card.orbit.exact == (tuple(minimum),)
    kinds = {"1": Kind.SINK, "2": Kind.NEUTRAL, "5/2": Kind.SOURCE}
    for step, kind in kinds.items():
        assert stability(GradientDescent(WAVES, step), minimum).kind is kind
    neutral = stability(GradientDescent(WAVES, 2), minimum)
    assert "normal_form(F, point)" in repr(neutral)
    assert "normal_form" not in repr(stability(GradientDescent(WAVES, 1), minimum))
    assert neutral.orbit.loss_value == -1


def test_waves_at_a_rounded_point_get_bounds():
    card = stability(GradientDescent(WAVES, eta), [1.5708, -1.5708])
    assert card.threshold is None
    assert card.step_sizes is None
    low, high = card.threshold_bounds
    assert low <= 2 <= high < low + 1e-12
    assert card.evidence.grade is Grade.CERTIFIED
    assert card.kind is Kind.UNDECIDED
    text = repr(card)
    assert "stable for: 0 < eta < 2" in text
    assert "Hessian eigenvalues: 1, 1" in text
    assert card.to_dict()["threshold_bounds"] == [low, high]
    # What bounds cannot decide is left open, and it is said why.
    at = stability(GradientDescent(WAVES, 2), [1.5708, -1.5708])
    assert at.kind is Kind.UNDECIDED
    assert "the bounds of a multiplier reach the unit circle" in repr(at)
    assert "normal_form" not in repr(at)


@pytest.mark.parametrize("point", [[0, 0], [0.0, 0.0], [1.5708, 1.5708], [3.14159, 0.0]])
def test_saddles_and_maxima_are_never_stable(point):
    card = stability(GradientDescent(WAVES, eta), point)
    assert card.step_sizes is sp.S.EmptySet
    assert card.threshold is None
    assert card.threshold_bounds is None
    assert "stable for no step size" in card.headline()
    for step in ("1/1000", "1", "3"):
        kind = stability(GradientDescent(WAVES, step), point).kind
        assert kind in (Kind.SADDLE, Kind.SOURCE)


def test_log_cosh_is_neutral_exactly_at_two():
    loss = Loss(sp.log(sp.cosh(x)), [x])
    card = stability(GradientDescent(loss, eta), [0])
    assert card.threshold == 2
    # The float 0.0 leads to a rational point, which is then known exactly.
    assert stability(GradientDescent(loss, 2), [0.0]).kind is Kind.NEUTRAL
    assert stability(GradientDescent(loss, "1999/1000"), [0]).kind is Kind.SINK
    assert stability(GradientDescent(loss, "2001/1000"), [0]).kind is Kind.SOURCE


def test_irrational_hessians_are_compared_exactly():
    """cos x + x/2 has its minimum at 5π/6, where the second derivative is √3/2."""
    loss = Loss(sp.cos(x) + x / 2, [x])
    point = [5 * sp.pi / 6]
    card = stability(GradientDescent(loss, eta), point)
    assert sp.simplify(card.threshold - 4 / sp.sqrt(3)) == 0
    assert stability(GradientDescent(loss, 4 / sp.sqrt(3)), point).kind is Kind.NEUTRAL
    momentum = stability(HeavyBall(loss, eta, "1/2"), point)
    assert sp.simplify(momentum.threshold - 6 / sp.sqrt(3)) == 0


def test_transcendental_hessians_are_enclosed():
    """The minimum of e^x - 2x is log 2 with second derivative 2; that of e^x - πx has π."""
    card = stability(GradientDescent(Loss(sp.exp(x) - sp.pi * x, [x]), eta), [sp.log(sp.pi)])
    assert card.evidence.grade is Grade.CERTIFIED
    assert card.threshold is None
    low, high = card.threshold_bounds
    assert sp.Rational(low) < 2 / sp.pi < sp.Rational(high)
    assert stability(GradientDescent(Loss(sp.exp(x) - 2 * x, [x]), eta), [sp.log(2)]).threshold == 1


def test_rastrigin_loses_its_minima_at_the_curvature():
    loss = Loss(sum(10 + v**2 - 10 * sp.cos(2 * sp.pi * v) for v in (x, y)), [x, y])
    card = stability(GradientDescent(loss, eta), [0.994959, 0.0])
    low, high = card.threshold_bounds
    # The larger curvature is that at the origin: 2 + 40 π².
    assert sp.Rational(low) < 2 / (2 + 40 * sp.pi**2) < sp.Rational(high)
    below, above = low * (1 - 1e-9), high * (1 + 1e-9)
    for step, kind in ((below, Kind.SINK), (above, Kind.SADDLE)):
        at = GradientDescent(loss, sp.Rational(step))
        assert stability(at, [0.994959, 0.0]).kind is kind
    assert "flip saddle" in stability(at, [0.994959, 0.0]).headline()


def test_certified_fixed_points_of_another_step_size():
    (minimum, *_) = critical = [
        o
        for o in fixed_points(
            GradientDescent(WAVES, "1/2"), Box([-5, -5], [6, 6]), method=Krawczyk()
        ).orbits
        if o.kind is Kind.SINK
    ]
    assert len(critical) == 8
    assert stability(minimum.map, minimum).orbit is minimum
    assert stability(minimum.map, minimum).threshold_bounds == minimum.critical_step
    slow, fast = GradientDescent(WAVES, "1/2"), GradientDescent(WAVES, 3)
    assert stability(slow, minimum).kind is Kind.SINK
    assert stability(fast, minimum).kind is Kind.SOURCE
    assert stability(HeavyBall(WAVES, 3, "3/4"), minimum).kind is Kind.SINK
    with pytest.raises(InvalidInput, match="no orbit is proved"):
        stability(GradientDescent(Loss(sp.sin(x) * sp.cos(y), [x, y]), "1/2"), minimum)


def test_longer_orbits_by_their_points():
    orbit = periodic_orbits(HENON, HENON_BOX, period=7, method=Krawczyk())[0]
    whole, rounded = stability(HENON, orbit), stability(HENON, orbit.points.round(5))
    assert whole.orbit is orbit
    assert rounded.kind is orbit.kind is Kind.SADDLE
    assert rounded.orbit.kind_text() == orbit.kind_text()
    assert orbit.kind_text() in rounded.headline()
    assert "orbit:" in repr(rounded)
    with pytest.raises(InvalidInput, match="another map"):
        stability(SymbolicMap([1 - x**2 + y, x / 2], [x, y]), orbit)
    two = stability(GradientDescent(WELL, "11/10"), [[0.81455], [1.11606]])
    assert (two.kind, two.orbit.period) == (Kind.SINK, 2)


def test_numerical_orbits_have_numerical_cards():
    map_ = GradientDescent(WAVES, "1/2")
    found = fixed_points(map_, Box([-3, -3], [3, 3]), method=NewtonSearch(), rng=0)
    orbit = next(o for o in found.orbits if o.kind is Kind.SINK)
    card = stability(map_, orbit)
    assert card.evidence.grade is Grade.NUMERICAL
    assert card.kind is Kind.SINK
    assert card.threshold_bounds is None
    # Under another step size the point is looked for again, and proved.
    assert stability(GradientDescent(WAVES, eta), orbit).evidence.grade is Grade.CERTIFIED


def test_degenerate_points_are_decided_only_where_that_is_proved():
    family = GradientDescent(Loss(sp.exp((x * y - 1) ** 2), [x, y]), "1/4")
    exact = stability(family, [1, 1])
    assert exact.kind is Kind.NEUTRAL
    assert exact.orbit.critical.value == "undecided"
    assert "as on a family" in repr(exact)
    rounded = stability(family, [1.41421356, 0.70710678])
    assert rounded.kind is Kind.UNDECIDED
    assert rounded.evidence.grade is Grade.NUMERICAL
    with pytest.raises(InvalidInput, match=r"F.at\(eta"):
        stability(
            GradientDescent(Loss(sp.exp((x * y - 1) ** 2), [x, y]), eta), [1.41421356, 0.70710678]
        )


def test_maps_that_are_not_gradients():
    """x -> a sin x is a sink at zero for a < 1, neutral at one, where exact algebra sees it."""
    a_ = {"1/2": Kind.SINK, "1": Kind.NEUTRAL, "2": Kind.SOURCE}
    for value, kind in a_.items():
        card = stability(SymbolicMap([a * sp.sin(x)], [x]).at(a=value), [0])
        assert card.kind is kind
        assert card.exact_multipliers == (sp.Rational(value),)
        assert card.evidence.grade is Grade.PROVED
    turning = SymbolicMap([sp.sin(y), -sp.sin(x)], [x, y])
    quarter = stability(turning, [0, 0])
    assert quarter.kind is Kind.NEUTRAL
    assert set(quarter.exact_multipliers) == {sp.I, -sp.I}


def test_a_map_with_an_open_parameter():
    r = sp.Symbol("r")
    logistic = SymbolicMap([r * x * (1 - x)], [x])
    card = stability(logistic, [0])
    assert card.step_sizes == sp.Interval.open(-1, 1)
    assert card.threshold == 1
    assert stability(logistic, fixed_points(logistic)[1]).step_sizes == sp.Interval.open(1, 3)
    with pytest.raises(InvalidInput, match=r"fixed for every r; .*F\.at\(r=\.\.\.\)"):
        stability(logistic, ["2/3"])


def test_float_step_sizes_weaken_every_answer():
    for point in ([sp.pi / 2, -sp.pi / 2], [1.5708, -1.5708]):
        assert stability(GradientDescent(WAVES, 0.5), point).evidence.grade is Grade.NUMERICAL


@pytest.mark.parametrize(
    "bad",
    [[float("nan"), 0.0], [float("inf"), 0.0], [[1.5708, 1.5708], [1.5708]], [], [[]], [[], []]],
)
def test_what_is_no_point_is_refused(bad):
    with pytest.raises(InvalidInput, match="orbit"):
        stability(GradientDescent(WAVES, "1/2"), bad)


def test_kinks_are_refused():
    with pytest.raises(InvalidInput, match="kinks"):
        stability(GradientDescent(Loss(sp.Abs(x) + x**2, [x]), "1/2"), [0])
