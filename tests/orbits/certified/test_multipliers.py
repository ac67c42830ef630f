"""Multipliers of proved orbits: bounds that hold, and kinds that are never guessed."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.abc import beta, eta, x, y, z

from dynsys_gd import GradientDescent, HeavyBall, Loss, Nesterov, SymbolicMap
from dynsys_gd.orbits.certified.enclosed import Enclosed
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.multipliers import spectra_of
from dynsys_gd.orbits.certified.planar_multipliers import from_trace_and_determinant
from dynsys_gd.orbits.certified.search import search
from dynsys_gd.orbits.certified.solutions import solutions
from dynsys_gd.orbits.kinds import CriticalKind, Kind

HENON = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
HENON_BOX = [-1.43, -0.43], [1.43, 0.43]
LOGISTIC = SymbolicMap([4 * x * (1 - x)], [x])
HIMMELBLAU = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
DIGITS = 60


def enclosures(F, period, low, high):
    """Return the equations and tight bounds of all orbits of this least period in a box."""
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    equations = equations_of(F, period)
    box = (np.repeat(end[None], period, axis=0)[..., None] for end in (low, high))
    found = search(equations, *box, scale=high - low, least=1e-10, seconds=60, most=10**7)
    assert not found.open_lower.shape[2]
    assert not found.left_lower.shape[2]
    proved = solutions(
        equations, found.lower, found.upper, found.image_lower, found.image_upper, high - low
    )
    return equations, proved.lower, proved.upper


def spectra(F, period, low, high):
    equations, lower, upper = enclosures(F, period, low, high)
    return spectra_of(F, equations, lower, upper), lower, upper


def at_points(F, points, width=1e-14):
    """Return the spectra of fixed points or of one orbit given in doubles, rows (p, d)."""
    points = np.array(points, dtype=float)[..., None]
    return spectra_of(F, equations_of(F, len(points)), points - width, points + width)


def precise_multipliers(F, lower, upper):
    """Return the multipliers of one orbit to many digits, by Newton's method in mpmath."""
    mpmath.mp.dps = DIGITS
    p, d = lower.shape
    images = sp.lambdify(F.variables, list(F.expression), "mpmath")
    slopes = sp.lambdify(F.variables, list(F.jacobian), "mpmath")
    here = [[mpmath.mpf(v) for v in row] for row in (lower + upper) / 2]
    for _ in range(7):
        A, r = mpmath.matrix(p * d, p * d), mpmath.matrix(p * d, 1)
        for k, point in enumerate(here):
            after = (k + 1) % p
            value, J = images(*point), slopes(*point)
            for i in range(d):
                r[k * d + i] = value[i] - here[after][i]
                A[k * d + i, after * d + i] -= 1
                for j in range(d):
                    A[k * d + i, k * d + j] += J[i * d + j]
        step = mpmath.lu_solve(A, r)
        here = [[v - step[k * d + i] for i, v in enumerate(row)] for k, row in enumerate(here)]
    product = mpmath.eye(d)
    for point in here:
        entries = slopes(*point)
        product = mpmath.matrix([entries[i * d : (i + 1) * d] for i in range(d)]) * product
    return mpmath.eig(product)[0]


def assert_holds(bounds, values):
    """Each box must hold a different eigenvalue, compared beyond double precision."""
    left = list(values)
    slack = mpmath.mpf(10) ** (20 - DIGITS)
    for (re_low, re_high), (im_low, im_high) in bounds:
        inside = [
            v
            for v in left
            if re_low - slack <= mpmath.re(v) <= re_high + slack
            and im_low - slack <= mpmath.im(v) <= im_high + slack
        ]
        assert inside
        left.remove(inside[0])


