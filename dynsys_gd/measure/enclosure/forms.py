"""Boxes from which every orbit converges to zeros of equations, or leaves them behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.tape import lower as lowered
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.outward import down, middle, up
from ...orbits.certified.residual_form import ResidualForm, residual_forms
from .frames import may_stretch, row_sum, smallest_stretch
from .system import Bounds, System, exactly

__all__ = ["Form", "forms_of"]

_TRIES = 6  # rooms that are tried for a box
_GROWTH = 1.125  # a room is made so much larger than what the last one called for
_MOST = 5  # forms of families that are kept


@dataclass(frozen=True)
class Form:
    """Equations h with x - F(x) = η A(x) h(x), whose residual an orbit multiplies step by step.

    Parameters
    ----------
    system : System
    equations : tuple of m sympy expressions
        The equations h.
    factors : tuple of d rows of m sympy expressions
        The matrix A. Under gradient descent ∇L = A h; for other maps η = 1.
    outcome : int
        Number of the limits.
    null_sets : bool
        Whether preimages of null sets are null, without which nothing is said to repel.

    Notes
    -----
    On the segment from x to F(x) the mean Jacobian J of h gives h(F(x)) = (I - η J A(x)) h(x).
    """

    system: System
    equations: tuple[sp.Expr, ...]
    factors: tuple[tuple[sp.Expr, ...], ...]
    outcome: int
    null_sets: bool = True

    def without_null_sets(self) -> Form:
        """Return the form where almost every point means nothing."""
        return replace(self, null_sets=False)

    def attracts(self, lower: Bounds, upper: Bounds) -> Bounds:
        """Return for each box (d, n) a room in which its orbits converge to zeros of h, or NaN.

        Notes
        -----
        Let B be the box C widened by the room R in each coordinate, and |I - η Jh(ξ) A(x)| ≤ q < 1
        in the largest row sum for all ξ and x in B. While the orbit is in B, |h| falls like qᵏ and
        x moves by η |Σ A(x_j) h(x_j)|. So it stays in B for ever, and h is zero at its limit, where

            η sup_B |A| sup_C |h| / (1 - q) ≤ R.

        For a single equation the multipliers I - η Jh A lie between bounds a and b, and successive
        residuals may cancel: with b⁺ = max(b, 0) and a ≥ b⁺ - 1, all sums Σ h(x_j) lie between 0
        and h(x_0)/(1 - b⁺), so that it is enough that

            η sup_C |h| (sup_C |A| / (1 - b⁺) + sup |A(x) - A(y)| / (1 - q)) ≤ R,  x in B, y in C.

        Under gradient descent the limit is a minimum: the other eigenvalues μ of the Hessian than 0
        are those of Jh A, |1 - η μ| < 1.
        """
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        room = np.full(lower.shape[1], np.nan)
        with np.errstate(all="ignore"):
            moves, own = self._moves((lower, upper), (lower, upper))
            q = row_sum(moves)
            bounded = np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
            rest = np.flatnonzero((q < 1) & bounded)
            low, high = lower[:, rest], upper[:, rest]
            moves, own, q = moves[..., rest], own[..., rest], q[rest]
            factors, size, tried = own, self._sizes(low, high), np.zeros(len(rest))
            for _ in range(_TRIES):
                needed = self._needed(moves, q, factors, own, size)
                fits = (q < 1) & (needed <= tried)
                room[rest[fits]] = tried[fits]
                # A room that grows fast does not settle.
                going = np.flatnonzero(~fits & (q < 1) & (needed < np.inf))
                if not len(going):
                    break
                rest, low, high, size = rest[going], low[:, going], high[:, going], size[going]
                own = own[..., going]
                tried = np.maximum(needed[going] * _GROWTH, 2.0**-1000)
                wide = down(low - tried), up(high + tried)
                moves, factors = self._moves(wide, wide)
                q = row_sum(moves)
        return room

    def repels(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether |h| grows by a factor above 1 on it in each step.

        Notes
        -----
        In a bounded set of such boxes only points with h = 0 stay forever: a null set.
        """
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        if not self.null_sets:
            return np.zeros(lower.shape[1], dtype=bool)
        with np.errstate(all="ignore"):
            # The segment holds the point itself: what does not grow there is not looked at again.
            bounded = np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
            own = self._moves((lower, upper), (lower, upper))[0]
            found = bounded & may_stretch(own)
            rest = np.flatnonzero(found)
            box = lower[:, rest], upper[:, rest]
            low, high = self.system.image_bounds(*box)
            hull = np.minimum(box[0], low), np.maximum(box[1], high)
            found[rest] = smallest_stretch(self._moves(hull, box)[0]) > 1
        return np.asarray(found)

    def _needed(
        self, moves: Enclosed, q: Bounds, factors: Enclosed, own: Enclosed, size: Bounds
    ) -> Bounds:
        """Return the room (n,) that orbits need, given bounds on the room that was tried."""
        summed = up(size / down(1 - q))
        plain = up(row_sum(factors) * summed)
        if len(self.equations) > 1:
            return np.asarray(plain)
        a, b = moves.lower[0, 0], np.maximum(moves.upper[0, 0], 0.0)
        alternating = a >= up(b - 1)
        apart = row_sum(factors - own)
        at_once = up(size / down(1 - b))
        signed = up(up(row_sum(own) * at_once) + up(apart * summed))
        return np.where(alternating, np.minimum(plain, signed), plain)

    def _sizes(self, lower: Bounds, upper: Bounds) -> Bounds:
        """Return upper bounds (n,) of |h|, largest equation."""
        m = len(self.equations)
        centre = middle(lower, upper)
        low, high = _equation_code(self)(
            np.concatenate([lower, lower, centre]), np.concatenate([upper, upper, centre])
        )
        below, above = np.maximum(low[:m], low[m:]), np.minimum(high[:m], high[m:])
        return np.asarray(np.maximum(-below, above).max(axis=0))

    def _moves(
        self, xi: tuple[Bounds, Bounds], x: tuple[Bounds, Bounds]
    ) -> tuple[Enclosed, Enclosed]:
        """Return bounds of I - η Jh(ξ) A(x), shape (m, m, n), and of η A(x), shape (d, m, n)."""
        m, d, n = len(self.equations), self.system.dimension, x[0].shape[1]
        low, high = _move_code(self)(np.concatenate([xi[0], x[0]]), np.concatenate([xi[1], x[1]]))
        pair = Enclosed(low, high)
        moves, factors = pair[: m * m], pair[m * m :]
        return (
            Enclosed(moves.lower.reshape(m, m, n), moves.upper.reshape(m, m, n)),
            Enclosed(factors.lower.reshape(d, m, n), factors.upper.reshape(d, m, n)),
        )


