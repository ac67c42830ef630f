"""Exact measures: recognised whatever they are called, and met by sampling."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import stats
from sympy.abc import a, b, x, y, z

import dynsys_gd as dg
from dynsys_gd import Box, Gaussian, GradientDescent, Loss, MonteCarlo, Target, convergent_measure
from dynsys_gd.evidence import Grade
from dynsys_gd.losses import catalog
from dynsys_gd.measure.exact.known_measure import known_measure
from dynsys_gd.measure.exact.squared_form import squared_form

PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])
BOX = Box([-3, -3], [3, 3])
WELL = Loss(x**4 / 4 - x**2 / 2, [x])


def agrees(F, region, known, n=4_000, to=Target.MINIMA):
    m = convergent_measure(F, region, method=MonteCarlo(n=n, level=0.9999), to=to, rng=1)
    low, high = m.interval()
    return low <= float(known.share) <= high


EXACT = [
    (entry.name, fact, eta)
    for entry in (catalog.get(name) for name in catalog.names())
    for fact in entry.facts_of(catalog.ExactMeasure)
    for eta in ("3/10", "7/10", "99/100", "5/2")
    if fact.step_sizes.contains(sp.Rational(eta)) == sp.true and entry.name != "dead_relu"
]


@pytest.mark.parametrize(("name", "fact", "eta"), EXACT)
def test_the_catalogue_says_the_same(name, fact, eta):
    loss = catalog.get(name).loss
    region = fact.region or Box([-9] * loss.dimension, [9] * loss.dimension)
    found = known_measure(GradientDescent(loss, eta), region)
    assert found.evidence.grade is Grade.PROVED
    assert sp.simplify(found.volume - fact.at(eta)) == 0


@pytest.mark.parametrize(
    ("loss", "eta"),
    [
        (PRODUCT, "1/2"),
        (Loss((b * a - 1) ** 2 / 2 + 7, [b, a]), "1/2"),
        (Loss(2 * (a * b + sp.Rational(1, 2)) ** 2, [a, b]), "2/5"),
        (Loss(((x**2 - y**2) / 2 - 1) ** 2 / 2, [x, y]), "1/2"),
        (Loss((2 * x * y - 1) ** 2 / 2, [x, y]), "2/5"),
    ],
)
def test_a_factorisation_is_recognised_in_any_coordinates(loss, eta):
    # Each is (xy - 1)²/2 at step size 1/2 up to a rotation and a scale, but for the target.
    F = GradientDescent(loss, eta)
    known = known_measure(F, Box([-5, -5], [5, 5]))
    assert known.share.has(sp.pi)
    assert agrees(F, Box([-5, -5], [5, 5]), known)


@pytest.mark.parametrize(
    "loss",
    [
        Loss((x * y - 1) ** 2 / 2 + x**2, [x, y]),
        Loss((x * y + x - 1) ** 2 / 2, [x, y]),
        Loss((x * y - 1) ** 2 / 2 + x**4, [x, y]),
        Loss((x * y + 2 * a * b - 1) ** 2 / 2, [x, y, a, b]),
        Loss((x * y) ** 2 / 2, [x, y]),
        Loss((x * y - 1) ** 2 / 2, [x, y, z]),
    ],
)
def test_what_only_looks_like_one_is_not(loss):
    assert squared_form(GradientDescent(loss, "1/10")) is None


@pytest.mark.parametrize(
    ("loss", "region"),
    [
        (Loss((a * x + b * y - 1) ** 2 / 2, [x, y, a, b]), Box([-3] * 4, [3] * 4)),
        (Loss(((x**2 + y**2 - z**2) / 2 - 1) ** 2 / 2, [x, y, z]), Box([-3] * 3, [3] * 3)),
        (Loss(((x**2 + y**2 + z**2) / 2 - 1) ** 2 / 2, [x, y, z]), dg.Ball([0, 0, 0], 3)),
        (Loss(((x**2 - y**2 - z**2) / 2 - 1) ** 2 / 2, [x, y, z]), Box([-3] * 3, [3] * 3)),
    ],
)
def test_any_signature_agrees_with_sampling(loss, region):
    F = GradientDescent(loss, "9/10")
    known = known_measure(F, region)
    assert 0 < float(known.share) < 1
    assert agrees(F, region, known)


def test_a_clipped_ellipse_agrees_with_sampling():
    F = GradientDescent(PRODUCT, "1/2")
    known = known_measure(F, BOX)
    assert float(known) == pytest.approx(0.675963, abs=1e-6)
    assert agrees(F, BOX, known)


@pytest.mark.parametrize(
    ("loss", "eta", "region"),
    [
        (WELL, "1/2", Gaussian([0.5], 2)),
        (Loss(x**3 / 3 - x, [x]), "1/2", Box([-2], [6])),
        (Loss(x**2 / 2 + x**3 / 6 + x**4 / 12, [x]), "3/2", Box([-3], [3])),
        (Loss(x**2 * (x**2 - 1) ** 2 / 2, [x]), "2/5", dg.Ball([0.25], 1.5)),
        (Loss(x**4 / 4 - x**2 / 2 + y**3 / 3 - y, [x, y]), "1/2", Box([-3, -2], [3, 6])),
        (Loss(x**4 / 4 - x**2 / 2 + y**2, [x, y]), "1/2", Gaussian([0.5, 0], [2, 1])),
    ],
)
def test_polynomials_of_one_coordinate_each(loss, eta, region):
    F = GradientDescent(loss, eta)
    known = known_measure(F, region)
    assert 0 < float(known.share) < 1
    assert known.evidence.grade is Grade.PROVED
    assert agrees(F, region, known)


@pytest.mark.parametrize(
    ("loss", "eta"),
    [
        (PRODUCT, "101/100"),
        (WELL, "11/10"),
        (catalog.get("himmelblau").loss, "1/10"),
        (catalog.get("chain_3").loss, "7/10"),
        (Loss((x * a + y * b - 1) ** 2 / 2, [x, y, a, b]), "5/4"),
    ],
)
def test_beyond_the_critical_step_size_it_is_nothing(loss, eta):
    d = loss.dimension
    for region in (Box([-3] * d, [3] * d), Gaussian([0] * d, 1), dg.Ball([1] * d, 2)):
        known = known_measure(GradientDescent(loss, eta), region)
        assert known.share == 0
        assert known.evidence.grade is Grade.PROVED


@pytest.mark.parametrize("loss", [PRODUCT, WELL], ids=["product", "well"])
def test_at_the_critical_step_size_only_a_theorem_may_speak(loss):
    known = known_measure(
        GradientDescent(loss, 1), Box([-3] * loss.dimension, [3] * loss.dimension)
    )
    if loss is PRODUCT:
        assert known is None
    else:  # the flip is supercritical, and everything still converges, only slowly
        assert known.share == sp.sqrt(3) / 3


SINGULAR = stats.multivariate_normal([1, 0], np.diag([0, 1]), allow_singular=True)


@pytest.mark.parametrize(
    "law",
    [
        Gaussian([1, 0], [0, 1]),
        dg.Distribution([stats.randint(1, 2), stats.norm()]),
        dg.Distribution(SINGULAR),
    ],
)
def test_theorems_about_almost_every_start_are_silent_about_null_sets(law):
    # From x = 1, an unstable minimum of the well, every start of these laws converges.
    F = GradientDescent(Loss(x**4 / 4 - x**2 / 2 + y**2 / 4, [x, y]), "3/2")
    assert known_measure(F, BOX).share == 0
    assert known_measure(F, law) is None
    assert convergent_measure(F, law, method=MonteCarlo(n=100), rng=0).upper == 1


def test_laws_with_a_density_are_spoken_of():
    known = known_measure(
        GradientDescent(PRODUCT, "3/2"), dg.Distribution([stats.laplace(), stats.uniform(-1, 2)])
    )
    assert known.share == 0


def test_an_inflection_is_no_minimum_but_a_fixed_point():
    F = GradientDescent(Loss(x**5 / 5 - x**3 / 3, [x]), "1/4")
    assert known_measure(F, Box([-1], [1])) is None
    known = known_measure(F, Box([-1], [1]), to=Target.FIXED_POINTS)
    assert known.share == 1


def test_a_loss_without_a_minimum_has_nothing_to_converge_to():
    # Its infimum is approached along x -> 0, y -> ∞ only.
    known = known_measure(GradientDescent(Loss((x * y - 1) ** 2 / 2 + x**4, [x, y]), "1/10"), BOX)
    assert known.share == 0
    assert "no minimum" in known.checked[0]


def test_a_float_is_not_a_proof():
    known = known_measure(GradientDescent(WELL, 0.5), Box([-3], [3]))
    assert known.evidence.grade is Grade.NUMERICAL
    assert float(known) == pytest.approx(math.sqrt(5) / 3)


@pytest.mark.parametrize(
    "F",
    [
        dg.HeavyBall(WELL, "1/2", "1/10"),
        dg.SymbolicMap([x / 2], [x]),
        GradientDescent(Loss(sp.cos(x), [x]), "1/2"),
    ],
)
def test_other_maps_are_left_alone(F):
    assert known_measure(F, Box([-1], [1]), to=Target.FIXED_POINTS) is None


def test_it_shows_what_it_is():
    known = known_measure(GradientDescent(WELL, "1/2"), Box([-3], [3]))
    assert repr(known).startswith(
        "Share of starts that converge to a minimum: sqrt(5)/3 = 0.745355"
    )
    assert known.to_dict()["exact_volume"] == "2*sqrt(5)"
    assert known.latex() == r"\frac{\sqrt{5}}{3}"
    assert "coppel1955solution" in known.cite()
