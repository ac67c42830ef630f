"""Critical points of reference losses: numbers, kinds, step sizes, evidence."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

import dynsys_gd as dg
from dynsys_gd import Box, Grade, GradientDescent, InvalidInput, Loss, Outcome
from dynsys_gd.orbits.critical_points import critical_points
from dynsys_gd.orbits.exact.method import Exact
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.kinds import CriticalKind, Kind

eta = sp.Symbol("eta")
HIMMELBLAU = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
CAMEL = (4 - sp.Rational(21, 10) * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2
STYBLINSKI = sum(v**4 - 16 * v**2 + 5 * v for v in (x, y)) / 2
ROSENBROCK = (1 - x) ** 2 + 100 * (y - x**2) ** 2
BEALE = (
    (sp.Rational(3, 2) - x + x * y) ** 2
    + (sp.Rational(9, 4) - x + x * y**2) ** 2
    + (sp.Rational(21, 8) - x + x * y**3) ** 2
)
DOUBLE_WELL = x**4 / 4 - x**2 / 2


def kinds(found):
    counts = dict.fromkeys(CriticalKind, 0)
    for orbit in found.orbits:
        counts[orbit.critical] += 1
    return tuple(
        counts[k] for k in (CriticalKind.MINIMUM, CriticalKind.SADDLE, CriticalKind.MAXIMUM)
    )


@pytest.mark.parametrize(
    ("loss", "variables", "expected"),
    [
        (HIMMELBLAU, [x, y], (4, 4, 1)),
        (CAMEL, [x, y], (6, 7, 2)),
        (STYBLINSKI, [x, y], (4, 4, 1)),
        (ROSENBROCK, [x, y], (1, 0, 0)),
        (BEALE, [x, y], (1, 2, 0)),
        (DOUBLE_WELL, [x], (2, 0, 1)),
        (x**2 + y**2 + z**2 + x * y * z, [x, y, z], (1, 4, 0)),
    ],
    ids=["himmelblau", "camel", "styblinski", "rosenbrock", "beale", "double-well", "cubic"],
)
def test_numbers_and_kinds(loss, variables, expected):
    found = critical_points(Loss(loss, variables))
    assert found.complete
    assert found.evidence.grade is Grade.PROVED
    assert not found.families
    assert kinds(found) == expected
    # Independent of the algebra: the gradient vanishes, in double precision.
    f = Loss(loss, variables)
    points = np.concatenate([orbit.points for orbit in found])
    scale = 1 + np.abs(f.hessian_at(points)).max(axis=(1, 2)) * (1 + np.abs(points).max(axis=1))
    assert np.all(np.abs(f.gradient_at(points)).max(axis=1) <= 1e-14 * scale)


def test_himmelblau_has_four_global_minima_and_exact_coordinates():
    found = critical_points(Loss(HIMMELBLAU, [x, y]))
    minima = found.minima()
    assert minima.complete
    assert len(minima.orbits) == 4
    assert all(orbit.global_minimum is Outcome.YES for orbit in minima.orbits)
    assert all(orbit.loss_value == 0 for orbit in minima.orbits)
    rational = [orbit for orbit in minima.orbits if orbit.exact[0] == (3, 2)]
    assert len(rational) == 1
    # Sharpness 54 + 20 sqrt(2) at (3, 2).
    assert rational[0].step_sizes == sp.Interval.open(
        0, sp.Rational(27, 529) - 10 * sp.sqrt(2) / 529
    )
    assert sp.simplify(rational[0].step_sizes.end - 2 / (54 + 20 * sp.sqrt(2))) == 0


def test_enclosures_contain_the_exact_point():
    for orbit in critical_points(Loss(HIMMELBLAU, [x, y])).orbits:
        for exact, (low, high) in zip(orbit.exact[0], orbit.enclosure[0], strict=True):
            assert sp.Rational(low) <= exact <= sp.Rational(high)
            assert high - low <= 4e-15 * max(1, abs(low))


def test_global_minima_of_a_coercive_loss_without_squares():
    found = critical_points(Loss(CAMEL, [x, y]))
    best = [orbit for orbit in found.orbits if orbit.global_minimum is Outcome.YES]
    # The two lowest of the six minima, (±0.0898, ∓0.7126), value -1.0316.
    assert len(best) == 2
    np.testing.assert_allclose(
        sorted(abs(o.points[0, 0]) for o in best), [0.08984201] * 2, atol=1e-8
    )
    assert float(best[0].loss_value) == pytest.approx(-1.0316284535, abs=1e-10)
    assert sum(orbit.global_minimum is Outcome.NO for orbit in found.orbits) == 13


@pytest.mark.parametrize(
    ("step", "kind"),
    [("1/2", Kind.SINK), ("1", Kind.NEUTRAL), ("101/100", Kind.SOURCE), (1.0, Kind.NEUTRAL)],
)
def test_a_multiplier_of_minus_one_is_neutral(step, kind):
    found = fixed_points(GradientDescent(Loss(DOUBLE_WELL, [x]), step_size=step))
    assert [orbit.kind for orbit in found.orbits] == [kind, Kind.SOURCE, kind]
    assert found.orbits[0].step_sizes == sp.Interval.open(0, 1)


def test_neutral_at_an_irrational_threshold_is_decided_by_algebra():
    F = GradientDescent(Loss(HIMMELBLAU, [x, y]), step_size=eta)
    minimum = next(o for o in fixed_points(F).orbits if o.exact[0] == (3, 2))
    threshold = minimum.step_sizes.end
    at = [o for o in fixed_points(F.at(eta=threshold)).orbits if o.exact[0] == (3, 2)]
    assert at[0].kind is Kind.NEUTRAL
    for nudge, kind in ((-1, Kind.SINK), (1, Kind.SADDLE)):
        near = F.at(eta=threshold + sp.Rational(nudge, 10**30))
        (orbit,) = [o for o in fixed_points(near).orbits if o.exact[0] == (3, 2)]
        assert orbit.kind is kind


def test_neutral_at_a_threshold_without_radicals():
    F = GradientDescent(Loss(HIMMELBLAU, [x, y]), step_size=eta)
    minimum = critical_points(F.loss).minima().orbits[0]
    threshold = minimum.step_sizes.end
    assert threshold.has(sp.CRootOf)
    (orbit,) = [o for o in fixed_points(F.at(eta=threshold)).orbits if o.exact == minimum.exact]
    assert orbit.kind is Kind.NEUTRAL


def test_degenerate_points_are_never_linearly_stable():
    (orbit,) = critical_points(Loss(x**4, [x])).orbits
    assert orbit.step_sizes is sp.S.EmptySet
    assert orbit.critical is CriticalKind.MINIMUM
    assert orbit.global_minimum is Outcome.YES
    (fixed,) = fixed_points(GradientDescent(Loss(x**4, [x]), step_size="1/7")).orbits
    assert fixed.kind is Kind.NEUTRAL
    assert fixed.multipliers.tolist() == [1]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (x**3 - 3 * x * y**2, CriticalKind.SADDLE),
        (x**4 - y**4, CriticalKind.SADDLE),
        (x**2 + y**3, CriticalKind.SADDLE),
        (x**2 - y**4, CriticalKind.SADDLE),
        (x**4 + y**4, CriticalKind.MINIMUM),
        # Peano's surface: a minimum along every line through 0 but no minimum.
        ((y - x**2) * (y - 2 * x**2), CriticalKind.UNDECIDED),
        (-(x**2) - y**2, CriticalKind.MAXIMUM),
    ],
    ids=["monkey", "quartic-saddle", "fold", "flat-saddle", "quartic", "peano", "maximum"],
)
def test_degenerate_kinds(loss, expected):
    (orbit,) = critical_points(Loss(loss, [x, y])).orbits
    assert orbit.points.tolist() == [[0, 0]]
    assert orbit.critical is expected


def test_undecided_minima_are_flagged():
    minima = critical_points(Loss((y - x**2) * (y - 2 * x**2), [x, y])).minima()
    assert not minima.complete
    assert not minima.orbits
    assert len(minima.undecided) == 1


def test_floats_weaken_the_grade_and_say_why():
    exact = critical_points(Loss((x**2 - 1) ** 2 / 4, [x]))
    rounded = critical_points(Loss(0.25 * (x**2 - 1) ** 2, [x]))
    assert exact.evidence.grade is Grade.PROVED
    assert rounded.evidence.grade is Grade.NUMERICAL
    assert "float" in rounded.evidence.reason
    assert [o.exact for o in rounded.orbits] == [o.exact for o in exact.orbits]
    assert all(o.evidence.grade is Grade.NUMERICAL for o in rounded.orbits)
    assert rounded.orbits[0].global_minimum is Outcome.YES
    step = fixed_points(GradientDescent(Loss(x**2, [x]), step_size=0.1))
    assert step.evidence.grade is Grade.NUMERICAL
    assert fixed_points(GradientDescent(Loss(x**2, [x]), step_size="0.1")).evidence.grade is (
        Grade.PROVED
    )


def test_regions_are_closed_and_decided_exactly():
    F = GradientDescent(Loss(STYBLINSKI, [x, y]), step_size="1/100")
    assert len(fixed_points(F, Box([-5, -5], [5, 5]))) == 9
    assert len(fixed_points(F, Box([-5, -5], [0, 0]))) == 1
    G = GradientDescent(Loss((x**2 - 1) ** 2, [x]), step_size="1/100")
    assert len(fixed_points(G, Box([-1], [1]))) == 3
    assert len(fixed_points(G, Box([np.nextafter(-1, 0)], [1]))) == 2
    assert len(fixed_points(G, dg.Ball([1], 1))) == 2
    assert len(fixed_points(G, dg.Ball([1], 0.5))) == 1


def test_parameters_with_values_and_without():
    a = sp.Symbol("a")
    f = Loss((x**2 - a) ** 2 / 4, [x])
    assert [o.exact[0][0] for o in critical_points(f.at(a=2)).orbits] == [
        -sp.sqrt(2),
        0,
        sp.sqrt(2),
    ]
    with_a = critical_points(f)
    assert {o.exact[0][0] for o in with_a.orbits} == {-sp.sqrt(a), 0, sp.sqrt(a)}
    plane = critical_points(Loss((x * y - a) ** 2 / 2, [x, y]))
    assert not plane.complete
    assert "at(a=" in plane.why


def test_transcendental_losses_in_one_dimension():
    f = Loss(-sp.cos(x), [x])
    everywhere = critical_points(f, seconds=30)
    assert not everywhere.complete
    assert "undecided" in everywhere.why
    assert "give a Box" in everywhere.why
    F = GradientDescent(f, step_size=eta)
    inside = fixed_points(F, Box([-4], [4]), seconds=30)
    assert inside.complete
    assert inside.evidence.grade is Grade.CERTIFIED
    assert [o.exact[0][0] for o in inside.orbits] == [-sp.pi, 0, sp.pi]
    assert [o.critical for o in inside.orbits] == [
        CriticalKind.MAXIMUM,
        CriticalKind.MINIMUM,
        CriticalKind.MAXIMUM,
    ]
    assert inside.orbits[1].step_sizes == sp.Interval.open(0, 2)
    assert inside.orbits[0].step_sizes is sp.S.EmptySet


def test_transcendental_losses_in_more_dimensions_are_undecided():
    found = critical_points(Loss(sp.cos(x) + sp.exp(x * y), [x, y]))
    assert not found.complete
    assert "give a Box for a certified search" in found.why
    with pytest.raises(dg.UndecidedError):
        bool(found)


def test_what_to_do_next_fits_the_question():
    F = GradientDescent(Loss(sp.sin(x) * sp.sin(y), [x, y]), "1/2")
    found = fixed_points(F, Box([-1, -1], [1, 1]), method=dg.Exact())
    assert "Krawczyk() searches the region" in found.why
    net = dg.MLP((1, 1, 1), dg.Activation.TANH, [[0.0], [1.0]], [[1.0], [0.0]])
    assert "give a Box for a numerical search" in fixed_points(GradientDescent(net, "1/2")).why
    with pytest.raises(dg.InvalidInput, match="choose a step size: fixed_points"):
        critical_points(net, Box([-1] * 4, [1] * 4))
    with pytest.raises(dg.InvalidInput, match=r"of a map ask fixed_points\(F\)"):
        critical_points(F)


def test_one_zero_is_one_zero():
    found = fixed_points(GradientDescent(Loss(sp.log(sp.cosh(x)), [x]), "1/2"), Box([-3], [3]))
    assert found.why == "interval arithmetic counts 1 zero in the box"


def test_exact_and_certified_saddles_have_the_same_name():
    F, box = dg.textbook.henon(), dg.textbook.henon_box()
    for method in (dg.Exact(), dg.Krawczyk()):
        found = fixed_points(F, box, method=method)
        assert [orbit.kind_text() for orbit in found] == ["regular saddle", "flip saddle"]


def test_an_empty_complete_list_is_false():
    none = critical_points(Loss(x**3 + x, [x]))
    assert none.complete
    assert not none
    assert len(none) == 0


def test_a_constant_loss_is_critical_everywhere():
    (family,) = critical_points(Loss(sp.Integer(3) + 0 * x, [x, y])).families
    assert family.dimension == 2
    assert family.critical is CriticalKind.MINIMUM


def test_bad_input_is_refused_by_name():
    F = GradientDescent(Loss(x**2, [x]), step_size="1/2")
    for call, argument in (
        (lambda: critical_points(x**2), "loss"),
        (lambda: fixed_points(F.loss), "F"),
        (lambda: fixed_points(F, method="exact"), "method"),
        (lambda: fixed_points(F, Box([0, 0], [1, 1])), "region"),
        (lambda: fixed_points(F, seconds=0), "seconds"),
        (lambda: fixed_points(F, seconds=True), "seconds"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.argument == argument
    assert fixed_points(F, method=Exact()).complete


@pytest.mark.parametrize("seed", range(4))
def test_random_quartics_against_many_newton_iterations(seed):
    rng = np.random.default_rng(seed)
    loss = (
        x**4
        + y**4
        + sum(
            Fraction(int(c), 3) * x**i * y**j
            for (i, j), c in zip(
                [(i, j) for i in range(4) for j in range(4 - i)],
                rng.integers(-9, 10, 10),
                strict=True,
            )
        )
    )
    f = Loss(sp.expand(loss), [x, y])
    listed = np.concatenate([o.points for o in critical_points(f).orbits])
    points = rng.uniform(-4, 4, size=(400, 2))
    for _ in range(60):
        H, g = f.hessian_at(points), f.gradient_at(points)
        points = points - np.einsum("nij,nj->ni", np.linalg.pinv(H), g)
        points = points[np.abs(points).max(axis=1) < 1e3]
    settled = points[np.abs(f.gradient_at(points)).max(axis=1) < 1e-9]
    distance = np.abs(settled[:, None, :] - listed[None]).max(axis=2)
    assert distance.min(axis=1).max() < 1e-6  # everything Newton finds is listed
    assert distance.min(axis=0).max() < 1e-6  # and everything listed is found by Newton


def test_a_long_list_of_minima_is_cut():
    waves = Loss(sp.sin(x) * sp.sin(y), [x, y])
    minima = critical_points(waves, Box([-13, -13], [13, 13])).minima()
    assert len(minima.orbits) == 32
    assert repr(minima).count("\n") <= 11
    assert "24 more in .families, .orbits and .undecided" in repr(minima)


def test_the_answer_that_says_more_is_returned():
    """Where both methods leave a list open, the one that names the rest is better."""
    pole = fixed_points(dg.parse_map("x + 1/x - 1/(2*x**2)", ["x"]), Box([-1], [3]))
    assert not pole.complete
    assert pole.clusters
    assert [orbit.points.item() for orbit in pole] == [0.5]


def test_sizes_stand_below_their_multipliers():
    card = dg.stability(dg.textbook.henon(), fixed_points(dg.textbook.henon())[0])
    rows = dict(card.rows())
    shown = [abs(float(text.rstrip("…"))) for text in rows["multipliers"].split(", ")]
    assert [float(text) for text in rows["their sizes"].split(", ")] == pytest.approx(
        shown, rel=1e-5
    )


def test_a_law_is_no_place():
    found = fixed_points(dg.textbook.henon(), dg.Gaussian([0, 0], 1), method=dg.NewtonSearch())
    assert "(law: normal, mean 0, standard deviation 1): 2 points" in repr(found)
