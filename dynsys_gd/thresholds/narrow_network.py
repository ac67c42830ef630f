"""The critical step size of a linear network with a hidden layer narrower than its target's rank.

Then the residual does not vanish at the minima and the closed formula is a bound only. With k the
smallest width, Ŵ_kS the best approximation of CΣ⁺S of rank k and σ the largest singular value,

    λ* ≥ λ_max(Σ)^(1/N) σ^(2-2/N)                                      always,
    λ* ≥ N max_v ‖Sv‖^(2/N) ‖Ŵ_kSv‖^(2-2/N)                           if the last hidden width is k,

and for Σ = s·I with the first or the last hidden width k, λ* = N s^(1/N) σ^(2-2/N). The arguments
are in docs/theory/critical_step_size.md.
"""

from __future__ import annotations

import math
from dataclasses import replace

import flint
import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence, Grade
from ..losses.linear_network import LinearNetwork
from .flattest_network import flattest_layers, smallest_map
from .rounding import rounded_down, rounded_up
from .sharpness_enclosure import QuadraticForms, sharpness_enclosure
from .threshold import Threshold, ThresholdStatus

__all__ = ["narrow_threshold"]

Matrix = NDArray[np.float64]

_NORMS = (4, 16, 64, 256, 1024)
_MOST_STEPS = 60
_PRECISION = 256


def narrow_threshold(net: LinearNetwork, forms: QuadraticForms, cross: flint.fmpq_mat) -> Threshold:
    """Return η_c: certified for white data, else a numerical value below a certified bound."""
    width = min(net.widths[1:-1])
    if _is_white(forms) and width in (net.widths[1], net.widths[-2]):
        return _white(net, forms, width)
    bound = max(
        (_lower_bound_always(forms, net.depth), *_lower_bound_of_best_map(net, forms, cross)),
        key=lambda ball: float(ball.lower()),
    )
    upper = rounded_up(2 / bound.lower())
    sharpness, point = flattest_by_gauge(net, forms, width)
    return Threshold(
        name="critical step size",
        status=ThresholdStatus.VALUE,
        value=min(2 / sharpness, upper),
        upper=upper,
        attained_at=point[None, :],
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="smallest sharpness found among factorisations of the best map of rank "
            f"{width}: other minima could be flatter, so the value is an estimate from below",
            sources=("craciun2024convergence", "mulayoff2020unique"),
        ),
        bound_evidence=Evidence(
            grade=Grade.CERTIFIED,
            reason="lower bound of the sharpness of all global minima, in ball arithmetic",
            sources=("craciun2024convergence", "johansson2017arb"),
        ),
    )


