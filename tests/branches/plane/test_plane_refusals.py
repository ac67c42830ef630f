"""What curves of bifurcations cannot be made of is refused by name."""

import math

import numpy as np
import pytest
from sympy import Abs
from sympy.abc import a, b, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd import Bifurcation
from dynsys_gd.errors import InvalidInput

LOSS = dg.Loss(x**2 / 2 + x**4 / 4, [x])
BALL = dg.HeavyBall(LOSS, eta, beta)
TO = ((0, 5), (0, 1))
AB = ("a", "b")


@pytest.mark.parametrize("door", [dg.follow_bifurcation, dg.bifurcation_curve_steps])
@pytest.mark.parametrize(
    ("argument", "changes"),
    [
        ("F", {"F": LOSS}),
        ("F", {"F": None}),
        ("F", {"F": dg.HeavyBall(dg.Loss(a * x**2 / 2, [x]), eta, beta)}),
        ("parameters", {"parameters": "eta"}),
        ("parameters", {"parameters": ("eta",)}),
        ("parameters", {"parameters": ("eta", 3)}),
        ("parameters", {"parameters": ("eta", "eta")}),
        ("parameter", {"parameters": ("eta", "gamma")}),
        ("parameter", {"F": BALL.at(beta="1/2")}),
        ("to", {"to": (0, 5)}),
        ("to", {"to": "all"}),
        ("to", {"to": ((0, 5),)}),
        ("to", {"to": ((0, 5), (1, 1))}),
        ("to", {"to": ((0, math.inf), (0, 1))}),
        ("to", {"to": ((0, math.nan), (0, 1))}),
        ("start", {"start": None}),
        ("start", {"start": 2}),
        ("start", {"start": (2,)}),
        ("start", {"start": (a, 0)}),
        ("start", {"start": (7, 0)}),
        ("start", {"start": (2, -0.5)}),
        ("bifurcation", {"bifurcation": "flip"}),
        ("bifurcation", {"bifurcation": 3}),
        ("orbit", {"orbit": []}),
        ("orbit", {"orbit": "origin"}),
        ("orbit", {"orbit": [math.nan]}),
        ("orbit", {"orbit": [0.0, 0.0, 0.0]}),
        ("orbit", {"orbit": [[0.0], [0.0]]}),
        ("method", {"method": 0.1}),
    ],
)
def test_bad_input(door, argument, changes):
    given = {"F": BALL, "orbit": [0.0], "start": (2, 0), "to": TO, **changes}
    F, orbit = given.pop("F"), given.pop("orbit")
    with pytest.raises(InvalidInput, match=rf"^{argument}\b|unknown|parameter"):
        list(door(F, orbit, **given)) if door is dg.bifurcation_curve_steps else door(
            F, orbit, **given
        )


def test_an_orbit_that_is_next_to_no_bifurcation():
    with pytest.raises(InvalidInput, match=r"next to a flip|start"):
        dg.follow_bifurcation(
            dg.SymbolicMap([a * x + b, y / 2], [x, y]),
            [0, 0],
            parameters=AB,
            start=(9, 0),
            to=((8, 10), (-1, 1)),
            bifurcation=Bifurcation.FLIP,
        )


def test_no_pair_on_a_line():
    F = dg.SymbolicMap([a * x + b - x**3], [x])
    with pytest.raises(InvalidInput, match="on the line"):
        dg.follow_bifurcation(
            F,
            [0],
            parameters=AB,
            start=(1, 0),
            to=((0, 2), (-1, 1)),
            bifurcation=Bifurcation.NEIMARK_SACKER,
        )


def test_a_neutral_saddle_is_no_pair_on_the_circle():
    F = dg.SymbolicMap([a * x + x**2, y / 2 + b * y], [x, y])
    with pytest.raises(InvalidInput, match=r"real multipliers|next to a Neimark-Sacker"):
        dg.follow_bifurcation(
            F,
            [0, 0],
            parameters=AB,
            start=(2, 0),
            to=((1, 3), (-0.2, 0.2)),
            bifurcation=Bifurcation.NEIMARK_SACKER,
        )


def test_kinks_are_refused():
    F = dg.SymbolicMap([a * Abs(x) + b * x], [x])
    with pytest.raises(InvalidInput, match="smooth"):
        dg.follow_bifurcation(F, [0], parameters=AB, start=(1, -2), to=((0, 2), (-3, 0)))


def test_an_orbit_of_smaller_period():
    points = np.zeros((2, 1))
    with pytest.raises(InvalidInput, match="period"):
        dg.follow_bifurcation(BALL, points, start=(2, 0), to=TO, bifurcation=Bifurcation.FLIP)


def test_the_start_of_an_orbit_that_says_where_it_belongs():
    branch = dg.follow(BALL.at(beta="1/4"), [0], parameter="eta", to=(2, 3))
    curve = dg.follow_bifurcation(BALL, branch.special[0], to=TO)
    nearest = np.min(np.abs(curve.values - (2.5, 0.25)), axis=0)
    assert nearest == pytest.approx(0, abs=1e-12)
    fixed = dg.fixed_points(BALL.at(eta="5/2", beta="1/4"))[0]
    again = dg.follow_bifurcation(BALL, fixed, to=TO)
    assert np.max(np.abs(again.values[:, 0] - 2 - 2 * again.values[:, 1])) < 1e-12


def test_results_are_the_same_each_time():
    first = dg.follow_bifurcation(BALL, [0], start=(1, 1), to=TO)
    second = dg.follow_bifurcation(BALL, [0], start=(1, 1), to=TO)
    assert np.array_equal(first.values, second.values)
    assert [p.values for p in first.special] == [p.values for p in second.special]
