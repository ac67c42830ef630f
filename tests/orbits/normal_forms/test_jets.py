"""Truncated Taylor polynomials on straight-line code against symbolic derivatives."""

import flint
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd.engine.operations import logcosh, sigmoid, softplus
from dynsys_gd.engine.tape import lower
from dynsys_gd.orbits.normal_forms.derivatives import Chain
from dynsys_gd.orbits.normal_forms.jets import evaluate, jet
from dynsys_gd.orbits.normal_forms.place import common_field
from dynsys_gd.orbits.normal_forms.scalars import Balls

FUNCTIONS = [
    sp.exp(x), sp.log(x), sp.sin(x), sp.cos(x), sp.tan(x), sp.sinh(x), sp.cosh(x), sp.tanh(x),
    sp.atan(x), sp.erf(x), sigmoid(x), softplus(x), logcosh(x), sp.sqrt(x), x**5, x**2, 1 / x,
    x ** sp.Rational(5, 3), x**-3, 2**x, x**x,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=str)
def test_derivatives_of_every_function(f):
    at, numbers = sp.Rational(3, 7), Balls(200)
    with flint.ctx.workprec(200):
        one = numbers.constant(1)
        found = evaluate(lower([f], [x]), [jet(numbers.constant(at), [one] * 3)], [], numbers)[0]
        for entry, order in ((0, 0), (1, 1), (3, 2), (7, 3)):
            plain = f.rewrite(sp.exp) if f.has(sigmoid, softplus, logcosh) else f
            exact = sp.diff(plain, x, order).subs(x, at).evalf(30)
            assert complex(found[entry]) == pytest.approx(complex(exact), rel=1e-14)


def test_mixed_derivatives_of_a_composition():
    F = [x * y + y**3, x - 2 * y**2]
    found = common_field([sp.Rational(1, 3), sp.Rational(-1, 2)])
    assert found is not None
    field, start = found
    chain = Chain(lower(F, [x, y]), start, [], 2, field)
    twice = [e.subs({x: F[0], y: F[1]}, simultaneous=True) for e in F]
    u, v, w = [(1, 2), (-1, 3), (2, 5)]
    s, t, r = sp.symbols("s t r")
    moved = {
        x: sp.Rational(1, 3) + s * u[0] + t * v[0] + r * w[0],
        y: sp.Rational(-1, 2) + s * u[1] + t * v[1] + r * w[1],
    }
    directions = [[field.constant(k) for k in d] for d in (u, v, w)]
    third = chain.along(*directions)
    for value, expression in zip(third, twice, strict=True):
        exact = sp.diff(expression.subs(moved, simultaneous=True), s, t, r).subs({s: 0, t: 0, r: 0})
        assert field.number(value).to_sympy() == exact


def test_a_field_of_two_square_roots():
    found = common_field([sp.sqrt(2), sp.sqrt(3), sp.Rational(1, 2)])
    assert found is not None
    field, (root2, root3, half) = found
    assert field.degree == 4
    assert (root2 * root2 - field.constant(2)).is_zero()
    assert field.number(root2 * root3 * half).to_sympy() == sp.sqrt(6) / 2
    assert (field.inverse(root2) * root2 - field.constant(1)).is_zero()
    assert common_field([sp.pi]) is None