@pytest.mark.parametrize("period", [1, 2, 4, 6, 7, 8, 11])
def test_bounds_of_henon_orbits_hold_to_sixty_digits(period):
    found, lower, upper = spectra(HENON, period, *HENON_BOX)
    for j, spectrum in enumerate(found):
        if j % 3 == 0 or period < 8:
            values = precise_multipliers(HENON, lower[..., j], upper[..., j])
            assert_holds(spectrum.bounds, values)
        width = spectrum.bounds[:, 0, 1] - spectrum.bounds[:, 0, 0]
        # Both are known to many digits, however small the second one is.
        assert np.all(width < 1e-10 * np.abs(spectrum.multipliers))
        assert np.prod(spectrum.multipliers) == pytest.approx((-0.3) ** period, rel=1e-9)
        assert spectrum.kind is Kind.SADDLE
        assert spectrum.unstable == 1
        assert spectrum.flips == int(spectrum.multipliers[0].real < -1)


@pytest.mark.parametrize(("period", "count"), [(1, 2), (2, 1), (3, 2), (4, 3), (5, 6), (6, 9)])
def test_the_logistic_map_at_four_multiplies_by_plus_or_minus_two_to_the_period(period, count):
    found, lower, _ = spectra(LOGISTIC, period, [-0.01], [1.01])
    assert len(found) == count
    for j, spectrum in enumerate(found):
        (low, high), imaginary = spectrum.bounds[0]
        at_zero = abs(lower[0, 0, j]) < 1e-6
        exact = 4.0 if at_zero else np.sign(low) * 2.0**period
        assert low <= exact <= high
        assert high - low < 1e-10
        assert imaginary.tolist() == [0, 0]
        assert spectrum.kind is Kind.SOURCE
        assert spectrum.flips == (exact < 0)
    assert period == 1 or any(s.flips for s in found)


def test_himmelblau_kinds_and_thresholds():
    F = GradientDescent(HIMMELBLAU, step_size=eta)
    found, lower, upper = spectra(F, 1, [-6, -6], [6, 6])
    kinds = [s.critical for s in found]
    assert [kinds.count(k) for k in (CriticalKind.MINIMUM, CriticalKind.SADDLE)] == [4, 4]
    assert kinds.count(CriticalKind.MAXIMUM) == 1
    mpmath.mp.dps = 30
    gradient = sp.lambdify([x, y], [sp.diff(HIMMELBLAU.expression, v) for v in (x, y)], "mpmath")
    hessian = sp.lambdify([x, y], sp.hessian(HIMMELBLAU.expression, (x, y)), "mpmath")
    for j, spectrum in enumerate(found):
        assert spectrum.multipliers is None
        assert spectrum.bounds is None
        assert spectrum.kind is Kind.UNDECIDED
        if spectrum.critical is not CriticalKind.MINIMUM:
            assert spectrum.critical_step is None
            continue
        start = [mpmath.mpf(v) for v in (lower[0, :, j] + upper[0, :, j]) / 2]
        point = mpmath.findroot(lambda a, b: gradient(a, b), start)
        eigenvalues, _ = mpmath.eigsy(hessian(*point))
        low, high = spectrum.critical_step
        assert low <= 2 / max(eigenvalues) <= high
        assert high - low < 1e-14


@pytest.mark.parametrize("step", ["1/50", "1/40", "3/100"])
def test_kinds_of_himmelblau_with_a_step_size(step):
    F = GradientDescent(HIMMELBLAU, step_size=step)
    found, lower, upper = spectra(F, 1, [-6, -6], [6, 6])
    for j, spectrum in enumerate(found):
        values = np.linalg.eigvals(F.jacobian_at((lower[0, :, j] + upper[0, :, j]) / 2))
        np.testing.assert_allclose(np.sort(spectrum.multipliers), np.sort(values), atol=1e-9)
        assert spectrum.unstable == np.sum(np.abs(values) > 1)
        assert spectrum.flips == np.sum(values < -1)
        edge = spectrum.critical_step
        stable = edge is not None and edge[0] > float(F.step_size)
        assert (spectrum.kind is Kind.SINK) == stable