def flattest_by_gauge(
    net: LinearNetwork, forms: QuadraticForms, width: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the smallest sharpness found over W_i -> G_i W_i G_{i-1}⁻¹, and where.

    The p-norm of the Hessian's eigenvalues stands in for the largest one, p rising.
    """
    import scipy.optimize  # slow to import, and rarely needed

    best = _best_map(net, forms, width)
    core = flattest_layers((net.widths[0], *[width] * (net.depth - 1), net.widths[-1]), best, 1.0)
    count = net.depth - 1

    def point(parameters: Matrix) -> NDArray[np.float64]:
        gauges = np.eye(width) + parameters.reshape(count, width, width)
        layers, previous = [], None
        for index, layer in enumerate(core):
            if previous is not None:
                layer = np.linalg.solve(previous.T, layer.T).T
            previous = gauges[index] if index < count else None
            layers.append(layer if previous is None else previous @ layer)
        return np.asarray(net.flatten(_padded(layers, net.shapes)))

    def norm(parameters: Matrix, p: int) -> float:
        try:
            sizes = np.abs(np.linalg.eigvalsh(net.hessian_at(point(parameters))))
        except np.linalg.LinAlgError:
            return math.inf
        top = float(sizes.max())
        return math.log(top) + math.log(float(np.sum((sizes / top) ** p))) / p

    parameters = np.zeros(count * width * width)
    for p in _NORMS:
        found = scipy.optimize.minimize(
            norm, parameters, args=(p,), method="BFGS", options={"maxiter": _MOST_STEPS}
        )
        if np.all(np.isfinite(found.x)) and found.fun <= norm(parameters, p):
            parameters = found.x
    place = point(parameters)
    return float(net.sharpness_at(place)), place


def _white(net: LinearNetwork, forms: QuadraticForms, width: int) -> Threshold:
    enclosure = sharpness_enclosure(forms, net.depth)
    layers = flattest_layers(net.widths, _best_map(net, forms, width), enclosure.balance)
    lower, upper = (
        rounded_down(2 / enclosure.upper.upper()),
        rounded_up(2 / enclosure.lower.lower()),
    )
    return Threshold(
        name="critical step size",
        status=ThresholdStatus.VALUE,
        value=lower + (upper - lower) / 2,
        lower=lower,
        upper=upper,
        attained_at=net.flatten(layers)[None, :],
        witness=enclosure.witness,
        evidence=Evidence(
            grade=Grade.CERTIFIED,
            reason="white data: the singular vectors of the best map of low rank bound the "
            "smallest sharpness from both sides, evaluated in ball arithmetic",
            sources=("mulayoff2020unique", "johansson2017arb"),
        ),
    )


def _is_white(forms: QuadraticForms) -> bool:
    return bool(forms.image == forms.gram * (forms.image[0, 0] / forms.gram[0, 0]))


def _lower_bound_always(forms: QuadraticForms, depth: int) -> flint.arb:
    largest_moment = sharpness_enclosure(forms, 1).lower
    largest_square = sharpness_enclosure(replace(forms, image=forms.target), 1).lower
    with flint.ctx.workprec(_PRECISION):
        product = largest_moment.lower() * largest_square.lower() ** (depth - 1)
        return product.root(depth)


def _lower_bound_of_best_map(
    net: LinearNetwork, forms: QuadraticForms, cross: flint.fmpq_mat
) -> tuple[flint.arb, ...]:
    """Return the second bound of the module, or nothing where it does not hold or is not shown."""
    width = min(net.widths[1:-1])
    if net.widths[-2] != width:
        return ()
    with flint.ctx.workprec(_PRECISION):
        chosen = flint.fmpq_mat(
            [[cross[i, j] for j in forms.coordinates] for i in range(cross.nrows())]
        )
        outer = chosen * forms.gram.solve(chosen.transpose())
        projection = _leading_projection(outer, width)
        if projection is None:
            return ()
        columns = flint.arb_mat(chosen)
        target = columns.transpose() * projection * columns
        return (sharpness_enclosure(replace(forms, target=target), net.depth).lower,)


def _leading_projection(matrix: flint.fmpq_mat, rank: int) -> flint.arb_mat | None:
    """Enclose the orthogonal projection on the `rank` largest eigenvalues of a symmetric matrix."""
    try:
        values, vectors = flint.arb_mat(matrix).eig(right=True)
    except ValueError:  # eigenvalues not shown distinct
        return None
    order = sorted(range(len(values)), key=lambda i: -float(values[i].real.mid()))
    if not values[order[rank - 1]].real > values[order[rank]].real:
        return None
    size = matrix.nrows()
    total = flint.arb_mat(size, size)
    for i in order[:rank]:
        # A simple eigenvalue of a real symmetric matrix: its eigenvector is real up to a factor.
        column = [vectors[k, i] for k in range(size)]
        anchor = max(column, key=lambda entry: float(abs(entry).mid()))
        real = flint.arb_mat([[(entry / anchor).real] for entry in column])
        total += real * real.transpose() / (real.transpose() * real)[0, 0]
    return total


def _best_map(net: LinearNetwork, forms: QuadraticForms, width: int) -> Matrix:
    second, cross = net.exact_moments()
    full = smallest_map(second, cross, forms)
    left = np.linalg.svd(full @ net.X.T, full_matrices=False)[0][:, :width]
    return np.asarray(left @ (left.T @ full))


def _padded(layers: list[Matrix], shapes: tuple[tuple[int, int], ...]) -> list[Matrix]:
    padded = []
    for layer, shape in zip(layers, shapes, strict=True):
        whole = np.zeros(shape)
        whole[: layer.shape[0], : layer.shape[1]] = layer
        padded.append(whole)
    return padded
