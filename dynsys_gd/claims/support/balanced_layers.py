"""Balanced layers of linear networks, and an explicit step size for them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Grade, Outcome
from ...losses.linear_network import LinearNetwork
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = [
    "balanced_layers",
    "balanced_to",
    "below_explicit_step_size",
    "explicit_step_size",
    "explicit_step_size_of_two_scalars",
    "first_rise",
    "imbalance",
    "losses_along",
    "network_of",
    "of_wrong_determinant",
    "rank_of",
    "rises",
    "stays_below_one",
    "white_network",
]

Array = NDArray[np.float64]

_BITS = 128
_RELATIVE = 1e-12  # a step size made from the bound equals it
_ROUNDING = 1e-13  # of the loss at the start: what is no rise


def white_network(widths: tuple[int, ...], rng: np.random.Generator) -> LinearNetwork:
    """Return ½‖W_N⋯W_1 - R‖²_F for a random R of independent normal entries, variance 1/dx."""
    width = widths[0]
    target = rng.normal(size=(widths[-1], width))
    return LinearNetwork(widths, np.sqrt(width) * np.eye(width), target.T)


def balanced_layers(net: LinearNetwork, sizes: Array, rng: np.random.Generator) -> Array:
    """Return square layers Z_i S Z_(i-1)ᵀ, Z_i random rotations and S = diag(sizes), shape (d,).

    Neighbouring layers are balanced, W_(i+1)ᵀW_(i+1) = W_iW_iᵀ, up to rounding.
    """
    width = net.widths[0]
    frames = [np.linalg.qr(rng.normal(size=(width, width)))[0] for _ in range(net.depth + 1)]
    return net.flatten([(after * sizes) @ before.T for before, after in pairwise(frames)])


def of_wrong_determinant(net: LinearNetwork, start: Array) -> Array:
    """Return square layers as balanced, whose product and best map differ in determinant's sign."""
    *others, last = net.unflatten(start)
    if np.linalg.det(net.end_to_end(start)) * np.linalg.det(net.cross_moment) > 0:
        last = np.concatenate([-last[:1], last[1:]])
    return net.flatten([*others, last])


def rank_of(net: LinearNetwork, point: Array, noise: float) -> int:
    """Return how many singular values of the product exceed `noise`; -1 where it is not finite."""
    product = net.end_to_end(point)
    if not np.isfinite(product).all():
        return -1
    return int(np.sum(np.linalg.svd(product, compute_uv=False) > noise))


def imbalance(net: LinearNetwork, points: Array) -> Array:
    """Return the largest spectral norm of W_(i+1)ᵀW_(i+1) - W_iW_iᵀ at each row.

    Examples
    --------
    >>> net = LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    >>> imbalance(net, np.array([[2.0, 2.0], [1.0, 2.0]]))
    array([0., 3.])
    """
    gaps = [
        np.linalg.norm(b.swapaxes(-1, -2) @ b - a @ a.swapaxes(-1, -2), 2, axis=(-2, -1))
        for a, b in pairwise(net.unflatten(points))
    ]
    return np.asarray(np.max(gaps, axis=0))


def explicit_step_size(net: LinearNetwork, start: Array, delta: float, sigma: float) -> float:
    """Return 2(1 - σ)/B, below which descent from layers balanced up to δ is said to converge.

    Notes
    -----
    For ½‖Y - W_N⋯W_1X‖²_F: M = (‖Y‖ + √(2L(start)))/σ_min(X), K = M^(2/N) + (N + 1)²δ and
    B = 2eN K^(N - 1) ‖X‖² + √e N K^(N/2 - 1) ‖XYᵀ‖, constants as recalled.

    References
    ----------
    Nguegnang, Rauhut and Terstiege [nguegnang2024convergence]_.

    Examples
    --------
    >>> net = LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    >>> round(explicit_step_size(net, np.array([0.5, 0.5]), 0.01, 0.0), 7)
    0.0858222
    """
    root, n = np.sqrt(net.n_samples), net.depth
    inputs, targets = net.X.T / root, net.Y.T / root
    sizes = np.linalg.svd(inputs, compute_uv=False)
    m = (np.linalg.norm(targets, 2) + np.sqrt(2 * net(start))) / sizes[-1]
    k = m ** (2 / n) + (n + 1) ** 2 * delta
    first = 2 * np.e * n * k ** (n - 1) * sizes[0] ** 2
    second = np.sqrt(np.e) * n * k ** (n / 2 - 1) * np.linalg.norm(inputs @ targets.T, 2)
    return float(2 * (1 - sigma) / (first + second))