@pytest.mark.parametrize(
    ("rule", "edge"),
    [
        (HeavyBall, 2 * (1 + sp.Rational(9, 10))),
        (Nesterov, sp.Rational(38, 10) / sp.Rational(28, 10)),
    ],
)
def test_momentum_moves_the_critical_step(rule, edge):
    F = rule(HIMMELBLAU, step_size=eta, momentum="9/10")
    found, _, _ = spectra(F, 1, [2.5, 1.5], [3.5, 2.5])
    assert len(found) == 1
    hessian = sp.hessian(HIMMELBLAU.expression, (x, y)).subs({x: 3, y: 2})
    sharpness = max(hessian.eigenvals(), key=float)
    low, high = found[0].critical_step
    assert sp.Rational(low) <= edge / sharpness <= sp.Rational(high)
    assert high - low < 1e-14
    for share, kind in ((sp.Rational(9, 10), Kind.SINK), (sp.Rational(11, 10), Kind.SADDLE)):
        G = F.at(eta=sp.Rational(round(float(share * edge / sharpness) * 10**6), 10**6))
        (spectrum,) = at_points(G, [[3.0, 2.0]])
        assert spectrum.kind is kind
        assert spectrum.flips == spectrum.unstable == (0 if kind is Kind.SINK else 1)
        numeric = np.linalg.eigvals(G.jacobian_at([3.0, 2.0, 3.0, 2.0]))
        np.testing.assert_allclose(
            np.sort_complex(spectrum.multipliers), np.sort_complex(numeric), atol=1e-9
        )
        mpmath.mp.dps = DIGITS
        J = G.jacobian.subs(dict(zip(G.variables, (3, 2, 3, 2), strict=True)))
        assert_holds(spectrum.bounds, mpmath.eig(mpmath.matrix(J.tolist()))[0])


def test_an_open_momentum_leaves_the_critical_step_open():
    F = HeavyBall(HIMMELBLAU, step_size="1/100", momentum=beta)
    (spectrum,) = at_points(F, [[3.0, 2.0]])
    assert spectrum.critical is CriticalKind.MINIMUM
    assert spectrum.critical_step is None
    assert spectrum.multipliers is None
    assert spectrum.kind is Kind.UNDECIDED


def test_at_the_critical_step_nothing_is_claimed():
    F = GradientDescent(Loss(x**2 / 2 + x**4 / 4, [x]), step_size=2)
    (spectrum,) = at_points(F, [[0.0]])
    (low, high), _ = spectrum.bounds[0]
    assert low < -1 < high
    assert spectrum.kind is Kind.UNDECIDED
    assert spectrum.unstable is None
    assert spectrum.flips is None
    assert spectrum.critical_step[0] <= 2 <= spectrum.critical_step[1]


def test_spirals_and_rotations():
    c, s = sp.Rational(3, 5), sp.Rational(4, 5)

    def turned(factor):
        images = [factor * (c * x - s * y) + x**2, factor * (s * x + c * y)]
        return at_points(SymbolicMap(images, [x, y]), [[0.0, 0.0]])[0]

    inwards, outwards, level = (turned(sp.Rational(r, 10)) for r in (9, 11, 10))
    assert (inwards.kind, inwards.unstable, inwards.flips) == (Kind.SINK, 0, 0)
    assert (outwards.kind, outwards.unstable, outwards.flips) == (Kind.SOURCE, 2, 0)
    # The determinant depends on the point, so that its value one there is no proof.
    assert (level.kind, level.unstable, level.flips) == (Kind.UNDECIDED, None, 0)
    for spectrum, size in ((inwards, 0.9), (outwards, 1.1), (level, 1.0)):
        (re_low, re_high), (im_low, im_high) = spectrum.bounds[0]
        assert re_low <= 0.6 * size <= re_high
        assert im_low <= 0.8 * size <= im_high
        assert im_low > 0
        np.testing.assert_allclose(spectrum.multipliers[1], np.conj(spectrum.multipliers[0]))


def test_elliptic_orbits_of_area_preserving_maps_are_proved_neutral():
    # Determinant one everywhere; at 0 the trace is 2a.
    for a, kind in ((sp.Rational(1, 3), Kind.NEUTRAL), (sp.Rational(3, 2), Kind.SADDLE)):
        F = SymbolicMap([2 * a * x - y + x**2, x], [x, y])
        (spectrum,) = at_points(F, [[0.0, 0.0]])
        assert spectrum.kind is kind
        assert spectrum.unstable == (0 if kind is Kind.NEUTRAL else 1)


