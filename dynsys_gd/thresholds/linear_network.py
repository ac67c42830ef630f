"""The critical step size of a deep linear network on any data."""

from __future__ import annotations

import math

import flint
import numpy as np
import sympy as sp

from ..evidence import Evidence, Grade
from ..losses.linear_network import LinearNetwork
from .flattest_network import flattest_layers, smallest_map
from .narrow_network import narrow_threshold
from .rounding import enclosing_floats, rounded_down, rounded_up
from .sharpness_enclosure import (
    QuadraticForms,
    SharpnessEnclosure,
    forms_on_inputs,
    sharpness_enclosure,
)
from .threshold import Threshold, ThresholdStatus

__all__ = ["evidence_of_data", "linear_network_threshold"]

NAME = "critical step size"
SOURCES = ("craciun2024convergence", "mulayoff2020unique", "brickman1961field")


def linear_network_threshold(net: LinearNetwork) -> Threshold:
    """Return η_c = 2/λ*, λ* the smallest sharpness over the global minima, for any data.

    Notes
    -----
    * One layer: λ* = λ_max(Σ).
    * Σ = 0, or C = 0 and at least two layers: some minimum has a zero Hessian, η_c = ∞.
    * No hidden layer narrower than the rank of C: the certified enclosure of
      `sharpness_enclosure`, and a closed form for inputs of rank one and for white data.
    * A narrower hidden layer: `narrow_threshold`.
    """
    second, cross = net.exact_moments()
    if _is_zero(second) or (net.depth > 1 and _is_zero(cross)):
        return _infinite(net)
    try:
        return _finite(net, second, cross)
    except ArithmeticError as error:
        return Threshold(
            name=NAME,
            status=ThresholdStatus.UNDECIDED,
            value=math.nan,
            evidence=Evidence(grade=Grade.NUMERICAL, reason=str(error)),
        )


def _finite(net: LinearNetwork, second: flint.fmpq_mat, cross: flint.fmpq_mat) -> Threshold:
    forms = forms_on_inputs(second, cross, most=min(net.n_samples, net.widths[0]))
    if net.depth > 1 and min(net.widths[1:-1]) < cross.rank():
        return narrow_threshold(net, forms, cross)
    enclosure = sharpness_enclosure(forms, net.depth)
    point = net.flatten(
        flattest_layers(net.widths, smallest_map(second, cross, forms), enclosure.balance)
    )
    closed = smallest_sharpness_in_closed_form(forms, cross, net.depth)
    if closed is None:
        return _enclosed(enclosure, point)
    return _closed(net, closed, enclosure, point)


def smallest_sharpness_in_closed_form(
    forms: QuadraticForms, cross: flint.fmpq_mat, depth: int
) -> sp.Expr | None:
    """Return λ* by radicals for inputs of rank one and for Σ = s·I with few outputs, else None.

    With Σ = s·I on its range, λ* = N s^(1/N) σ^(2-2/N), σ² the largest eigenvalue of CΣ⁺Cᵀ.
    """
    first = forms.image[0, 0] / forms.gram[0, 0]
    if forms.image != forms.gram * first:
        return None
    if depth == 1:
        return _rational(first)
    chosen = flint.fmpq_mat(
        [[cross[i, j] for j in forms.coordinates] for i in range(cross.nrows())]
    )
    pulled = forms.gram.solve(chosen.transpose())
    outer = chosen * pulled  # CΣ⁺Cᵀ, (dy, dy)
    inner = pulled * chosen  # the same non-zero eigenvalues, (r, r)
    square = _largest_eigenvalue(outer if outer.nrows() <= inner.nrows() else inner)
    if square is None:
        return None
    power = sp.Rational(depth - 1, depth)
    return depth * _rational(first) ** sp.Rational(1, depth) * square**power


def _largest_eigenvalue(matrix: flint.fmpq_mat) -> sp.Expr | None:
    """Return the largest eigenvalue of a diagonal or 2 × 2 matrix with real ones, else None."""
    size = matrix.nrows()
    if all(matrix[i, j] == 0 for i in range(size) for j in range(size) if i != j):
        return _rational(max(matrix[i, i] for i in range(size)))
    if size == 2:
        half_trace = (matrix[0, 0] + matrix[1, 1]) / 2
        root = sp.sqrt(_rational(half_trace * half_trace - matrix.det()))
        return _rational(half_trace) + root
    return None


def _closed(
    net: LinearNetwork, sharpness: sp.Expr, enclosure: SharpnessEnclosure, point: np.ndarray
) -> Threshold:
    exact = 2 / sharpness
    evidence = evidence_of_data(
        net, "closed form of the smallest sharpness (docs: critical_step_size)", SOURCES
    )
    lower, upper = enclosing_floats(exact)
    return Threshold(
        name=NAME,
        status=ThresholdStatus.VALUE,
        value=float(sp.N(exact, 20)),
        lower=lower,
        upper=upper,
        exact=exact,
        attained_at=point[None, :],
        witness=enclosure.witness,
        evidence=evidence,
    )


def _enclosed(enclosure: SharpnessEnclosure, point: np.ndarray) -> Threshold:
    lower = rounded_down(2 / enclosure.upper.upper())
    upper = rounded_up(2 / enclosure.lower.lower())
    width = f"{(upper - lower) / upper:.1e}"
    return Threshold(
        name=NAME,
        status=ThresholdStatus.VALUE,
        value=lower + (upper - lower) / 2,
        lower=lower,
        upper=upper,
        attained_at=point[None, :],
        witness=enclosure.witness,
        evidence=Evidence(
            grade=Grade.CERTIFIED,
            reason=f"a direction and a balance bound the smallest sharpness from both sides in "
            f"ball arithmetic, relative width {width}",
            sources=(*SOURCES, "johansson2017arb"),
        ),
    )


def _infinite(net: LinearNetwork) -> Threshold:
    flat = "the inputs are zero" if not np.any(net.X) else "targets and inputs are uncorrelated"
    return Threshold(
        name=NAME,
        status=ThresholdStatus.VALUE,
        value=math.inf,
        lower=math.inf,
        upper=math.inf,
        exact=sp.oo,
        attained_at=np.zeros((1, net.dimension)),
        evidence=evidence_of_data(
            net,
            f"{flat}, so that zero weights are a global minimum with zero Hessian",
            ("craciun2024convergence",),
        ),
    )


def evidence_of_data(net: LinearNetwork, reason: str, sources: tuple[str, ...]) -> Evidence:
    """Return evidence by exact arithmetic on the data: PROVED for whole numbers only.

    Floats are binary numbers, for which it holds; whether they are what was measured it cannot say.
    """
    evidence = Evidence(grade=Grade.PROVED, reason=reason, sources=sources)
    if np.all(np.round(net.X) == net.X) and np.all(np.round(net.Y) == net.Y):
        return evidence
    return evidence.weakened_to(
        Grade.CERTIFIED, "the data are floats, taken as the binary numbers they are"
    )


def _is_zero(matrix: flint.fmpq_mat) -> bool:
    return all(entry == 0 for entry in matrix.entries())


def _rational(value: flint.fmpq) -> sp.Rational:
    return sp.Rational(int(value.p), int(value.q))
