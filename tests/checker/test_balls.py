"""Formulas, their derivatives, their equality, and their enclosures, against sympy."""

import random

import flint
import pytest
import sympy as sp
from flint import arb
from sympy.abc import x, y

from dynsys_gd.checker.algebra import Algebra
from dynsys_gd.checker.balls import Program, small_inverse
from dynsys_gd.checker.expressions import Formulas

TEXTS = [
    "(x*y - 1)**2/2",
    "x**4/4 - x**2/2 + y",
    "exp(x*y - 1)*sin(y)/3",
    "log(1 + x**2)*sqrt(2 + y**2)",
    "tanh(x - y)**3 + cosh(x)/(2 + cos(y))",
    "sinh(x)*y**-2 + (1 + x**2)**(-3/2)",
    "(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
    "x**(2) - -x + +y",
]


@pytest.mark.parametrize("text", TEXTS)
def test_values_and_slopes_enclose_those_of_sympy(text):
    formulas = Formulas(["x", "y"])
    node = formulas.read(text)
    slopes = [formulas.slope(node, i) for i in range(2)]
    program = Program(formulas, [node, *slopes, formulas.slope(slopes[0], 1)])
    expression = sp.sympify(text)
    wanted = [expression, expression.diff(x), expression.diff(y), expression.diff(x, y)]
    rng = random.Random(1)
    for _ in range(5):
        point = [sp.Rational(rng.randint(1, 300), 100) for _ in range(2)]
        half = sp.Rational(rng.randint(0, 10), 1000)
        at = [arb(flint.fmpq(int(p.p), int(p.q))) for p in point]
        box = [a + arb(0, float(half)) for a in at]
        aside = dict(zip((x, y), (p + rng.choice((-1, 1)) * half for p in point), strict=True))
        for value, f in zip(program(box), wanted, strict=True):
            exact = sp.N(f.subs(aside), 30)
            assert value.overlaps(arb(str(exact)))
            assert value.is_finite()


def test_equal_formulas_are_seen_and_others_are_not():
    formulas = Formulas(["x", "y"])
    algebra = Algebra(formulas)

    def same(a, b):
        return algebra.same(formulas.read(a), formulas.read(b))

    assert same("(x + y)**2", "x**2 + 2*x*y + y**2")
    assert same("1/(1 + exp(-x))", "exp(x)/(1 + exp(x))")
    assert same("exp(2*x - y)", "exp(x)**2/exp(y)")
    assert same("1 - tanh(x)**2", "1/cosh(x)**2")
    assert same("sin(x*y)**2", "1 - cos(y*x)**2")
    assert same("sqrt(x)**2/x", "1")
    assert same("(x**2 - y**2)/(x - y)", "x + y")
    assert not same("x", "x + y - y + 1/1000000")
    assert not same("exp(x)", "exp(y)")
    assert not same("sin(x)", "cos(x)")
    assert not same("log(x)", "log(y)")
    # True, but beyond what is decided: it must not be called equal by chance.
    assert not same("log(x**2)", "2*log(x)")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("1/x", -1, 1), ("log(x)", -1, 1), ("sqrt(x)", 0, 1), ("sin(1/x)", -1, 1), ("x**-2", 0, 1)],
)
def test_outside_a_domain_nothing_is_finite(text, low, high):
    formulas = Formulas(["x"])
    (value,) = Program(formulas, [formulas.read(text)])([arb(low).union(arb(high))])
    assert not value.is_finite()
    assert not formulas.total([formulas.read(text)])


def test_a_ball_about_zero_has_powers():
    formulas = Formulas(["x"])
    values = Program(formulas, [formulas.read(f"x**{n}") for n in range(2, 7)])([arb(0, 0.5)])
    for n, value in zip(range(2, 7), values, strict=True):
        assert value.contains(0)
        assert value.contains(arb(0.5) ** n)
        assert not value.contains(1)


@pytest.mark.parametrize("text", TEXTS)
def test_the_quicker_values_hold_all_points_of_a_box_too(text):
    formulas = Formulas(["x", "y"])
    node = formulas.read(text)
    program = Program(formulas, [node, formulas.slope(node, 0)])
    rng = random.Random(2)
    for _ in range(5):
        middle = [arb(rng.randint(50, 300)) / 100 for _ in range(2)]
        half = [arb(rng.randint(0, 40)) / 100 for _ in range(2)]
        box = [m + arb(0, h.abs_upper()) for m, h in zip(middle, half, strict=True)]
        for _ in range(4):
            inside = [m + h * arb(rng.uniform(-1, 1)) for m, h in zip(middle, half, strict=True)]
            for rule in (program, program.quick):
                for value, whole in zip(program(inside), rule(box), strict=True):
                    assert whole.overlaps(value)


def test_increasing_functions_of_wide_balls_are_taken_at_their_ends():
    formulas = Formulas(["x"])
    for name in ("exp", "sinh", "tanh"):
        (value,) = Program(formulas, [formulas.read(f"{name}(x)")])([arb(0.1, 0.9)])
        low, high = (getattr(arb, name)(arb(end)) for end in (-0.8, 1.0))
        assert abs(value.lower() - low) < 1e-6
        assert abs(value.upper() - high) < 1e-6


def test_a_matrix_that_may_be_singular_has_no_inverse():
    wide = [[arb(1, 0.5), arb(0.9)], [arb(0.9), arb(1)]]
    assert small_inverse(wide) is None
    assert small_inverse([[arb(0, 1)]]) is None
    inverse = small_inverse([[arb(2), arb(1)], [arb(0), arb(4)]])
    assert inverse[0][0] == 0.5