def test_a_shear_has_bounds_around_one_and_no_kind():
    F = SymbolicMap([x + y - x**3, y - x**3], [x, y])
    (spectrum,) = at_points(F, [[0.0, 0.0]])
    for (re_low, re_high), (im_low, im_high) in spectrum.bounds:
        assert re_low <= 1 <= re_high
        assert im_low <= 0 <= im_high
    assert spectrum.kind is Kind.UNDECIDED


def test_superstable_orbits_are_sinks():
    # 0 -> -1 -> 0 for x² - 1.
    F = SymbolicMap([x**2 - 1], [x])
    (spectrum,) = at_points(F, [[0.0], [-1.0]])
    assert spectrum.kind is Kind.SINK
    assert spectrum.bounds[0, 0, 0] <= 0 <= spectrum.bounds[0, 0, 1]
    # Both multipliers zero, and frames that do not exist.
    G = SymbolicMap([x**2 - 1, x * y], [x, y])
    (spectrum,) = at_points(G, [[0.0, 0.0], [-1.0, 0.0]])
    assert spectrum.kind is Kind.SINK
    assert not np.isnan(spectrum.bounds).any()


def test_a_real_saddle_with_trace_zero():
    F = SymbolicMap([2 * y + x**2, 2 * x], [x, y])
    (spectrum,) = at_points(F, [[0.0, 0.0]])
    assert sorted(spectrum.multipliers.real) == pytest.approx([-2, 2])
    assert (spectrum.kind, spectrum.unstable, spectrum.flips) == (Kind.SOURCE, 2, 1)


COUPLED = SymbolicMap(
    [
        1 - sp.Rational(7, 5) * x**2 + y + z / 10,
        sp.Rational(3, 10) * x,
        z / 2 + sp.Rational(1, 20) * x * z - x / 5,
    ],
    [x, y, z],
)


@pytest.mark.parametrize("period", [1, 2, 4, 6])
def test_three_dimensions(period):
    found, lower, upper = spectra(COUPLED, period, [-1.6, -0.5, -1], [1.6, 0.5, 1])
    assert found
    for j, spectrum in enumerate(found):
        values = precise_multipliers(COUPLED, lower[..., j], upper[..., j])
        assert_holds(spectrum.bounds, values)
        assert spectrum.unstable == sum(abs(v) > 1 for v in values)
        assert spectrum.flips == sum(v.real < -1 for v in values)
        assert spectrum.kind is Kind.SADDLE


def test_three_dimensions_with_a_spiral_and_a_double_multiplier():
    F = SymbolicMap([-y / 2 + x**2, x / 2, 2 * z + x * y], [x, y, z])
    (spectrum,) = at_points(F, [[0.0, 0.0, 0.0]])
    assert (spectrum.kind, spectrum.unstable, spectrum.flips) == (Kind.SADDLE, 1, 0)
    assert_holds(spectrum.bounds, [mpmath.mpc(2), mpmath.mpc(0, 0.5), mpmath.mpc(0, -0.5)])
    G = SymbolicMap([3 * x + y, 3 * y + x**2, 2 * z], [x, y, z])
    (spectrum,) = at_points(G, [[0.0, 0.0, 0.0]])
    assert_holds(spectrum.bounds, [mpmath.mpc(v) for v in (3, 3, 2)])
    assert (spectrum.kind, spectrum.unstable) == (Kind.SOURCE, 3)


def test_coordinates_that_do_not_act_on_each_other():
    # Two double wells with momentum: every multiplier of a pair of equal cycles is double, and
    # still known to be real.
    well = (x**2 - 1) ** 2 / 4
    single = HeavyBall(Loss(well, [x]), step_size="3/2", momentum="1/10")
    pair = HeavyBall(Loss(well + well.subs(x, y), [x, y]), step_size="3/2", momentum="1/10")
    alone, lower, upper = spectra(single, 2, [-2, -2], [2.1, 2.1])
    for j, one in enumerate(alone):
        low, high = (np.repeat(bound[..., j], 2, axis=1)[..., None] for bound in (lower, upper))
        (spectrum,) = spectra_of(pair, equations_of(pair, 2), low, high)
        assert (spectrum.unstable, spectrum.flips) == (2 * one.unstable, 2 * one.flips)
        np.testing.assert_allclose(
            np.sort_complex(spectrum.multipliers),
            np.sort_complex(np.repeat(one.multipliers, 2)),
            rtol=1e-9,
        )


