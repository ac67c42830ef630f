"""Find the normal form of an orbit at the value of a parameter where it is neutral."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np
import sympy as sp

from ...errors import DynsysError, InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import positive_count
from ...values import is_exact, to_value
from ..exact.gradient_sets import FLOAT_REASON
from ..periodic_orbit import PeriodicOrbit
from ..stability import stability
from .circle import LargerField
from .coefficients import moving
from .critical_value import critical_values, gradient_vanishes, step_size_of_flip
from .derivatives import Chain, rounded
from .given import open_parameter, place_of
from .made import made
from .networks import flip_of_network
from .normal_form import NormalForm
from .place import Place, ball_chain, common_field, exact_chain, tape_of
from .reading import multipliers_of, read_balls, read_exactly
from .scalars import Inexact

__all__ = ["normal_form"]

_BITS = 256
_FIXED = 1e-8  # how far F(x) may be from x for rounded coordinates, relative
_MOST_DYADIC_STEPS = 3  # period up to which rounded coordinates are tried as exact ones
_LONGEST_GAP = 1_000  # operations of F(x) - x up to which sympy is asked whether it is zero
_SOURCES = ("kuznetsov2004elements",)


def normal_form(
    F: Map,
    at: PeriodicOrbit | Sequence[Any],
    *,
    value: Any = None,
    period: int = 1,
) -> NormalForm:
    """Return the normal form of an orbit where a multiplier is on the unit circle.

    Parameters
    ----------
    F : Map
        With one open parameter, whose critical value is found, or with none, where the orbit must
        be neutral already.
    at : PeriodicOrbit, or the coordinates of a point
        A state, or a point of the loss, which is taken at rest. Exact coordinates (fractions, text
        such as ``"1/3"``, sympy numbers) get an exact answer. Coordinates may contain the open
        parameter where the orbit moves with it.
    value : number, fraction, text or sympy number, optional
        The critical value, where there are several. By default the only one, or for a step size
        the smallest one, at which the sharpest direction flips.
    period : int
        The least period of a point given by its coordinates.

    Returns
    -------
    NormalForm

    Raises
    ------
    InvalidInput
        For a point that is not on an orbit of this period, or not critical; where several
        multipliers are critical together, in a strong resonance, on a family of fixed points
        where the coefficient is not justified, and for maps that are not smooth.

    Notes
    -----
    The derivatives of F^p come from truncated Taylor polynomials sent along the orbit; the
    coefficients are those of Kuznetsov [1]_, sections 4.2 to 4.7 and 5.4. For gradient descent the
    flip has b = η (D³L[q,q,·] H⁻¹ D³L[q,q,·]/2 - D⁴L[q,q,q,q]/6). On a family of minima A - I is
    singular; the flip coefficient is given only where the critical multiplier is stationary along
    the family, which is decided exactly.

    References
    ----------
    .. [1] Kuznetsov (2004), Elements of Applied Bifurcation Theory.

    Examples
    --------
    >>> from sympy.abc import eta, x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
    >>> form = normal_form(well, [1])
    >>> form.exact_value, form.exact, str(form.criticality)
    (1, 8, 'supercritical')
    >>> product = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> normal_form(product, [1, 1]).exact
    4
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    symbol = open_parameter(F)
    steps = positive_count(period, "period")
    if F.expression is None:
        return flip_of_network(F, at, value)
    place = place_of(F, at, symbol, steps)
    tape = tape_of(place)
    if symbol is None:
        if value is not None:
            raise InvalidInput("value", value, "None: F has no open parameter")
        return _answer(place, tape, None, None)
    if value is not None:
        number = to_value(value, "value")
        if not number.is_number:
            raise InvalidInput("value", value, "a number")
        return _answer(place, tape, number, None)
    step = step_size_of_flip(place)
    if step is not None:
        return _answer(place, tape, step.exact, step.ball)
    found = critical_values(place)
    if not found:
        raise InvalidInput(
            "at", at, f"an orbit that is neutral for some value of {symbol.name}", "it never is"
        )
    if len(found) > 1:
        texts = ", ".join(_with_decimals(v) for v in found[:6])
        raise InvalidInput("value", None, f"one of the critical values {texts}", "choose one")
    return _answer(place, tape, found[0], None)


def _with_decimals(value: sp.Expr) -> str:
    exact, decimal = sp.sstr(value), f"{float(value):.6g}"
    return exact if exact == decimal else f"{exact} ({decimal})"


