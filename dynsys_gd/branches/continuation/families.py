"""Where to begin on a family of fixed points: along itself, or along a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DynsysError, InvalidInput
from ...maps.base import Map
from ...orbits.critical_manifold import CriticalManifold
from ...thresholds.flattest import flattest_minimum
from .beginning import family_dimension, given_points
from .curve import FamilyCurve, Vector
from .newton import corrected

__all__ = ["family_beginning", "last_stable_member"]


def family_beginning(F: Map, orbit: Any) -> tuple[FamilyCurve, Vector, Vector]:
    """Return the equations of a family of dimension one, a point on it, and its tangent there."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if F.parameters:
        raise InvalidInput(
            "parameter",
            None,
            f"the name of the parameter to follow along ({', '.join(F.parameters)})",
            "a family is followed along itself where every parameter has a value",
        )
    points = given_points(F, _example(orbit))
    if len(points) > 1:
        raise InvalidInput("orbit", points, "a fixed point on a family", "leave a parameter open")
    size = max(1.0, float(np.linalg.norm(points)))
    curve = FamilyCurve(F.kernel(), size)
    found = corrected(curve, points[0], np.zeros(F.dimension))
    if found is None:
        raise InvalidInput("orbit", points[0], "a point on a family of fixed points")
    jacobian = curve.jacobians(found.u)
    dimension = family_dimension(jacobian)
    if dimension != 1:
        raise InvalidInput(
            "orbit",
            points[0],
            f"a point on a family of dimension 1, not {dimension}",
            "an isolated fixed point is followed along an open parameter"
            if not dimension
            else "families of higher dimension have no order to be followed in",
        )
    tangent = np.linalg.svd(np.eye(F.dimension) - jacobian[0])[2][-1]
    return curve, found.u, tangent / curve.norm(tangent)


def _example(orbit: Any) -> Any:
    """Return a point of a family."""
    if not isinstance(orbit, CriticalManifold):
        return orbit
    if orbit.example is not None:
        return [float(value) for value in orbit.example]
    if orbit.boxes is None:
        raise InvalidInput("orbit", orbit.headline(), "a family of which a point is known")
    middles = orbit.boxes.mean(axis=2)
    return middles[len(middles) // 2]


def last_stable_member(F: Map, family: CriticalManifold) -> Vector:
    """Return the flattest point of a family of minima: no other is stable for larger step sizes.

    Raises
    ------
    InvalidInput
        Where the flattest minimum of the loss is not known, or belongs to another family.
    """
    remedy = (
        "give one of its points, to be followed along a parameter; or follow(F.at(...), family) "
        "along the family at one parameter value"
    )
    loss = F.loss
    if loss is None:
        raise InvalidInput("orbit", family.headline(), "a family of minima of a loss", remedy)
    open_ones = [name for name in loss.parameters if name in F.parameters]
    if open_ones:
        raise InvalidInput("orbit", family.headline(), "a loss without open parameters", remedy)
    try:
        point, _ = flattest_minimum(loss)
    except DynsysError as error:
        raise InvalidInput(
            "orbit", family.headline(), f"known flattest minima ({error})", remedy
        ) from None
    if not bool(family.contains(point)[0]):
        raise InvalidInput("orbit", family.headline(), "the family of the flattest minima", remedy)
    return point
