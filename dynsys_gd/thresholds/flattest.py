"""The flattest minimum of a loss, and starts near it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..losses.base import AbstractLoss
from ..regions import Ball
from ..values import to_value
from .critical import critical_step_size

__all__ = ["flattest_minimum", "near_flattest"]


def flattest_minimum(
    loss: AbstractLoss, *, seconds: float = 20, rng: np.random.Generator | int | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return a minimum of smallest sharpness, shape (d,), and its sharpness.

    Parameters
    ----------
    loss : AbstractLoss
    seconds, rng
        As in `critical_step_size`, whose `attained_at` this is.

    Raises
    ------
    InvalidInput
        Where no flattest minimum is known: the loss has none, it is not attained, or undecided.

    Notes
    -----
    For a linear network W_1 = α^(-1/2) QᵀŴ, W_i = cI, W_N = cQ with c = α^(1/(2(N-1))), padded
    with zeros; Q spans the range of Ŵ = CΣ⁺ and α balances the two terms of λ*. Unless the inputs
    are white this is not the minimum balanced by singular values.

    Examples
    --------
    >>> from dynsys_gd.losses.linear_network import LinearNetwork
    >>> point, sharpness = flattest_minimum(LinearNetwork((1, 1, 1), [[1.0]], [[4.0]]))
    >>> point, round(sharpness, 12)
    (array([2., 2.]), 8.0)
    """
    threshold = critical_step_size(loss, seconds=seconds, rng=rng)
    if threshold.attained_at is None:
        raise InvalidInput(
            "loss",
            loss.describe(),
            "a loss whose flattest minimum is known",
            f"{threshold.headline()}: {threshold.evidence.reason}",
        )
    point = np.array(threshold.attained_at[0])
    return point, float(loss.sharpness_at(point))


def near_flattest(
    loss: AbstractLoss,
    radius: Any = "1/100",
    *,
    seconds: float = 20,
    rng: np.random.Generator | int | None = None,
) -> Ball:
    """Return the ball of relative `radius` about the flattest minimum, for starts near it.

    Parameters
    ----------
    loss : AbstractLoss
    radius : number, fraction or text
        Relative to the norm of the flattest minimum.

    Raises
    ------
    InvalidInput
        Where no flattest minimum is known, or it is the origin, which has no relative distance.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> near_flattest(Loss((x*y - 1)**2 / 2, [x, y])).describe()
    'uniform in the ball of radius 0.01414 about (1, 1)'
    """
    share = to_value(radius, "radius")
    if not (share.is_number and share > 0):
        raise InvalidInput("radius", radius, "a positive number")
    point, _ = flattest_minimum(loss, seconds=seconds, rng=rng)
    size = float(np.linalg.norm(point))
    if size == 0:
        raise InvalidInput(
            "loss", loss.describe(), "a flattest minimum away from the origin", "use dg.Ball"
        )
    return Ball(point.tolist(), float(share) * size)
