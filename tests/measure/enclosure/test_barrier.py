"""Barriers are identities of polynomials, and nothing behind them converges."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import Box, GradientDescent, Loss, simulate
from dynsys_gd.ensembles.fates import Detail, Fate
from dynsys_gd.measure.enclosure.barrier import barrier_of
from dynsys_gd.measure.enclosure.forms import forms_of
from dynsys_gd.orbits.certified.system import system_of

PRODUCT = (x * y - 1) ** 2 / 2


def looked_for(loss, step_size):
    F = GradientDescent(Loss(loss, [x, y]), step_size)
    system = system_of(F)
    forms = forms_of(F, system, "minimum", [])
    return F, system, forms, barrier_of(system, forms)


@pytest.mark.parametrize("step_size", ["1/5", "1/2", "9/10"])
def test_the_identities_hold(step_size):
    _, system, forms, barrier = looked_for(PRODUCT, step_size)
    P, eta = barrier.function, sp.Rational(step_size)
    after = P.subs(dict(zip((x, y), system.images, strict=True)), simultaneous=True)
    assert barrier.least > 0
    assert sp.expand(after - (barrier.least + barrier.root**2) * P) == 0
    form = forms[barrier.form]
    (h,) = form.equations
    A = sp.Matrix(form.factors)
    slopes = sp.Matrix([[sp.diff(h, v) for v in (x, y)]])
    steep, regular = barrier.steep, barrier.regular
    assert min(steep.alpha, regular.alpha) >= 0
    assert min(steep.gamma, regular.gamma) > 0
    gap = (slopes * A)[0] - 2 / eta - steep.alpha * P - steep.beta[0] * h - steep.gamma
    assert sp.expand(gap) == 0
    left = regular.alpha * P + regular.gamma
    left += sum(b * a for b, a in zip(regular.beta, A, strict=True))
    assert sp.expand(left) == 0


def test_nothing_behind_it_is_seen_to_converge():
    F, _, _, barrier = looked_for(PRODUCT, "1/2")
    rows = Box([-4, -4], [4, 4]).sample(3000, rng=0)
    width = 1e-9
    behind = barrier.contains(rows.T - width, rows.T + width)
    value = sp.lambdify((x, y), barrier.function)(*rows.T)
    assert (behind == (value > 0)).all()
    assert 0.3 < behind.mean() < 0.9
    details = {Detail(d) for d in simulate(F, rows[behind]).detail}
    assert not any(d.fate is Fate.CONVERGED for d in details)
    assert Detail.MINIMUM in simulate(F, rows[~behind]).detail


def test_boxes_across_it_or_without_numbers_are_not_behind_it():
    _, _, _, barrier = looked_for(PRODUCT, "1/2")
    low = np.array([[2.0, 3.0, np.nan, -np.inf, 4.0], [2.0, 3.0, 4.0, 3.0, 4.0]])
    high = np.array([[4.0, 3.1, 5.0, 5.0, np.inf], [4.0, 3.1, 5.0, 5.0, 5.0]])
    assert barrier.contains(low, high).tolist()[1] is True
    assert barrier.contains(low, high).tolist()[2:4] == [False, False]
    low, high = np.array([[1.0], [1.0]]), np.array([[9.0], [9.0]])
    assert not barrier.contains(low, high)[0]


@pytest.mark.parametrize(
    ("loss", "step_size"),
    [
        (PRODUCT, sp.sqrt(2) / 4),
        (PRODUCT + x**2, "1/2"),
        ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, "1/100"),
        (sp.cosh(x * y), "1/2"),
    ],
)
def test_where_there_is_none_none_is_claimed(loss, step_size):
    assert looked_for(loss, step_size)[3] is None
