"""Fixed points of update rules: from Hessian eigenvalues to multipliers and step sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.intervals import enclosing, interval_function
from ...engine.intervals.enclosing import outward
from ...engine.tape import lower as lowered
from ...maps.gradient_map import GradientMap
from ..kinds import CriticalKind
from ..update_rules import Multiplier, Regions, multiplier, regions
from .enclosed import Enclosed, matrix_product
from .planar_multipliers import UNKNOWN, Located, from_trace_and_determinant, on_the_line

__all__ = [
    "CriticalRule",
    "critical_kinds",
    "critical_steps",
    "hessian_eigenvalues",
    "located_by_rule",
    "rule_of",
]


@dataclass(frozen=True, eq=False)
class CriticalRule:
    """An update rule with exact settings.

    Parameters
    ----------
    multiplier : Multiplier or None
        None where the multipliers are no function of step size times eigenvalue.
    regions : Regions or None
        None while a setting other than the step size is open.
    step : tuple of two float, or None
        Bounds of the step size; None while it is open.
    """

    multiplier: Multiplier | None
    regions: Regions | None
    step: tuple[float, float] | None


def rule_of(F: GradientMap) -> CriticalRule:
    """Return the update rule of a map; floats stand for the dyadic numbers that they are."""
    floats = {n: sp.Rational(v) for n, v in F.settings.items() if isinstance(v, sp.Float)}
    exact = replace(F, **floats) if floats else F  # type: ignore[type-var]
    rule = multiplier(exact)
    step = exact.settings["step_size"]
    return CriticalRule(
        multiplier=rule,
        regions=None if rule is None else regions(rule),
        step=enclosing(step) if step.is_number else None,
    )


def hessian_eigenvalues(hessian: Enclosed) -> Enclosed:
    """Return bounds of the eigenvalues (d, n), ascending, of symmetric matrices (d, d, n).

    Notes
    -----
    Let V be about orthonormal eigenvectors and B = V' H V, enclosed. The eigenvalues of B differ
    from its sorted diagonal by no more than the largest row sum of its other entries (Weyl). Those
    of H are those of B over numbers between the smallest and the largest eigenvalue of V'V
    [1]_, Theorem 4.5.9 (Ostrowski), which are one up to a row sum of I - V'V.

    References
    ----------
    .. [1] Horn and Johnson (2013), Matrix Analysis.
    """
    d = hessian.lower.shape[0]
    swapped = Enclosed(hessian.lower.transpose(1, 0, 2), hessian.upper.transpose(1, 0, 2))
    hessian = hessian.meet(swapped)  # second derivatives commute
    if d == 1:
        return hessian[0]
    centre = hessian.middle()
    usable = np.isfinite(hessian.lower).all(axis=(0, 1)) & np.isfinite(hessian.upper).all((0, 1))
    centre = np.where(usable, centre, 0.0)
    _, vectors = np.linalg.eigh(np.ascontiguousarray(centre.transpose(2, 0, 1)))
    v = Enclosed.of(np.ascontiguousarray(vectors.transpose(1, 2, 0)))
    turned = Enclosed.of(np.ascontiguousarray(vectors.transpose(2, 1, 0)))
    b = matrix_product(turned, matrix_product(hessian, v))
    gram = matrix_product(turned, v)
    rows = np.arange(d)
    radius = _largest_row_sum(b, rows)
    order = Enclosed(np.sort(b.lower[rows, rows], axis=0), np.sort(b.upper[rows, rows], axis=0))
    inner = order + Enclosed(-radius, radius)
    stretch = _largest_row_sum(gram, rows)
    scale = Enclosed(
        gram.lower[rows, rows].min(axis=0), gram.upper[rows, rows].max(axis=0)
    ) + Enclosed(-stretch, stretch)
    found = inner / scale
    # An indefinite V'V says nothing; neither does a Hessian without bounds.
    known = usable & (scale.lower > 0)
    line = np.full_like(found.lower, np.inf)
    return found.where(known, Enclosed(-line, line))


def _largest_row_sum(matrix: Enclosed, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return bounds of the largest sum of absolute values off the diagonal."""
    sizes = matrix.size.copy()
    sizes[rows, rows] = 0.0
    total = Enclosed.of(np.zeros(sizes.shape[1:]))
    for j in range(len(rows)):
        total = total + Enclosed.of(sizes[:, j])
    return np.asarray(total.upper.max(axis=0))


def located_by_rule(rule: CriticalRule, eigenvalues: Enclosed) -> Located | None:
    """Return the multipliers of eigenvalues (d, n); None where the rule has no short formula."""
    form = rule.multiplier
    if form is None or rule.step is None:
        return None
    coefficients = sp.Poly(form.polynomial, form.z).all_coeffs()[1:]
    if len(coefficients) > 2 or any(c.free_symbols - {form.s} for c in coefficients):
        return None
    d, n = eigenvalues.lower.shape
    low, high = rule.step
    scaled = eigenvalues * Enclosed(np.asarray(low), np.asarray(high))
    function = interval_function(lowered(coefficients, [form.s]))
    bounds = function(scaled.lower.reshape(1, d * n), scaled.upper.reshape(1, d * n))
    value = Enclosed(*bounds)
    if len(coefficients) == 1:
        return on_the_line(Enclosed(-value.upper[0].reshape(d, n), -value.lower[0].reshape(d, n)))
    pairs = from_trace_and_determinant(-value[0], value[1])
    return _together(pairs, d, n)


def _together(pairs: Located, d: int, n: int) -> Located:
    """Return the pairs of d directions as the 2 d multipliers of n points."""

    def joined(part: Enclosed) -> Enclosed:
        return Enclosed(
            part.lower.reshape(2, d, n).transpose(1, 0, 2).reshape(2 * d, n),
            part.upper.reshape(2, d, n).transpose(1, 0, 2).reshape(2 * d, n),
        )

    flips = pairs.flips.reshape(d, n)
    return Located(
        joined(pairs.real),
        joined(pairs.imaginary),
        pairs.inside.reshape(d, n).sum(axis=0),
        pairs.on.reshape(d, n).sum(axis=0),
        pairs.outside.reshape(d, n).sum(axis=0),
        np.where((flips != UNKNOWN).all(axis=0), flips.sum(axis=0), UNKNOWN),
    )


def critical_kinds(eigenvalues: Enclosed) -> list[CriticalKind]:
    """Return what n points with Hessian eigenvalues (d, n) are for the loss."""
    up, down = eigenvalues.lower > 0, eigenvalues.upper < 0
    found = np.full(up.shape[1], CriticalKind.UNDECIDED, dtype=object)
    found[up.all(axis=0)] = CriticalKind.MINIMUM
    found[down.all(axis=0)] = CriticalKind.MAXIMUM
    found[up.any(axis=0) & down.any(axis=0)] = CriticalKind.SADDLE
    return list(found)


def critical_steps(rule: CriticalRule, eigenvalues: Enclosed) -> Enclosed | None:
    """Return bounds of the step sizes (n,) at which minima lose stability.

    Notes
    -----
    A minimum is stable while η λ is in the first interval (0, s) of the rule for all eigenvalues,
    that is for η < s / λ_max: s = 2 for gradient descent, 2 (1 + β) for heavy ball.
    """
    if rule.regions is None:
        return None
    ends = [
        high for low, high in rule.regions.stable.pairs if low is not None and low.compare(0) == 0
    ]
    if not ends or ends[0] is None:
        return None
    low, high = outward(ends[0].ball(128))
    return Enclosed(np.asarray(low), np.asarray(high)) / eigenvalues[-1]
