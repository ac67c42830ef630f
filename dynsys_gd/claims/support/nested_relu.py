"""The network ReLU(θ2 ReLU(θ1 x)) on positive data x = y: its minima, and their exponents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import lcm
from typing import Any

import numpy as np
import sympy as sp

from ...branches.cascades.cascade import cascade
from ...branches.exponents.spectrum import lyapunov_spectrum
from ...engine.ball_printer import ball
from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ...losses.symbolic import Loss
from ...maps.gradient_descent import GradientDescent
from ...maps.random_minibatch import RandomMinibatch
from ...maps.symbolic_map import SymbolicMap
from ...regions import Ball
from ..claim import Instance
from ..declare import condition, yes_if

__all__ = [
    "ATTRACTING",
    "BETWEEN_DOUBLINGS",
    "CLEARLY_ATTRACTING",
    "COMMON_MINIMUM",
    "VARIABLES",
    "doublings_of",
    "ends_of",
    "exponent",
    "is_attracting",
    "measured_exponent",
    "minimum_at",
    "random_data",
    "rates_of",
    "square_of_minimum",
    "words_of",
]

_SCANNED = 3001
_MOMENT = sp.Rational(1, 8)

#: θ1 and θ2.
VARIABLES = sp.symbols("theta1 theta2")


def random_data(
    data: Sequence[tuple[Any, Any]], step_size: Any, probabilities: Sequence[Any]
) -> RandomMinibatch:
    """Return stochastic gradient descent on ½(y - ReLU(θ2 ReLU(θ1 x)))², one datum a step.

    Examples
    --------
    >>> F = random_data([("9/10", "9/10"), ("5/2", "5/2")], "3/10", ("29/50", "21/50"))
    >>> float(exponent(rates_of(F), 4.1).round(3))
    -2.45
    """
    first, second = VARIABLES
    losses = []
    for x, y in data:
        output = sp.Max(second * sp.Max(first * sp.Rational(x), 0), 0)
        losses.append(Loss((sp.Rational(y) - output) ** 2 / 2, VARIABLES))
    return RandomMinibatch(losses, step_size, probabilities, rng=0)


def minimum_at(s: float) -> tuple[float, float]:
    """Return the minimum θ1 θ2 = 1 with θ1² + θ2² = s and θ1 ≥ θ2 > 0."""
    first = float(np.sqrt((s + np.sqrt(s**2 - 4)) / 2))
    return first, 1 / first


def rates_of(F: Any) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return (p, ηm) for each batch, or for all data: L = ½m(1 - θ1θ2)² where both are positive.

    For data x = y the constant m is 2 L(0).
    """
    pairs = zip(F.probabilities, F.losses, strict=True) if hasattr(F, "losses") else [(1, F.loss)]
    return [(sp.sympify(p), F.step_size * 2 * _value(loss, (0, 0))) for p, loss in pairs]


def words_of(rates: Sequence[tuple[sp.Expr, sp.Expr]]) -> tuple[str, ...]:
    """Return the rates as text, by which a table can be keyed."""
    return tuple(str(number) for pair in rates for number in pair)


def exponent(rates: Sequence[tuple[sp.Expr, sp.Expr]], s: Any) -> Any:
    """Return λ(s) = Σ p log|1 - ηm s|, the Lyapunov exponent across the minima at s = θ1² + θ2²."""
    with np.errstate(divide="ignore"):
        return sum(float(p) * np.log(np.abs(1 - float(rate) * np.asarray(s))) for p, rate in rates)


def ends_of(rates: Sequence[tuple[sp.Expr, sp.Expr]], last: float) -> list[float]:
    """Return where λ(s) changes its sign between 2 and `last`, up to close pairs.

    Examples
    --------
    >>> F = random_data([(1, 1)], "1/4", [1])
    >>> [round(end, 9) for end in ends_of(rates_of(F), 20.0)]
    [8.0]
    """
    from scipy.optimize import brentq

    grid = np.linspace(2.0, last, _SCANNED)
    signs = np.flatnonzero(np.diff(exponent(rates, grid) < 0))
    return [brentq(lambda s: float(exponent(rates, s)), grid[k], grid[k + 1]) for k in signs]


def doublings_of(F: GradientDescent) -> tuple[tuple[float, float], ...]:
    """Return the first two doublings on θ1 = θ2, each as found and by formula: 1/m, (√5 - 1)/m.

    Examples
    --------
    >>> F = GradientDescent(random_data([(1, 1)], "1/4", [1]).loss, "1/4")
    >>> [round(found - known, 9) for found, known in doublings_of(F)]
    [0.0, 0.0]
    """
    m, (u, eta) = rates_of(F)[0][1] / F.step_size, sp.symbols("u eta")
    diagonal = SymbolicMap([u + eta * m * u * (1 - u**2)], [u])
    known = (float(1 / m), float((sp.sqrt(5) - 1) / m))
    found = cascade(diagonal, [1.0], "eta", to=(known[0] / 2, known[1] * 2), doublings=2)
    return tuple(zip(map(float, found.values), known, strict=True))


