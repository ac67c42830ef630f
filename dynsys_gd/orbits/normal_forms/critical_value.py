"""At which values of its open parameter an orbit is neutral."""

from __future__ import annotations

from functools import reduce

import flint
import numpy as np
import sympy as sp

from ...engine.derivative import derivative, jacobian
from ...engine.rewrite import stable
from ...engine.tape import Tape, lower
from ...errors import DynsysError, InvalidInput
from ...maps.gradient_map import GradientMap
from ..algebra.number_field import AlgebraicPoint
from ..algebra.open_sets import quotient
from ..algebra.polynomials import rational_polynomials
from ..algebra.real_algebraic import RealAlgebraic
from ..algebra.spectra import at_rational_numbers, characteristic, real_eigenvalues
from ..update_rules import multiplier, real_zeros
from .jets import evaluate, jet
from .place import Place, common_field, dyadic, enclosed
from .scalars import Balls, Inexact

__all__ = ["StepSize", "critical_values", "gradient_vanishes", "step_size_of_flip"]

_BITS = 256
_LARGEST_STATE = 8
_LARGEST_DEGREE = 12
_LONGEST_ENTRY = 64  # bits of a Hessian entry up to which its eigenvalues are made exact
_MOST_RADICALS = 2
_ROUNDED = 1e-8  # a constant that rounded coordinates may leave
_MOST_OPERATIONS = 1_000  # in an equation up to which it is simplified
_MOST_SYMBOLIC_STEPS = 4


class StepSize:
    """The step size at which a critical point of a loss flips.

    Parameters
    ----------
    exact : sympy number or None
    ball : arb
        An enclosure, or an approximation where the point is one.
    """

    def __init__(self, exact: sp.Expr | None, ball: flint.arb) -> None:
        self.exact, self.ball = exact, ball


def step_size_of_flip(place: Place) -> StepSize | None:
    """Return the smallest step size for which a multiplier of a critical point is -1.

    None where the open parameter is not the step size of a gradient map, or the point is a cycle.
    A flip needs s = step size times eigenvalue at the zero of the multiplier polynomial at -1,
    which is linear in s for the rules with one gradient a step.
    """
    F, symbol = place.F, place.symbol
    if not isinstance(F, GradientMap) or place.period > 1 or place.moves:
        return None
    form = F.loss.symbolic
    if form is None or F.settings["step_size"] != symbol or symbol in form.bound.free_symbols:
        return None
    if any(v.has(symbol) for k, v in F.settings.items() if k != "step_size"):
        return None
    rule = multiplier(F)
    if rule is None:
        return None
    zeros = sp.roots(sp.Poly(rule.polynomial.subs(rule.z, -1), rule.s))
    positive = [zero for zero in zeros if zero.is_positive]
    if len(positive) != 1:
        return None
    scaled = dyadic(positive[0])
    variables = form.variables
    coordinates = place.coordinates[0][: len(variables)]
    exact = _exact_eigenvalue(dyadic(form.bound), variables, coordinates)
    if exact is not None:
        value = quotient(RealAlgebraic.from_sympy(scaled), exact)
        if value.degree <= _LARGEST_DEGREE:
            return StepSize(value.to_sympy(), value.ball(_BITS))
    largest = _largest_eigenvalue(place, form.bound, variables)
    with flint.ctx.workprec(_BITS):
        return StepSize(None, enclosed(scaled, _BITS) / largest)


def _exact_eigenvalue(
    loss: sp.Expr, variables: tuple[sp.Symbol, ...], coordinates: tuple[sp.Expr, ...]
) -> RealAlgebraic | None:
    """Return the largest Hessian eigenvalue where every entry of the Hessian is rational."""
    if len(variables) > _LARGEST_STATE:
        return None
    values = dict(zip(variables, map(dyadic, coordinates), strict=True))
    entries = [
        [derivative(derivative(loss, v), u).subs(values, simultaneous=True) for u in variables]
        for v in variables
    ]
    flat = [entry for row in entries for entry in row]
    if not all(e.is_Rational and max(_bits(e.p), _bits(e.q)) <= _LONGEST_ENTRY for e in flat):
        return None
    matrix = [[flint.fmpq_poly([flint.fmpq(int(e.p), int(e.q))]) for e in row] for row in entries]
    base: AlgebraicPoint = at_rational_numbers()
    numbers = real_eigenvalues(base, characteristic(base, matrix))
    if numbers is None or numbers[-1].compare(0) <= 0:
        return None
    return numbers[-1]


