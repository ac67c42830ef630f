"""How sharp is the loss where orbits pass?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic, usable
from ..engine.iteration import iterate
from ..engine.sharpness import sharpness_along as followed
from ..engine.sharpness import sharpness_of_hessians, sharpness_of_products
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from ..maps.base import Map
from ..maps.gradient_map import GradientMap
from ..orbits.update_rules import rule_at
from ..regions import positive_count
from ..results import Result, plain
from .audit import row_blocks
from .starts import points_of, states_of

__all__ = ["SharpnessAlong", "sharpness_along"]

Rows = NDArray[np.float64]

_FEW = 64  # orbits up to which a second pass, for the losses, costs more than looking each time
_SMALL = 64  # parameters up to which whole Hessians are as fast as products


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SharpnessAlong(Result):
    """The largest Hessian eigenvalue along orbits.

    Parameters
    ----------
    map : Map
    steps : ndarray of int, shape (r,)
        After how many steps the orbits were looked at, beginning with 0.
    values : ndarray, shape (n, r)
        Sharpness λ of each orbit; NaN where the Hessian is not finite.
    losses : ndarray, shape (n, r)
        The loss there; infinite or NaN where it overflows.
    residuals : ndarray, shape (n, r)
        ‖Hy - λy‖ for the unit vector y found: an eigenvalue of the Hessian is as close to λ.
    limit : float or None
        A minimum with a smaller positive sharpness is stable, one with a larger sharpness is not:
        2/η for gradient descent. None where the update rule has no such number.
    """

    map: Map
    steps: NDArray[np.int64]
    values: Rows
    losses: Rows
    residuals: Rows
    limit: float | None
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.steps, self.values, self.losses, self.residuals):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def neutrality(self) -> Rows:
        """Sharpness divided by the limit, shape (n, r), NaN where there is none.

        A minimum as sharp is stable below 1 and neutral at 1: a multiplier, for gradient descent
        1 - ηλ, is -1 there. Training at the edge of stability stays near 1.
        """
        return self.values / (np.nan if self.limit is None else self.limit)

    def headline(self) -> str:
        n = len(self)
        orbits = f"{n} orbit{'s' if n > 1 else ''}"
        return f"Sharpness along {orbits}: at the end {_spread(self.values[:, -1])}"

    def rows(self) -> list[tuple[str, str]]:
        lines = [
            ("map", self.map.describe()),
            ("seen", f"{len(self.steps)} times in {self.steps[-1]} steps"),
            ("at the start", _spread(self.values[:, 0])),
        ]
        if self.limit is not None:
            lines.append(("limit", f"a minimum is stable where it is below {self.limit:.6g}"))
        return [*lines, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        names = ("steps", "values", "losses", "residuals")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "limit": plain(self.limit),
            **{name: plain(getattr(self, name)) for name in names},
        }


def sharpness_along(F: Map, starts: Any, steps: int, *, every: int = 1) -> SharpnessAlong:
    """Return the largest Hessian eigenvalue of the loss along the orbits of `starts`.

    Parameters
    ----------
    F : Map
        Made of a loss; every parameter must have a value.
    starts : array_like of shape (n, k), Grid, or Starts
        Points of the loss, from which a map with memory starts at rest, or states of the map.
    steps : int
        How far each orbit is followed.
    every : int
        Steps between two values; n (1 + steps / every) values, losses and residuals are kept.

    Returns
    -------
    SharpnessAlong

    Raises
    ------
    InvalidInput
        For a map without a loss, open parameters, starts of another width or that are not finite.

    Notes
    -----
    λ is the largest, not the largest absolute, eigenvalue of ∇²L(θ_t). It is found by Lanczos'
    method from products of the Hessian with vectors, each search beginning with the eigenvector
    before; the cost does not depend on the number of samples of a linear network. Small Hessians
    without machine code are diagonalised. Gradient descent on networks is often seen to raise λ to
    2/η and to stay there, the edge of stability.

    References
    ----------
    Lanczos' method: Parlett [parlett1998symmetric]_. Products with the Hessian: Pearlmutter
    [pearlmutter1994fast]_. The edge of stability: Cohen et al. [cohen2021gradient]_.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> sharpness_along(F, [[2.0, 0.5], [1.0, 0.5]], 400)
    Sharpness along 2 orbits: at the end from 2.11857 to 4.25
      map: gradient descent on (x*y - 1)**2/2, step size 1/2
      seen: 401 times in 400 steps
      at the start: from 1 to 4.25
      limit: a minimum is stable where it is below 4
      evidence: NUMERICAL: double precision, residuals of at most ... stays finite; each ...
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if F.loss is None:
        raise InvalidInput("F", F.describe(), "a map made of a loss, which has a Hessian")
    length, stride = positive_count(steps, "steps"), positive_count(every, "every")
    if stride > length:
        raise InvalidInput("every", every, f"at most {length}, the steps")
    kernel = F.kernel()
    states = states_of(F, points_of(F, starts))
    records = 1 + length // stride
    product = F.loss.hessian_product_code()
    code = kernel.code
    losses = np.empty((len(states), records))
    loss = F.loss

    def watch(some: Rows, which: slice, record: int) -> None:
        with np.errstate(all="ignore"):
            losses[which, record] = loss(F.project(some))

    if product is None or code is None or usable(kernel, Arithmetic.FUSED) is Arithmetic.NUMPY:
        values, residuals = _of_products(F, loss, states, records, stride, watch)
    else:
        few = len(states) <= _FEW
        values, residuals, _ = followed(
            code,
            kernel.parameters,
            *product,
            states,
            records=records,
            every=stride,
            watch=watch if few else None,
        )
        for record in range(0 if few else records):
            states = iterate(kernel, states, stride) if record else states
            for rows in row_blocks(*states.shape):
                watch(states[rows], rows, record)
    worst = residuals[np.isfinite(values).all(axis=1)].max(initial=0.0)
    return SharpnessAlong(
        map=F,
        steps=stride * np.arange(records),
        values=np.ascontiguousarray(values),
        losses=losses,
        residuals=np.ascontiguousarray(residuals),
        limit=_limit(F),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"double precision, residuals of at most {worst:.1e} where an orbit stays "
            "finite; each value is as close to some eigenvalue, which need not be the largest",
            sources=("parlett1998symmetric", "pearlmutter1994fast", "cohen2021gradient"),
        ),
    )


