"""The equation of a stability boundary that an update rule has for one Hessian eigenvalue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.update_rules import multiplier
from ...results import plain

__all__ = ["ClosedForm", "boundary_equation", "closed_form"]

_EIGENVALUE = sp.Symbol("lambda", positive=True)


@dataclass(frozen=True, kw_only=True)
class ClosedForm:
    """An equation in the parameters and λ, and how well a computed curve satisfies it.

    Parameters
    ----------
    equation : sympy.Eq
    eigenvalues : tuple of two float
        Smallest and largest of the critical Hessian eigenvalue λ along the curve.
    deviation : float
        Largest relative difference of both sides along the curve.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import Loss, Nesterov, follow_bifurcation
    >>> F = Nesterov(Loss(x**2, [x]), eta, beta)
    >>> curve = follow_bifurcation(F, [0], start=(1, 0), to=((0, 2), (0, 1)))
    >>> curve.closed_form.equation, curve.closed_form.deviation < 1e-14
    (Eq(eta, 2*(beta + 1)/(lambda*(2*beta + 1))), True)
    """

    equation: sp.Eq
    eigenvalues: tuple[float, float]
    deviation: float

    def __str__(self) -> str:
        low, high = self.eigenvalues
        shown = f"{low:.6g}" if high - low <= 1e-6 * abs(high) else f"{low:.6g} … {high:.6g}"
        left, right = self.equation.lhs, self.equation.rhs
        known = f", λ = {shown}" if _EIGENVALUE in self.equation.free_symbols else ""
        text = f"{left} = {right}".replace("lambda", "λ")
        return f"{text}{known}; largest deviation {self.deviation:.1e}"

    def latex(self) -> str:
        """Return the equation as a formula."""
        return str(sp.latex(self.equation))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "equation": f"{self.equation.lhs} = {self.equation.rhs}",
            "eigenvalues": plain(self.eigenvalues),
            "deviation": plain(self.deviation),
        }


def boundary_equation(F: GradientMap, bifurcation: Bifurcation) -> sp.Eq | None:
    """Return where a multiplier of a critical point with Hessian eigenvalue λ is critical.

    Notes
    -----
    It comes from the multiplier polynomial of the update rule, which is linear in the step size
    for rules with one gradient a step: at z = -1 for flips; for a pair on the circle the product
    of the two multipliers is 1.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import HeavyBall, Loss, Nesterov
    >>> for rule in (HeavyBall, Nesterov):
    ...     F = rule(Loss(x**2 / 2, [x]), eta, beta)
    ...     print(boundary_equation(F, Bifurcation.FLIP))
    Eq(eta, 2*(beta + 1)/lambda)
    Eq(eta, 2*(beta + 1)/(lambda*(2*beta + 1)))
    >>> print(boundary_equation(HeavyBall(F.loss, eta, beta), Bifurcation.NEIMARK_SACKER))
    Eq(beta, 1)
    """
    rule, step = multiplier(F), F.settings["step_size"]
    if rule is None or not isinstance(step, sp.Symbol):
        return None
    if bifurcation is Bifurcation.FLIP:
        condition = rule.polynomial.subs(rule.z, -1)
    elif bifurcation is Bifurcation.NEIMARK_SACKER:
        coefficients = sp.Poly(rule.polynomial, rule.z).all_coeffs()
        if len(coefficients) != 3:
            return None
        condition = sp.expand(coefficients[2] - 1)
    else:
        return None
    if condition.has(rule.s):
        found = sp.solve(condition, rule.s)
        return sp.Eq(step, sp.factor(found[0]) / _EIGENVALUE) if len(found) == 1 else None
    open_settings = [v for k, v in F.settings.items() if k != "step_size" and v.is_Symbol]
    for setting in open_settings:
        found = sp.solve(condition, setting)
        if len(found) == 1:
            return sp.Eq(setting, found[0])
    return None


def closed_form(
    F: Map,
    parameters: tuple[str, str],
    bifurcation: Bifurcation,
    values: NDArray[np.float64],
    states: NDArray[np.float64],
) -> ClosedForm | None:
    """Return the equation of a curve of critical points of a loss, compared with the curve.

    Parameters
    ----------
    F : Map
    parameters : tuple of two str
    bifurcation : Bifurcation
    values : ndarray, shape (n, 2)
        Along the curve.
    states : ndarray, shape (n, d)
        The fixed points.
    """
    if not isinstance(F, GradientMap) or F.loss.parameters:
        return None
    equation = boundary_equation(F, bifurcation)
    if equation is None:
        return None
    named = {s.name: s for s in equation.free_symbols if s is not _EIGENVALUE}
    if not set(named) <= set(parameters):
        return None
    hessians = np.asarray(F.loss.hessian_at(F.project(states)))
    spectra = np.linalg.eigvalsh(hessians)
    symbols = [named.get(name, sp.Dummy()) for name in parameters]
    gaps, chosen = [], []
    for row, spectrum in zip(values, spectra, strict=True):
        gap, eigenvalue = min(_gaps(equation, symbols, row, spectrum))
        gaps.append(gap)
        chosen.append(eigenvalue)
    return ClosedForm(
        equation=equation,
        eigenvalues=(float(min(chosen)), float(max(chosen))),
        deviation=float(max(gaps)),
    )


def _gaps(
    equation: sp.Eq, symbols: Sequence[sp.Symbol], row: Any, spectrum: Any
) -> list[tuple[float, float]]:
    """Return for each eigenvalue by how much the two sides differ, relatively."""
    known = dict(zip(symbols, map(float, row), strict=True))
    found = []
    for eigenvalue in spectrum:
        at = {**known, _EIGENVALUE: float(eigenvalue)}
        left, right = (float(side.subs(at)) for side in (equation.lhs, equation.rhs))
        found.append((abs(left - right) / max(abs(left), abs(right), 1e-300), float(eigenvalue)))
    return found
