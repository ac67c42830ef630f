"""Where null sets are known to have null preimages."""

import pytest
from sympy import exp, log, sin, sqrt, tan
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, Loss, SymbolicMap
from dynsys_gd.errors import InvalidInput
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.enclosure.regular import regular_point
from dynsys_gd.measure.target import Target
from dynsys_gd.orbits.certified.system import System, system_of


def test_the_determinant_is_not_zero_at_the_point(known):
    for name, step_size in (("double well", "1/2"), ("product", "9/10"), ("himmelblau", "1/100")):
        F, facts = known(name, step_size)
        at = dict(zip(F.variables, facts.regular_at, strict=True))
        assert F.jacobian.det().subs(at) != 0


@pytest.mark.parametrize(
    "images",
    [
        (x + y, 2 * x + 2 * y),  # onto a line
        (x + sqrt(x**2), y),  # the left half-plane goes to a line
        (x + log(x), y),  # two pieces
        (x + 1 / x, y),
        (x + tan(x), y),
    ],
)
def test_no_point_is_named_where_preimages_may_be_large(images):
    assert regular_point(System((x, y), images)) is None


@pytest.mark.parametrize(
    "images",
    [(x + log(1 + x**2), y), (x / (1 + y**2 * exp(x)), y), (sin(x) * y, x + sqrt(2 + y**2))],
)
def test_divisors_and_roots_that_stay_positive_do_no_harm(images):
    assert regular_point(System((x, y), images)) is not None


def test_another_point_is_tried_where_the_first_is_singular():
    images = ((x - 1) ** 2, (y - 2) ** 2)
    assert regular_point(System((x, y), images)) not in (None, (1, 2))


def test_without_a_point_nothing_is_said_of_almost_every_start():
    # η = 1 on x²/2 + y²/2: everything jumps to the minimum at once, and det DF = 0.
    F = GradientDescent(Loss((x**2 + y**2) / 2, [x, y]), step_size=1)
    facts = facts_of(F, Box([-1, -1], [1, 1]), target=Target.MINIMA)
    assert facts.regular_at is None
    assert facts.blocks == ()
    assert not any(form.null_sets for form in facts.forms)
    assert len(facts.cores) == 1
    assert any("det DF" in text for text in facts.why_not)


@pytest.mark.parametrize(
    "F",
    [
        GradientDescent(Loss(abs(x) ** 3 + y**2, [x, y]), step_size="1/2"),
        GradientDescent(Loss(x**2 * y**2, [x, y]), step_size=x.func("eta")),
        SymbolicMap([abs(x), y], [x, y]),
    ],
)
def test_kinks_and_open_parameters_are_refused(F):
    with pytest.raises(InvalidInput):
        system_of(F)
