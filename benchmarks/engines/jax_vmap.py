"""JAX as one writes it first: a while loop for one trajectory, under vmap and jit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workloads import Columns, Formula, LinearWorkload, MapWorkload, MlpWorkload, Workload
from .base import Engine, Label, Outcome, Runner, Unsuited

__all__ = ["Jax"]


class Jax(Engine):
    """Gradients by differentiation of the loss, 64 bits."""

    name = "JAX vmap"

    def prepare(self, workload: Workload) -> Runner:
        try:
            import jax
        except ImportError:
            raise Unsuited("JAX is not installed") from None
        jax.config.update("jax_enable_x64", True)
        if isinstance(workload, MapWorkload):
            return _map_runner(workload, jax)
        assert isinstance(workload, LinearWorkload | MlpWorkload)
        return _network_runner(workload, jax)


def _map_runner(w: MapWorkload, jax: Any) -> Runner:
    jnp = jax.numpy
    far, still = w.squares

    def loss(x: Any) -> Any:
        if w.formula is Formula.PRODUCT:
            return (jnp.prod(x) - 1.0) ** 2 / 2
        return jax.nn.softplus(-x[0] * x[1]) + x @ x / 10

    gradient = jax.grad(loss)

    def body(carry: Any) -> Any:
        x, _, t = carry
        image = x - w.eta * gradient(x)
        square, moved = image @ image, image - x
        gone, rests = ~(square <= far), moved @ moved <= still * (1.0 + square)
        return image, jnp.where(gone, Label.FAR, jnp.where(rests, Label.STILL, Label.TIME)), t + 1

    def go_on(carry: Any) -> Any:
        return (carry[1] == Label.TIME) & (carry[2] < w.steps)

    def one(x: Any) -> Any:
        return jax.lax.while_loop(go_on, body, (x, jnp.int64(Label.TIME), 0))[1:]

    function = jax.jit(jax.vmap(one, in_axes=1))

    def run(columns: Columns) -> Outcome:
        labels, steps = function(columns)
        return Outcome(
            labels=np.asarray(labels).astype(np.int8), steps=np.asarray(steps).astype(np.int32)
        )

    return run


def _network_runner(w: LinearWorkload | MlpWorkload, jax: Any) -> Runner:
    loss = _linear_loss(w, jax) if isinstance(w, LinearWorkload) else _perceptron_loss(w, jax)
    gradient = jax.grad(loss)

    def one(p: Any) -> Any:
        return jax.lax.fori_loop(0, w.steps, lambda _, q: q - w.eta * gradient(q), p)

    function = jax.jit(jax.vmap(one, in_axes=1, out_axes=1))

    def run(columns: Columns) -> Outcome:
        return Outcome(states=np.asarray(function(columns)))

    return run


def _linear_loss(w: LinearWorkload, jax: Any) -> Any:
    second, cross = w.moments

    def loss(p: Any) -> Any:
        layers = p.reshape(w.depth, w.width, w.width)
        product = layers[0]
        for layer in layers[1:]:
            product = layer @ product
        return ((product @ second / 2 - cross) * product).sum()

    return loss


def _perceptron_loss(w: MlpWorkload, jax: Any) -> Any:
    X, Y = w.data
    h = w.hidden
    activation = jax.numpy.tanh if w.tanh else jax.nn.relu

    def loss(p: Any) -> Any:
        hidden = activation(X @ p[: 2 * h].reshape(h, 2).T + p[2 * h : 3 * h])
        error = hidden @ p[3 * h : 4 * h] + p[4 * h] - Y[:, 0]
        return error @ error / (2 * w.samples)

    return loss
