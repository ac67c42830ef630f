"""Proof that a turning point lands on an unstable orbit, in a tiny interval of the parameter."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import derivative
from ...errors import DynsysError
from ...maps.base import Map
from ...maps.symbolic_map import SymbolicMap
from ...orbits.certified.nearby import certified_near
from ...orbits.certified.system import exactly
from .targets import neutral_factors

__all__ = ["proved_landing"]

Array = NDArray[np.float64]

_MOST_UNKNOWNS = 40
_NEUTRAL = 1e-6  # distance of a multiplier from 1 up to which the orbit may be neutral
_ROOT = 1e-8


def proved_landing(
    F: Map, value: float, path: Array, orbit: Array, multiplier: float
) -> tuple[float, float] | None:
    """Return certified bounds of the parameter value of a landing, None where nothing was proved.

    Parameters
    ----------
    F : Map
        Of the line, with one open parameter.
    value : float
    path : ndarray, shape (n + 1,)
        A turning point and its images, the last one on the orbit.
    orbit : ndarray, shape (q,)
        The unstable orbit, beginning there.
    multiplier : float
        Of the orbit.

    Notes
    -----
    Krawczyk's test on the equations F'(c) = 0, y_1 = F(c), …, x_0 = F(y_(n-1)), x_1 = F(x_0), …,
    x_0 = F(x_(q-1)) for all these points and the parameter together [krawczyk1969]_. At a neutral
    fixed point x_0 is a simple root of a factor of F(x) - x instead. What is proved is the landing,
    and that it is the only one in a box around it; not what attractors do there.
    """
    assert F.expression is not None
    (x,), others = F.variables, F.expression[0].free_symbols - set(F.variables)
    n, q = len(path) - 1, len(orbit)
    if n + q + 1 > _MOST_UNKNOWNS or len(others) != 1:
        return None
    (parameter,) = others
    image = exactly(F.expression[0])
    on_path = [sp.Dummy() for _ in range(n)]
    on_orbit = [sp.Dummy() for _ in range(q)]

    def landing(a: sp.Symbol, b: sp.Symbol) -> sp.Expr:
        return image.xreplace({x: a}) - b

    equations = [derivative(image, x).xreplace({x: on_path[0]})]
    after = [*on_path[1:], on_orbit[0]]
    equations += [landing(a, b) for a, b in zip(on_path, after, strict=True)]
    if q == 1 and abs(multiplier - 1.0) <= _NEUTRAL:
        at = {x: sp.Float(orbit[0]), parameter: sp.Float(value)}
        factors = [f for f in neutral_factors(image, x) if abs(float(f.subs(at))) <= _ROOT]
        if len(factors) != 1:
            return None
        equations.append(factors[0].xreplace({x: on_orbit[0]}))
    else:
        around = [*on_orbit[1:], on_orbit[0]]
        equations += [landing(a, b) for a, b in zip(on_orbit, around, strict=True)]
    unknowns = [parameter, *on_path, *on_orbit]
    # As fixed points: that is what Krawczyk's test is written for.
    steps = [unknown + e for unknown, e in zip(unknowns, equations, strict=True)]
    place = [value, *path[:-1].tolist(), *orbit.tolist()]
    try:
        found = certified_near(SymbolicMap(steps, unknowns), place)
    except DynsysError:
        return None
    if found is None or found.enclosure is None:
        return None
    low, high = found.enclosure[0, 0]
    return float(low), float(high)