def measured_exponent(F: Any, s: float, *, runs: int, steps: int, rng: Any) -> float:
    """Return λ(s) as the mean growth of areas along orbits that stay at a minimum.

    Along the minima lengths do not change. Few steps: from an unstable minimum rounding leads away.

    Examples
    --------
    >>> F = random_data([(1, 1)], "1/4", [1])
    >>> round(measured_exponent(F, 4.25, runs=4, steps=16, rng=0), 9)
    -2.772588722
    """
    points = np.tile(minimum_at(s), (runs, 1))
    states = F.states(points, rng=rng) if isinstance(F, RandomMinibatch) else points
    found = lyapunov_spectrum(F, states, exponents=2, steps=steps, transient=2, batches=16)
    return float(found.pooled().values.sum())


def square_of_minimum(instance: Instance) -> sp.Expr:
    """Return s of the minimum (t, 1/t), t the first coordinate of the centre of the starts."""
    first, second = _minimum(instance)
    return first**2 + second**2


def is_attracting(rates: Sequence[tuple[sp.Expr, sp.Expr]], s: sp.Expr) -> bool:
    """Return whether λ(s) < 0: Π |1 - ηm s|^p < 1, in whole powers exact for rational numbers."""
    whole = reduce(lcm, (int(sp.fraction(p)[1]) for p, _ in rates))
    return bool(sp.prod(sp.Abs(1 - rate * s) ** int(p * whole) for p, rate in rates) < 1)


def _value(loss: AbstractLoss, point: Sequence[Any]) -> sp.Expr:
    form = loss.symbolic
    assert form is not None
    return form.bound.subs(dict(zip(form.variables, point, strict=True)))


def _minimum(instance: Instance) -> tuple[sp.Expr, sp.Expr]:
    assert isinstance(instance.region, Ball)
    first = sp.Rational(instance.region.center[0])
    return first, 1 / first


def _is_common(instance: Instance) -> tuple[Outcome, str]:
    losses = getattr(instance.F, "losses", (instance.loss,))
    left = [_value(loss, _minimum(instance)) for loss in losses]
    return yes_if(all(value == 0 for value in left)), f"largest loss there {float(max(left)):.3g}"


def _is_attracting(instance: Instance) -> tuple[Outcome, str]:
    if _is_common(instance)[0] is Outcome.NO:
        return Outcome.UNDECIDED, "the point is no common minimum"
    s, rates = square_of_minimum(instance), rates_of(instance.F)
    told = f"λ = {float(exponent(rates, float(s))):.4g} at s = {float(s):.6g}"
    return yes_if(is_attracting(rates, s)), told


def _is_clearly_attracting(instance: Instance) -> tuple[Outcome, str]:
    if _is_common(instance)[0] is Outcome.NO:
        return Outcome.UNDECIDED, "the point is no common minimum"
    s, rates = square_of_minimum(instance), rates_of(instance.F)
    mean = ball(sum(p * sp.Abs(1 - rate * s) ** _MOMENT for p, rate in rates))
    outcome = yes_if(bool(mean < 1)) if mean < 1 or mean > 1 else Outcome.UNDECIDED
    return outcome, f"the mean is {float(mean):.4g}"


def _is_between(instance: Instance) -> tuple[Outcome, str]:
    if not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent on all data"
    ((_, rate),) = rates_of(instance.F)
    return yes_if(1 < rate < sp.sqrt(5) - 1), f"ηm = {rate}"


# E f^κ < 1 bounds the probability that runs get from a distance r to 1 by r^κ to first order.
CLEARLY_ATTRACTING = condition(
    "clearly negative exponent",
    f"the mean of |1 - ηx²s|^({_MOMENT}) is below 1",
    _is_clearly_attracting,
    grade=Grade.CERTIFIED,
    reason="interval arithmetic",
)
BETWEEN_DOUBLINGS = condition(
    "between the doublings",
    "1 < ηm < √5 - 1",
    _is_between,
    grade=Grade.PROVED,
    reason="exact numbers",
)
COMMON_MINIMUM = condition(
    "common minimum",
    "the centre of the starts is a minimum of every batch",
    _is_common,
    grade=Grade.PROVED,
    reason="exact values",
)
ATTRACTING = condition(
    "negative exponent",
    "the Lyapunov exponent of the minimum is negative",
    _is_attracting,
    grade=Grade.PROVED,
    reason="powers of rational numbers",
)
