"""Rows about Hessian eigenvalues: ratios to ARPACK with two kinds of products, and to LAPACK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dynsys_gd as dg

from ..engines import Unsuited
from ..further import Further, absent

__all__ = ["against", "arpack", "eigenvalue_rows", "jax_products", "network"]

Array = NDArray[np.float64]
_SAME = 1e-6
_TOLERANCE = 1e-8


def eigenvalue_rows(repeats: int, *, quick: bool) -> Iterator[Further]:
    """Yield every row about Hessian eigenvalues."""
    net, point = network(200 if quick else 500, 32)
    k = 5
    yield against(
        "ARPACK with the same products", arpack(own_products(net, point), net.dimension, k),
        net, point, k, repeats,
    )  # fmt: skip
    title = "ARPACK with products by JAX"
    try:
        products = jax_products(net, point)
    except Unsuited as reason:
        yield absent(_titled(title, net, k), f"JAX: {reason}")
    else:
        yield against(title, arpack(products, net.dimension, k), net, point, k, repeats)
    small, there = network(200, 8)
    yield against(
        "whole Hessian and LAPACK", lambda: np.linalg.eigvalsh(small.hessian_at(there))[::-1][:k],
        small, there, k, repeats,
    )  # fmt: skip


def network(samples: int, hidden: int) -> tuple[dg.MLP, Array]:
    """Return a tanh network on images of digits, and weights from He's law."""
    X, Y = dg.data.digits(samples)
    net = dg.MLP((64, hidden, 10), dg.Activation.TANH, X, Y)
    return net, dg.he_normal(net).sample(1, rng=0)[0]


def own_products(net: dg.MLP, point: Array) -> Callable[[Array], Array]:
    """Return v -> ∇²L v by the machine code of the package."""
    operator = net.hessian_operator(point)
    return lambda v: operator(v.reshape(1, -1))[0]


def jax_products(net: dg.MLP, point: Array) -> Callable[[Array], Array]:
    """Return v -> ∇²L v, forward over reverse, compiled by JAX in double precision.

    Raises
    ------
    Unsuited
        Where JAX is not installed.
    """
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        raise Unsuited(f"not installed: {error.name}") from None
    widths = net.widths
    X, Y = jnp.asarray(net.X), jnp.asarray(net.Y)

    def loss(theta: Any) -> Any:
        out, at = X, 0
        for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
            W = theta[at : at + fan_in * fan_out].reshape(fan_out, fan_in)
            at += fan_in * fan_out
            b = theta[at : at + fan_out]
            at += fan_out
            out = out @ W.T + b
            out = jnp.tanh(out) if i < len(widths) - 2 else out
        return ((out - Y) ** 2).sum() / (2 * len(X))

    with jax.enable_x64(True):
        x = jnp.asarray(point)
        product = jax.jit(lambda v: jax.jvp(jax.grad(loss), (x,), (v,))[1])
        product(jnp.asarray(point)).block_until_ready()

    def run(v: Array) -> Array:
        with jax.enable_x64(True):
            return np.asarray(product(jnp.asarray(v.ravel())))

    return run


def arpack(product: Callable[[Array], Array], d: int, k: int) -> Callable[[], Array]:
    """Return scipy's `eigsh` for the k largest eigenvalues, from the largest on."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((d, d), matvec=product, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(d)

    def run() -> Array:
        values = eigsh(operator, k=k, which="LA", tol=_TOLERANCE, v0=start)[0]
        return np.sort(values)[::-1]

    return run


def against(
    peer: str, theirs: Callable[[], Array], net: dg.MLP, point: Array, k: int, repeats: int
) -> Further:
    """Compare processor times for the same k eigenvalues."""

    def own() -> dg.HessianSpectrum:
        return dg.top_eigenvalues(net, point, k, rng=0, tolerance=_TOLERANCE)

    mine, other = own(), theirs()  # compiles
    times = np.array([(_seconds(own), _seconds(theirs)) for _ in range(repeats)])
    worst = float(np.abs(mine.values - other).max() / np.abs(other).max())
    same = "the same values" if worst < _SAME else f"≠ values differ by {worst:.1e}"
    return Further(
        title=_titled(peer, net, k),
        value=float(np.median(times[:, 1] / times[:, 0])),
        unit="×",
        remark=f"{same}; {np.median(times[:, 0]):.2g} s with bounds at level {mine.level:g}, "
        f"{peer} {np.median(times[:, 1]):.2g} s without",
    )


def _titled(peer: str, net: dg.MLP, k: int) -> str:
    return f"{peer} / dynsys_gd, {k} eigenvalues of {net.dimension} parameters"


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.process_time()
    run()
    return max(time.process_time() - begin, 1e-6)
