"""On which pieces is a loss analytic, and is a step size exceptional on one of them?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ..claim import Instance
from ..declare import condition, yes_if

__all__ = ["NOT_EXCEPTIONAL", "pieces_of"]


def pieces_of(loss: AbstractLoss) -> dict[sp.Expr, Outcome] | None:
    """Return the formulas of a loss on its pieces; None where it has no formula.

    Returns
    -------
    dict of expression to Outcome, or None
        YES for a formula that holds on an open set, as a point shows; UNDECIDED where none of a
        few hundred points lies in its piece, which may be empty.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> found = pieces_of(Loss(sp.Max(x, 0) ** 2, [x]))
    >>> sorted(found, key=str), set(found.values())
    ([0, x**2], {<Outcome.YES: 'yes'>})
    """
    form = loss.symbolic
    if form is None:
        return None
    whole = sp.piecewise_fold(form.bound.rewrite(sp.Piecewise))
    if not isinstance(whole, sp.Piecewise):
        return {whole: Outcome.YES}
    found = {e: Outcome.UNDECIDED for e, _ in whole.args}
    for point in _points(len(form.variables)):
        at = dict(zip(form.variables, point, strict=True))
        formula = next((e for e, where in whole.args if where.subs(at) == True), None)  # noqa: E712
        if formula is not None:
            found[formula] = Outcome.YES
        if all(outcome is Outcome.YES for outcome in found.values()):
            break
    return found


def _points(d: int) -> Iterator[tuple[sp.Rational, ...]]:
    """Yield rational points in general position: none of them on the rim of a piece."""
    rng = np.random.default_rng(0)
    for size in np.repeat([1.0, 10.0], _TRIED // 2):
        yield tuple(sp.Rational(float(x)) for x in rng.uniform(-size, size, d))


def _is_regular(instance: Instance) -> tuple[Outcome, str]:
    pieces, form = pieces_of(instance.loss), instance.loss.symbolic
    if pieces is None or form is None or not all(e.is_polynomial() for e in pieces):
        return Outcome.UNDECIDED, "the pieces are not known as polynomials"
    step, one = instance.step_size, sp.eye(len(form.variables))
    matrices = {e: one - step * sp.hessian(e, form.variables) for e in pieces}
    exceptional = [e for e, matrix in matrices.items() if sp.expand(matrix.det()) == 0]
    shown = ", ".join(map(str, exceptional)) or "none"
    outcome = yes_if(not exceptional)
    if exceptional and all(pieces[e] is Outcome.UNDECIDED for e in exceptional):
        outcome = Outcome.UNDECIDED
    return outcome, f"formulas on which det(I - η∇²L) vanishes: {shown}"


_TRIED = 300

NOT_EXCEPTIONAL = condition(
    "not exceptional",
    "1/η is no Hessian eigenvalue that is constant on a piece of the loss",
    _is_regular,
    grade=Grade.PROVED,
    reason="det(I - η∇²L) as a polynomial on each piece",
)
