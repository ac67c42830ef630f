"""One regular point decides; the exceptional step sizes are found."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, x, y, z

from dynsys_gd import Grade, GradientDescent, HeavyBall, Loss, Outcome, SymbolicMap
from dynsys_gd.claims.determinant import determinant_finding, exceptional_step_sizes


def finding(F):
    return determinant_finding(F, rng=np.random.default_rng(0))


def descent(expression, step_size=eta):
    variables = sorted(expression.free_symbols, key=str)
    return GradientDescent(Loss(expression, variables), step_size=step_size)


HYPERBOLA = (x * y - 1) ** 2 / 2


def test_the_determinant_is_the_hand_computed_one():
    found = finding(descent(HYPERBOLA, "21/20"))
    assert (found.outcome, found.evidence.grade) == (Outcome.YES, Grade.PROVED)
    assert "-781/80 at (1, 2)" in found.detail


@pytest.mark.parametrize(
    "expression",
    [
        HYPERBOLA,
        (x * y * z - 1) ** 2 / 2,
        x**4,
        y**2 / (1 + x**2),
        x**2 + (y**2 - x) ** 2,
    ],
)
def test_all_step_sizes_at_once(expression):
    found = finding(descent(expression))
    assert (found.outcome, found.evidence.grade) == (Outcome.YES, Grade.PROVED)
    assert exceptional_step_sizes(descent(expression)) == ()


@pytest.mark.parametrize(
    ("expression", "steps"),
    [
        (x**2 / 2, (sp.Integer(1),)),
        (x**2 + y**2 / 6, (sp.Rational(1, 2), sp.Integer(3))),
        (x**2 + y**4, (sp.Rational(1, 2),)),
        (x**2 + x * y, (sp.sqrt(2) - 1,)),  # eigenvalues 1 ± √2
        (-(x**2), ()),
    ],
)
def test_exceptional_step_sizes_are_reciprocals_of_constant_eigenvalues(expression, steps):
    F = descent(expression)
    found = exceptional_step_sizes(F)
    assert len(found) == len(steps)
    assert all(sp.simplify(a - b) == 0 for a, b in zip(found, steps, strict=True))
    for step in steps:
        assert finding(F.at(eta=step)).outcome is Outcome.NO
        assert finding(F.at(eta=step + 1)).outcome is Outcome.YES


def test_an_exceptional_step_size_makes_the_open_statement_false():
    found = finding(descent(x**2 + y**4))
    assert (found.outcome, found.evidence.grade) == (Outcome.NO, Grade.PROVED)
    assert "1/2" in found.detail


@pytest.mark.parametrize(
    "F",
    [
        descent(-sp.cos(x), 5),
        descent(sp.log(1 + sp.exp(-x)), 5),
        descent(HYPERBOLA, 1.1),
        descent(HYPERBOLA, sp.sqrt(2)),
    ],
)
def test_balls_certify_what_is_not_rational(F):
    found = finding(F)
    assert (found.outcome, found.evidence.grade) == (Outcome.YES, Grade.CERTIFIED)


def test_a_float_step_size_is_told_how_to_be_exact():
    assert '"1/10"' in finding(descent(HYPERBOLA, 1.1)).evidence.reason


def test_a_transcendental_loss_with_open_step_size_is_undecided():
    assert finding(descent(-sp.cos(x))).outcome is Outcome.UNDECIDED


def test_a_float_zero_is_not_called_zero():
    # 3.0 * (1/3) is 1 for doubles; balls cannot tell it from nearly 1.
    assert finding(descent(x**2 / 6, 3.0)).outcome is not Outcome.YES


def test_other_maps():
    F = HeavyBall(Loss(HYPERBOLA, [x, y]), step_size="11/10", momentum="1/2")
    assert finding(F).outcome is Outcome.YES  # det = β² everywhere
    constant = SymbolicMap([x * 0 + 1], [x])
    assert finding(constant).outcome is Outcome.NO
    logistic = SymbolicMap([4 * x * (1 - x)], [x])
    assert finding(logistic).evidence.grade is Grade.PROVED
