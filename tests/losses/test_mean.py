"""The mean of losses: values, derivatives, parameters and what is known of it."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Outcome
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.mean import MeanLoss
from dynsys_gd.losses.symbolic import Loss

x, y, a = sp.symbols("x y a")


def test_values_and_derivatives_are_those_of_the_sum():
    terms = [Loss((x * y - 1) ** 2, [x, y]), Loss(sp.exp(x) * y, [x, y]), Loss(x**4, [x, y])]
    mean, whole = MeanLoss(terms), Loss(sum(t.expression for t in terms) / 3, [x, y])
    points = np.random.default_rng(0).normal(size=(2, 4, 2))
    assert np.allclose(mean(points), whole(points), rtol=1e-13)
    assert np.allclose(mean.gradient_at(points), whole.gradient_at(points), rtol=1e-12)
    assert np.allclose(mean.hessian_at(points), whole.hessian_at(points), rtol=1e-12)
    assert sp.simplify(mean.symbolic.bound - whole.expression) == 0
    assert mean.names == ("x", "y")


def test_values_given_to_one_term_stay_with_it():
    terms = [Loss(a * x, [x]).at(a=3), Loss(a * x**2, [x])]
    mean = MeanLoss(terms)
    assert mean.parameters == ("a",)
    assert mean.symbolic.bound == (3 * x + a * x**2) / 2
    assert mean.at(a=1)([2.0]) == 5


def test_analytic_is_never_denied_of_a_sum():
    assert MeanLoss([Loss(x**2, [x])]).analytic is Outcome.YES
    # |x| - |x| is analytic although neither term is.
    kinks = [Loss(sp.Abs(x), [x]), Loss(-sp.Abs(x), [x])]
    assert MeanLoss(kinks).analytic is Outcome.UNDECIDED
    assert MeanLoss(kinks[:1]).analytic is Outcome.NO


def test_without_a_formula_of_every_term_there_is_none():
    net = LinearNetwork((13, 1), np.eye(13), np.ones((13, 1)))
    assert MeanLoss([net]).symbolic is None


def test_two_symbols_of_one_name_are_refused_in_the_formula():
    other = sp.Symbol("a", positive=True)
    mean = MeanLoss([Loss(a * x, [x]), Loss(other * x, [x])])
    with pytest.raises(InvalidInput, match="one symbol for each name"):
        _ = mean.symbolic
