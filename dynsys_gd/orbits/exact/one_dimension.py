"""Fixed points of maps of the line that are not polynomial: sympy proposes, we check.

Sympy's solver lists candidates. Each is put back into the equation and kept only where the result
is exactly zero. That there are no others is proved in a box by interval arithmetic, or not
claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flint
import numpy as np
import sympy as sp

from ...engine.ball_printer import ball_function
from ...engine.derivative import derivative
from ...engine.tape import lower
from ...errors import DynsysError
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Box, Region
from ...values import is_exact
from ..algebra.effort import check_time
from ..algebra.spectra import CircleCount
from ..kinds import CriticalKind, Kind, kind_of
from ..orbit_set import OrbitSet
from ..periodic_orbit import PeriodicOrbit
from ..update_rules import Regions, rule_at
from .gradient_sets import FLOAT_REASON, instead, undecided
from .time_limit import within_seconds

__all__ = ["SolveRequest", "one_dimensional_fixed_points", "real_solutions"]

_MOST_CELLS = 20_000
_BITS = 120


@dataclass(frozen=True)
class SolveRequest:
    """An equation g(x) = 0 on the line, or between two rational numbers."""

    equation: sp.Expr
    x: sp.Symbol
    low: sp.Expr
    high: sp.Expr


def real_solutions(request: SolveRequest) -> tuple[tuple[sp.Expr, ...], bool]:
    """Return solutions that were put back and checked, and whether sympy gave a finite set.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> real_solutions(SolveRequest(sp.exp(x) - 2, x, -sp.oo, sp.oo))
    ((log(2),), True)
    """
    real = sp.Dummy("x", real=True)
    equation = request.equation.xreplace({request.x: real})
    try:
        found = sp.solveset(equation, real, sp.Interval(request.low, request.high))
    except (NotImplementedError, ValueError, TypeError):
        return (), False  # how sympy says that it cannot solve an equation
    if found is sp.S.EmptySet:
        return (), True
    if not isinstance(found, sp.FiniteSet):
        return (), False
    checked = [c for c in found if c.is_real and sp.simplify(equation.subs(real, c)) == 0]
    return tuple(sorted(checked, key=float)), len(checked) == len(found)


def one_dimensional_fixed_points(
    F: Map, title: str, region: Region | None, seconds: float
) -> OrbitSet:
    """Return the fixed points of a map of the line that sympy can solve for."""
    x = F.variables[0]
    gradient = isinstance(F, GradientMap) and F.loss.dimension == 1
    if gradient:
        loss = F.loss.symbolic.bound  # type: ignore[union-attr]
        equation = sp.diff(loss, x)
    else:
        loss = None
        equation = F.expression[0] - x  # type: ignore[index]
    low, high = -sp.oo, sp.oo
    if isinstance(region, Box):
        low, high = (sp.Rational(end) for end in (region.low[0], region.high[0]))
    rational = equation.xreplace({n: sp.Rational(n) for n in equation.atoms(sp.Float)})
    try:
        solutions, finite = within_seconds("solve", SolveRequest(rational, x, low, high), seconds)
    except DynsysError as error:
        return undecided(title, f"{error}; {instead(region)}", region)
    if not finite and not solutions:
        reason = f"sympy gives no finite list of solutions; {instead(region)}"
        return undecided(title, reason, region)
    evidence = Evidence(grade=Grade.PROVED, reason="solutions put back into the equation exactly")
    complete = False
    why = (
        "sympy's solver lists these and each was checked; that there are no others is not proved, "
        "give a Box to have it certified there"
    )
    if isinstance(region, Box):
        count = _zeros_between(rational, x, region)
        complete = finite and count == len(solutions)
        why = (
            f"interval arithmetic counts {count} {'zero' if count == 1 else 'zeros'} in the box"
            if complete
            else "interval arithmetic did not confirm the number of zeros in the box"
        )
        if complete:
            evidence = evidence.weakened_to(Grade.CERTIFIED, "completeness by interval arithmetic")
    if not F.exact:
        evidence = evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    orbits = [_orbit(F, loss, x, value, evidence) for value in solutions]
    return OrbitSet(
        title=title,
        orbits=tuple(orbits),
        complete=complete,
        why=why,
        region=region,
        evidence=evidence,
    )


def _orbit(
    F: Map, loss: sp.Expr | None, x: sp.Symbol, value: sp.Expr, evidence: Evidence
) -> PeriodicOrbit:
    step_sizes, parameter, critical, height = None, None, None, None
    kind = Kind.UNDECIDED
    if isinstance(F, GradientMap) and loss is not None:
        rule = rule_at(F)
        curvature = sp.simplify(sp.diff(loss, x, 2).subs(x, value))
        critical = _critical(loss, x, value)
        height = sp.simplify(loss.subs(x, value))
        multipliers = (
            None if rule.multiplier is None else rule.multiplier.values(rule.step * curvature)
        )
        parameter = rule.parameter
        step_sizes = _step_sizes(rule.regions, curvature)
    else:
        multipliers = (sp.simplify(F.jacobian[0, 0].subs(x, value)),)
    numbers = None
    if multipliers is not None and not any(m.free_symbols for m in multipliers):
        numbers = np.array([complex(m.evalf(17)) for m in multipliers])
        kind = _kind(multipliers)
    return PeriodicOrbit(
        map=F,
        points=np.array([[float(value)] * F.dimension]),
        enclosure=_bounds(value, F.dimension),
        exact=((value,) * F.dimension,),
        multipliers=numbers,
        exact_multipliers=multipliers,
        kind=kind,
        step_sizes=step_sizes,
        parameter=parameter,
        critical=critical,
        loss_value=height,
        evidence=evidence,
    )


def _ball(number: sp.Expr) -> flint.arb:
    with flint.ctx.workprec(_BITS):
        return ball_function(lower([number], []))([], [])[0]


def _sign(number: sp.Expr) -> int | None:
    """Return the sign of an exact number, None where enclosure and algebra leave it open."""
    if sp.simplify(number) == 0:
        return 0
    ball = _ball(number)
    if ball > 0:
        return 1
    return -1 if ball < 0 else None


def _bounds(value: sp.Expr, size: int) -> np.ndarray | None:
    ball = _ball(value)
    if not ball.is_finite():
        return None
    low = np.nextafter(float(ball.lower()), -np.inf)
    high = np.nextafter(float(ball.upper()), np.inf)
    return np.array([[[low, high]] * size])


def _critical(loss: sp.Expr, x: sp.Symbol, value: sp.Expr) -> CriticalKind:
    """Return the kind by the first derivative that is not zero."""
    for order in range(2, 10):
        sign = _sign(sp.diff(loss, x, order).subs(x, value))
        if sign is None:
            return CriticalKind.UNDECIDED
        if sign:
            if order % 2:
                return CriticalKind.SADDLE
            return CriticalKind.MINIMUM if sign > 0 else CriticalKind.MAXIMUM
    return CriticalKind.UNDECIDED


def _step_sizes(regions: Regions | None, curvature: sp.Expr) -> sp.Set | None:
    """Return the stable step sizes where stable means 0 < step size * curvature < top."""
    sign = _sign(curvature)
    if regions is None or sign is None or len(regions.stable.pairs) != 1:
        return None
    low, high = regions.stable.pairs[0]
    if low is None or high is None or low.compare(0):
        return None
    if sign <= 0:
        return sp.S.EmptySet
    return sp.Interval.open(0, sp.simplify(high.to_sympy() / curvature))


def _kind(multipliers: Sequence[sp.Expr]) -> Kind:
    """Return the kind of real multipliers; complex ones are left undecided."""
    sides = []
    for m in multipliers:
        if not is_exact(m):
            m = sp.Rational(float(m))
        if not m.is_real:
            return Kind.UNDECIDED
        sides.append(_sign(1 - m**2))
    if None in sides:
        return Kind.UNDECIDED
    inside, outside = sides.count(1), sides.count(-1)
    return kind_of(CircleCount(inside, sides.count(0), outside))


def _zeros_between(equation: sp.Expr, x: sp.Symbol, box: Box) -> int | None:
    """Return the number of zeros in a box, or None where it was not certified.

    Cells without a zero are dropped; in a cell where the derivative has no zero the signs at the
    ends count the zeros. Cells are cut off the middle, where zeros like to sit.
    """
    tape = lower([equation, derivative(equation, x)], [x])
    if not tape.analytic:
        return None  # signs change at jumps, too
    function = ball_function(tape)

    def at(low: flint.fmpq, high: flint.fmpq) -> list[flint.arb]:
        return function([flint.arb(low).union(flint.arb(high))], [])

    pending = [
        (flint.fmpq(*box.low[0].as_integer_ratio()), flint.fmpq(*box.high[0].as_integer_ratio()))
    ]
    total = 0
    with flint.ctx.workprec(_BITS):
        for _ in range(_MOST_CELLS):
            if not pending:
                return total
            check_time()
            low, high = pending.pop()
            value, slope = at(low, high)
            if value > 0 or value < 0:
                continue
            left, right = at(low, low)[0], at(high, high)[0]
            definite = (left > 0 or left < 0) and (right > 0 or right < 0)
            if (slope > 0 or slope < 0) and definite:
                total += bool(left > 0) != bool(right > 0)
                continue
            cut = low + (high - low) * flint.fmpq(487, 1000)
            pending += [(low, cut), (cut, high)]
    return None
