"""Maps that every textbook has, with exact coefficients, and where their bounded orbits are."""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..errors import InvalidInput
from ..losses.symbolic import Loss
from ..regions import Box
from ..values import to_value
from .heavy_ball import HeavyBall
from .symbolic_map import SymbolicMap

__all__ = ["henon", "henon_as_momentum", "henon_box", "logistic", "logistic_box"]

_CELLS = 100  # boxes have corners in whole hundredths


def henon(a: Any = "7/5", b: Any = "3/10") -> SymbolicMap:
    """Return Hénon's map (x, y) -> (1 - a x² + y, b x).

    Parameters
    ----------
    a, b : number, fraction, text or sympy expression
        By default Hénon's own 7/5 and 3/10. A symbol stays open.

    Returns
    -------
    SymbolicMap

    Notes
    -----
    The determinant of the Jacobian is -b everywhere. All bounded orbits lie in `henon_box`. At the
    default values numbers say that almost every start near the origin tends to a strange
    attractor [1]_; orbits of each period are finite in number, and `periodic_orbits` lists them.

    References
    ----------
    .. [1] Hénon (1976), A two-dimensional mapping with a strange attractor.

    Examples
    --------
    >>> henon()([[0.5, 0.25]]).tolist()
    [[0.9, 0.15]]
    >>> henon().determinant
    -3/10
    """
    x, y = sp.symbols("x y")
    a, b = to_value(a, "a"), to_value(b, "b")
    return SymbolicMap([1 - a * x**2 + y, b * x], [x, y])


def henon_as_momentum(a: Any = "7/5", b: Any = "3/10") -> HeavyBall:
    """Return Hénon's map as heavy-ball momentum with step size 1 on a cubic loss.

    Parameters
    ----------
    a, b : number, fraction, text or sympy expression
        As for `henon`, with -1 <= b < 1; b = -1 keeps areas.

    Returns
    -------
    HeavyBall
        With momentum β = -b and the loss L(x) = a x³/3 + (1 - b) x²/2 - x; the state is
        (x_t, x_{t-1}).

    Raises
    ------
    InvalidInput
        For b outside of [-1, 1).

    Notes
    -----
    Hénon's y_t is b x_{t-1}, so that x_{t+1} = 1 - a x_t² + b x_{t-1}. This is
    x_t - L'(x_t) - b (x_t - x_{t-1}) for the loss above. The map (x, y) -> (x, y/b) takes the one
    to the other.

    References
    ----------
    Hénon [henon1976]_ for the map; the conjugacy is elementary.

    Examples
    --------
    >>> F = henon_as_momentum()
    >>> F.loss, F.momentum
    (Loss(7*x**3/15 + 7*x**2/20 - x, [x]), -3/10)
    >>> F([[0.5, 0.25 / 0.3]]).round(12).tolist()
    [[0.9, 0.5]]
    """
    x = sp.Symbol("x")
    a, b = to_value(a, "a"), to_value(b, "b")
    if b.is_number and not (b.is_real and -1 <= b < 1):
        raise InvalidInput("b", b, "a number of at least -1 and below 1", "-b is the momentum")
    loss = Loss(a * x**3 / 3 + (1 - b) * x**2 / 2 - x, [x])
    return HeavyBall(loss, step_size=1, momentum=-b)


def henon_box(a: Any = "7/5", b: Any = "3/10") -> Box:
    """Return a box with all bounded orbits of Hénon's map in its interior.

    Parameters
    ----------
    a, b : number, fraction or text
        a > 0.

    Returns
    -------
    Box
        |x| ≤ R and |y| ≤ S, both whole hundredths.

    Raises
    ------
    InvalidInput
        For a ≤ 0 or symbols.

    Notes
    -----
    An orbit is meant to be bounded in both directions of time, as every periodic one is. Let M be
    the supremum of |x_t| along it. From a x_t² = 1 + b x_{t-1} - x_{t+1} follows
    a M² ≤ 1 + (1 + |b|) M, hence

        M ≤ (1 + |b| + √((1 + |b|)² + 4a)) / (2a),

    the bound of [1]_, and |y_t| ≤ |b| M. For a = 7/5 and b = 3/10 that is 10/7 and 3/7.

    References
    ----------
    .. [1] Devaney and Nitecki (1979), Shift automorphisms in the Hénon mapping.

    Examples
    --------
    >>> henon_box()
    Box(low=(-1.43, -0.43), high=(1.43, 0.43))
    """
    a, b = _number(a, "a"), _number(b, "b")
    if not a.is_positive:
        raise InvalidInput("a", a, "a number above 0", "for a = 0 the map is linear")
    reach = (1 + abs(b) + sp.sqrt((1 + abs(b)) ** 2 + 4 * a)) / (2 * a)
    x, y = _hundredths_above(reach), _hundredths_above(abs(b) * reach)
    return Box([-x, -y], [x, y])


def logistic(r: Any = 4) -> SymbolicMap:
    """Return the logistic map x -> r x (1 - x).

    Parameters
    ----------
    r : number, fraction, text or sympy expression
        By default 4, the full shift: 2^n points satisfy F^n(x) = x, all of them in [0, 1]. A
        symbol stays open.

    Returns
    -------
    SymbolicMap

    Notes
    -----
    Gradient descent with step size 1 on r x³/3 + (1 - r) x²/2 is the same map. At r = 1 + √8 an
    orbit of period 3 is born with multiplier 1 [1]_.

    References
    ----------
    .. [1] May (1976), Simple mathematical models with very complicated dynamics.

    Examples
    --------
    >>> from dynsys_gd import fixed_points
    >>> [point.exact for point in fixed_points(logistic())]
    [((0,),), ((3/4,),)]
    """
    x = sp.Symbol("x")
    return SymbolicMap([to_value(r, "r") * x * (1 - x)], [x])


def logistic_box(r: Any = 4) -> Box:
    """Return an interval with all bounded orbits of the logistic map in its interior.

    Parameters
    ----------
    r : number, fraction or text
        At least 1.

    Returns
    -------
    Box
        From -0.01 to 1.01.

    Raises
    ------
    InvalidInput
        For r below 1 or a symbol.

    Notes
    -----
    For x < 0 and r ≥ 1 is F(x) = r x (1 - x) < x, without a fixed point below 0: the orbit tends
    to -∞. A point above 1 has an image below 0.

    Examples
    --------
    >>> logistic_box()
    Box(low=(-0.01,), high=(1.01,))
    """
    if not (_number(r, "r") - 1).is_nonnegative:
        raise InvalidInput("r", r, "a number of at least 1", "below 1 give a box of your own")
    return Box([-0.01], [1.01])


def _number(value: Any, argument: str) -> sp.Expr:
    number = to_value(value, argument)
    if not number.is_number:
        raise InvalidInput(argument, value, "a number", "a box belongs to one map")
    return number


def _hundredths_above(value: sp.Expr) -> float:
    """Return the least whole number of hundredths that exceeds a number by 1e-5, as a float."""
    return float(sp.Rational(sp.floor(_CELLS * value + sp.Rational(1, 1000)) + 1, _CELLS))