def gradient_vanishes(place: Place) -> bool:
    """Return whether the gradient is proved to be zero at an algebraic point."""
    form = place.F.loss.symbolic if isinstance(place.F, GradientMap) else None
    found = common_field(place.coordinates[0])
    if form is None or found is None or form.bound.free_symbols - set(form.variables):
        return False
    field, elements = found
    inputs = [jet(x, []) for x in elements[: len(form.variables)]]
    try:
        values = evaluate(_gradient_tape(form.bound, form.variables), inputs, [], field)
    except Inexact:
        return False
    return all(entry is None or entry.is_zero() for (entry,) in values)


def _gradient_tape(loss: sp.Expr, variables: tuple[sp.Symbol, ...]) -> Tape:
    smooth = stable(loss)
    return lower([derivative(smooth, v) for v in variables], variables)


def _bits(number: int) -> int:
    return abs(int(number)).bit_length()


def _largest_eigenvalue(place: Place, loss: sp.Expr, variables: tuple[sp.Symbol, ...]) -> flint.arb:
    """Return a ball for the largest Hessian eigenvalue, which must be positive and simple."""
    tape = _gradient_tape(loss, variables)
    rows = place.coordinates if place.enclosure is None else place.enclosure
    numbers, size = Balls(_BITS), len(variables)
    with flint.ctx.workprec(_BITS):
        start = [flint.acb(enclosed(c, _BITS)) for c in rows[0][:size]]
        columns = []
        for k in range(size):
            inputs = [
                jet(x, [numbers.constant(1) if i == k else None]) for i, x in enumerate(start)
            ]
            column = [out[1] for out in evaluate(tape, inputs, [], numbers)]
            columns.append([numbers.constant(0) if c is None else c for c in column])
        matrix = flint.acb_mat(columns)
        try:
            found = matrix.eig(multiple=False)
        except ValueError:
            raise InvalidInput(
                "at",
                _shown(place),
                "a point whose Hessian eigenvalues are told apart",
                "two of them agree, or nearly so: several multipliers become critical together",
            ) from None
        largest = max((value.real for value in found), key=lambda r: float(r.mid()))
    if not largest > 0:
        raise InvalidInput(
            "at",
            _shown(place),
            "a point with a positive Hessian eigenvalue",
            "only those give a multiplier -1 at a positive step size",
        )
    return largest


def critical_values(place: Place) -> list[sp.Expr]:
    """Return the values of the open parameter at which a multiplier is on the unit circle.

    Raises
    ------
    InvalidInput
        Where they are not the zeros of a rational polynomial that could be found.
    """
    F, symbol = place.F, place.symbol
    expressions = place.images
    points = _symbolic_orbit(place)
    residuals: list[sp.Expr] = []
    for k, point in enumerate(points):
        values = dict(zip(F.variables, point, strict=True))
        nexts = points[(k + 1) % len(points)]
        images = expressions.subs(values, simultaneous=True)
        gaps = [a - b for a, b in zip(images, nexts, strict=True)]
        if any(sp.count_ops(gap) > _MOST_OPERATIONS for gap in gaps):
            raise _needs_value(place)
        residuals += [sp.simplify(gap) for gap in gaps]
    wrong = [r for r in residuals if r != 0]
    if wrong:
        return _zeros_of_residuals(place, wrong)
    J = jacobian(list(expressions), F.variables)
    factors = [J.subs(dict(zip(F.variables, p, strict=True)), simultaneous=True) for p in points]
    product = reduce(lambda a, b: b * a, factors)
    size = len(F.variables)
    edges = [(product - sign * sp.eye(size)).det(method="berkowitz") for sign in (1, -1)]
    if size == 2:
        edges.append(product.det() - 1)
    found: list[sp.Expr] = []
    for place_of, edge in enumerate(edges):
        zeros = _real_zeros(edge, symbol)
        if zeros is None:
            raise _needs_value(place)
        for zero in zeros:
            number = zero.to_sympy()
            if place_of == 2 and abs(float(product.trace().subs(symbol, number))) >= 2:
                continue
            if number not in found and _defined(points, symbol, number):
                found.append(number)
    return sorted((v for v in found if _allowed(place, v)), key=float)


def _allowed(place: Place, value: sp.Expr) -> bool:
    """Return whether a setting of an update rule may have this value, momenta ±1 included."""
    settings = getattr(place.F, "settings", None)
    if settings is None:
        settings = {"step_size": getattr(place.F, "step_size", sp.Integer(1))}
    for name, setting in settings.items():
        number = float(setting.subs(place.symbol, value)) if setting.has(place.symbol) else None
        if number is not None and not (-1 <= number <= 1 if name == "momentum" else number > 0):
            return False
    return True


