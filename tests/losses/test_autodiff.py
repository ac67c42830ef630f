"""Losses written in JAX: double precision, batches, and a clear word when JAX is absent."""

import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynsys_gd.errors import InvalidInput, MissingExtra
from dynsys_gd.evidence import Outcome
from dynsys_gd.losses import autodiff
from dynsys_gd.losses.autodiff import AutodiffLoss
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.maps.gradient_descent import GradientDescent


def factorisation(w):
    return (w[0] * w[1] - 1) ** 2 / 2 + jnp.sin(w[0])


def test_agrees_with_the_symbolic_loss_to_double_precision():
    import sympy as sp

    x, y = sp.symbols("x y")
    symbolic = Loss((x * y - 1) ** 2 / 2 + sp.sin(x), [x, y])
    loss = AutodiffLoss(factorisation, 2)
    points = np.random.default_rng(0).normal(size=(2, 5, 2))
    assert np.allclose(loss(points), symbolic(points), rtol=1e-14)
    assert np.allclose(loss.gradient_at(points), symbolic.gradient_at(points), rtol=1e-13)
    assert np.allclose(loss.hessian_at(points), symbolic.hessian_at(points), rtol=1e-13)
    assert loss(points).shape == (2, 5)
    assert loss.hessian_at(points[0, 0]).shape == (2, 2)
    assert loss.gradient_at(np.empty((0, 2))).shape == (0, 2)


def test_a_batch_larger_than_a_block(monkeypatch):
    monkeypatch.setattr(autodiff, "_MOST_ROWS", 4)
    loss = AutodiffLoss(factorisation, 2)
    points = np.random.default_rng(1).normal(size=(11, 2))
    assert np.allclose(loss(points), [float(loss(p)) for p in points], rtol=1e-15)


def test_the_setting_of_jax_stays_as_it_was():
    before = jnp.ones(1).dtype
    loss = AutodiffLoss(factorisation, 2)
    assert loss.gradient_at([0.1, 0.2]).dtype == np.float64
    assert jnp.ones(1).dtype == before == np.float32
    assert not jax.config.jax_enable_x64


def test_it_drives_gradient_descent():
    F = GradientDescent(AutodiffLoss(factorisation, 2), step_size="1/10")
    start = np.array([[1.0, 2.0], [0.5, 0.5]])
    gradient = [[(x * y - 1) * y + np.cos(x), (x * y - 1) * x] for x, y in start.tolist()]
    assert np.allclose(F(start), start - 0.1 * np.array(gradient), rtol=1e-14)
    assert F.jacobian_at(start).shape == (2, 2, 2)
    assert F.expression is None


def test_nothing_is_claimed_about_analyticity():
    assert AutodiffLoss(factorisation, 2).analytic is Outcome.UNDECIDED


def test_names_words_equality_and_pickling():
    loss = AutodiffLoss(factorisation, 2)
    assert loss.names == ("theta_1", "theta_2")
    assert AutodiffLoss(factorisation, 2, ["u", "v"]).names == ("u", "v")
    assert loss.describe() == "factorisation of 2 parameters, differentiated by JAX"
    assert repr(loss) == "AutodiffLoss(factorisation, 2)"
    assert loss == AutodiffLoss(factorisation, 2)
    assert hash(loss) == hash(AutodiffLoss(factorisation, 2))
    copy = pickle.loads(pickle.dumps(loss))
    assert copy == loss
    assert copy([1.0, 1.0]) == loss([1.0, 1.0])


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (lambda w: w, "one real number"),
        (lambda w: jnp.argmax(w), "one real number"),
        (lambda w: (w[0], w[1]), "one real number"),
        (lambda w: w[0] if w[0] > 0 else w[1], "jnp.where"),
        (lambda w: float(w[0]), "jax.numpy"),
        (3, "a function"),
    ],
)
def test_functions_that_cannot_be_used(function, word):
    with pytest.raises(InvalidInput) as caught:
        AutodiffLoss(function, 2)
    assert "function" in str(caught.value)
    assert word in str(caught.value)


@pytest.mark.parametrize("dimension", [0, -1, 2.0, True])
def test_dimension_must_be_a_count(dimension):
    with pytest.raises(InvalidInput, match="dimension"):
        AutodiffLoss(factorisation, dimension)


@pytest.mark.parametrize("names", ["ab", ["a"], ["a", "a"], [1, 2]])
def test_names_must_be_different_words(names):
    with pytest.raises(InvalidInput, match="names"):
        AutodiffLoss(factorisation, 2, names)


def test_without_jax_the_install_line_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtra, match=r'pip install "dynsys_gd\[jax\]"'):
        AutodiffLoss(lambda w: w[0], 1)


def test_importing_the_module_does_not_load_jax():
    code = "import sys, dynsys_gd.losses.autodiff; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