def forms_of(F: Map, system: System, named: str, outcomes: list[str]) -> tuple[Form, ...]:
    """Return form 0, h = ∇L or F(x) - x, and those of families of minima.

    What they attract to is appended to `outcomes`.
    """
    d = system.dimension
    if system.gradient is None:
        gaps = tuple(image - v for image, v in zip(system.images, system.variables, strict=True))
        outcomes.append(f"a {named}")
        return (Form(system, gaps, _rows(-sp.eye(d)), len(outcomes) - 1),)
    assert isinstance(F, GradientDescent)
    outcomes.append(f"a {named}")
    forms = [Form(system, system.gradient, _rows(sp.eye(d)), len(outcomes) - 1)]
    if d == 1:
        return tuple(forms)
    symbolic = F.loss.symbolic
    assert symbolic is not None
    for found in _families(system, exactly(symbolic.bound))[:_MOST]:
        name = f"a {named} on {' = '.join([*map(str, found.shown), '0'])}"
        if name not in outcomes:
            outcomes.append(name)
        rows = _rows(found.factors)
        forms.append(Form(system, tuple(found.equations), rows, outcomes.index(name)))
    return tuple(forms)


def _families(system: System, loss: sp.Expr) -> list[ResidualForm]:
    """Return forms whose equations could be those of minima, simplest first."""
    assert system.gradient is not None
    found = residual_forms(system.gradient, system.variables, loss)
    regular = [f for f in found if len(f.equations) < system.dimension and not f.local]
    return sorted(regular, key=lambda form: sum(sp.count_ops(e) for e in form.equations))


def _rows(matrix: sp.Matrix) -> tuple[tuple[sp.Expr, ...], ...]:
    return tuple(tuple(matrix.row(i)) for i in range(matrix.rows))


@lru_cache(maxsize=64)
def _move_code(form: Form) -> IntervalFunction:
    """From (ξ, x) to I - η Jh(ξ) A(x), row by row, then η A(x).

    The symbols ξ and x are kept apart because the point of the mean value theorem is not x.
    """
    variables, m = form.system.variables, len(form.equations)
    xi = [sp.Dummy(f"xi{i}") for i in range(len(variables))]
    step = sp.S.One if form.system.step_size is None else form.system.step_size
    slopes = jacobian(form.equations, variables).xreplace(dict(zip(variables, xi, strict=True)))
    factors = sp.Matrix(form.factors)
    move = sp.eye(m) - step * (slopes * factors)
    return interval_function(lowered([*move, *(step * factors)], [*xi, *variables]))


@lru_cache(maxsize=64)
def _equation_code(form: Form) -> IntervalFunction:
    """From (ξ, x, m) to h(ξ), then h(m) + Dh(ξ)(x - m)."""
    variables = form.system.variables
    d = len(variables)
    xi, x, centre = ([sp.Dummy(f"{name}{i}") for i in range(d)] for name in ("xi", "x", "m"))
    at_xi, at_m = (dict(zip(variables, to, strict=True)) for to in (xi, centre))
    slopes = jacobian(form.equations, variables).xreplace(at_xi)
    shift = [a - b for a, b in zip(x, centre, strict=True)]
    natural = [h.xreplace(at_xi) for h in form.equations]
    forms = [
        h.xreplace(at_m) + sum(s * u for s, u in zip(slopes.row(i), shift, strict=True))
        for i, h in enumerate(form.equations)
    ]
    return interval_function(lowered([*natural, *forms], [*xi, *x, *centre]))
