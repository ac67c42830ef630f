"""The critical step size of any loss: the strongest method that applies."""

from __future__ import annotations

import numpy as np

from ..errors import InvalidInput
from ..losses.base import AbstractLoss
from ..losses.data_loss import DataLoss
from ..losses.linear_network import LinearNetwork
from ..losses.mlp import MLP
from .exact_minima import exact_minima
from .linear_network import linear_network_threshold
from .monomial_chain import chain_threshold, recognised_chain
from .numerical_search import numerical_threshold
from .output_bias import output_bias_bound
from .threshold import Threshold

__all__ = ["closed_loss", "critical_step_size"]


def critical_step_size(
    loss: AbstractLoss, *, seconds: float = 20, rng: np.random.Generator | int | None = None
) -> Threshold:
    """Return the step size above which no minimum of the loss is stable, with its evidence.

    η_c = sup 2/λ_max(∇²L(θ)) over the minima θ, local ones included.

    Parameters
    ----------
    loss : AbstractLoss
        Every parameter must have a value.
    seconds : float
        Limit for the exact computation, and again for the numerical search.
    rng : Generator, int or None
        For the starts of the numerical search; nothing else is random.

    Returns
    -------
    Threshold
        Its `status` says whether there is a value, a bound, no minimum, or nothing known; a value
        may be infinite. NUMERICAL values are estimates from below.

    Raises
    ------
    InvalidInput
        For something that is not a loss, or a loss with open parameters.

    Notes
    -----
    Tried in this order:

    1. linear networks: a certified enclosure for arbitrary data, λ* = N max_u (‖Σu‖²)^(1/N)
       (‖Cu‖²)^(1-1/N) / uᵀΣu;
    2. networks with squared loss and an output bias: η_c ≤ 2;
    3. κ (Π x_i^k_i - y)²: closed form;
    4. polynomials: their minima exactly, where they are isolated or form hypersurfaces;
    5. otherwise a search in floating point.

    References
    ----------
    [craciun2024convergence]_; the proofs are in docs/theory/critical_step_size.md.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> critical_step_size(Loss((x*y - 1)**2 / 2, [x, y]))
    critical step size 1, PROVED, attained at (1, 1) and (-1, -1)
      why: closed form for the square of one monomial minus its target
      largest eigenvalue there: 2
    >>> critical_step_size(Loss(x**4, [x])).value
    inf
    """
    checked = closed_loss(loss)
    if isinstance(checked, LinearNetwork):
        return linear_network_threshold(checked)
    if isinstance(checked, MLP) and checked.output_bias and checked.loss is DataLoss.SQUARED:
        return output_bias_bound(checked)
    why = "the loss is not a symbolic expression"
    form = checked.symbolic
    if form is not None:
        chain = recognised_chain(form)
        if chain is not None:
            return chain_threshold(chain)
        minima = exact_minima(form, seconds=seconds)
        exactly = minima.critical_threshold()
        if exactly is not None:
            return exactly
        why = minima.gap
    return numerical_threshold(checked, rng=rng, seconds=seconds, why=why)


def closed_loss(loss: AbstractLoss) -> AbstractLoss:
    """Return `loss` where it is one without open parameters, or refuse it."""
    if not isinstance(loss, AbstractLoss):
        raise InvalidInput(
            "loss",
            loss,
            "a loss",
            "wrap a sympy expression as Loss(expression, variables); for a map use F.loss",
        )
    if loss.parameters:
        raise InvalidInput(
            "loss",
            ", ".join(loss.parameters),
            "every parameter to have a value",
            f"write loss.at({loss.parameters[0]}=...)",
        )
    return loss
