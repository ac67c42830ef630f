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
from ...orbits.certified.enclosed import Enclosed, matrix_product
from ...orbits.certified.outward import down, middle, up
from ...orbits.certified.residual_form import ResidualForm, residual_forms
from ...orbits.certified.system import Bounds, System, exactly
from .frames import may_stretch, row_sum, smallest_stretch

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
        Let B be the box C widened by the room R in each coordinate, and |M| ≤ q < 1 in the largest
        row sum for M = I - η Jh(ξ) A(x) with ξ and x in B. While an orbit from C is in B, |h| falls
        like qᵏ and x moves by η |Σ A(x_j) h(x_j)|. It stays in B for ever, and h is zero at its
        limit, where S sup_C |h| ≤ R for one of

            S = η |A| / (1 - q),
            S = K / (1 - q²) + η |A|,               K ≥ η |A(x) + A(x') M|,
            S = η |A(y)| / (1 - b) + W / (1 - q),   W ≥ η |A(x) - A(y)|, y in C.

        The second one takes two steps together, F²(x) - x = -η (A(x) + A(F(x)) M) h(x). The third
        one is for a single equation with M between a and b, b ≥ 0 and a ≥ b - 1: then all sums
        Σ h(x_j) lie between 0 and h(x_0)/(1 - b). Where successive steps nearly cancel both are
        much smaller than the first.

        Under gradient descent the limit is a minimum: the other eigenvalues μ of the Hessian than 0
        are those of Jh A, |1 - η μ| < 1.
        """
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        room = np.full(lower.shape[1], np.nan)
        with np.errstate(all="ignore"):
            moves, factors = self._moves((lower, upper), (lower, upper))
            q = row_sum(moves)
            bounded = np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
            rest = np.flatnonzero((q < 1) & bounded)
            low, high = lower[:, rest], upper[:, rest]
            moves, factors, q = moves[..., rest], factors[..., rest], q[rest]
            size, tried = self._sizes(low, high)[1], np.zeros(len(rest))
            own = factors
            for _ in range(_TRIES):
                # b ≥ 0 with a ≥ b - 1, and 1 - b; else no sum is bounded
                b = np.maximum(moves.upper[0, 0], 0.0)
                bound = 1 / down(1 - b)
                bound[~(moves.lower[0, 0] >= up(b - 1))] = np.inf
                step = self._step(
                    moves, factors, own, 1 / down(1 - q), down(1 - up(q * q)), up(bound)
                )
                needed = up(step * size)
                fits = (q < 1) & (needed <= tried)
                room[rest[fits]] = tried[fits]
                # A room that grows fast does not settle.
                going = np.flatnonzero(~fits & (q < 1) & (needed < np.inf))
                if not len(going):
                    break
                rest, low, high, size = rest[going], low[:, going], high[:, going], size[going]
                tried, own = np.maximum(needed[going] * _GROWTH, 2.0**-1000), own[..., going]
                wide = down(low - tried), up(high + tried)
                moves, factors = self._moves(wide, wide)
                q = row_sum(moves)
        return room

    def repels(
        self, lower: Bounds, upper: Bounds, factor: float = 1.5
    ) -> tuple[Bounds, Bounds, Bounds]:
        """Return for each box (d, n) a room R and bounds ρ and ρ' of a shell that it goes through.

        All are NaN where that is not shown. Almost every point of the box reaches the set of x
        with ρ < |h(x)| ≤ ρ', in the box widened by R.

        Parameters
        ----------
        lower, upper : ndarray, shape (d, n)
        factor : float
            ρ is about so many times the largest |h| on the box; at least 1.

        Notes
        -----
        Let B be the widened box and q > 1 with |Mv| ≥ q |v|, |M| ≤ Q for M = I - η Jh(ξ) A(x) with
        ξ and x in B. As |h| grows by q in each step, until it first exceeds ρ an orbit moves by
        less than S ρ for one of

            S = η |A| q / (q - 1),
            S = K / (1 - q⁻²) + η |A|,              K ≥ η |A(x) + A(x') M|,
            S = η |A(y)| + W q / (q - 1),           W ≥ η |A(x) - A(y)|, y in C,

        the last one for a single equation with M < 0, where all sums Σ h(x_j) lie between 0 and
        their last term. So S ρ ≤ R keeps the orbit in B until then, and its next |h| is at most
        Q ρ. Points with h = 0 are a null set.
        """
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        room, least, most = np.full((3, lower.shape[1]), np.nan)
        if not self.null_sets:
            return room, least, most
        with np.errstate(all="ignore"):
            bounded = np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
            moves, factors = self._moves((lower, upper), (lower, upper))
            rest = np.flatnonzero(bounded & may_stretch(moves))
            moves, factors = moves[..., rest], factors[..., rest]
            low, high, own = lower[:, rest], upper[:, rest], factors
            size, tried = self._sizes(low, high)[1], np.zeros(len(rest))
            for _ in range(_TRIES):
                q = smallest_stretch(moves)
                last = np.where(moves.upper[0, 0] < 0, 1.0, np.inf)
                back = up(q / down(q - 1))
                # 1 - 1/q² as (q - 1)(q + 1)/q²
                pairs = down(down(down(q - 1) * down(q + 1)) / up(q * q))
                step = self._step(moves, factors, own, back, pairs, last)
                reached = down(tried / step)
                fits = (q > 1) & (up(step * size) * factor <= tried) & (reached >= size)
                done = rest[fits]
                room[done], least[done] = tried[fits], reached[fits]
                most[done] = up(row_sum(moves[..., fits]) * least[done])
                going = np.flatnonzero(~fits & (q > 1) & np.isfinite(step * size))
                if not len(going):
                    break
                tried = np.maximum(step * size * factor, 2.0**-1000)[going] * _GROWTH
                rest, low, high, size = rest[going], low[:, going], high[:, going], size[going]
                own, wide = own[..., going], (down(low - tried), up(high + tried))
                moves, factors = self._moves(wide, wide)
        fine = np.isfinite(most) & (least > 0)
        room[~fine] = least[~fine] = most[~fine] = np.nan
        return room, least, most

    def shell(self, lower: Bounds, upper: Bounds, least: Bounds, most: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether it may hold a point with least < |h| ≤ most."""
        with np.errstate(all="ignore"):
            below, above = self._sizes(lower, upper)
            return np.asarray(~((above <= least) | (below > most)))

    def _step(
        self,
        moves: Enclosed,
        factors: Enclosed,
        own: Enclosed,
        sums: Bounds,
        pairs: Bounds,
        signed: Bounds,
    ) -> Bounds:
        """Return the least S (n,) of the three rules.

        With the largest |h| as the unit, `sums` bounds Σ |h(x_j)| and `signed` bounds |Σ h(x_j)|,
        if there is one equation; `pairs` bounds 1 over Σ |h(x_2j)| from below.
        """
        once, sums = row_sum(factors), up(sums)
        twice = row_sum(factors + matrix_product(factors, moves))
        step = np.fmin(up(once * sums), up(up(twice / pairs) + once))
        if len(self.equations) > 1:
            return np.asarray(step)
        apart = row_sum(factors - own)
        return np.asarray(np.fmin(step, up(up(row_sum(own) * signed) + up(apart * sums))))

    def _sizes(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return lower and upper bounds (n,) of |h|, largest equation."""
        m = len(self.equations)
        centre = middle(lower, upper)
        low, high = _equation_code(self)(
            np.concatenate([lower, lower, centre]), np.concatenate([upper, upper, centre])
        )
        below, above = np.maximum(low[:m], low[m:]), np.minimum(high[:m], high[m:])
        inner = np.maximum(np.maximum(below, -above), 0.0)
        return inner.max(axis=0), np.maximum(-below, above).max(axis=0)

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
