"""A family of critical points or fixed points: a set of positive dimension such as x y = 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.numpy_printer import numpy_function
from ..engine.tape import lower
from ..evidence import Evidence, Grade, Outcome
from ..losses.base import as_points
from ..maps.base import Map
from ..regions import Box, positive_count
from ..results import Result, plain
from .display import latex_value, point_text, value_text
from .kinds import CriticalKind

__all__ = ["CriticalManifold"]

_NEWTON_STEPS = 40


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CriticalManifold(Result):
    """All real solutions of some equations, each of them a fixed point of the map.

    Along the family multipliers are 1; the transverse ones decide. Where the family is singular
    the word manifold is a courtesy: see `smooth`.

    Parameters
    ----------
    map : Map
    variables : tuple of Symbol
        Coordinates of the loss, or of the state for maps without one.
    equations : tuple of sympy expressions
        Each is zero on the family; together they are zero nowhere else, in `boxes` where given.
    dimension : int
        Dimension at regular points.
    period : int
        1, or the least period of almost all its points.
    eigenvalues : tuple of sympy expressions, or None
        Transverse Hessian eigenvalues as functions on the family; None for maps without a loss
        and for a codimension above two.
    transverse : tuple of sympy expressions, or None
        Transverse multipliers as functions on the family and of the step size.
    stable_part, unstable_part : sympy condition or None
        Where every transverse multiplier lies inside the unit circle, and where one lies outside.
        What is in neither is neutral. None where no short condition is known.
    critical : CriticalKind or None
        What the family is for the loss, away from a smaller subset where `critical_note` says so.
    critical_note : str
        Where `critical` is not proved, in words.
    no_minimum : bool
        Whether it is proved that no point of the family is a local minimum of the loss.
    global_minimum : Outcome
        Whether the loss attains its lowest value on the family.
    loss_value : sympy number or None
        The loss is constant on a family; None where that value was not found.
    smooth : Outcome
        Whether the Jacobian of the equations has full rank at every real point.
    singular_points : tuple of points
        Real points where it has not, as far as isolated.
    singular_families : tuple of tuples of equations
        Sets of such points of positive dimension.
    example : tuple of sympy numbers, or None
        One regular real point.
    boxes : ndarray, shape (m, d, 2), or None
        Bounds of boxes that cover what a certified search met of the family; read-only.
    evidence : Evidence
    """

    map: Map
    variables: tuple[sp.Symbol, ...]
    equations: tuple[sp.Expr, ...]
    dimension: int
    evidence: Evidence
    period: int = 1
    eigenvalues: tuple[sp.Expr, ...] | None = None
    transverse: tuple[sp.Expr, ...] | None = None
    stable_part: sp.Basic | None = None
    unstable_part: sp.Basic | None = None
    critical: CriticalKind | None = None
    critical_note: str = ""
    no_minimum: bool = False
    global_minimum: Outcome = Outcome.UNDECIDED
    loss_value: sp.Expr | None = None
    smooth: Outcome = Outcome.UNDECIDED
    singular_points: tuple[tuple[sp.Expr, ...], ...] = ()
    singular_families: tuple[tuple[sp.Expr, ...], ...] = ()
    example: tuple[sp.Expr, ...] | None = None
    boxes: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.boxes is not None:
            self.boxes.setflags(write=False)

    @property
    def codimension(self) -> int:
        """Number of transverse directions."""
        return len(self.variables) - self.dimension

    def headline(self) -> str:
        role = ""
        if self.critical is not None and self.critical is not CriticalKind.UNDECIDED:
            lowest = self.global_minimum is Outcome.YES and self.critical is CriticalKind.MINIMUM
            role = f", {'global ' if lowest else ''}{_plural(self.critical)} of the loss"
        what = "fixed points" if self.period == 1 else f"points of period {self.period}"
        return f"Family of {what} {self.where()}: dimension {self.dimension}{role}"

    def where(self) -> str:
        """Return the equations in words."""
        if not self.equations:
            return "everywhere"
        texts = [equation_text(e) for e in self.equations]
        if len(", ".join(texts)) > 120:
            return f"given by {len(texts)} equations"
        return ", ".join(texts)

    def rows(self) -> list[tuple[str, str]]:
        rows = []
        if self.transverse is not None:
            rows.append(("transverse multipliers", _joined(self.transverse)))
        if self.stable_part is not None:
            rows.append(("stable", _cut(where_text(self.stable_part))))
        if self.unstable_part is not None:
            rows.append(("unstable", _cut(where_text(self.unstable_part))))
        if self.critical_note:
            rows.append(("for the loss", self.critical_note))
        if self.loss_value is not None:
            rows.append(("loss", value_text(self.loss_value)))
        rows.append(("smooth", self.smooth_text()))
        if self.boxes is not None:
            rows.append(("certified", f"covered by {len(self.boxes)} boxes"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def smooth_text(self) -> str:
        """Return whether the equations are regular on the family, and where not."""
        if self.smooth is Outcome.YES:
            local = self.boxes is not None and self.evidence.grade is not Grade.PROVED
            where = "in all boxes around it" if local else "at every real point"
            return f"yes, the equations are regular {where}"
        places = [point_text(np.array([float(c) for c in p]), p) for p in self.singular_points]
        places += [", ".join(equation_text(e) for e in family) for family in self.singular_families]
        if self.smooth is Outcome.NO:
            return f"no, singular at {'; '.join(places)}"
        return "undecided" + (f", look at {'; '.join(places)}" if places else "")

    def latex(self) -> str:
        equations = r",\; ".join(f"{sp.latex(_solved_form(e))}" for e in self.equations)
        if self.transverse is None:
            return equations
        values = ", ".join(latex_value(m) for m in self.transverse)
        return rf"{equations},\quad \mu \in \left\{{{values}\right\}}"

    def contains(self, points: Any, tol: float = 1e-9) -> NDArray[np.bool_]:
        """Return for each row whether it lies within about `tol` of the family.

        The distance is estimated to first order, |J⁺ f| for the equations f with Jacobian J; at a
        singular point of the family the value of the equations decides instead.

        Parameters
        ----------
        points : array_like, shape (n, d) or (d,)
        tol : float
        """
        rows = np.atleast_2d(as_points(points, len(self.variables)))
        f, J = self._values(rows)
        with np.errstate(all="ignore"):
            step = np.einsum("nij,nj->ni", _pseudo_inverse(J), f)
        size = 1 + np.max(np.abs(rows), axis=1)
        # Where J is zero the step is too, though f need not be.
        small = np.max(np.abs(f), axis=1) <= np.sqrt(tol) * size
        near = np.linalg.norm(step, axis=1) <= tol * size
        return np.asarray(near & small & np.isfinite(f).all(axis=1))

    def sample(
        self, box: Box, n: int, *, rng: np.random.Generator | int | None = 0
    ) -> NDArray[np.float64]:
        """Return up to `n` points of the family inside a box, for pictures; shape (m, d).

        Uniform points of the box are moved onto the family by Newton's method; the law of the
        result has no meaning beyond a picture.

        Examples
        --------
        >>> from sympy.abc import x, y
        >>> from dynsys_gd import Box, Loss
        >>> from dynsys_gd.orbits.critical_points import critical_points
        >>> family = critical_points(Loss((x*y - 1)**2 / 2, [x, y])).families[0]
        >>> points = family.sample(Box([-3, -3], [3, 3]), 50)
        >>> bool(family.contains(points).all()), points.shape[1]
        (True, 2)
        """
        rows = box.sample(4 * positive_count(n, "n"), rng=rng)
        for _ in range(_NEWTON_STEPS):
            f, J = self._values(rows)
            rows = rows - np.einsum("nij,nj->ni", _pseudo_inverse(J), f)
            rows = rows[np.isfinite(rows).all(axis=1)]
        inside = rows[self.contains(rows, 1e-10) & box.contains(rows)]
        return inside[:n]

    def _values(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        function = _equations_function(self.equations, self.variables)
        out = function(rows.T, np.empty(0)).T
        count = len(self.equations)
        return out[:, :count], out[:, count:].reshape(len(rows), count, len(self.variables))

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "equations": plain(self.equations),
            "variables": plain(self.variables),
            "dimension": self.dimension,
            "period": self.period,
            "transverse": plain(self.transverse),
            "stable_part": plain(self.stable_part),
            "unstable_part": plain(self.unstable_part),
            "critical": None if self.critical is None else self.critical.value,
            "critical_note": self.critical_note,
            "global_minimum": self.global_minimum.value,
            "loss_value": plain(self.loss_value),
            "smooth": self.smooth.value,
            "singular_points": plain(self.singular_points),
            "singular_families": plain(self.singular_families),
            "example": plain(self.example),
            "boxes": None if self.boxes is None else len(self.boxes),
        }


@lru_cache(maxsize=64)
def _equations_function(equations: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]) -> Any:
    jacobian = list(sp.Matrix(equations).jacobian(list(variables)))
    return numpy_function(lower([*equations, *jacobian], variables))


def _pseudo_inverse(J: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = np.where(np.isfinite(J), J, 0.0)
    return np.asarray(np.linalg.pinv(finite, rcond=1e-10))


def equation_text(equation: sp.Expr) -> str:
    """Return ``left = right`` with the constant on the right.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> equation_text(x * y - 1)
    'x*y = 1'
    """
    form = _solved_form(equation)
    return f"{form.lhs} = {form.rhs}".replace("**", "^")


def _solved_form(equation: sp.Expr) -> sp.Eq:
    expression = sp.expand(equation)
    constant = expression.as_coeff_Add()[0]
    return sp.Eq(expression - constant, -constant, evaluate=False)


def where_text(condition: sp.Basic) -> str:
    """Return "everywhere", "nowhere" or "where" with a condition.

    Examples
    --------
    >>> from sympy.abc import x
    >>> where_text(sp.And(x > 0, x < 2)), where_text(sp.S.false)
    ('where x < 2 and x > 0', 'nowhere')
    """
    if condition is sp.S.true:
        return "everywhere"
    return "nowhere" if condition is sp.S.false else f"where {condition_text(condition)}"


def condition_text(condition: sp.Basic) -> str:
    """Return a sympy condition as text."""
    if isinstance(condition, (sp.And, sp.Or)):
        word = " and " if isinstance(condition, sp.And) else " or "
        return word.join(sorted(condition_text(part) for part in condition.args))
    return str(condition).replace("**", "^")


def _joined(values: tuple[sp.Expr, ...]) -> str:
    return ", ".join(_texts(values))


def _texts(values: tuple[sp.Expr, ...]) -> Iterator[str]:
    for value in values:
        yield _cut(value_text(value))


def _cut(text: str) -> str:
    return text if len(text) <= 160 else text[:159] + "…"


def _plural(kind: CriticalKind) -> str:
    return {"minimum": "minima", "maximum": "maxima", "saddle": "saddles"}[kind.value]