def _of_products(
    F: Map,
    loss: AbstractLoss,
    states: Rows,
    records: int,
    every: int,
    watch: Callable[[Rows, slice, int], None],
) -> tuple[Rows, Rows]:
    """Look at each record by itself; from the second on a search begins with the last vectors."""
    kernel, d = F.kernel(), loss.dimension
    values, residuals = (np.empty((len(states), records)) for _ in range(2))
    vectors = None
    for record in range(records):
        states = iterate(kernel, states, every) if record else states
        points = F.project(states)
        for rows in row_blocks(*points.shape):
            watch(states[rows], rows, record)
        for rows in row_blocks(*points.shape) if d <= _SMALL else [slice(None)]:
            with np.errstate(all="ignore"):
                if d <= _SMALL:
                    top = sharpness_of_hessians(loss.hessian_at, points[rows])
                else:
                    top = sharpness_of_products(loss.hessian_operator, points, start=vectors)
                    vectors = top.vectors
            values[rows, record], residuals[rows, record] = top.values, top.errors
    return values, residuals


def _limit(F: Map) -> float | None:
    """Return the end of the stable eigenvalues just above zero."""
    if not isinstance(F, GradientMap) or "step_size" not in F.settings:
        return None
    regions = rule_at(F).regions
    for low, high in () if regions is None else regions.stable.pairs:
        if low is not None and high is not None and low.compare(0) == 0:
            return float(high) / float(F.settings["step_size"])
    return None


def _spread(values: Rows) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "nothing finite"
    low, high = known.min(), known.max()
    return f"{low:.6g}" if low == high else f"from {low:.6g} to {high:.6g}"
