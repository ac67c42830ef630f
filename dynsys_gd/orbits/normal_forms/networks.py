"""The flip of gradient descent on a loss without a formula, by differences of its Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...values import to_value
from ..periodic_orbit import PeriodicOrbit
from .kinds import Bifurcation, Criticality
from .normal_form import NormalForm

__all__ = ["flip_of_network"]

_STEP = 1e-3  # of the differences, relative to the size of the point
_REST = 1e-6  # gradient norm at which a point counts as critical, relative
_SINGULAR = 1e-7  # eigenvalues below this share of the largest one count as zero


def flip_of_network(F: Map, at: Any, value: Any) -> NormalForm:
    """Return the flip coefficient of gradient descent at a minimum, numerically.

    b = η (D³L[q,q,·] H⁻¹ D³L[q,q,·]/2 - D⁴L[q,q,q,q]/6), the derivatives along q by central
    differences of the Hessian with two widths; their difference estimates the error.
    """
    if not isinstance(F, GradientDescent):
        raise InvalidInput(
            "F",
            F.describe(),
            "a map with a formula, or gradient descent",
            "without a formula only the flip of gradient descent is computed",
        )
    point = _point(F, at)
    gradient, H = F.loss.gradient_at(point[None])[0], F.loss.hessian_at(point[None])[0]
    if not np.isfinite(H).all():
        raise InvalidInput("at", at, "a point where the Hessian is finite")
    values, vectors = np.linalg.eigh(H)
    top, size = float(values[-1]), 1 + float(np.max(np.abs(point)))
    rest = float(np.linalg.norm(gradient))
    if not rest <= _REST * max(top, 1.0) * size:
        raise InvalidInput(
            "at", at, "a minimum of the loss", f"its gradient has the norm {rest:.3g}"
        )
    if top <= 0:
        raise InvalidInput("at", at, "a point with a positive Hessian eigenvalue")
    if np.min(np.abs(values)) <= _SINGULAR * top:
        raise InvalidInput(
            "at",
            at,
            "an isolated minimum",
            "its Hessian is singular: it lies on a family of minima, where the coefficient needs "
            "an exact proof that the sharpness is stationary along it",
        )
    if len(values) > 1 and top - values[-2] <= 1e-6 * top:
        raise InvalidInput("at", at, "a point whose largest Hessian eigenvalue is simple")
    step = _step_size(F, top, value)
    q = vectors[:, -1]
    if q[np.argmax(np.abs(q))] < 0:
        q = -q
    wide, narrow = (_coefficient(F, point, H, q, step, k * _STEP * size) for k in (2.0, 1.0))
    error = abs(wide - narrow)
    b = narrow + (narrow - wide) / 3  # the error is of second order in the width
    decided = abs(b) > 3 * error
    criticality = Criticality.SUPERCRITICAL if b > 0 else Criticality.SUBCRITICAL
    open_step = bool(F.parameters)
    return NormalForm(
        map=F,
        bifurcation=Bifurcation.FLIP,
        criticality=criticality if decided else Criticality.UNDECIDED,
        coefficient=b,
        exact=None,
        bounds=None,
        parameter=F.parameters[0] if open_step else None,
        value=step if open_step else None,
        exact_value=None,
        exact_point=None,
        points=point[None].copy(),
        direction=q.copy(),
        multipliers=np.asarray(1 - step * values[::-1], dtype=np.complex128),
        speed=top if open_step else None,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=(
                f"central differences of the Hessian along the sharpest direction, error of the "
                f"coefficient about {error:.1g}; gradient norm {rest:.1g}"
            ),
            sources=("kuznetsov2004elements",),
        ),
    )


def _point(F: GradientDescent, at: Any) -> NDArray[np.float64]:
    expected = f"{F.dimension} finite numbers"
    if isinstance(at, PeriodicOrbit):
        if at.period != 1:
            raise InvalidInput("at", at.headline(), "a fixed point: F has no formula")
        at = at.points[0]
    try:
        point = np.array(at, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput("at", at, expected) from None
    if point.shape != (F.dimension,) or not np.isfinite(point).all():
        raise InvalidInput("at", at, expected)
    return point


def _step_size(F: GradientDescent, top: float, value: Any) -> float:
    """Return the critical step size, which the given one must agree with."""
    critical = 2 / top
    given = value
    if not F.parameters:
        if value is not None:
            raise InvalidInput("value", value, "None: F has no open parameter")
        given = F.step_size
    elif not F.step_size.is_Symbol:
        raise InvalidInput("F", F.describe(), "a step size that is a number or one open symbol")
    if given is not None:
        number = to_value(given, "value")
        if not number.is_number or abs(float(number) - critical) > 1e-6 * critical:
            raise InvalidInput(
                "F" if value is None else "value",
                given,
                f"the critical step size {critical:.9g} of the point",
                "leave the step size open to have it found",
            )
    return critical


def _coefficient(
    F: GradientDescent,
    point: NDArray[np.float64],
    H: NDArray[np.float64],
    q: NDArray[np.float64],
    step: float,
    width: float,
) -> float:
    sides = F.loss.hessian_at(np.array([point + width * q, point - width * q]))
    third = (sides[0] - sides[1]) @ q / (2 * width)
    fourth = q @ (sides[0] - 2 * H + sides[1]) @ q / width**2
    return float(step * (third @ np.linalg.solve(H, third) / 2 - fourth / 6))
