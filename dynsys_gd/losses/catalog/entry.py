"""What the catalogue knows about a loss: typed facts, each exact and with its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import sympy as sp

from ...errors import InvalidInput
from ...regions import Box
from ...values import to_value
from ..symbolic import Loss

__all__ = [
    "DERIVED",
    "ETA",
    "CatalogEntry",
    "CatalogKind",
    "Collapse",
    "CriticalFamily",
    "CriticalPoint",
    "CriticalStepSize",
    "Cycle",
    "ExactMeasure",
    "Fact",
    "NoCriticalPoint",
    "Plateau",
]

DERIVED = "derived"
"""The source of a fact that was worked out for this catalogue; its test is the proof."""

ETA = sp.Symbol("eta", positive=True)
"""The step size in facts that hold for a range of them."""

Point = tuple[sp.Expr, ...]


class CatalogKind(Enum):
    """What a critical point is, finer than what is found for a loss in general.

    A MINIMUM has a positive definite Hessian (on a family: across the family), a MAXIMUM
    a negative definite one, a SADDLE eigenvalues of both signs. DEGENERATE ones are decided by
    higher order terms, and at a KINK_MINIMUM the loss has no second derivative.
    """

    MINIMUM = "minimum"
    DEGENERATE_MINIMUM = "degenerate minimum"
    KINK_MINIMUM = "minimum at a kink"
    SADDLE = "saddle"
    DEGENERATE_SADDLE = "degenerate saddle"
    MAXIMUM = "maximum"
    DEGENERATE_MAXIMUM = "degenerate maximum"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something known about a loss.

    Parameters
    ----------
    source : str
        A key into ``references.bib``, or ``"derived"``.
    """

    source: str = DERIVED


@dataclass(frozen=True, kw_only=True)
class CriticalPoint(Fact):
    """A point where the gradient vanishes.

    Parameters
    ----------
    point : tuple of sympy numbers
        Exact.
    kind : CatalogKind
    step_size_limit : sympy number, optional
        For a minimum: 2/λ_max of its Hessian. Gradient descent is linearly stable there for step
        sizes below it, and unstable above.
    """

    point: Point
    kind: CatalogKind
    step_size_limit: sp.Expr | None = None


@dataclass(frozen=True, kw_only=True)
class CriticalFamily(Fact):
    """A curve, surface, … of critical points.

    Parameters
    ----------
    equations : tuple of sympy expressions
        The family is where all of them vanish.
    dimension : int
    kind : CatalogKind
        Of every point of the parametrisation, except where `exceptions` vanishes.
    parameters : tuple of Symbol
    points : tuple of sympy expressions
        The coordinates as functions of the parameters.
    exceptions : sympy expression
        In the parameters.
    """

    equations: tuple[sp.Expr, ...]
    dimension: int
    kind: CatalogKind
    parameters: tuple[sp.Symbol, ...]
    points: Point
    exceptions: sp.Expr = sp.S.One


@dataclass(frozen=True, kw_only=True)
class Plateau(Fact):
    """An open set where the gradient vanishes although the loss is not minimal there.

    Parameters
    ----------
    condition : sympy Boolean
        Where, in the variables of the loss.
    value : sympy number
        The loss there.
    """

    condition: sp.Basic
    value: sp.Expr


@dataclass(frozen=True, kw_only=True)
class NoCriticalPoint(Fact):
    """The gradient vanishes nowhere.

    Parameters
    ----------
    witness : tuple of sympy numbers
        A direction along which the loss decreases everywhere.
    """

    witness: Point


@dataclass(frozen=True, kw_only=True)
class CriticalStepSize(Fact):
    """The supremum of the step sizes for which some minimum is linearly stable.

    It is 2 over the infimum of λ_max over all local minima; points of a plateau do not count.

    Parameters
    ----------
    value : sympy number
        Exact; ``oo`` where the infimum is 0, and 0 where no minimum is ever stable.
    attained_at : tuple of points
        Minima with that sharpness (of a family: some of them); empty where none attains it.
    """

    value: sp.Expr
    attained_at: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class ExactMeasure(Fact):
    """The Lebesgue measure of the starts from which gradient descent converges to a minimum.

    Parameters
    ----------
    step_sizes : sympy.Interval
        Where the formula holds.
    value : sympy expression
        In the step size `ETA`.
    region : Box, optional
        Measured inside this box; None for the whole space.

    Examples
    --------
    >>> fact = ExactMeasure(step_sizes=sp.Interval.open(0, 1), value=2 * sp.sqrt(1 + 2 / ETA))
    >>> fact.at("1/2")
    2*sqrt(5)
    """

    step_sizes: sp.Set
    value: sp.Expr
    region: Box | None = None

    def at(self, step_size: Any) -> sp.Expr:
        """Return the measure at one step size, or refuse one where the formula does not hold."""
        eta = to_value(step_size, "step_size")
        if self.step_sizes.contains(eta) != sp.true:
            raise InvalidInput("step_size", step_size, f"a step size in {self.step_sizes}")
        return self.value.subs(ETA, eta)


@dataclass(frozen=True, kw_only=True)
class Cycle(Fact):
    """A periodic orbit of gradient descent.

    Parameters
    ----------
    step_sizes : sympy.Interval
        For which it exists.
    points : tuple of points
        In order, with coordinates in the step size `ETA`; as many as the least period.
    stable_for : sympy.Set
        Step sizes for which it is linearly stable.
    """

    step_sizes: sp.Set
    points: tuple[Point, ...]
    stable_for: sp.Set


@dataclass(frozen=True, kw_only=True)
class Collapse(Fact):
    """A step size at which gradient descent is singular: it maps a whole box onto one point.

    Parameters
    ----------
    step_size : sympy number
    box : Box
    image : tuple of sympy numbers
    """

    step_size: sp.Expr
    box: Box
    image: Point


SomeFact = TypeVar("SomeFact", bound=Fact)


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """A named loss with what is known about it.

    Parameters
    ----------
    name : str
        As in ``catalog.get(name)``.
    title : str
        One line: the formula in words and what the loss is an example of.
    loss : Loss
    region : Box
        A window that shows it.
    facts : tuple of Fact
        Not necessarily all critical points.
    sources : tuple of str
        Keys into ``references.bib``; empty for a standard or constructed example.
    """

    name: str
    title: str
    loss: Loss
    region: Box
    facts: tuple[Fact, ...]
    sources: tuple[str, ...] = ()

    def facts_of(self, kind: type[SomeFact]) -> tuple[SomeFact, ...]:
        """Return the facts of one type."""
        return tuple(fact for fact in self.facts if isinstance(fact, kind))

    def __repr__(self) -> str:
        return f"CatalogEntry({self.name!r}: {self.title}; facts: {len(self.facts)})"
