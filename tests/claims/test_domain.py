"""One point decides on a connected domain only."""

import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import GradientDescent, Loss, Outcome
from dynsys_gd.claims import Status, non_singular_map, verify
from dynsys_gd.claims.domain import connected_domain


@pytest.mark.parametrize(
    "expression",
    [
        1 / (x - 1),
        sp.log(x),
        sp.log(1 + x**2),
        sp.exp(x) / (1 + sp.exp(x)),
        sp.log(x + y) / (x + y),
    ],
)
def test_connected(expression):
    assert connected_domain([expression], [x, y])


@pytest.mark.parametrize("expression", [sp.atan(1 / x), sp.tan(x), sp.log(x**2 - 1), sp.exp(1 / x)])
def test_possibly_several_components(expression):
    assert not connected_domain([expression], [x])


def test_a_locally_constant_factor_is_not_taken_for_a_proof():
    # atan x + atan 1/x is ±π/2: the loss is x²/2 for x > 0, where step size 1 collapses, and
    # -x²/2 for x < 0, where it does not. A regular point exists; the map is singular.
    loss = Loss((sp.atan(x) + sp.atan(1 / x)) * x**2 / sp.pi, [x])
    verdict = verify(non_singular_map, GradientDescent(loss, step_size=1), rng=0)
    assert verdict.applies is Outcome.UNDECIDED
    assert verdict.status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        ((x, -x), False),  # defined nowhere
        ((x, 1 - x), True),
        ((x - 1, -x), False),
        ((x, y, 1 - x - y), True),
        ((x, y, -1 - x - y), False),
        ((x - y, x + y), True),
    ],
)
def test_half_spaces_must_be_known_to_meet(arguments, known):
    assert connected_domain([sum(sp.log(a) for a in arguments)], [x, y]) is known
