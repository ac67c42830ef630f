"""The weak critical step size of a deep linear network: infinite but for one exception."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..losses.linear_network import LinearNetwork
from ..values import to_value
from .definite import pivot_coordinates
from .flattest_network import flattest_layers, smallest_map
from .linear_network import evidence_of_data, linear_network_threshold
from .rounding import rounded_down, rounded_up
from .sharpness_enclosure import forms_on_inputs, sharpness_enclosure
from .threshold import Threshold, ThresholdStatus

__all__ = ["minimum_with_small_eigenvalue", "weak_network_threshold"]

NAME = "weak critical step size"
_SOURCES = ("craciun2024convergence",)


def weak_network_threshold(net: LinearNetwork) -> Threshold:
    """Return η_E = sup 2/λ over the minima, λ the smallest non-zero Hessian eigenvalue there.

    Notes
    -----
    Let r be the rank of Σ, and no hidden layer narrower than the rank of C.

    * One layer: λ is the smallest non-zero eigenvalue of Σ.
    * dy r = 1 and C ≠ 0: one eigenvalue only, η_E = η_c.
    * Otherwise η_E = ∞: `minimum_with_small_eigenvalue` gives minima with λ → 0.
    """
    second, cross = net.exact_moments()
    rank = len(pivot_coordinates(second, min(net.n_samples, net.widths[0])))
    if rank == 0:
        return _infinite(net, "the Hessian is zero everywhere and has no non-zero eigenvalue")
    if net.depth == 1:
        return _one_layer(net)
    rank_of_cross = cross.rank()
    if min(net.widths[1:-1]) < rank_of_cross:
        return Threshold(
            name=NAME,
            status=ThresholdStatus.UNDECIDED,
            value=math.nan,
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason="a hidden layer is narrower than the rank of the target; the argument for "
                "wider ones does not apply",
            ),
        )
    if net.widths[-1] * rank == 1 and rank_of_cross == 1:
        return replace(linear_network_threshold(net), name=NAME)
    return _infinite(
        net,
        "an explicit family of minima has a non-zero Hessian eigenvalue that tends to 0 "
        "(minimum_with_small_eigenvalue)",
    )


def minimum_with_small_eigenvalue(net: LinearNetwork, size: Any) -> NDArray[np.float64]:
    """Return a global minimum, shape (d,), with a non-zero Hessian eigenvalue of order `size`².

    Parameters
    ----------
    net : LinearNetwork
        At least two layers, none hidden narrower than the rank of C, and dy · rank Σ > 1 or C = 0.
    size : number, fraction or text
        t > 0; the eigenvalue falls like t² as t → 0, and the minimum moves to infinity.

    Raises
    ------
    InvalidInput
        For a network outside these conditions.

    Notes
    -----
    With K = Σ_i A_iA_iᵀ ⊗ SB_iᵀB_iS as in `LinearNetwork`, and vectors a ⊗ b:

    * 0 < rank C < dy: the flattest minimum with W_1 times t and W_N over t. For a orthogonal to
      the range of C only the last term of K is left, t² I ⊗ SB_NᵀB_NS.
    * C = 0: W_N = 0 and one chain of unit entries behind W_1 = t e_1bᵀ; the same.
    * rank C = dy: W_1 = GŴ, W_i = I, W_N = G⁻¹. K is regular since its first term is. For dy > 1
      let G be t along u_1, the first left singular vector of ŴS, and 1/t across it; for dy = 1
      let G = 1/t and ŴSb = 0. Either way K is of order t² on some a ⊗ b.

    Examples
    --------
    >>> net = LinearNetwork((2, 2, 2), [[1, 0], [0, 1]], [[2, 0], [0, 1]])
    >>> point = minimum_with_small_eigenvalue(net, "1/100")
    >>> float(abs(net.gradient_at(point)).max()) < 1e-12
    True
    >>> bool(net.gauss_newton_spectrum_at(point)[0] < 1e-3)
    True
    """
    scale = to_value(size, "size")
    if not (scale.is_number and scale > 0):
        raise InvalidInput("size", size, "a positive number")
    if weak_network_threshold(net).value != math.inf or net.depth == 1 or not np.any(net.X):
        raise InvalidInput(
            "net",
            net.describe(),
            "at least two layers, no hidden width below rank C, and dy · rank Σ > 1 or C = 0",
        )
    t = float(scale)
    second, cross = net.exact_moments()
    rank_of_cross, dy = cross.rank(), net.widths[-1]
    if rank_of_cross == 0:
        return np.asarray(net.flatten(_switched_off(net, t)))
    forms = forms_on_inputs(second, cross, most=min(net.n_samples, net.widths[0]))
    target = smallest_map(second, cross, forms)
    if rank_of_cross < dy:
        layers = flattest_layers(net.widths, target, 1.0)
        layers[0], layers[-1] = t * layers[0], layers[-1] / t
        return np.asarray(net.flatten(layers))
    if dy == 1:
        gauge = np.array([[1 / t]])
    else:
        first = np.linalg.svd(target @ net.X.T, full_matrices=False)[0][:, :1]
        gauge = t * first @ first.T + (np.eye(dy) - first @ first.T) / t
    core = [gauge @ target, *[np.eye(dy)] * (net.depth - 2), np.linalg.inv(gauge)]
    return np.asarray(net.flatten([_padded(w, s) for w, s in zip(core, net.shapes, strict=True)]))


def _switched_off(net: LinearNetwork, t: float) -> list[NDArray[np.float64]]:
    layers = [np.zeros(shape) for shape in net.shapes]
    layers[0][0] = t * np.linalg.svd(net.X, full_matrices=False)[2][0]
    for layer in layers[1:-1]:
        layer[0, 0] = 1.0
    return layers


def _padded(matrix: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    whole = np.zeros(shape)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole


def _one_layer(net: LinearNetwork) -> Threshold:
    second, cross = net.exact_moments()
    forms = forms_on_inputs(second, cross, most=min(net.n_samples, net.widths[0]))
    # The largest value of uᵀΣu / ‖Σu‖² is one over the smallest non-zero eigenvalue.
    inverse = sharpness_enclosure(replace(forms, image=forms.gram, gram=forms.image), 1)
    lower, upper = rounded_down(2 * inverse.lower.lower()), rounded_up(2 * inverse.upper.upper())
    return Threshold(
        name=NAME,
        status=ThresholdStatus.VALUE,
        value=lower + (upper - lower) / 2,
        lower=lower,
        upper=upper,
        attained_at=net.flatten([smallest_map(second, cross, forms)])[None, :],
        evidence=Evidence(
            grade=Grade.CERTIFIED,
            reason="the smallest non-zero eigenvalue of the second moment, in ball arithmetic",
            sources=(*_SOURCES, "johansson2017arb"),
        ),
    )


def _infinite(net: LinearNetwork, reason: str) -> Threshold:
    return Threshold(
        name=NAME,
        status=ThresholdStatus.VALUE,
        value=math.inf,
        lower=math.inf,
        upper=math.inf,
        exact=sp.oo,
        evidence=evidence_of_data(net, reason, _SOURCES),
    )