def _symbolic_orbit(place: Place) -> list[tuple[sp.Expr, ...]]:
    points = list(place.coordinates)
    if len(points) < place.period > _MOST_SYMBOLIC_STEPS:
        raise _needs_value(place)
    while len(points) < place.period:
        values = dict(zip(place.F.variables, points[-1], strict=True))
        points.append(tuple(map(sp.simplify, place.images.subs(values, simultaneous=True))))
    return points


def _zeros_of_residuals(place: Place, residuals: list[sp.Expr]) -> list[sp.Expr]:
    """Return the parameter values for which given coordinates are an orbit."""
    symbol = place.symbol
    if place.moves and place.period == len(place.coordinates):
        raise InvalidInput(
            "at",
            _shown(place),
            "an orbit of F for every value of the parameter",
            f"F(x) - x is {residuals[0]}",
        )
    if not all(r.is_polynomial(symbol) for r in residuals):
        raise _needs_value(place)
    equations = [sp.Poly(r, symbol) for r in residuals]
    if not place.exact:
        # Rounded coordinates leave small constants in equations without the parameter.
        equations = [p for p in equations if p.degree() > 0 or abs(p.as_expr()) > _ROUNDED]
    if not equations:
        raise _needs_value(place)
    first = min(equations, key=lambda p: p.degree())
    if first.degree() == 0:
        raise InvalidInput(
            "at",
            _shown(place),
            "a fixed point of F for some value of the parameter",
            f"|F(x) - x| is {abs(float(first.as_expr())):.3g} whatever the value",
        )
    if first.degree() == 1:
        above, below = first.all_coeffs()
        try:
            return [RealAlgebraic.from_sympy(-below / above).to_sympy()]
        except InvalidInput:
            return [-below / above]  # transcendental
    zeros = _real_zeros(first.as_expr(), symbol)
    if zeros is None:
        raise _needs_value(place)
    exact = [zero.to_sympy() for zero in zeros]
    return [z for z in exact if all(abs(complex(r.subs(symbol, z))) < 1e-12 for r in residuals)]


def _real_zeros(expression: sp.Expr, symbol: sp.Symbol) -> list[RealAlgebraic] | None:
    """Return the real zeros of an expression in radicals, or None where it is not one."""
    if sp.count_ops(expression) > _MOST_OPERATIONS:
        return None
    simple = sp.together(sp.simplify(expression))
    roots = {
        power.base for power in simple.atoms(sp.Pow) if power.exp.is_Rational and power.exp.q == 2
    }
    if len(roots) > _MOST_RADICALS:
        return None
    polynomial, stand_ins = simple, {base: sp.Dummy() for base in roots}
    for base, own in stand_ins.items():
        polynomial = polynomial.replace(
            lambda e, base=base: e.is_Pow and e.base == base and e.exp.q == 2,
            lambda e, own=own: own**e.exp.p,
        )
    polynomial = sp.together(polynomial).as_numer_denom()[0]
    for base, own in stand_ins.items():
        above, below = sp.fraction(sp.together(base))
        polynomial = sp.resultant(polynomial, below * own**2 - above, own)
    read = rational_polynomials([sp.expand(polynomial)], (symbol,))
    if read is None:
        return None
    # Radicals of the other sign bring zeros of their own.
    return [
        zero
        for zero in real_zeros([read[0][0].as_expr()], symbol)
        if abs(complex(sp.N(simple.subs(symbol, zero.to_sympy()), 30))) < 1e-15
    ]


def _defined(points: list[tuple[sp.Expr, ...]], symbol: sp.Symbol, number: sp.Expr) -> bool:
    """Return whether all coordinates are finite and real at a value of the parameter."""
    for point in points:
        for c in point:
            value = complex(sp.N(c.subs(symbol, number)))
            if not np.isfinite(value) or abs(value.imag) > 1e-9:
                return False
    return True


def _needs_value(place: Place) -> InvalidInput:
    return InvalidInput(
        "value",
        None,
        "the critical parameter value",
        "the equation for it is not a polynomial one that could be solved here",
    )


def _shown(place: Place) -> str:
    try:
        return "(" + ", ".join(f"{float(c):.6g}" for c in place.coordinates[0]) + ")"
    except (TypeError, DynsysError):
        return str(place.coordinates[0])