def test_double_multipliers_of_coupled_coordinates():
    rows = [[-1, 2, 2], [2, -1, 2], [2, 2, -1]]  # 3, -3, -3
    linear = sp.Matrix(rows) * sp.Matrix([x, y, z])
    F = SymbolicMap([linear[0] + x**2, linear[1], linear[2]], [x, y, z])
    (spectrum,) = at_points(F, [[0.0, 0.0, 0.0]])
    assert_holds(spectrum.bounds, [mpmath.mpc(v) for v in (3, -3, -3)])
    assert (spectrum.kind, spectrum.unstable) == (Kind.SOURCE, 3)
    # Nothing proves that the two at -3 are real.
    assert spectrum.flips is None


def test_cycles_of_gradient_descent_and_of_momentum():
    well = Loss((x**2 - 1) ** 2 / 4, [x])
    for F in (
        GradientDescent(well, step_size="3/2"),
        HeavyBall(well, step_size="3/2", momentum="1/10"),
    ):
        low, high = [-2.0] * F.dimension, [2.0] * F.dimension
        found, lower, upper = spectra(F, 2, low, high)
        assert found
        for j, spectrum in enumerate(found):
            values = precise_multipliers(F, lower[..., j], upper[..., j])
            assert_holds(spectrum.bounds, values)
            assert spectrum.unstable == sum(abs(v) > 1 for v in values)


def test_bounds_of_a_product_beyond_doubles_are_infinite_and_not_nan():
    steep = SymbolicMap([1000 * x, y / 1000], [x, y])
    points = np.zeros((200, 2, 1))
    (spectrum,) = spectra_of(steep, equations_of(steep, 200), points, points)
    assert not np.isnan(spectrum.bounds).any()
    assert spectrum.bounds[0, 0, 1] == np.inf
    assert spectrum.bounds[0, 0, 0] > 1e300
    assert (spectrum.kind, spectrum.unstable) == (Kind.SADDLE, 1)


def test_random_matrices():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(2, 2, 4000)) * rng.choice([0.3, 1.0, 30.0], 4000)
    a, b, c, d = (Enclosed.of(v) for v in matrices.reshape(4, -1))
    located = from_trace_and_determinant(a + d, a * d - b * c)
    values = np.linalg.eigvals(matrices.transpose(2, 0, 1))
    size = np.abs(values)
    order = np.argsort(-size, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    decided = located.inside + located.outside == 2
    assert decided.mean() > 0.99
    assert np.array_equal(located.outside[decided], (size > 1).sum(axis=1)[decided])
    flips = ((values.real < -1) & (values.imag == 0)).sum(axis=1)
    known = located.flips >= 0
    assert known.mean() > 0.99
    assert np.array_equal(located.flips[known], flips[known])
    near = 1e-9 * size.max(axis=1)
    for k in range(2):
        assert np.all(located.real.lower[k] - near <= values[:, k].real)
        assert np.all(located.real.upper[k] + near >= values[:, k].real)


def test_bounds_of_random_maps_hold_to_sixty_digits():
    rng = np.random.default_rng(1)
    checked = 0
    for _ in range(10):
        a, b, c = (
            sp.Rational(int(rng.integers(*ends)), 20) for ends in ((24, 36), (-9, 10), (-6, 7))
        )
        F = SymbolicMap([1 - a * x**2 + y + c * sp.sin(x * y), b * x + c * y**2 / 4], [x, y])
        for period in (1, 2, 4, 5):
            found, lower, upper = spectra(F, period, [-1.5, -1.2], [1.5, 1.25])
            for j, spectrum in enumerate(found):
                values = precise_multipliers(F, lower[..., j], upper[..., j])
                assert_holds(spectrum.bounds, values)
                if spectrum.unstable is not None:
                    assert spectrum.unstable == sum(abs(v) > 1 for v in values)
                checked += 1
    assert checked > 40
