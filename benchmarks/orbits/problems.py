"""What is to be found: the points with F^n(x) = x in a box, as a map and as plain equations."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

import dynsys_gd as dg

__all__ = ["OrbitProblem", "henon", "himmelblau"]


@dataclass(frozen=True, kw_only=True)
class OrbitProblem:
    """All points with F^n(x) = x in a box.

    Parameters
    ----------
    title : str
    F : Map
    box : Box
    period : int
        The number n.
    equations : tuple of sympy.Expr
        What has to vanish, in `unknowns`.
    unknowns : tuple of Symbol
    low, high : float
        Bounds of every unknown.
    cyclic : bool
        Whether a cyclic shift of the unknowns turns solutions into solutions.
    """

    title: str
    F: dg.Map
    box: dg.Box
    period: int
    equations: tuple[sp.Expr, ...]
    unknowns: tuple[sp.Symbol, ...]
    low: float
    high: float
    cyclic: bool

    @property
    def divisors(self) -> list[int]:
        """The least periods that occur."""
        return [int(d) for d in sp.divisors(self.period)]


def himmelblau() -> OrbitProblem:
    """Return the critical points of Himmelblau's function: nine."""
    x, y = sp.symbols("x y", real=True)
    loss = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    return OrbitProblem(
        title="Himmelblau, fixed points in [-6, 6]²",
        F=dg.GradientDescent(dg.Loss(loss, [x, y]), "1/100"),
        box=dg.Box([-6, -6], [6, 6]),
        period=1,
        equations=(loss.diff(x), loss.diff(y)),
        unknowns=(x, y),
        low=-6.0,
        high=6.0,
        cyclic=False,
    )


def henon(period: int) -> OrbitProblem:
    """Return the points of period n of Hénon's map, as n equations for x_0, …, x_(n-1)."""
    xs = tuple(sp.symbols(f"x:{period}", real=True))
    a, b = sp.Rational(7, 5), sp.Rational(3, 10)
    equations = tuple(
        1 - a * xs[k] ** 2 + b * xs[k - 1] - xs[(k + 1) % period] for k in range(period)
    )
    return OrbitProblem(
        title=f"Hénon, Fⁿ = id for n = {period}",
        F=dg.textbook.henon(),
        box=dg.textbook.henon_box(),
        period=period,
        equations=equations,
        unknowns=xs,
        low=-1.43,
        high=1.43,
        cyclic=True,
    )
