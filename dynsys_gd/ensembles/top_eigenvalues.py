"""What are the largest Hessian eigenvalues at a point, and how surely are they the largest?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.lanczos import NotFinite
from ..engine.top_pairs import top_pairs
from ..errors import InvalidInput
from ..evidence import Evidence, Grade, Outcome
from ..losses.base import AbstractLoss, as_points
from ..regions import positive_count
from ..regions.checks import generator_of
from ..results import Result, plain

__all__ = ["HessianSpectrum", "top_eigenvalues"]

Array = NDArray[np.float64]

_MOST_SHOWN = 6


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class HessianSpectrum(Result):
    """The largest eigenvalues of a Hessian, with vectors and bounds.

    Parameters
    ----------
    loss : AbstractLoss
    point : ndarray, shape (d,)
        Where.
    values : ndarray, shape (k,)
        θ_1 ≥ … ≥ θ_k. The i-th largest eigenvalue λ_i is at least θ_i.
    vectors : ndarray, shape (k, d)
        Orthonormal rows.
    residuals : ndarray, shape (k,)
        ‖Hv - θv‖: some eigenvalue is as close to θ.
    upper : ndarray, shape (k,)
        λ_i is at most that, at the level.
    others : float
        What λ_{k+1}, and with it every eigenvalue not listed, is at most, at the level; -inf where
        all are listed.
    level : float
        Probability, before the random starts are drawn, that all these bounds hold.
    products : int
        Products of the Hessian with a vector that were used.
    """

    loss: AbstractLoss
    point: Array
    values: Array
    vectors: Array
    residuals: Array
    upper: Array
    others: float
    level: float
    products: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.point, self.values, self.vectors, self.residuals, self.upper):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def sharpness(self) -> float:
        """The largest value."""
        return float(self.values[0])

    @property
    def separated(self) -> Outcome:
        """Whether every eigenvalue not listed lies below those listed, at the level.

        Undecided where the bound does not tell, as where the last value occurs more often.
        """
        return Outcome.YES if self.others < self.values[-1] else Outcome.UNDECIDED

    def headline(self) -> str:
        k = len(self)
        which = "Largest Hessian eigenvalue" if k == 1 else f"{k} largest Hessian eigenvalues"
        shown = ", ".join(f"{value:.8g}" for value in self.values[:_MOST_SHOWN])
        return f"{which}: {shown}{', …' if k > _MOST_SHOWN else ''}"

    def rows(self) -> list[tuple[str, str]]:
        excess = float((self.upper - self.values).max())
        lines = [
            ("loss", self.loss.describe()),
            ("residuals", f"at most {self.residuals.max():.1e}"),
            ("too small by", f"at most {excess:.1e}, {self._surely}"),
        ]
        if np.isfinite(self.others):
            lines.append(("all others", f"at most {self.others:.8g}, {self._surely}"))
        return [
            *lines,
            ("products", f"{self.products} of the Hessian with a vector"),
            ("evidence", str(self.evidence)),
        ]

    @property
    def _surely(self) -> str:
        return f"at level {self.level:g}"

    def to_dict(self) -> dict[str, Any]:
        """Return the spectrum as plain data; the point and the vectors are left out."""
        names = ("values", "residuals", "upper", "others", "level", "products")
        return {
            **super().to_dict(),
            "loss": self.loss.describe(),
            "dimension": len(self.point),
            "separated": self.separated.value,
            **{name: plain(getattr(self, name)) for name in names},
        }


def top_eigenvalues(
    loss: AbstractLoss,
    point: Any,
    k: int = 1,
    *,
    rng: Any = None,
    level: float = 0.99,
    tolerance: float = 1e-8,
    products: int = 10_000,
) -> HessianSpectrum:
    """Return the k largest Hessian eigenvalues of `loss` at `point`, each as often as it occurs.

    Parameters
    ----------
    loss : AbstractLoss
        Every parameter must have a value.
    point : array_like, shape (d,)
    k : int
        From 1 to d.
    rng : None, int, or numpy Generator
        From which the starts of the search are drawn.
    level : float
        Between 0 and 1: with what probability the upper bounds hold.
    tolerance : float
        Wanted ‖Hv - θv‖ relative to the size of H, above 0 and below 1.
    products : int
        After about so many products the search ends with what it has; the bounds hold all the same.

    Returns
    -------
    HessianSpectrum

    Raises
    ------
    InvalidInput
        For a loss with open parameters, a point of another size or at which the Hessian is not
        finite, and numbers out of their range.

    Notes
    -----
    Largest means largest, not largest in absolute value. Only products of the Hessian with vectors
    are used, exact ones and of about the cost of two gradients: machine code for networks and
    formulas, forward over reverse for `AutodiffLoss`, double backward for `TorchLoss`. Up to 256
    vectors of d numbers are held, or 2k + 16 if more, fewer where they would exceed a gigabyte.

    What is known of the eigenvalues λ_1 ≥ λ_2 ≥ …:

    * λ_i ≥ θ_i, by Cauchy's interlacing theorem;
    * some eigenvalue lies within the residual of θ_i [parlett1998symmetric]_;
    * no number of products proves that nothing larger exists, for the start may be orthogonal to
      it. A random one nearly never is. With the distribution of its component and the Lanczos
      polynomials follows a bound U of what was not found [vandorsselaer2001computing]_, which fails
      with a probability of at most 1 - level. It is sharper than the bound in advance
      (λ_1 - θ_1)/(λ_1 - λ_d) ≤ ε with probability 1 - 1.648 √d exp(-√ε (2j - 1)) after j products
      [kuczynski1992estimating]_, and does not need λ_d;
    * with e the norm of the residuals together and g = θ_i - U the gap, the i-th eigenvalue is at
      most θ_i + 2e²/(g + √(g² + 4e²)), and U + e where there is no gap [li2005note]_.

    Rounding is allowed for by 1e-15 √d ‖H‖ in the upper bounds, an estimate that nothing proves.

    References
    ----------
    Lanczos' method and residual bounds: Parlett [parlett1998symmetric]_. Restarts: Wu and Simon
    [wu2000thick]_. Bounds from a random start: van Dorsselaer, Hochstenbach and van der Vorst
    [vandorsselaer2001computing]_; Kuczyński and Woźniakowski [kuczynski1992estimating]_. Products:
    Pearlmutter [pearlmutter1994fast]_. Quadratic bounds: Li and Li [li2005note]_.

    Examples
    --------
    >>> import dynsys_gd as dg
    >>> X, Y = dg.data.iris()
    >>> net = dg.MLP((4, 8, 3), dg.Activation.TANH, X, Y)
    >>> found = top_eigenvalues(net, np.full(net.dimension, 0.1), 3, rng=0)
    >>> found
    3 largest Hessian eigenvalues: 8.1973901, 7.3117784, 7.3072305
      loss: tanh network 4-8-3 with squared loss on 150 samples
      residuals: at most ...
      too small by: at most ..., at level 0.99
      all others: at most ..., at level 0.99
      products: ... of the Hessian with a vector
      evidence: STATISTICAL: double precision; that nothing larger was missed rests on random starts
    """
    if not isinstance(loss, AbstractLoss):
        raise InvalidInput("loss", loss, "a loss", "for a map F write F.loss")
    if loss.parameters:
        raise InvalidInput(
            "loss",
            ", ".join(loss.parameters),
            "every parameter to have a value",
            f"write loss.at({loss.parameters[0]}=...)",
        )
    d = loss.dimension
    where = np.array(as_points(point, d, "point"))
    if where.ndim != 1 or not np.isfinite(where).all():
        raise InvalidInput("point", point, f"one point, {d} finite numbers")
    number = positive_count(k, "k")
    if number > d:
        raise InvalidInput("k", k, f"at most {d}, the number of parameters")
    sure = _between(level, "level", "how surely the bounds hold, such as 0.99")
    fine = _between(tolerance, "tolerance", "the wanted relative residual, such as 1e-8")
    most, generator = positive_count(products, "products"), generator_of(rng)
    along = loss.hessian_operator(where[None, :])

    def multiply(direction: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(along(direction[None, :])[0], dtype=np.float64)

    try:
        found = top_pairs(
            multiply, d, number, rng=generator, risk=1 - sure, tolerance=fine, products=most
        )
    except NotFinite:
        remedy = "the loss overflows there, or has no second derivative"
        raise InvalidInput(
            "point", point, "a point at which the Hessian is finite", remedy
        ) from None
    return HessianSpectrum(
        loss=loss,
        point=where,
        values=found.values,
        vectors=found.vectors,
        residuals=found.residuals,
        upper=found.upper,
        others=found.rest,
        level=sure,
        products=found.products,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason="double precision; that nothing larger was missed rests on random starts",
            sources=(
                "parlett1998symmetric",
                "pearlmutter1994fast",
                "wu2000thick",
                "vandorsselaer2001computing",
                "li2005note",
            ),
        ),
    )


def _between(value: Any, argument: str, meaning: str) -> float:
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or isinstance(value, bool) or not 0 < value < 1:
        raise InvalidInput(argument, value, f"a number between 0 and 1, {meaning}")
    return float(value)
