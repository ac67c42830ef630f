"""The smallest sharpness of a deep linear network on any data, enclosed from both sides.

With Σ = XᵀX/n, C = YᵀX/n and N layers, none narrower than the rank of C,

    λ* = N max_u (‖Σu‖²)^(1/N) (‖Cu‖²)^(1-1/N) / uᵀΣu
       = min_α max_u (α ‖Σu‖² + (N-1) α^(-1/(N-1)) ‖Cu‖²) / uᵀΣu,      N ≥ 2.

Any u bounds λ* from below and any α from above; both bounds are evaluated in ball arithmetic at
the float u and α which a floating-point search has found, so that its errors can make the
enclosure wider but never wrong. The proof is in docs/theory/critical_step_size.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import flint
import numpy as np
from numpy.typing import NDArray

from .definite import cholesky_factor, is_positive_definite, pivot_coordinates
from .saddle_search import largest_balanced_product

__all__ = ["QuadraticForms", "SharpnessEnclosure", "forms_on_inputs", "sharpness_enclosure"]

_PRECISIONS = (128, 256, 512, 1024, 2048)
_FINEST = 2.0**-50
_COARSEST = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class QuadraticForms:
    """The forms ‖Σu‖², ‖Cu‖² and uᵀΣu on a set of coordinates that complements the kernel of Σ.

    All three vanish on the kernel of Σ: a bound on the coordinates holds on the whole space.

    Attributes
    ----------
    coordinates : list of int
        r of the d input coordinates, r the rank of Σ.
    inputs : int
        d.
    image, target, gram : fmpq_mat, (r, r)
        Matrices of ‖Σu‖², ‖Cu‖² and uᵀΣu; the last one positive definite. The second one may be
        an enclosure, an arb_mat.
    """

    coordinates: list[int]
    inputs: int
    image: flint.fmpq_mat
    target: flint.fmpq_mat | flint.arb_mat
    gram: flint.fmpq_mat


@dataclass(frozen=True, kw_only=True, eq=False)
class SharpnessEnclosure:
    """Certified bounds of λ*, with what certifies them.

    Attributes
    ----------
    lower, upper : arb
        Balls whose lower and upper ends bound λ*.
    witness : ndarray, shape (d,)
        The direction u of the lower bound.
    balance : float
        The α of the upper bound; 1 for a single layer.
    """

    lower: flint.arb
    upper: flint.arb
    witness: NDArray[np.float64]
    balance: float

    @property
    def relative_width(self) -> float:
        """(upper - lower) / lower."""
        return float((self.upper.upper() - self.lower.lower()) / self.lower.lower())


def forms_on_inputs(
    second_moment: flint.fmpq_mat, cross_moment: flint.fmpq_mat, *, most: int
) -> QuadraticForms:
    """Return the three quadratic forms of the data; `most` bounds the rank of Σ from above."""
    d = second_moment.nrows()
    chosen = pivot_coordinates(second_moment, most)
    moment_columns = _columns(second_moment, chosen)
    cross_columns = _columns(cross_moment, chosen)
    return QuadraticForms(
        coordinates=chosen,
        inputs=d,
        image=moment_columns.transpose() * moment_columns,
        target=cross_columns.transpose() * cross_columns,
        gram=flint.fmpq_mat([[second_moment[i, j] for j in chosen] for i in chosen]),
    )


def sharpness_enclosure(forms: QuadraticForms, depth: int) -> SharpnessEnclosure:
    """Return certified bounds of λ* for N = `depth` layers.

    Parameters
    ----------
    forms : QuadraticForms
        With ‖Cu‖² not identically zero unless `depth` is 1, where it plays no part.
    depth : int

    Raises
    ------
    ArithmeticError
        Where no finite bound can be certified at any of the precisions tried.

    Examples
    --------
    Two scalar layers on one sample x = 1, y = 2: λ* = 2·2.

    >>> one, two = flint.fmpq_mat([[1]]), flint.fmpq_mat([[2]])
    >>> found = sharpness_enclosure(forms_on_inputs(one, two, most=1), depth=2)
    >>> found.lower.contains(4), found.relative_width < 1e-14
    (True, True)
    """
    for precision in _PRECISIONS:
        with flint.ctx.workprec(precision):
            found = _enclosure_at_current_precision(forms, depth)
        if found is not None:
            return found
    raise ArithmeticError("the smallest sharpness could not be enclosed; are the data degenerate?")


def _enclosure_at_current_precision(forms: QuadraticForms, depth: int) -> SharpnessEnclosure | None:
    factor = cholesky_factor(flint.arb_mat(forms.gram))
    if factor is None:
        return None
    image = _congruent(factor, flint.arb_mat(forms.image))
    target = _congruent(factor, flint.arb_mat(forms.target))
    image_size, target_size = image.trace(), target.trace()
    if depth == 1:
        target_size = flint.arb(1)
    # Both matrices are scaled to trace one, so that the search sees numbers of moderate size.
    found = largest_balanced_product(
        _floats(image / image_size), _floats(target / target_size), depth
    )
    direction = factor.transpose().solve(_column(found.direction))
    witness = np.zeros(forms.inputs)
    entries = [direction[i, 0] for i in range(direction.nrows())]
    largest = max(entries, key=lambda entry: abs(entry.mid()))
    witness[forms.coordinates] = [float((entry / largest).mid()) for entry in entries]
    lower = balanced_quotient(forms, witness, depth)
    if not (lower.is_finite() and lower > 0):
        return None
    balance = 1.0
    if depth > 1:
        scale = (target_size / image_size) ** flint.arb(flint.fmpq(depth - 1, depth))
        balance = float((found.balance * scale).mid())
    upper = _certified_upper(image, target, depth, balance=balance, lower=lower)
    if upper is None:
        return None
    return SharpnessEnclosure(lower=lower, upper=upper, witness=witness, balance=balance)


def balanced_quotient(forms: QuadraticForms, witness: NDArray[np.float64], depth: int) -> flint.arb:
    """Return N (‖Σu‖²)^(1/N) (‖Cu‖²)^(1-1/N) / uᵀΣu at a float u, at the current precision."""
    u = _column(witness[forms.coordinates])
    image, target, gram = (
        (u.transpose() * flint.arb_mat(form) * u)[0, 0]
        for form in (forms.image, forms.target, forms.gram)
    )
    if depth == 1:
        return image / gram
    return depth * (image * target ** (depth - 1)).root(depth) / gram


def _certified_upper(
    image: flint.arb_mat, target: flint.arb_mat, depth: int, *, balance: float, lower: flint.arb
) -> flint.arb | None:
    """Return μ with μ I - αA - (N-1) α^(-1/(N-1)) B positive definite, as small as can be shown."""
    alpha = flint.arb(balance)
    weighted = alpha * image
    if depth > 1:
        weighted += (depth - 1) / alpha.root(depth - 1) * target
    slack = _FINEST
    while slack <= _COARSEST:
        bound = flint.arb((lower * (1 + slack)).upper())
        size = image.nrows()
        unit = flint.arb_mat([[bound if i == j else 0 for j in range(size)] for i in range(size)])
        if is_positive_definite(unit - weighted):
            return bound
        slack *= 4
    return None


def _congruent(factor: flint.arb_mat, form: flint.arb_mat) -> flint.arb_mat:
    """Return L⁻¹ · form · L⁻ᵀ."""
    half = factor.solve(form)
    return factor.solve(half.transpose())


def _columns(matrix: flint.fmpq_mat, chosen: list[int]) -> flint.fmpq_mat:
    return flint.fmpq_mat([[matrix[i, j] for j in chosen] for i in range(matrix.nrows())])


def _floats(matrix: flint.arb_mat) -> NDArray[np.float64]:
    values = np.array([[float(entry.mid()) for entry in row] for row in matrix.tolist()])
    return (values + values.T) / 2


def _column(values: NDArray[np.float64]) -> flint.arb_mat:
    return flint.arb_mat([[float(value)] for value in values])
