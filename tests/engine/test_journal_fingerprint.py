"""The same object has the same fingerprint in every process; what differs has another one."""

import functools
import itertools
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import sympy as sp
from sympy.abc import a, eta, x, y

import dynsys_gd as dg
from dynsys_gd.engine.journal.fingerprint import fingerprint
from dynsys_gd.regions import Distribution

SCRIPT = """
import numpy as np, sympy as sp, scipy.stats
import dynsys_gd as dg
from sympy.abc import a, b, c, eta, x, y
from dynsys_gd.engine.journal.fingerprint import fingerprint

K = {"rate": 2.0, "names": {"u", "v", "w"}}

def inner(w):
    return w * K["rate"]

def outer(w, k=3):
    return np.tanh(inner(w)) + k * sum(v in {"p", "q", "r"} for v in "pqr")

p, q = sp.symbols("p q", real=True, positive=True)
loss = dg.Loss(sp.exp(a*x*y + b*sp.tanh(c*x)) + sp.Max(x, y)**2 + a/b + sp.log(1 + x**2), [x, y])
tied = dg.GradientDescent(loss, eta).at(a="1/3", b=0.5, c=2, eta="1/10")
net = dg.LinearNetwork((2, 2, 1), [[0.0, 1.0], [1.0, 0.5]], [[1.0], [2.0]])
mlp = dg.MLP((2, 2, 1), dg.Activation.TANH, net.X, net.Y)
things = [
    tied, dg.HeavyBall(net, "1/10", "1/2"), dg.Nesterov(mlp, 0.1, 0.5), p + q*sp.sqrt(p),
    dg.MinibatchCycle(dg.minibatches(net, 2), "1/10"), dg.SymbolicMap([x*y, x + y], [x, y]),
    dg.Box([0, 1], [1, 2]), dg.Ball([0, 0], 2), dg.Gaussian([0, 0], 2), dg.he_normal(net),
    dg.Budget(), dg.MonteCarlo(), dg.Target.MINIMA, {"z", "y", "x"}, {"b": 1, "a": 2}, outer,
    scipy.stats.norm(1, scale=2), sp.Piecewise((x, x > 0), (y, True)),
]
print(*map(fingerprint, things), sep="\\n")
"""


def test_other_processes_find_the_same():
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in (1, 4321)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(runs[0]) == 18


LOSS = dg.Loss((x * y - a) ** 2 / 2, [x, y])
X, Y = np.array([[0.0, 1.0], [1.0, 0.5]]), np.array([[1.0], [2.0]])
NET = dg.LinearNetwork((2, 2, 1), X, Y)


def scaled(factor):
    return lambda w: factor * w


def different():
    """Things that all differ, some of them by little."""
    yield from (None, True, 1, 1.0, "1", b"1", Fraction(1), Decimal(1), sp.Integer(1), sp.Float(1))
    yield from (0.0, -0.0, float("nan"), float("inf"), 1j, ...)
    yield from ((), [], {}, set(), frozenset(), "", (1, 2), [1, 2], ((1,), 2), (1, (2,)))
    yield from ({"a": 1}, {"a": 2}, {1: "a"}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {1, 2}, {1, 3})
    yield from (np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1.0, 2.0]]), np.float64(2))
    yield from (x, y, x + y, sp.Symbol("x", real=True), sp.Rational(1, 3), sp.Float(1 / 3))
    yield from (LOSS, LOSS.at(a=1), LOSS.at(a=1.0), dg.Loss(LOSS.expression, [y, x]))
    yield from (dg.GradientDescent(LOSS, eta), dg.GradientDescent(LOSS, "1/2"))
    yield from (dg.HeavyBall(LOSS, "1/2", "1/3"), dg.Nesterov(LOSS, "1/2", "1/3"))
    yield from (NET, dg.LinearNetwork((2, 3, 1), X, Y), dg.LinearNetwork((2, 2, 1), X + 1e-15, Y))
    yield from (dg.MLP((2, 2, 1), activation, X, Y) for activation in dg.Activation)
    yield from (dg.Box([0], [1]), dg.Box([0], [2]), dg.Ball([0], 1), dg.Gaussian([0], 1))
    yield from (dg.Budget(), dg.Budget(steps=9), dg.Budget(arithmetic=dg.Arithmetic.PLAIN))
    yield from (dg.MonteCarlo(n=10), dg.MonteCarlo(n=11), dg.MonteCarlo(n=10, level=0.9))
    yield from (*dg.Target, dg.Box, dg.Ball, np, sp, abs, np.tanh, np.sinh, Path("a"), Path("b"))
    yield from (scaled(2), scaled(3), lambda w: w, lambda w: w + 1, lambda w, k=1: w)
    yield from (lambda w, k=2: w, lambda w: X @ w, lambda w: Y @ w, functools.partial(abs, 2))
    yield from (functools.partial(abs, 3), "a".upper, "b".upper)
    yield from (scipy.stats.norm(1), scipy.stats.norm(2), scipy.stats.norm(scale=1))
    yield from (scipy.stats.cauchy(1), scipy.stats.norm(1.0))
    for counts in ([1, 2, 3], [1, 3, 2]):
        yield scipy.stats.rv_histogram((np.array(counts), np.arange(4.0)))()
    yield from (Distribution([scipy.stats.norm(scale=s)]) for s in (1, 2))
    for slope in (0, 0.5):
        law = scipy.stats.multivariate_normal([0, 0], [[1, slope], [slope, 1]])
        yield from (law, Distribution(law))


def test_what_differs_has_another_fingerprint():
    things = list(different())
    prints = [fingerprint(thing) for thing in things]
    for (one, p), (other, q) in itertools.combinations(zip(things, prints, strict=True), 2):
        assert p != q, (one, other)


def test_equal_things_have_one_fingerprint():
    again = dg.LinearNetwork((2, 2, 1), X.tolist(), np.asfortranarray(Y))
    assert fingerprint(NET) == fingerprint(again)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint(scaled(2)) == fingerprint(scaled(2))
    _ = NET.second_moment  # what is only computed from the fields plays no part
    assert fingerprint(NET) == fingerprint(again)


def test_functions_that_refer_to_themselves():
    def countdown(k):
        return countdown(k - 1) if k else 0

    assert fingerprint(countdown) == fingerprint(countdown)


def test_a_loss_of_jax_is_known_by_its_code_and_what_it_uses():
    jnp = pytest.importorskip("jax.numpy")
    jax = pytest.importorskip("jax")

    def loss(target):
        return dg.AutodiffLoss(lambda w: jnp.sum((jnp.tanh(w) - target) ** 2), 2)

    near, far = jnp.array([0.5, 0.25]), jnp.array([0.5, 0.75])
    assert fingerprint(loss(near)) == fingerprint(loss(near))
    assert fingerprint(loss(near)) != fingerprint(loss(far))
    assert fingerprint(jax.jit(scaled(2))) == fingerprint(jax.jit(scaled(2)))
    assert fingerprint(jax.jit(scaled(2))) != fingerprint(jax.jit(scaled(3)))


@pytest.mark.parametrize(
    "value", [object(), iter([]), np.array([object()])], ids=["object", "iterator", "array"]
)
def test_what_nobody_could_recognise_is_refused_by_name(value):
    with pytest.raises(dg.InvalidInput, match="F: got"):
        fingerprint((1, value), "F")
