"""The second threshold: beyond it every non-zero Hessian eigenvalue at minima is too large."""

from __future__ import annotations

import math

from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..losses.linear_network import LinearNetwork
from .critical import closed_loss
from .exact_minima import exact_minima
from .monomial_chain import chain_threshold, recognised_chain
from .threshold import Threshold, ThresholdStatus
from .weak_network import weak_network_threshold

__all__ = ["weak_critical_step_size"]

_NAME = "weak critical step size"


def weak_critical_step_size(loss: AbstractLoss, *, seconds: float = 20) -> Threshold:
    """Return the step size above which all non-zero eigenvalues exceed 2/η at every minimum.

    η_E = sup 2/λ over the minima, λ the smallest non-zero eigenvalue of the Hessian there. It is
    never below the critical step size, and often infinite.

    Parameters
    ----------
    loss : AbstractLoss
        Every parameter must have a value.
    seconds : float
        Limit for the exact computation; nothing is searched for in floating point, which would
        bound the answer from neither side.

    Returns
    -------
    Threshold
        UNDECIDED, or a lower BOUND by the critical step size, for losses that are neither linear
        networks, nor scalar chains, nor polynomials whose minima can be listed.

    References
    ----------
    [craciun2024convergence]_; the proofs are in docs/theory/critical_step_size.md.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> weak_critical_step_size(Loss((x*y - 1)**2 / 2, [x, y])).value
    1.0
    >>> weak_critical_step_size(LinearNetwork((2, 1, 1), [[1, 0], [0, 1]], [[1], [2]])).value
    inf
    """
    checked = closed_loss(loss)
    if isinstance(checked, LinearNetwork):
        return weak_network_threshold(checked)
    why = "the loss is not a symbolic expression"
    form = checked.symbolic
    if form is not None:
        chain = recognised_chain(form)
        if chain is not None:
            return chain_threshold(chain, name=_NAME)
        minima = exact_minima(form, seconds=seconds)
        exactly = minima.weak_threshold()
        if exactly is not None:
            return exactly
        why = minima.gap
        # The same list of minima may settle the critical step size, which is a lower bound.
        below = minima.critical_threshold()
        if below is not None and below.lower > 0:
            infinite = below.lower == math.inf
            return Threshold(
                name=_NAME,
                status=ThresholdStatus.VALUE if infinite else ThresholdStatus.BOUND,
                value=math.inf if infinite else math.nan,
                lower=below.lower,
                upper=math.inf,
                evidence=below.evidence,
            )
    return Threshold(
        name=_NAME,
        status=ThresholdStatus.UNDECIDED,
        value=math.nan,
        evidence=Evidence(grade=Grade.NUMERICAL, reason=f"{why}; nothing was tried numerically"),
    )