def explicit_step_size_of_two_scalars(weight: Fraction, delta: Fraction) -> tuple[float, float]:
    """Return an enclosure of that step size for ½(1 - w²)², two equal weights, σ = 0.

    There M = 1 + |1 - w²|, K = M + 9δ and B = 4eK + 2√e, in ball arithmetic.

    Examples
    --------
    >>> low, high = explicit_step_size_of_two_scalars(Fraction(1, 2), Fraction(1, 100))
    >>> round(low, 7), high - low < 1e-15
    (0.0858222, True)
    """
    k = 1 + abs(1 - weight**2) + 9 * delta
    with flint.ctx.workprec(_BITS):
        e = flint.arb(1).exp()
        bound = 2 / (4 * e * flint.arb(flint.fmpq(k.numerator, k.denominator)) + 2 * e.sqrt())
        low, high = float(bound.lower()), float(bound.upper())
    return float(np.nextafter(low, 0.0)), float(np.nextafter(high, 1.0))


def stays_below_one(F: Map) -> bool:
    """Return whether F takes equal weights u in (0, 1) to equal ones between u and 1: proved.

    Such orbits grow and are bounded, and no fixed point lies inside: they converge to 1.

    Examples
    --------
    >>> from dynsys_gd.maps.gradient_descent import GradientDescent
    >>> from dynsys_gd.claims.support.scalar_networks import scalar_network
    >>> stays_below_one(GradientDescent(scalar_network(2), "1/2"))
    True
    >>> stays_below_one(GradientDescent(scalar_network(2), "3/2"))
    False
    """
    u = sp.Symbol("u")
    if F.expression is None or not F.exact:
        return False
    images = {sp.expand(image.subs(dict.fromkeys(F.variables, u))) for image in F.expression}
    if len(images) != 1:
        return False
    image = images.pop()
    parts = [sp.Poly(image - u, u), sp.Poly(1 - image, u)]
    return all(
        part.eval(sp.Rational(1, 2)) > 0 and not any(0 < root < 1 for root in part.real_roots())
        for part in parts
    )


def losses_along(net: LinearNetwork, step: float, start: Array, steps: int) -> tuple[Array, Array]:
    """Return the points of an orbit of gradient descent, (steps + 1, d), and the loss there."""
    points = GradientDescent(net, step).trajectory(start, steps).points
    with np.errstate(all="ignore"):
        return points, np.asarray(net(points))


def rises(losses: Array) -> bool:
    """Return whether the loss rises at some step, or is lost to overflow.

    Examples
    --------
    >>> rises(np.array([1.0, 0.5])), rises(np.array([1.0, 2.0])), rises(np.array([1.0, np.inf]))
    (False, True, True)
    """
    if not np.isfinite(losses).all():
        return True
    return bool((np.diff(losses) > _ROUNDING * losses[0]).any())


def first_rise(net: LinearNetwork, step: float, start: Array, steps: int, doublings: int) -> float:
    """Return the first of the multiples 1, 2, 4, 8, … of a step size at which the loss rises.

    Infinite where it rises at none of so many doublings.
    """
    multiples = (2.0**k for k in range(doublings + 1))
    return next(
        (m for m in multiples if rises(losses_along(net, m * step, start, steps)[1])), np.inf
    )


def network_of(instance: Instance) -> LinearNetwork:
    """Return the linear network of an instance, or refuse another loss."""
    if not isinstance(instance.loss, LinearNetwork):
        raise InvalidInput("F", instance.F.describe(), "gradient descent on a LinearNetwork")
    return instance.loss


def balanced_to(most: float) -> Hypothesis:
    """Return the hypothesis that neighbouring layers are balanced up to `most` at the start."""

    def holds(instance: Instance) -> tuple[Outcome, str]:
        start = instance.region.sample(1, rng=instance.rng("start"))
        gap = float(imbalance(network_of(instance), start)[0])
        return yes_if(gap <= most), f"imbalance {gap:.3g}"

    statement = f"layers are balanced up to {most:g} at the start"
    return condition("balanced", statement, holds, grade=Grade.NUMERICAL, reason="double precision")


def below_explicit_step_size(starts: int, delta: float, sigma: float) -> Hypothesis:
    """Return the hypothesis that η is at most the explicit step size of each start drawn.

    Layers that are less balanced than δ count with their own imbalance.
    """

    def holds(instance: Instance) -> tuple[Outcome, str]:
        net = network_of(instance)
        points = instance.region.sample(starts, rng=instance.rng("starts"))
        gaps = np.maximum(imbalance(net, points), delta)
        pairs = zip(points, gaps, strict=True)
        bound = min(explicit_step_size(net, point, gap, sigma) for point, gap in pairs)
        step = float(instance.step_size)
        return yes_if(step <= bound * (1 + _RELATIVE)), f"step size {step:.4g}, bound {bound:.4g}"

    sampled = Grade.STATISTICAL if starts > 1 else Grade.NUMERICAL
    reason = f"{starts} starts drawn" if starts > 1 else "double precision"
    return condition("below the bound", "η ≤ 2(1-σ)/B", holds, grade=sampled, reason=reason)
