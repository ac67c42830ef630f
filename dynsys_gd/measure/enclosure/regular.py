"""Where det DF is proved not to be 0, so that preimages of null sets are null."""

from __future__ import annotations

import flint
import numpy as np
import sympy as sp

from ...engine.ball_printer import ball_function
from ...engine.derivative import jacobian
from ...engine.intervals import interval_function
from ...engine.operations import Op
from ...engine.tape import Tape
from ...engine.tape import lower as lowered
from ...orbits.certified.system import System

__all__ = ["regular_point"]

_TRIES = 12
_PRECISION = 200  # bits

# Which argument has to stay positive, or at least away from 0, for the operation to be analytic.
_GUARDED = {Op.DIV: 1, Op.LOG: 0, Op.SQRT: 0, Op.REAL_POWER: 0}


def regular_point(system: System) -> tuple[sp.Rational, ...] | None:
    """Return a rational point at which det DF is not 0, None where none is found.

    Where F is analytic on the whole space, det DF then vanishes on a null set only; off that set F
    is a local diffeomorphism, so that the preimages of null sets are null. Maps that are not
    proved to be analytic everywhere get None: on another piece of their domain det DF may be 0.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> regular_point(System((x, y), (x + y, x + y))) is None
    True
    >>> regular_point(System((x, y), (x + y, x - y)))
    (1, 2)
    """
    if not _entire(lowered(system.images, system.variables)):
        return None
    slopes = jacobian(system.images, system.variables)
    function = ball_function(lowered(list(slopes), system.variables))
    d = system.dimension
    precision = flint.ctx.prec
    flint.ctx.prec = _PRECISION
    try:
        for k in range(_TRIES):
            point = [sp.Rational(i + 1 + k * (i + 2), k + 1) for i in range(d)]
            entries = function([flint.arb(flint.fmpq(int(p.p), int(p.q))) for p in point], [])
            determinant = flint.arb_mat(d, d, entries).det()
            if determinant.is_finite() and not determinant.contains(0):
                return tuple(point)
    finally:
        flint.ctx.prec = precision
    return None


def _entire(tape: Tape) -> bool:
    """Return whether a tape is shown to be analytic on the whole space."""
    if not tape.analytic or any(i.op is Op.TAN for i in tape.code):
        return False
    guarded = [(i.op, i.arguments[_GUARDED[i.op]]) for i in tape.code if i.op in _GUARDED]
    if not guarded:
        return True
    part = Tape(
        inputs=tape.inputs,
        parameters=tape.parameters,
        code=tape.code,
        outputs=tuple(place for _, place in guarded),
    )
    ends = np.full((len(tape.inputs), 1), np.inf)
    low, high = interval_function(part)(-ends, ends)
    positive, negative = low[:, 0] > 0, high[:, 0] < 0
    divisor = np.array([op is Op.DIV for op, _ in guarded])
    return bool((positive | (negative & divisor)).all())