def _answer(place: Place, tape: Any, value: sp.Expr | None, ball: flint.arb | None) -> NormalForm:
    """Return the normal form at one value, exactly where that is possible."""
    settled = place if value is None else place.at(value)
    given = place.exact and (value is None or is_exact(value))
    with flint.ctx.workprec(_BITS):
        # In balls first: exact numbers of a point that is no orbit double their digits each step.
        chain = ball_chain(settled, tape, ball if value is None else value, _BITS)
        distance, size = _residual(chain)
    if not distance <= _FIXED * (1 + size):
        raise _moving(settled, distance)
    # A step size computed from an eigenvalue is critical by construction.
    critical = ball is not None
    if (value is not None or not critical) and (given or place.period <= _MOST_DYADIC_STEPS):
        done = _exactly(place, settled, tape, value, given)
        if isinstance(done, NormalForm):
            return done
        critical = critical or done
    with flint.ctx.workprec(_BITS):
        _refuse_shorter(chain, settled, None)
        multipliers = multipliers_of(chain)
        reading = read_balls(chain, multipliers, _velocity(place, value, chain))
        certified = (
            (settled.exact or settled.enclosure is not None)
            and place.F.exact
            and critical
            and reading.simple
            and (ball is None or settled.fixed or _shown_fixed(place))
        )
        if certified:
            reason = (
                "ball arithmetic at 256 bits: the point, the critical value and the coefficient "
                "are enclosed, and no other multiplier is on the unit circle"
            )
            evidence = Evidence(grade=Grade.CERTIFIED, reason=reason, sources=_SOURCES)
        else:
            gap = float(np.min(np.abs(np.abs(multipliers) - 1)))
            reason = (
                f"computed at 256 bits from rounded data: |F(x) - x| is {distance:.2g}, the "
                f"critical multiplier is {gap:.2g} off the unit circle"
            )
            if not given and not settled.exact:
                reason += f"; {FLOAT_REASON}" if settled.enclosure is None else ""
            evidence = Evidence(grade=Grade.NUMERICAL, reason=reason, sources=_SOURCES)
        return made(settled, chain, reading, evidence, value, ball)


def _exactly(
    place: Place, settled: Place, tape: Any, value: sp.Expr | None, given: bool
) -> NormalForm | bool:
    """Return the normal form, or else whether it is proved that the orbit is critical."""
    try:
        chain = exact_chain(settled, tape, value)
        if chain is None:
            return False
        image = chain.image()
        moved = [a - b for a, b in zip(image, chain.start, strict=True)]
        if any(not entry.is_zero() for entry in moved):
            distance, _ = _residual(chain)
            if given or distance > _FIXED:
                raise _moving(settled, distance)
            return False
        _refuse_shorter(chain, settled, True)
        velocity = _velocity(place, value, chain)
        reading = read_exactly(chain, lambda k: _on_family(place, k), velocity)
    except Inexact:
        return False
    except LargerField:
        return given
    except InvalidInput:
        if given:
            raise
        # Rounded coordinates need not be critical exactly.
        return False
    reason = "exact algebra in a number field: the orbit, its multipliers and the coefficient"
    evidence = Evidence(grade=Grade.PROVED, reason=reason, sources=_SOURCES)
    if not given:
        evidence = evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    return made(settled, chain, reading, evidence, value, None)


def _velocity(place: Place, value: sp.Expr | None, chain: Chain) -> list[Any] | None:
    """Return how a branch given as a function of the parameter moves, as numbers of the chain."""
    slopes = None if value is None else place.velocity(value)
    if slopes is None:
        return None
    if all(s.is_Rational for s in slopes):
        return [chain.numbers.constant(s) for s in slopes]
    # An isolated branch moves by the implicit function theorem instead.
    return moving(chain) if common_field(slopes) is None else None


def _residual(chain: Chain) -> tuple[float, float]:
    image = rounded(chain.image(), chain.numbers)
    start = rounded(chain.start, chain.numbers)
    return float(np.max(np.abs(image - start))), float(np.max(np.abs(start)))


def _moving(place: Place, distance: float) -> InvalidInput:
    what = "a fixed point" if place.period == 1 else f"a point of period {place.period}"
    if not np.isfinite(distance):
        what = "a point where F is finite"
    point = "(" + ", ".join(f"{float(c):.6g}" for c in place.coordinates[0]) + ")"
    return InvalidInput(
        "at",
        point,
        f"{what} of F",
        f"F moves it by {distance:.3g}; take one of fixed_points(F) or periodic_orbits(F)",
    )


def _refuse_shorter(chain: Chain, place: Place, exact: bool | None) -> None:
    for k in range(1, place.period):
        if place.period % k:
            continue
        gaps = [a - b for a, b in zip(chain.points[k], chain.start, strict=True)]
        if exact:
            same = all(gap.is_zero() for gap in gaps)
        else:
            same = bool(np.max(np.abs(rounded(gaps, chain.numbers))) <= _FIXED)
        if same:
            raise InvalidInput(
                "period",
                place.period,
                f"the least period of the point, {k}",
                "an orbit that doubles is looked at with its period before the doubling",
            )


def _shown_fixed(place: Place) -> bool:
    """Return whether sympy shows that the first point is fixed, for all parameter values."""
    if place.period > 1 or not place.exact:
        return False
    if gradient_vanishes(place):
        return True
    values = dict(zip(place.F.variables, place.coordinates[0], strict=True))
    images = place.images.subs(values, simultaneous=True)
    pairs = zip(images, place.coordinates[0], strict=True)
    gaps = [image - c for image, c in pairs]
    short = all(sp.count_ops(gap) <= _LONGEST_GAP for gap in gaps)
    return short and all(gap == 0 or sp.simplify(gap) == 0 for gap in gaps)


def _on_family(place: Place, dimension: int) -> bool:
    """Return whether the point is proved to lie on a family of fixed points."""
    if not isinstance(place.F, GradientMap) or place.period > 1:
        return False
    try:
        card = stability(place.F, place.coordinates[0])
    except DynsysError:
        return False
    return card.family is not None and card.family.dimension == dimension
