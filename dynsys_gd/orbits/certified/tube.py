"""Boxes in which every orbit is proved to lie on a family of fixed points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.rewrite import stable
from ...engine.tape import lower as lowered
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.gradient_map import GradientMap
from ...maps.heavy_ball import HeavyBall
from ...maps.nesterov import Nesterov
from .equations import Equations
from .outward import Bounds, down, middle, up
from .residual_form import ResidualForm, residual_forms

__all__ = ["Tube", "has_full_row_rank", "tube_of"]


@dataclass(frozen=True, eq=False)
class Tube:
    """What is known of a family of fixed points from equations f = A h of the map or gradient.

    Parameters
    ----------
    equations : Equations
        Of the orbits that are sought.
    forms : tuple of ResidualForm
        For one point, of the functions whose zeros are sought; for p > 1 points, of F(x) - x.
    """

    equations: Equations
    forms: tuple[ResidualForm, ...]

    def holds(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (p, d, n) whether every orbit in it lies on a family.

        Notes
        -----
        One point: where A has full column rank on the whole box, f is zero only where h is; where
        Dh has full row rank, these zeros are a manifold of dimension d - m, and none is isolated.

        More points: h(x_(k+1)) = M_k h(x_k) with M_k = I + Dh A, Dh enclosed over the segment
        from x_k to x_(k+1). Where I - M_(p-1)⋯M_0 is regular, h is zero along the orbit, which
        then stands still: it has period one.
        """
        return self.places(lower, upper) >= 0

    def places(self, lower: Bounds, upper: Bounds) -> NDArray[np.int64]:
        """Return for each box the first form that tells where its orbits are, or -1."""
        found = np.full(lower.shape[2], -1, dtype=np.int64)
        for place in range(len(self.forms)):
            rest = np.flatnonzero(found < 0)
            if not len(rest):
                break
            told = self.holds_by(place, lower[..., rest], upper[..., rest])
            found[rest[told]] = place
        return found

    def holds_by(self, place: int, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return the same, by one of the forms alone."""
        sure = np.ones(lower.shape[2], dtype=bool)
        d = self.equations.dimension
        for low, high in zip(lower, upper, strict=True):
            # Factors may have a value where f has none; that is not a zero of f.
            below, above = self.equations.values(low, high)
            sure &= (np.isfinite(below[:d]) & np.isfinite(above[:d])).all(axis=0)
        with np.errstate(all="ignore"):
            if self.equations.period > 1:
                return sure & self._stands_still(place, lower, upper)
            return sure & self._is_manifold(place, lower[0], upper[0])

    def _is_manifold(self, place: int, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        m, d, n = len(self.forms[place].equations), self.equations.dimension, lower.shape[1]
        low, high = self._ranks[place](lower, upper)
        count = m * d
        columns = has_full_row_rank(low[:count].reshape(m, d, n), high[:count].reshape(m, d, n))
        return columns & has_full_row_rank(
            low[count:].reshape(m, d, n), high[count:].reshape(m, d, n)
        )

    def _stands_still(self, place: int, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        m, n = len(self.forms[place].equations), lower.shape[2]
        period = self.equations.period
        eye = np.repeat(np.eye(m)[:, :, None], n, axis=2)
        product = (eye, eye)
        for k in range(period):
            after = (k + 1) % period
            low, high = self._moves[place](
                np.concatenate([np.minimum(lower[k], lower[after]), lower[k]]),
                np.concatenate([np.maximum(upper[k], upper[after]), upper[k]]),
            )
            product = _product(low.reshape(m, m, n), high.reshape(m, m, n), *product)
        return has_full_row_rank(down(eye - product[1]), up(eye - product[0]))

    def equations_at(self, place: int, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds of h, shape (2, m), and of Dh, shape (2, m, d), on one box (d,)."""
        m, d = len(self.forms[place].equations), self.equations.dimension
        pair = np.stack(self._values[place](lower[:, None], upper[:, None]))[..., 0]
        return pair[:, :m], pair[:, m:].reshape(2, m, d)

    @cached_property
    def _values(self) -> list[IntervalFunction]:
        """For each form, from boxes of x to h, then Dh."""
        variables = self.equations.variables
        return [
            interval_function(
                lowered([*form.equations, *jacobian(form.equations, variables)], variables)
            )
            for form in self.forms
        ]

    @cached_property
    def _ranks(self) -> list[IntervalFunction]:
        """For each form, from boxes of x to the transpose of B, then Dh."""
        variables = self.equations.variables
        return [
            interval_function(
                lowered([*form.regular.T, *jacobian(form.equations, variables)], variables)
            )
            for form in self.forms
        ]

    @cached_property
    def _moves(self) -> list[IntervalFunction]:
        """For each form, from boxes of (ξ, x) to I + Dh(ξ) A(x)."""
        variables = self.equations.variables
        xi = [sp.Dummy(f"xi{i}") for i in range(len(variables))]
        found = []
        for form in self.forms:
            slopes = jacobian(form.equations, variables).xreplace(
                dict(zip(variables, xi, strict=True))
            )
            move = sp.eye(len(form.equations)) + slopes * form.factors
            found.append(interval_function(lowered(list(move), [*xi, *variables])))
        return found


def tube_of(F: Map, equations: Equations) -> Tube | None:
    """Return how families of fixed points of a map are recognised, None where no form is seen."""
    if len(equations.variables) < 2:
        return None
    forms = _forms(F, equations)
    return Tube(equations, forms) if forms else None


def _forms(F: Map, equations: Equations) -> tuple[ResidualForm, ...]:
    if not isinstance(F, GradientMap):
        own = equations.functions
        if equations.period > 1:
            own = tuple(h - v for h, v in zip(own, equations.variables, strict=True))
        return _residual_forms(own, equations.variables, None)
    form = F.loss.symbolic
    if form is None:
        return ()
    loss = stable(form.bound)
    gradient = tuple(jacobian([loss], form.variables))
    forms = _residual_forms(gradient, tuple(form.variables), loss)
    if equations.period == 1:
        return forms
    if isinstance(F, GradientDescent):
        return tuple(_scaled(f, -F.step_size) for f in forms)
    if isinstance(F, (HeavyBall, Nesterov)):
        return tuple(_with_memory(f, F, form.variables, equations.variables) for f in forms)
    return ()


# The search for patterns takes longer than a short search for orbits.
_residual_forms = lru_cache(maxsize=64)(residual_forms)


def _scaled(form: ResidualForm, factor: sp.Expr) -> ResidualForm:
    return ResidualForm(
        form.equations, factor * form.factors, factor * form.regular, form.shown, form.local
    )


def _with_memory(
    form: ResidualForm,
    F: HeavyBall | Nesterov,
    variables: tuple[sp.Symbol, ...],
    state: tuple[sp.Symbol, ...],
) -> ResidualForm:
    """Return F(x, w) - (x, w) = (-η A(y) h(y) + β (x - w), x - w) as a form in h(y) and x - w.

    The gradient is taken at y = x by heavy ball and at y = x + β (x - w) by Nesterov's method.
    """
    d, m = len(variables), len(form.equations)
    moved = tuple(x - w for x, w in zip(state[:d], state[d:], strict=True))
    ahead = F.momentum if isinstance(F, Nesterov) else 0
    at = {v: x + ahead * step for v, x, step in zip(variables, state[:d], moved, strict=True)}
    equations = (*(h.xreplace(at) for h in form.equations), *moved)
    matrix = sp.zeros(2 * d, m + d)
    matrix[:d, :m] = -F.step_size * form.factors.xreplace(at)
    matrix[:d, m:] = F.momentum * sp.eye(d)
    matrix[d:, m:] = sp.eye(d)
    whole = sp.ImmutableMatrix(matrix)
    return ResidualForm(equations, whole, whole, equations, form.local)


def has_full_row_rank(lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
    """Return for interval matrices (m, d, n) whether all matrices in them have m regular rows.

    For P about the pseudo-inverse of the middle, ‖I - J P‖ < 1 in the largest row sum makes J P
    regular for every J.
    """
    m, d = lower.shape[:2]
    finite = np.isfinite(lower).all(axis=(0, 1)) & np.isfinite(upper).all(axis=(0, 1))
    low, high = np.where(finite, lower, 0.0), np.where(finite, upper, 0.0)
    centre = middle(low, high)
    radius = up(np.maximum(high - centre, centre - low)).transpose(2, 0, 1)
    centre = centre.transpose(2, 0, 1)
    inverse = np.linalg.pinv(centre, rcond=1e-12)
    size = np.abs(inverse)
    gamma = (d + 3) * 2.0**-52
    defect = np.abs(np.eye(m) - centre @ inverse) + gamma * (np.abs(centre) @ size + 1)
    total = (defect + (radius @ size) * (1 + gamma)).sum(axis=2) * (1 + (m + 4) * 2.0**-52)
    return np.asarray(finite & (total < 1 - 1e-9).all(axis=1))


def _product(a_low: Bounds, a_high: Bounds, b_low: Bounds, b_high: Bounds) -> tuple[Bounds, Bounds]:
    """Return bounds of the product of interval matrices (m, m, n); NaN where one has no bounds."""
    m = a_low.shape[0]
    low, high = np.zeros_like(a_low), np.zeros_like(a_low)
    for j in range(m):
        left = a_low[:, j, None], a_high[:, j, None]
        right = b_low[None, j], b_high[None, j]
        corners = np.stack([a * b for a in left for b in right])
        low = down(low + down(corners.min(axis=0)))
        high = up(high + up(corners.max(axis=0)))
    return low, high
