"""Norms and products of interval matrices in the coordinates of a frame, rounded outwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.enclosed import Enclosed, matrix_product
from ...orbits.certified.system import Bounds

__all__ = ["Frame", "frame_of", "may_stretch", "row_sum", "smallest_stretch"]


@dataclass(frozen=True, eq=False)
class Frame:
    """Columns P with an approximate inverse Q, and a bound δ of |I - QP| in the largest row sum.

    As P⁻¹ = (QP)⁻¹Q, every |P⁻¹v| is at most |Qv|/(1 - δ).
    """

    columns: Bounds
    inverse: Bounds
    defect: float

    def of_matrices(self, lower: Bounds, upper: Bounds, *, symmetric: bool = False) -> Enclosed:
        """Return bounds of P⁻¹MP for interval matrices (d, d, n), symmetric ones where that is so.

        The entries M_jm and M_mj of a symmetric matrix are one number and are used once.
        """
        d, matrices = len(self.columns), Enclosed(lower, upper)
        # Coefficients of M_jm in entry (i, k): Q_ij P_mk.
        each = Enclosed.of(self.inverse[:, None, :, None]) * Enclosed.of(
            self.columns.T[None, :, None, :]
        )
        moved = None
        for j in range(d):
            for m in range(j if symmetric else 0, d):
                share = each[:, :, j, m]
                if symmetric and m > j:
                    share = share + each[:, :, m, j]
                term = share[:, :, None] * matrices[j, m][None, None]
                moved = term if moved is None else moved + term
        assert moved is not None
        # (QP)⁻¹ = I + E with |E| ≤ δ/(1 - δ) in the row sum.
        error = Enclosed.of(moved.size.max(axis=0)[None]) * (2 * self.defect)
        return Enclosed((moved - error).lower, (moved + error).upper)

    def of_vectors(self, lower: Bounds, upper: Bounds) -> Bounds:
        """Return an upper bound (n,) of |P⁻¹v|, largest coordinate, over boxes (d, n)."""
        moved = matrix_product(
            Enclosed.of(self.inverse[:, :, None]), Enclosed(lower[:, None], upper[:, None])
        )
        with np.errstate(all="ignore"):
            return np.asarray(moved.size.max(axis=(0, 1)) * (1 + 2 * self.defect + 2.0**-50))


def frame_of(columns: Bounds) -> Frame | None:
    """Return the frame with these columns, None where they are too close to dependent."""
    columns = np.asarray(columns, dtype=float)
    if not np.isfinite(columns).all() or np.linalg.cond(columns) > 1e8:
        return None
    inverse = np.asarray(np.linalg.inv(columns), dtype=np.float64)
    product = matrix_product(Enclosed.of(inverse[:, :, None]), Enclosed.of(columns[:, :, None]))
    rest = Enclosed.of(np.eye(len(columns))[:, :, None]) - product
    defect = float(row_sum(rest)[0])
    return Frame(columns, inverse, defect) if defect < 1e-6 else None


def row_sum(matrices: Enclosed) -> Bounds:
    """Return an upper bound (n,) of the largest row sum of interval matrices (i, j, n)."""
    sizes = matrices.size
    count = sizes.shape[1] + 1
    with np.errstate(all="ignore"):
        return np.asarray(sizes.sum(axis=1).max(axis=0) * (1 + count * 2.0**-52))


def smallest_stretch(matrices: Enclosed) -> Bounds:
    """Return a lower bound (n,) of 1/|M⁻¹| over interval matrices (m, m, n), 0 if none is known.

    With C about the inverse of the middle and |I - CM| ≤ δ < 1, |M⁻¹| ≤ |C|/(1 - δ).
    """
    m = matrices.lower.shape[0]
    with np.errstate(all="ignore"):
        if m == 1:
            low, high = matrices.lower[0, 0], matrices.upper[0, 0]
            return np.asarray(np.maximum(np.maximum(low, -high), 0.0))
        inverse = _inverse(matrices)
        rest = Enclosed.of(np.eye(m)[:, :, None]) - matrix_product(Enclosed.of(inverse), matrices)
        defect, size = row_sum(rest), row_sum(Enclosed.of(inverse))
        bound = (1 - defect) / size * (1 - 2.0**-50)
        known = (defect < 1) & np.isfinite(inverse).all(axis=(0, 1))
        return np.where(known, np.maximum(bound, 0.0), 0.0)


def may_stretch(matrices: Enclosed) -> NDArray[np.bool_]:
    """Return where `smallest_stretch` can be above 1, by a look at the middles in floats."""
    with np.errstate(all="ignore"):
        if matrices.lower.shape[0] == 1:
            return np.asarray(smallest_stretch(matrices) > 1)
        return np.asarray(np.abs(_inverse(matrices)).sum(axis=1).max(axis=0) < 1)


def _inverse(matrices: Enclosed) -> Bounds:
    """Return inverses of the middles, (m, m, n), in floats; NaN or infinite where there is none."""
    m = matrices.lower.shape[0]
    centre = matrices.middle()
    if m == 2:
        (a, b), (c, d) = centre
        return np.asarray(np.array([[d, -b], [-c, a]]) / (a * d - b * c))
    regular = np.abs(np.linalg.det(centre.transpose(2, 0, 1))) > 0
    stacked = np.where(regular[:, None, None], centre.transpose(2, 0, 1), np.eye(m))
    return np.where(regular, np.linalg.inv(stacked).transpose(1, 2, 0), np.nan)
