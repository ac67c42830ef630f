"""On which pieces is a loss analytic, and is a step size exceptional on one of them?"""

from __future__ import annotations

import sympy as sp

from ..evidence import Grade, Outcome
from ..losses.base import AbstractLoss
from .claim import Instance
from .declare import condition, yes_if

__all__ = ["NOT_EXCEPTIONAL", "pieces_of"]


def pieces_of(loss: AbstractLoss) -> tuple[sp.Expr, ...] | None:
    """Return the formulas of a loss on its pieces, each once; None where it has no formula.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> pieces_of(Loss(sp.Max(x, 0) ** 2, [x]))
    (0, x**2)
    """
    form = loss.symbolic
    if form is None:
        return None
    whole = sp.piecewise_fold(form.bound.rewrite(sp.Piecewise))
    found = {e for e, _ in whole.args} if isinstance(whole, sp.Piecewise) else {whole}
    return tuple(sorted(found, key=sp.default_sort_key))


def _is_regular(instance: Instance) -> tuple[Outcome, str]:
    pieces, form = pieces_of(instance.loss), instance.loss.symbolic
    if pieces is None or form is None or not all(e.is_polynomial() for e in pieces):
        return Outcome.UNDECIDED, "the pieces are not known as polynomials"
    step, one = instance.step_size, sp.eye(len(form.variables))
    matrices = ((e, one - step * sp.hessian(e, form.variables)) for e in pieces)
    exceptional = [str(e) for e, matrix in matrices if sp.expand(matrix.det()) == 0]
    return yes_if(not exceptional), f"{len(pieces)} pieces; singular on: {exceptional or 'none'}"


NOT_EXCEPTIONAL = condition(
    "not exceptional",
    "1/η is no Hessian eigenvalue that is constant on a piece of the loss",
    _is_regular,
    grade=Grade.PROVED,
    reason="det(I - η∇²L) as a polynomial on each piece",
)
