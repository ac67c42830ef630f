"""Does an invariant subspace attract? The exponents normal to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...maps.base import Map
from ...regions import count_from_zero
from .asked import batch_length
from .crosswise import crosswise, proper_subspace, starts_within, summed_up
from .transverse_result import TransverseExponent

__all__ = ["transverse_exponent"]


def transverse_exponent(
    F: Map,
    basis: Sequence[Any],
    start: Any = None,
    *,
    offset: Sequence[Any] | None = None,
    steps: int = 50_000,
    transient: int = 5_000,
    batches: int = 64,
) -> TransverseExponent:
    """Return the Lyapunov exponents normal to an invariant subspace, along orbits in it.

    Parameters
    ----------
    F : Map
        Symbolic; every parameter must have a value.
    basis, offset
        The subspace, as for `restricted`, which proves that it is invariant.
    start : array_like of shape (m,) or (n, m), optional
        Coordinates in the subspace: coefficients of the basis vectors. By default 32 points of
        [-2, 2]^m; orbits that escape are left out.
    steps, transient, batches : int
        As for `lyapunov_spectrum`.

    Returns
    -------
    TransverseExponent

    Raises
    ------
    InvalidInput
        As for `restricted`; for a subspace that is the whole space, and open parameters.

    Notes
    -----
    Next to the subspace a displacement moves by w <- C(u) w while u <- f(u), with C the block of
    the Jacobian between the orthogonal complement and itself. The orbit is computed in the
    coordinates u, so that it cannot leave the subspace by rounding, nor be held there. Where the
    largest exponent of C is negative, almost every orbit near the one in the subspace is drawn to
    it; where it passes zero on a chaotic set, a blow-out bifurcation takes place
    [ott1994blowout]_.

    Examples
    --------
    The balanced line of (xy - 1)²/2 at a step size of 19/10, where its orbits are chaotic:

    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), "19/10")
    >>> found = transverse_exponent(F, [1, 1], steps=5_000)
    >>> found.attracts, found.chaotic
    (<Outcome.YES: 'yes'>, <Outcome.YES: 'yes'>)
    """
    subspace = proper_subspace(F, basis, offset)
    if F.parameters:
        F.kernel()  # refuses open parameters in its own words
    us = starts_within(subspace, start)
    length, count = batch_length(steps, batches)
    before = count_from_zero(transient, "transient")
    m = subspace.basis.cols
    found = crosswise((subspace.skew.kernel(), m, us, before, length, count))
    return summed_up(F, subspace, found, m, count * length)
